"""Puts the figures of a message and its sender into slots and merges them with what was known.

A new city replaces the old one and its neighbourhood and keeps the rest, so that "¿y en Medellín?" works; a message
that names a whole new property starts afresh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon, phrases
from knowledge.understanding.loose_figures import MONEY_SLOTS
from knowledge.understanding.mentions import Mentions
from knowledge.understanding.place_slots import one_or_several
from knowledge.understanding.tokens import Token, words_at

#: Slots that describe one property; a message about another property forgets them.
PROPERTY_SLOTS = (
    "price",
    "monthly_rent",
    "area_m2",
    "bedrooms",
    "bathrooms",
    "features",
    "neighbourhood",
    "loan_amount",
    "down_payment_pct",
)
_NEXT_YEAR, _NEXT_TWO_YEARS = phrases("next_year"), phrases("next_two_years")
#: A figure of these written with a minus sign is kept so: who calculates refuses it, and says why.
_NEVER_BELOW = frozenset({"price", "monthly_rent", "loan_amount", "area_m2"})
#: The stressed last letter of a past tense ("compré", "bajó"); words of up to so many letters end so too ("qué", "así").
_PAST_ENDINGS, _SHORT_WORD = ("é", "í", "ó"), 3
#: A price of more months of rent than these is in another currency than the rent.
_MOST_MONTHS = 5_000


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def figure_slots(
    tokens: list[Token], amounts: list[Amount], comparing: bool, correction_at: int | None
) -> dict[str, Any]:
    """Slots filled by the figures of the message, and `_last`: which slot each kind of figure filled last."""
    found: dict[str, list[float | int]] = {}
    last: dict[str, str] = {}
    for amount in amounts:
        role = amount.role
        if role is None or role in ("past", "phone"):
            continue
        if role == "price" and amount.named == "budget_max" and _lent_elsewhere(tokens, amounts, amount):
            role = "budget_max"  # "pisos que no pasen de 130.000. ¿Y qué pagaría al mes por 80.000?"
        value = -amount.value if amount.below and role in _NEVER_BELOW else amount.value
        if role == "financed_pct":
            role, value = "down_payment_pct", 100 - value
        if role in ("term_years", "horizon_years") and amount.kind == "months":
            value = round(value / 12, 4)
        if role not in (
            *MONEY_SLOTS,
            "area_m2",
            "bedrooms",
            "bathrooms",
            "down_payment_pct",
            "rate_pct",
            "term_years",
            "horizon_years",
        ):
            continue
        if correction_at is not None and amount.first >= correction_at and role in found:
            found[role] = []
        found.setdefault(role, []).append(_plain(value))
        kind = {"money": "money", "percent": "percent", "years": "years", "months": "years"}.get(amount.kind)
        if kind:
            last[kind] = role
        if amount.kind not in ("percent", "years", "months"):
            last["number"] = role
    slots: dict[str, Any] = {}
    for role, values in found.items():
        several = comparing or role in ("bedrooms", "area_m2")
        slots[role] = one_or_several(values) if several and len(values) > 1 else values[0]
    down = next((a for a in amounts if a.role == "down_payment"), None)
    if down is not None and "down_payment_pct" not in slots and isinstance(slots.get("price"), (int, float)):
        slots["down_payment_pct"] = _plain(round(100 * down.value / slots["price"], 4))
    rate = next((a for a in amounts if a.role == "rate_pct"), None)
    if rate is not None and (kind := rate_kind(tokens, rate)):
        slots["rate_kind"] = kind
    if last:
        slots["_last"] = last
    return slots


def _lent_elsewhere(tokens: list[Token], amounts: Sequence[Amount], amount: Amount) -> bool:
    """Whether another sentence has a loan of its own."""
    loan = next((a for a in amounts if a.role == "loan_amount" and a is not amount), None)
    first, last = sorted((loan.first, amount.first)) if loan is not None else (0, 0)
    return any(t.opens or (t.comma and t.text in ("y", "and")) for t in tokens[first + 1 : last + 1])


def years_ahead(tokens: list[Token]) -> float | None:
    """Years of "el año entrante", "next year", "el próximo año y medio", "in a couple of years"."""
    for years, said in ((2, _NEXT_TWO_YEARS), (1, _NEXT_YEAR)):
        for at in range(len(tokens)):
            found = next((p for p in said if words_at(tokens, at, len(p)) == p), None)
            if found is not None and not (found[0] == "el" and _told_of_past(tokens, at, at + len(found))):
                half = years == 1 and words_at(tokens, at + len(found), 2) == ("y", "medio")
                return years + 0.5 if half else years
    return None


def _told_of_past(tokens: list[Token], first: int, end: int) -> bool:
    """Whether a verb beside "el otro año" is past, so that it is a year gone by: "el otro año compré", "bajó el otro año"."""
    near = (*tokens[max(0, first - 3) : first], *tokens[end : end + 2])
    return any(t.raw.lower().endswith(_PAST_ENDINGS) and len(t.raw) > _SHORT_WORD for t in near)


def rate_kind(tokens: list[Token], rate: Amount) -> str | None:
    """How a rate is quoted, by the words around it: effective ("E.A."), nominal ("TIN"), None where nothing says."""
    near = [t.text for t in tokens[max(0, rate.first - 4) : rate.last + 6]]
    joined = f" {' '.join(near)} "
    if any(f" {p} " in joined for p in ("ea", "e a", "efectivo", "efectiva", "effective")):
        return "effective"
    if any(f" {p} " in joined for p in ("nominal", "tin", "namv", "n a m v", "apr")):
        return "nominal"
    return None


def resolve_currency(
    amounts: Sequence[Amount], turn: Mapping[str, Any], known: Mapping[str, Any], hint: str | None
) -> tuple[str | None, bool]:
    """(currency, whether it was written): as written now, else as written before, else the place's, else that of the investor's
    own country (`hint`). One unit ("one dollar gets me 4,050") is half of a rate."""
    spoken = (a for a in amounts if a.currency and a.kind == "money" and a.value != 1)
    money_of = sorted(spoken, key=lambda a: a.role != "price")
    written = next((a.currency for a in money_of), None)  # a price's own, else the first one
    if written:
        return _price_elsewhere(amounts, turn, known) or written, True
    last = known.get("_last") or {}
    if last.get("currency") and known.get("currency"):
        return str(known["currency"]), True
    country = turn.get("country", known.get("country", hint))
    money = any(slot in turn or slot in known for slot in MONEY_SLOTS) or any(a.kind == "money" for a in amounts)
    if isinstance(country, str) and money:
        return CURRENCY_OF.get(country), False
    return None, False


def _price_elsewhere(amounts: Sequence[Amount], turn: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """The country's currency where only the rent names one and the price cannot be in it: 400 millones, 800 dólares."""
    price = next((a for a in amounts if a.role == "price"), None)
    rent = next((a for a in amounts if a.role == "monthly_rent"), None)
    country = turn.get("country", known.get("country"))
    if price is None or rent is None or price.currency or not rent.currency or not isinstance(country, str):
        return None
    return CURRENCY_OF.get(country) if price.value > _MOST_MONTHS * rent.value else None


def forget_features(after: dict[str, Any], refused: Sequence[str]) -> None:
    """ "¿y sin piscina?": what is refused now is no longer looked for."""
    kept = [name for name in after.pop("features", ()) if name not in refused]
    if kept:
        after["features"] = kept


def merge(known: Mapping[str, Any], turn: Mapping[str, Any], *, fresh: bool, moved: bool) -> dict[str, Any]:
    """What is known after this turn. `fresh`: another property; `moved`: the place changed."""
    slots = {k: v for k, v in known.items() if not (fresh and k in PROPERTY_SLOTS)}
    if moved:
        for key in ("city", "neighbourhood"):
            slots.pop(key, None)
        if "country" in turn and slots.get("country") != turn["country"]:
            slots.pop("country", None)
            if not (slots.get("_last") or {}).get("currency"):
                slots.pop("currency", None)
    for key, value in turn.items():
        if key == "features" and key in slots:
            value = list(dict.fromkeys([*slots[key], *value]))
        slots[key] = {**(slots.get("_last") or {}), **value} if key == "_last" else value
    return {k: v for k, v in slots.items() if v is not None and v != [] and v != ""}


def contact_slots(mentions: Mentions, amounts: Sequence[Amount]) -> dict[str, Any]:
    """email, phone, name."""
    slots: dict[str, Any] = {}
    if mentions.email:
        slots["email"] = mentions.email
    phone = next((a.unit for a in amounts if a.kind == "phone"), None)
    if phone:
        slots["phone"] = phone
    if mentions.name:
        slots["name"] = mentions.name
    return slots


def guess_country(tokens: Sequence[Token]) -> str | None:
    """The country whose Spanish the message is in, where one stands out: a guess for tone, never a slot."""
    words = {t.text for t in tokens}
    weights = {c: sum(table.get(w, 0.0) for w in words) for c, table in lexicon().country_words.items()}
    best, second = sorted(weights, key=lambda c: -weights[c])[:2]
    return best if weights[best] >= 1.0 and weights[best] > weights[second] + 0.5 else None
