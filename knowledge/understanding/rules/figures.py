"""Gives each figure of a message its role in a return: price, rent, cost, loan, instalment, own money, sale.

The words around a figure name it (`contexts`, `data/returns.toml`); its period and its size against the price decide
between names that fit several: nobody pays a loan of 14,300 back in 25 years, nor lets a flat for a third of its price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.cues import Hit
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.numerals import parse_literal
from knowledge.understanding.rules.contexts import (
    Context,
    Period,
    contexts,
    is_year_number,
    period_of,
    scores,
    years_of,
)
from knowledge.understanding.rules.figure import SURE, Figure, label_of, noun_of
from knowledge.understanding.rules.nights import night_roles
from knowledge.understanding.rules.percents import is_share, percent_figure
from knowledge.understanding.rules.vocabulary import Named, names, said, words
from knowledge.understanding.tokens import Token, words_at

_ADDED, _RUNNING, _BOUGHT = words("added"), words("running"), words("bought")
_YEARLY_COSTS, _PLAIN_COSTS = words("yearly_costs"), words("plain_costs")
_ON = frozenset({"on", "sobre"})
_INCOME = frozenset({"rent", "net_rent", "each", "room_rent"})
#: Roles that a monthly amount can have.
_MONTHLY = _INCOME | {"cost", "instalment", "affordable"}
_YEARLY = _INCOME | {"cost", "instalment"}
_LARGE = frozenset({"price", "value", "own", "outlay", "loan", "debt", "sale"})
#: A share of the price above which an amount is no month's rent, instalment or cost.
_MOST_MONTHLY = 0.05
_NAMED = 1.5
_YEARLY_INCOME = frozenset({"income", "noi"})
_BOUNDS = frozenset({"hasta", "under", "below", "maximo", "max", "tope"})
_ARTICLES = frozenset({"of", "de", "del", "sobre", "a", "an", "the", "un", "una", "los", "las", "el", "la"})
#: (measure, role): a name of the one that is no figure's.
_ASKED_FOR = frozenset(
    {
        ("down_payment", "own"),
        ("down_payment", "down"),
        ("break_even_rent", "rent"),
        ("rent_for_yield", "rent"),
        ("affordable_loan", "loan"),
        ("price_for_yield", "price"),
        ("cash_on_cash", "own"),
    }
)
#: What tells that the next figure puts one right, and how far (in tokens) it may stand.
_RESTATES, _AROUND, _RESTATED_AWAY, _OF_A_SIZE = words("restates"), words("around_restated"), 5, 3.0
_NOT_ONE, _NOT_ONE_AWAY = words("not_one"), 4
_IS_NOT = frozenset({"son", "es", "era", "eran", "fue", "fueron"})
_THRESHOLDS = frozenset(
    (name, than) for name in ("gross", "net", "yield", "yielding", "neto", "neta", "bruto", "bruta")
    for than in ("over", "above", "under", "below", "sobre")
)


_LEADING = frozenset({"a", "al", "at", "el", "los", "las", "the"})
#: Units of figures that are none of a return: points that a rate moves, storeys and other ordinals, distances.
NO_RETURN = frozenset({"points", "nth", "away"})
#: What ends a figure that is not written in digits alone.
_BEHIND_FIGURES = frozenset({*lexicon().scales, *lexicon().currency, "y", "and"}) | words("months") | words("years")


def read_figures(
    tokens: list[Token],
    amounts: Sequence[Amount],
    known: Mapping[str, Any],
    asked: Sequence[Hit] = (),
    rate: int | None = None,
) -> list[Figure]:
    """The figures of a message, those without a role included (their role is empty). `asked` are the measures it names:
    their words name no figure ("what deposit would I need on a 195,000 flat"). `rate`: where an exchange rate stands."""
    nightly = night_roles(tokens, amounts)
    told = [
        a
        for a in amounts
        if a.kind in ("money", "percent", "other")
        and not is_year_number(tokens, a)
        and a.unit not in NO_RETURN
        and not refused(tokens, a)
        and a.first != rate
    ]
    whole = said(tokens, "all_invested")
    wanted = any(h.cue.route == "down_payment" for h in asked)
    beside = {at for a in told for at in (a.first, a.first - 1)}
    named = [
        n
        for n in names(tokens)
        if not any(h.start <= n.start and n.end <= h.end for h in whole if n.role == "own")
        and not any((h.cue.route, n.role) in _ASKED_FOR and h.start <= n.start and n.end <= h.end for h in asked)
        and not (wanted and n.role == "own" and n.side == "both" and n.end not in beside)
    ]
    price = known.get("price") or known.get("value")
    found = _read(tokens, told, named, price, known, nightly)
    if price is None and (prices := [f.value for f in found if f.role in ("price", "value")]):
        found = _read(tokens, told, named, prices[0], known, nightly)  # its size tells the others apart
    times = [a for a in amounts if a.kind in ("years", "months") and not refused(tokens, a)]
    for amount, context in zip(times, contexts(tokens, times), strict=True):
        found.append(_time(tokens, amount, context, named))
    return sorted(found, key=lambda f: f.at)


def _read(
    tokens: list[Token],
    told: Sequence[Amount],
    named: Sequence[Named],
    price: float | None,
    known: Mapping[str, Any],
    nightly: Mapping[int, str],
) -> list[Figure]:
    found: list[Figure] = []
    let, yearly = bool(known.get("rent")), (known.get("rent") or {}).get("period") == "year"
    for amount, context in zip(told, contexts(tokens, told), strict=True):
        if amount.first in nightly:
            found.append(_of_night(amount, nightly[amount.first]))
            continue
        if amount.kind == "percent" or is_share(tokens, amount, context, named, known):
            figure: Figure | None = percent_figure(tokens, amount, context, named, known)
        else:
            figure = _money(tokens, amount, context, named, price, found[-1] if found else None, let, yearly)
        if figure is not None:
            figure.opener = tokens[amount.first - 1].text if amount.first and not tokens[amount.first].opens else ""
            let = let or figure.role in ("rent", "each")
            yearly = yearly or (figure.role in ("rent", "each") and figure.period == "year")
            found.append(figure)
    return found


def _restated(tokens: Sequence[Token], amount: Amount) -> bool:
    """ "780 millones, digo 870", "840, sorry, I mean 480": whether the next figure puts this one right."""
    behind = tokens[amount.last + 1 : amount.last + 2 + _RESTATED_AWAY]
    number = next((n for n, t in enumerate(behind) if t.kind == "num"), 0)
    between = {t.text for t in behind[:number]} - lexicon().currency.keys()
    if not between & _RESTATES or not between <= _RESTATES | _AROUND:
        return False
    told, size = parse_literal(behind[number].raw), amount.value
    return any(1 / _OF_A_SIZE <= told * times / size <= _OF_A_SIZE for times in (1.0, 1e3, 1e6) if size)


def refused(tokens: Sequence[Token], amount: Amount) -> bool:
    """ "6 years, not 5", "1.500 en vez de 1.200"."""
    if words_at(list(tokens), max(0, amount.first - 3), 3) in (("en", "vez", "de"), ("en", "lugar", "de")) or (
        words_at(list(tokens), max(0, amount.first - 2), 2) in (("instead", "of"), ("rather", "than"))
    ):
        return True
    if _restated(tokens, amount):
        return True
    near = tokens[max(0, amount.first - _NOT_ONE_AWAY) : amount.first]
    if amount.kind == "money" and amount.value == 1 and not amount.literal and any(t.text in _NOT_ONE for t in near):
        return True  # "no he cobrado ni un peso", "tres años sin que dé un peso"
    negated = words_at(list(tokens), max(0, amount.first - 2), 2)
    goes_on = any(t.comma or t.text in ("sino", "que") for t in tokens[amount.last + 1 : amount.last + 4])
    if len(negated) == 2 and negated[0] == "no" and negated[1] in _IS_NOT and goes_on:
        return True  # "mi esposo dice que no son 20, que son 15"
    if amount.kind == "other" and words_at(list(tokens), max(0, amount.first - 2), 2) in _THRESHOLDS:
        return True  # "is that gross over 6?"
    at = amount.first - 1
    if at > 0 and tokens[at].text in _LEADING:
        at -= 1  # "al 3,4 no al 3"
    if at < 0 or tokens[at].text not in ("not", "no") or any(t.comma or t.opens for t in tokens[at + 1 : amount.first + 1]):
        return False
    before, told = tokens[at], tokens[at - 1] if at else None
    behind_a_figure = told is not None and (told.kind == "num" or told.text in _BEHIND_FIGURES)
    return before.comma or (behind_a_figure and not before.opens)  # "410 not 401", "900 al mes y no 800"


def _is_limit(tokens: Sequence[Token], first: int) -> bool:
    """Whether "menos de" or "less than" stands right before a figure: a limit, nothing to take off."""
    before = tuple(t.text for t in tokens[max(0, first - 2) : first])
    return before in (("menos", "de"), ("less", "than"))


def _more_than_bound(roles: Mapping[str, float]) -> bool:
    """Whether words make the figure more than a bound of a search."""
    return any(strength >= _NAMED or role != "price" for role, strength in roles.items())


def _of_night(amount: Amount, role: str) -> Figure:
    """The nights let, what each brings or what each costs."""
    kind = "other" if role == "nights" else "money"
    return Figure(role, amount.value, kind, amount.first, 3.0, label="-", currency=amount.currency)


def _time(tokens: Sequence[Token], amount: Amount, context: Context, named: Sequence[Named]) -> Figure:
    value = amount.value if amount.kind == "years" else round(amount.value / 12, 4)
    if amount.kind == "months":
        empty = scores(context, tokens, named, "months")
        if empty:
            return Figure("vacancy_months", amount.value, "months", amount.first, 2.0)
    best = scores(context, tokens, named, "years")
    role, (strength, _) = max(best.items(), key=lambda item: item[1][0], default=("", (0.0, None)))
    return Figure(role, value, "years", amount.first, strength)


def _money(
    tokens: list[Token],
    amount: Amount,
    context: Context,
    named: Sequence[Named],
    price: float | None,
    before: Figure | None,
    let: bool,
    yearly: bool,
) -> Figure | None:
    best = scores(context, tokens, named, "money")
    period = period_of(tokens, context)
    value = _sized(amount, max(best, key=lambda r: best[r][0], default=""), price, period)
    if amount.kind == "other":
        least = 1 if price is not None and price >= 1e6 else 20
        if not best or max(s for s, _ in best.values()) < SURE or not amount.literal or value < least:
            if not amount.literal:
                return None
            years = years_of(tokens, context)
            return Figure("", value, "other", amount.first, 0.0, period, years=years)
    strength_of = {role: strength for role, (strength, _) in best.items()}
    net = strength_of.get("net_rent", 0.0) > 0
    each = "room_rent" in strength_of
    strength_of.pop("room_rent", None)
    typed = any("type" in t.classes for t in tokens[context.left : context.first])
    if strength_of.pop("monthly_budget", 0.0) > max(strength_of.values(), default=0.0) and not typed:
        return Figure("savings", value, "money", amount.first, 1.0, currency=amount.currency)
    if strength_of.get("debt", 0.0) > SURE:
        strength_of.pop("net_rent", None)  # "me quedan 118.400 por pagar"
    fitting = _fitting(strength_of, value, period, price, tokens, context)
    if _is_limit(tokens, context.first):
        return None  # "de menos de 260 millones"
    bounded = {t.text for t in tokens[max(context.left, context.first - 3) : context.first]} & _BOUNDS
    if bounded and not _more_than_bound(fitting):
        return None  # "pisos en Madrid hasta 400.000 €"
    if each and fitting.get("price", 2.0) < _NAMED:
        fitting.pop("price")
    role = max(fitting, key=lambda r: fitting[r], default="")
    strength = fitting.get(role, 0.0)
    if role == "" and before is not None and before.kind == "money" and before.role and _joined(tokens, context):
        role, strength, label = before.role, 0.8, before.label
    else:
        source = best.get(role) or best.get("works" if role == "once" else "", None)
        label = label_of(tokens, source[1]) if source else ""
        if role == "cost" and source and source[1].side == "before":
            label = noun_of(tokens, context, named)
    if role == "" and each:
        role = "rent"
    if before is not None and before.role in ("financed", "down") and _share_of(tokens, context):
        role, strength = "price", 2.0
    if before is not None and before.kind == "percent" and before.role in ("rate", "") and _joined_by(tokens, context, _ON):
        role, strength = "loan", 2.0  # "6.5% on 150k"
    if role == "" and period is not None and let and not context.shared_left:
        role, label = "cost", "-"
    if role == "net_rent":
        role, net = "rent", True
    near = {t.text for t in tokens[max(context.left, context.first - 3) : min(context.right, context.last + 4)]}
    if role == "rent" and period is None and net and near & _YEARLY_INCOME and not (price and value < 0.02 * price):
        period = "year"  # "13,500 of net income"
    years = years_of(tokens, context)
    added = any(t.text in _ADDED for t in tokens[max(context.left, context.first - 4) : context.first])
    figure = Figure(
        role,
        value,
        "money",
        amount.first,
        strength,
        period,
        label,
        net and role in ("rent", "each"),
        added,
        each,
        years,
        amount.currency,
        amount.literal,
    )
    if figure.role == "cost":
        _settle_cost(figure, tokens, context, price, yearly)
    return figure


def _fitting(
    given: dict[str, float],
    value: float,
    period: Period | None,
    price: float | None,
    tokens: Sequence[Token],
    context: Context,
) -> dict[str, float]:
    """The roles that its period and size allow, with names that mean something else in that light."""
    roles = dict(given)
    if roles.get("affordable") and not (period == "month" or "instalment" in roles):
        roles.pop("affordable")
    if "affordable" in roles and "instalment" in roles:
        roles["affordable"] = max(roles["affordable"], roles["instalment"]) + 0.1
    if "works" in roles:
        roles["once"] = max(roles.pop("works"), roles.get("once", 0.0))
    if "once" in roles and "cost" in roles and period is None:
        roles["once"] = max(roles["once"], roles["cost"]) + 0.05
    if period is not None:
        roles.pop("once", None) if "cost" in roles else None
    if "outlay" in roles:
        own = max(roles.pop("outlay"), roles.get("own", 0.0))
        if not set(roles) & (_INCOME | {"sale", "price"}):
            roles["own"] = own
    if "sale" in roles and roles.get("sale", 0) >= roles.get("price", 0) - 0.4:
        roles.pop("price", None)
    if period == "month":
        if "loan" in roles:  # "la hipoteca es de 650 al mes"
            roles["instalment"] = max(roles["loan"], roles.get("instalment", 0.0))
        if "price" in roles and not set(roles) & _MONTHLY:
            roles["rent"] = 0.6
        roles = {r: s for r, s in roles.items() if r in _MONTHLY} or {"": 0.0}
    elif period == "year":
        roles = {r: s for r, s in roles.items() if r in _YEARLY or (r == "sale" and s > 1.4)} or {"": 0.0}
    if price and value > _MOST_MONTHLY * price and period is None and set(roles) & _LARGE:
        roles = {r: s for r, s in roles.items() if r in _LARGE | {"once"} or s > 1.9}
    if price and value < _MOST_MONTHLY * price and set(roles) - {"price", "value"}:
        roles = {r: s for r, s in roles.items() if r not in ("price", "value")}
    if price and value < 0.35 * price and set(roles) & {"cost", "once"}:
        roles = {r: s for r, s in roles.items() if r not in ("price", "value")}
    if price and value > 0.35 * price:
        roles = {r: s for r, s in roles.items() if r not in ("cost", "once", "instalment", "affordable")}
    return roles


def _share_of(tokens: Sequence[Token], context: Context) -> bool:
    """ "65% of 1.2 million": the figure is what the share before it is of."""
    between = [t.text for t in tokens[max(context.left, context.first - 4) : context.first]]
    return (
        context.shared_left
        and bool(between)
        and between[0] in ("of", "de", "del", "sobre")
        and set(between) <= _ARTICLES
    )


def _joined_by(tokens: Sequence[Token], context: Context, joints: frozenset[str]) -> bool:
    """Whether a joint and articles are all that stands between this figure and the one before it."""
    between = [t.text for t in tokens[max(context.left, context.first - 3) : context.first]]
    return context.shared_left and bool(between) and between[0] in joints and set(between[1:]) <= _ARTICLES


def _joined(tokens: Sequence[Token], context: Context) -> bool:
    """Only "y", "and", "más" stand between this figure and the one before it."""
    return context.first > context.left and {t.text for t in tokens[context.left : context.first]} <= {
        "y",
        "and",
        "e",
        "mas",
        "plus",
        "otros",
        "o",
    }


def _settle_cost(
    figure: Figure, tokens: Sequence[Token], context: Context, price: float | None, yearly_rent: bool
) -> None:
    """Whether a cost recurs, and how often where nothing says it: taxes and insurance yearly, large sums once, fees monthly."""
    if figure.period is not None:
        return
    near = {t.text for t in tokens[context.left : context.right]}
    plain = bool(set(figure.label.lower().split()) & _PLAIN_COSTS)
    if (
        plain
        and not near & _RUNNING
        and price is not None
        and (figure.value > 0.025 * price or (near & _BOUGHT and figure.value > 0.01 * price))
    ):
        figure.role = "once"
        return
    yearly = bool({t.text for t in tokens[context.left : context.right]} & _YEARLY_COSTS)
    large = yearly_rent or (plain and price is not None and figure.value > 0.004 * price)
    figure.period, figure.guessed = "year" if yearly or large else "month", True


def _sized(amount: Amount, role: str, price: float | None, period: Period | None) -> float:
    """ "pongo 300 de mi bolsillo" of a flat of 500 millones is 300 millions: a bare figure takes the size spoken of."""
    value = amount.value
    if not price or value >= 1000 or not amount.literal or amount.currency:
        return value
    if role in _MONTHLY and price >= 1e8 and value < 1e-5 * price:  # "1.7" of a flat of 290 millones
        return next((value * s for s in (1e6, 1e3) if 5e-4 * price <= value * s <= 0.03 * price), value)
    if period or role not in _LARGE | {"once", "works"}:
        return value
    most = (5 if role == "sale" else 1.5) * price
    sizes = [s for s in (1e6, 1e3) if price >= 10 * s and value * s <= most and value < price / 1000]
    return value * sizes[0] if sizes else value
