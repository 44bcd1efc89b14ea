"""The finer wish within the routes: measures, market questions, costs with their periods, cash flows, options.

Everything here is plain data for playbooks; amounts are in the currency of the slots unless an entry says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.bounds import size_bounds
from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.model import Place
from knowledge.understanding.numerals import parse_literal
from knowledge.understanding.roles import Reading, cost_period, period_after
from knowledge.understanding.tokens import Token, stretches, words_at

#: Entries that stay known in later turns; the others are of their turn (measures stay when a turn inherits its routes).
LASTING = (
    "region",
    "estrato",
    "refused_features",
    "foreign",
    "new_build",
    "costs",
    "purchase_costs",
    "annual_rent",
    "net_rent",
    "nightly_rent",
    "vacancy_pct",
    "growth_pct",
    "rent_growth_pct",
    "target_yield_pct",
    "affordable_payment",
    "rent_currency",
    "stated_rate",
    "down_payment",
    "options",
    "cash_flows",
    "base",
    "bounds",
    "deal",
)
_NTH = {"primero": 1, "primera": 1, "first": 1, "segundo": 2, "segunda": 2, "second": 2, "tercero": 3, "tercera": 3, "third": 3}
_NOW = words("now")
_SALE = words("sale")
_EACH = words("each")
#: Shortly before a year: what is asked of goes on from it.
_SINCE = frozenset({"desde", "since", "partir"})
#: The same, where a later year follows within so many words.
_FROM, _SPAN = frozenset({"de", "del", "from", "entre", "between"}), 3
_YIELDS = frozenset({"gross_yield", "net_yield", "cap_rate", "cash_on_cash", "irr", "payback_years", "break_even"})
#: Roles of figures that are entries of the request under this name.
_NAMED = {
    "annual_rent": "annual_rent",
    "down_payment": "down_payment",
    "nightly": "nightly_rent",
    "price_per_m2": "asked_per_m2",
    "lost": "money_at_stake",
    "vacancy_pct": "vacancy_pct",
    "growth_pct": "growth_pct",
    "rent_growth_pct": "rent_growth_pct",
    "target_yield_pct": "target_yield_pct",
    "payment": "affordable_payment",
    "fx_pct": "fx_pct",
    "cost_pct": "cost_pct",
}
#: What to sort by, the more particular wish first.
_ORDERS = ("cheapest_per_m2", "dearest", "largest", "newest", "cheapest")
_HOME_PRICES = words("home_prices")
_PARTS = {"medio": 0.5, "half": 0.5, "cuarto": 0.25, "quarter": 0.25, "un": 1.0, "one": 1.0}
_POINTS, _RISING, _FALLING = words("points"), words("rising"), words("falling")
_PAST = frozenset({"ultima", "ultimas", "last", "past", "pasada", "pasadas", "previous"})


def build_request(
    tokens: list[Token],
    amounts: list[Amount],
    readings: Mapping[int, Reading],
    places: Sequence[Place],
    wishes: Mapping[str, list[str]],
    slots: Mapping[str, Any],
    comparing: bool,
) -> dict[str, Any]:
    """What this message alone asks for, beyond its slots."""
    request: dict[str, Any] = {
        key: list(wishes[key]) for key in ("measures", "market", "price", "wish") if wishes.get(key)
    }
    if "market" in request:
        request["market"] = _market(request["market"], tokens)
    if orders := wishes.get("order"):
        request["order"] = next(o for o in _ORDERS if o in orders)
        request["market"] = ["search"]
    if wishes.get("refuses"):
        request["refuses_contact"] = True
    if "yield" in request.get("measures", ()):
        request["measures"] = _plain_yield(request["measures"])
    _figures(request, tokens, amounts, readings, "price" in slots)
    if bounds := size_bounds(tokens, amounts):
        request["bounds"] = bounds
    if _holds(tokens, "net_rent"):
        request["net_rent"] = True
    if _holds(tokens, "invested"):
        request["base"] = "invested"
    elif _holds(tokens, "on_price"):
        request["base"] = "price"
    let = next((a.currency for a in amounts if a.role == "monthly_rent" and a.currency), None)
    if let and slots.get("currency") and let != slots["currency"]:
        request["rent_currency"] = let
    measures = set(request.get("measures", ()))
    if measures & {"irr", "npv"} and (flows := cash_flows(tokens, amounts)):
        request["cash_flows"] = flows
    if "fx" in measures and (conversion := conversion_asked(tokens, amounts, slots)):
        request["convert"] = conversion
    if comparing and len(options := _places_beside(places, slots)) > 1:
        request["options"] = options
    if moved := _rate_moves(tokens):
        request["rate_moves"] = moved
    if "past_years" not in request and (span := past_span(tokens)):
        request["past_years"] = span
    if (estrato := _estrato(tokens)) is not None:
        request["estrato"] = estrato
    if region := next((p.name for p in places if p.level == "region"), None):
        request["region"] = region
    return request


def _market(asked: list[str], tokens: list[Token]) -> list[str]:
    """Questions about inflation or what banks lend at are that alone, unless prices of homes are asked for too; one about
    how prices moved is not one about their level, though it says "precios".
    """
    if ranked := [m for m in asked if m in ("cheapest_areas", "dearest_areas")]:
        return ranked  # "which neighbourhoods" alone would ask for their guides
    if asked[:1] == ["trend"]:
        asked = [m for m in asked if m != "area_stats"]
    of_countries = [m for m in asked if m in ("inflation", "mortgage_rate")]
    homes = any(t.text in _HOME_PRICES or "type" in t.classes for t in tokens)
    return of_countries if of_countries and not homes else asked


def _plain_yield(measures: list[str]) -> list[str]:
    """A bare "rentabilidad" is the gross one, unless another is named."""
    named = [m for m in measures if m != "yield"]
    return named if set(named) & _YIELDS else ["gross_yield" if m == "yield" else m for m in measures]


def _holds(tokens: list[Token], name: str) -> bool:
    """Whether one of the lexicon's phrases of this name stands in the message."""
    return bool(stretches(tokens, phrases(name)))


def _figures(
    request: dict[str, Any], tokens: list[Token], amounts: list[Amount], readings: Mapping[int, Reading], priced: bool
) -> None:
    """Enters the figures that are no slots: costs, other incomes, shocks, years."""
    for i, amount in enumerate(amounts):
        role = amount.role
        if role == "cost":
            _enter_cost(request, tokens, amount, readings.get(i), priced)
        elif role == "purchase_costs" and amount.kind != "percent":
            request[role] = request.get(role, 0.0) + amount.value
        elif role == "fx_rate":
            request["stated_rate"] = amount.value
        elif role in _NAMED:
            request[_NAMED[role]] = amount.value
        elif role == "rate_pct" and period_after(tokens, amount.last + 1)[0] == "month":
            request["rate_period"] = "month"
        elif role == "past":
            request["past_years"] = amount.value if amount.kind == "years" else round(amount.value / 12, 2)
        elif amount.kind == "year":
            request["since_year" if _goes_on_from(tokens, amounts, amount) else "year"] = int(amount.value)


def _goes_on_from(tokens: list[Token], amounts: list[Amount], year: Amount) -> bool:
    """Whether a year is where a stretch begins: "desde 2010", "from 2015 to 2020", "entre 2015 y 2020"."""
    before = {t.text for t in tokens[max(0, year.first - 3) : year.first]}
    later = any(a.kind == "year" and a.value > year.value and 0 < a.first - year.last <= _SPAN for a in amounts)
    return bool(before & _SINCE) or (later and bool(before & _FROM))


def _estrato(tokens: list[Token]) -> int | None:
    """The estrato of a Colombian home: "estrato 4", "estrato cinco"; as told, whether or not there is such a one."""
    for word, number in pairwise(tokens):
        if word.text == "estrato":
            value = parse_literal(number.raw) if number.kind == "num" else lexicon().numbers.get(number.text)
            return None if value is None else int(value)
    return None


def _rate_moves(tokens: list[Token]) -> float | None:
    """ "si sube el euríbor 2 puntos", "rates fall by half a point": points, negative where the rate falls."""
    said = {t.text for t in tokens}
    if not said & _POINTS or not said & (_RISING | _FALLING):
        return None
    at = next(i for i, t in enumerate(tokens) if t.text in _POINTS)
    sizes = {**lexicon().numbers, **_PARTS}
    before = next((t for t in reversed(tokens[max(0, at - 4) : at]) if t.kind == "num" or t.text in sizes), None)
    if before is None:
        return None
    size = parse_literal(before.raw) if before.kind == "num" else sizes[before.text]
    return None if size is None or not 0 < size <= 20 else -size if said & _FALLING else size


def past_span(tokens: list[Token]) -> float | None:
    """ "a year ago", "en la última década", "over the past two decades": years."""
    if _holds(tokens, "a_year_ago"):
        return 1.0
    for at, token in enumerate(tokens):
        if token.text not in ("decada", "decadas", "decade", "decades"):
            continue
        before = [t.text for t in tokens[max(0, at - 3) : at]]
        if set(before) & _PAST:
            return 10.0 * lexicon().numbers.get(before[-1], 1.0)
    return None


def _enter_cost(
    request: dict[str, Any], tokens: list[Token], amount: Amount, reading: Reading | None, priced: bool
) -> None:
    """A bare "gastos 12.500" beside a price is what the purchase costs; anything else recurs."""
    label, period = (reading.label, reading.period) if reading else ("", None)
    if label in ("gastos", "gastos de") and period is None and priced and not _fixed(tokens, amount):
        request["purchase_costs"] = request.get("purchase_costs", 0.0) + amount.value
        return
    entry = {"amount": amount.value, "period": cost_period(label, period), "label": label}
    if of := _of_option(tokens):
        entry["option"] = of
    request.setdefault("costs", []).append(entry)


def _of_option(tokens: list[Token]) -> str | None:
    """ "¿y si al A le quito 100 de comunidad?": the option of a comparison that a cost belongs to, by letter or number."""
    for before, token in pairwise(tokens):
        if before.text not in ("al", "a", "la", "el", "the", "to", "for", "from", "off", "option", "opcion", "del", "de"):
            continue
        if len(token.raw) == 1 and token.raw.isupper() and token.kind == "word":
            return token.raw
        if token.text in _NTH:
            return str(_NTH[token.text])
    return None


def _fixed(tokens: list[Token], amount: Amount) -> bool:
    near = {t.text for t in tokens[max(0, amount.first - 3) : amount.first]}
    return bool(near & {"fijos", "anuales", "mensuales", "fixed", "annual", "monthly"})


def cash_flows(tokens: list[Token], amounts: list[Amount]) -> list[dict[str, float]]:
    """ "minus 70k now, 3.5k each year end for 3 years, plus 82k at the end of year 3" as dated amounts (years).

    Empty where the message does not give an outlay, at least one income and a whole number of years, and where it tells of
    a property to be let and sold, whose flows are worked out. Figures in a row, the first below zero, are a year's each.
    """
    row = [a for a in amounts if a.literal and a.kind in ("money", "other")]
    if len(row) >= 3 and row[0].below and all(_follows(tokens, x, y) for x, y in pairwise(row)):
        return [{"t": t, "amount": -a.value if a.below else a.value} for t, a in enumerate(row)]
    money = [a for a in amounts if a.kind == "money"]
    sold = any(set().union(*_around(tokens, money, i)) & _SALE and a.role != "monthly_rent" for i, a in enumerate(money))
    if any(a.role == "monthly_rent" for a in money) and not sold:
        return []
    years = next((a.value for a in amounts if a.kind == "years" and a.role in ("horizon_years", "term_years")), 0.0)
    if len(money) < 2 or years < 1 or years != int(years):
        return []
    end = int(years)
    flows = dict.fromkeys(range(end + 1), 0.0)
    for i, amount in enumerate(money):
        before, after = _around(tokens, money, i)
        if (before | after) & _SALE:
            flows[end] += amount.value
        elif amount.role == "monthly_rent" or after & _EACH or amount.role == "annual_rent":
            yearly = 12 * amount.value if amount.role == "monthly_rent" else amount.value
            for year in range(1, end + 1):
                flows[year] += yearly
        elif i == 0 or (before | after) & _NOW:
            flows[0] -= amount.value
        else:
            flows[end] += amount.value
    if flows[0] >= 0 or not any(v > 0 for v in flows.values()):
        return []
    return [{"t": t, "amount": v} for t, v in flows.items() if v]


def _follows(tokens: list[Token], left: Amount, right: Amount) -> bool:
    """Only a comma, a semicolon or "y" stands between two figures."""
    return all(t.text in ("y", "and") for t in tokens[left.last + 1 : right.first])


def _around(tokens: list[Token], money: list[Amount], index: int) -> tuple[set[str], set[str]]:
    """The words before an amount, and those after it up to the next comma or amount."""
    amount = money[index]
    floor = money[index - 1].last + 1 if index else 0
    ceiling = min(money[index + 1].first if index + 1 < len(money) else len(tokens), amount.last + 7)
    end = next((i for i in range(amount.last + 1, ceiling) if tokens[i].comma), ceiling)
    before = {t.text for t in tokens[max(floor, amount.first - 4) : amount.first]}
    return before, {t.text for t in tokens[amount.last + 1 : end]}


def conversion_asked(tokens: list[Token], amounts: list[Amount], slots: Mapping[str, Any]) -> dict[str, Any] | None:
    table = lexicon().currency
    peso = {"CO": "COP", "MX": "MXN"}.get(str(slots.get("country")))
    amount = next((a for a in amounts if a.kind == "money"), None)
    if amount is None:
        return None
    for at in range(len(tokens)):
        if tokens[at].text not in ("en", "a", "to", "into", "in"):
            continue
        two, one = " ".join(words_at(tokens, at + 1, 2)), " ".join(words_at(tokens, at + 1, 1))
        target = table.get(two) or table.get(one) or (peso if one == "pesos" else None)
        if target and target != amount.currency:
            source = amount.currency or (
                peso if "pesos" in {t.text for t in tokens[amount.last - 1 : amount.last + 2]} else None
            )
            return {"amount": amount.value, "from": source, "to": target}
    return None


def _places_beside(places: Sequence[Place], slots: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Places set against each other, as options without figures: those named now, else those known."""
    named = [p for p in places if p.level in ("city", "neighbourhood", "other")]
    narrow = [p for p in named if p.level == "neighbourhood"]
    named = narrow if len(narrow) > 1 else [p for p in named if not any(p.name == part.city for part in narrow)]
    if len(named) < 2:
        cities = slots.get("neighbourhood") if isinstance(slots.get("neighbourhood"), list) else slots.get("city")
        if not isinstance(cities, list):
            return []
        kind = "neighbourhood" if cities is slots.get("neighbourhood") else "city"
        where = {"country": slots["country"]} if isinstance(slots.get("country"), str) else {}
        return [{"label": c, kind: c, **where} for c in cities]
    types = slots.get("property_type")
    options: list[dict[str, Any]] = []
    for i, place in enumerate(named):
        option: dict[str, Any] = {"label": place.name, "country": place.country}
        option["neighbourhood" if place.level == "neighbourhood" else "city"] = place.name
        if place.level == "neighbourhood" and place.city:
            option["city"] = place.city
        if place.area_id:
            option["area_id"] = place.area_id
        if isinstance(types, list) and len(types) == len(named):
            option["property_type"] = types[i]
        options.append(option)
    return options


def merge_request(before: Mapping[str, Any], now: dict[str, Any], inherited: bool, fresh: bool) -> dict[str, Any]:
    """The request after this turn: lasting entries of earlier turns, unless the property is a new one."""
    merged: dict[str, Any] = {} if fresh else {k: v for k, v in before.items() if k in LASTING}
    if inherited and not fresh:
        for key in ("measures", "market", "price"):
            if key in before and key not in now:
                merged[key] = before[key]
    for key, value in now.items():
        if key == "costs" and key in merged:
            labels = {(c["label"], c.get("option")) for c in value}
            value = [c for c in merged["costs"] if (c["label"], c.get("option")) not in labels] + value
        elif key == "bounds":
            value = {**merged.get("bounds", {}), **value}
        elif key == "refused_features":
            value = list(dict.fromkeys([*merged.get(key, ()), *value]))
        merged[key] = value
    return merged
