"""Puts a message's values into slots and merges them with what was known.

A new city replaces the old one and its neighbourhood and keeps the rest, so that "¿y en Medellín?" works; a message
that names a whole new property starts afresh; a bare figure goes where the last figure of its kind went.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.mentions import Mentions
from knowledge.understanding.model import Place
from knowledge.understanding.origins import without_origins
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, words_at

MONEY_SLOTS = ("price", "budget_max", "budget_min", "monthly_rent", "loan_amount")
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
#: How far (times) a bare figure may be from the last one of its kind to be its replacement.
SAME_SIZE = 8.0
_ORIGIN, _NEXT_YEAR, _NEXT_TWO_YEARS = phrases("origin"), phrases("next_year"), phrases("next_two_years")
_RATE_NAMES, _TERM_NAMES, _DOWN_NAMES = words("rate_names"), words("term_names"), words("down_names")
#: A preposition that tells of what a bare figure is.
_TELLING = frozenset({(("al",), "rate_pct"), (("at",), "rate_pct"), (("a",), "term_years"), (("over",), "term_years")})
_KIND_OF = {
    "area_m2": "area",
    "term_years": "years",
    "horizon_years": "years",
    "rate_pct": "percent",
    "down_payment_pct": "percent",
}
_REFUSING_FIGURES, _LINK_VERBS = frozenset(phrases("refusing_figures")), words("link_verbs") | words("past_links")
#: How many words may stand between a correction and the bare number that it gives ("perdona, que son cuatro").
_NEAR_CORRECTION = 3
_REFUSERS = words("negators") - {"ni", "nada"} | {"nada"}
_PLACE_REFUSING = words("refusing") | words("place_refusing")
_AFTER_REFUSED = words("after_refused")
_EXCEPT = phrases("except_places")
_NEITHER = frozenset({"ni", "nor", "neither"})
_BETWEEN_NEITHER = frozenset({"en", "de", "del", "in", "el", "la", "los", "las", "the"})
_ALSO, _ALSO_FILLERS = words("also"), words("also_fillers")
_TOLD, _WRONG, _LEAVE_OUT = phrases("told_places"), words("wrong"), words("leave_out")
_OUT, _AGAIN, _BOTH = phrases("refused_after"), phrases("again"), phrases("both_places")
_NOT_OUT, _DISCARDED = {(word,) for word in words("not_out")}, words("discarded")
_AS = frozenset({"por", "ya", "queda", "quedan", "as"})


def _refused(tokens: list[Token], first: int, last: int) -> bool:
    """Whether the place at tokens [first, last] is refused: "no quiero X", "X no, Y", "anything but X"."""
    polite = words("polite")
    if _is_out(tokens, last):
        return True
    after = words_at(tokens, last + 1, 2)
    if after[:1] in (("no",), ("not",)) and not (tokens[last + 1].opens or tokens[last + 1].comma):
        follows = tokens[last + 2] if last + 2 < len(tokens) else None
        if follows is None or follows.opens or follows.comma or follows.text in _AFTER_REFUSED:
            return True
    if tokens[first].opens or tokens[first].comma:
        return False
    if _neither(tokens, first):
        return True
    if _discarded(tokens, first):
        return True
    if {t.text for t in tokens[max(0, first - 2) : first] if t.text not in lexicon().articles} & _LEAVE_OUT:
        return True
    for at in range(first - 1, max(-1, first - 8), -1):
        word = tokens[at].text
        if any(at + 1 >= len(p) and words_at(tokens, at + 1 - len(p), len(p)) == p for p in _EXCEPT):
            return True
        if word in _REFUSERS:
            return not (word == "no" and tokens[at + 1].text in polite)
        if word not in _PLACE_REFUSING or tokens[at].opens or tokens[at].comma:
            return False
    return False


def _is_out(tokens: list[Token], last: int) -> bool:
    """Whether a place is refused by what stands behind it: "X ni hablar", "X is out" (not "out of")."""
    if last + 1 >= len(tokens) or tokens[last + 1].opens:
        return False
    return any(
        words_at(tokens, last + 1, len(p)) == p and words_at(tokens, last + 1 + len(p), 1)[:1] not in _NOT_OUT
        for p in _OUT
    )


def _discarded(tokens: list[Token], first: int) -> bool:
    """ "descartado X" at the beginning of a clause, or "doy por descartado X"."""
    if not first or tokens[first - 1].text not in _DISCARDED:
        return False
    word = tokens[first - 1]
    return word.opens or word.comma or tokens[first - 2].text in _AS


def _neither(tokens: list[Token], first: int) -> bool:
    """Whether `ni` or `nor` stands before the place and the sentence refuses more: "ni X ni Y", "no me gusta X ni Y"."""
    before = first - 1
    while before > 0 and tokens[before].text in _BETWEEN_NEITHER and not tokens[before].opens:
        before -= 1
    if before < 0 or tokens[before].text not in _NEITHER:
        return False
    start = next((i for i in range(before, -1, -1) if tokens[i].opens), 0)
    end = next((i for i in range(before + 1, len(tokens)) if tokens[i].opens), len(tokens))
    return any(t.text in _REFUSERS or (t.text in _NEITHER and i != before) for i, t in enumerate(tokens[start:end], start))


def refused_places(tokens: list[Token], places: Sequence[Place], before: Collection[str] = ()) -> list[Place]:
    """The places that the message says it is not about; "eso es X, no Y" blames the assistant for X and asks for Y.

    Those refused `before` (their names) are refused again where they only come back as a complaint: "otra vez Monterrey".
    """
    earlier = {fold(name) for name in before}
    found: list[Place] = []
    told: list[Place] = []
    wrong = any(t.text in _WRONG for t in tokens)
    for place in places:
        inside = [i for i, t in enumerate(tokens) if t.start < place.end and t.end > place.start]
        if inside and wrong and any(words_at(tokens, inside[0] - len(p), len(p)) == p for p in _TOLD if len(p) <= inside[0]):
            told.append(place)
        elif inside and (
            _refused(tokens, inside[0], inside[-1])
            or (fold(place.name) in earlier and _is_back(tokens, inside[0], inside[-1]))
        ):
            found.append(place)
    return told or found


def _is_back(tokens: list[Token], first: int, last: int) -> bool:
    """Whether a place comes up again: "otra vez X", "¿y sigue saliendo X?", "X again"."""
    return any(
        words_at(tokens, first - len(p), len(p)) == p or words_at(tokens, last + 1, len(p)) == p
        for p in _AGAIN if len(p) <= first or last + 1 < len(tokens)
    )


def asked_places(
    tokens: list[Token], places: Sequence[Place], refused: Sequence[Place], correction_at: int | None, placed: bool = False
) -> list[Place]:
    """Places the question is about: not where the writer lives, not refused ones, not what a correction replaced. `placed`: a
    place was spoken of before."""
    kept: list[Place] = []
    position = {t.start: i for i, t in enumerate(tokens)}
    for place in places:
        at = position.get(place.start, 0)
        before = words_at(tokens, max(0, at - 2), min(at, 2))
        lives = any(words_at(tokens, at - len(p), len(p)) == p for p in _ORIGIN if len(p) <= at)
        comes = before[-1:] in (("from",), ("desde",)) and any(
            t.text in ("i", "we", "soy", "am", "m", "calling", "escribo", "llamo", "investing")
            for t in tokens[max(0, at - 4) : at]
        )
        if not (lives or comes or place in refused):
            kept.append(place)
    kept = without_origins(tokens, kept, placed)
    if correction_at is not None and correction_at < len(tokens):
        limit = tokens[correction_at].start
        later = [p for p in kept if p.start >= limit and p.level != "country"]
        kept = later if later else kept
    return kept


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(values: Sequence[Any]) -> Any:
    unique = list(dict.fromkeys(values))
    return unique[0] if len(unique) == 1 else unique


def place_slots(places: Sequence[Place]) -> dict[str, Any]:
    """country, city, neighbourhood of the places a message is about."""
    slots: dict[str, Any] = {}
    neighbourhoods = [p for p in places if p.level == "neighbourhood"]
    cities = [p.name for p in places if p.level == "city" or (p.level == "other" and p.latitude is not None)]
    cities += [p.city for p in neighbourhoods if p.city and fold(p.city) not in {fold(c) for c in cities}]
    if cities:
        slots["city"] = _value(cities)
    if neighbourhoods:
        slots["neighbourhood"] = _value([p.name for p in neighbourhoods])
    precise = [p.country for p in places if p.country and p.level in ("city", "neighbourhood")]
    countries = precise or [p.country for p in places if p.country]
    if countries:
        slots["country"] = _value(countries)
    return slots


def fill_figures(
    tokens: list[Token],
    amounts: list[Amount],
    mentions: Mentions,
    known: Mapping[str, Any],
    open_question: str | None,
    *,
    searching: bool,
    lead: bool,
    follow_up: bool,
) -> None:
    """Gives a role to the figures that `roles` could not place, from the open question and the conversation."""
    last = known.get("_last") or {}
    for amount in refused_figures(tokens, amounts):
        amount.role, amount.unit = "past", "refused"
    if follow_up or mentions.correction_at is not None:
        _replace(amounts, tokens, known, open_question)
    loose = [a for a in amounts if a.role is None and a.kind in ("money", "percent", "years", "months", "other")]
    if open_question in _KINDS and (
        match := next((a for a in [*loose, *amounts] if a.kind in _KINDS[open_question]), None)
    ):
        match.role = open_question
        match.kind = _KINDS[open_question][0]  # type: ignore[assignment]
    corrected = mentions.correction_at is not None
    for amount in loose:
        if amount.role is not None:
            continue
        if amount.kind == "money":
            slot = last.get("money")
            near = slot if slot and _same_size(known.get(slot), amount.value) else None
            if near is None and (follow_up or corrected):
                near = next((s for s in MONEY_SLOTS if _same_size(known.get(s), amount.value)), None)
            if (follow_up or corrected) and near and not mentions.types:
                amount.role = near
            elif searching and not lead:
                amount.role = "budget_max"
            elif mentions.types or lead or not known or "price" not in known:
                amount.role = "price"
            else:
                amount.role = near
        elif amount.kind == "percent" and last.get("percent"):
            amount.role = _nearest(known, ("down_payment_pct", "rate_pct"), amount.value) or last["percent"]
        elif amount.kind in ("years", "months") and last.get("years"):
            amount.role = last["years"]
        elif amount.kind == "other" and (follow_up or corrected) and not amount.unit:
            slot = last.get("number")
            rooms = slot in ("bedrooms", "bathrooms") and amount is _corrected(amounts, mentions.correction_at)
            if slot and (amount.literal or rooms) and _same_size(known.get(slot), amount.value):
                amount.role = slot
                amount.kind = "area" if slot == "area_m2" else "count" if slot in ("bedrooms", "bathrooms") else "money"


def _corrected(amounts: Sequence[Amount], correction_at: int | None) -> Amount | None:
    """The figure right after the words of a correction ("scratch that, five, we built two more")."""
    after = (a for a in amounts if correction_at is not None and correction_at <= a.first <= correction_at + _NEAR_CORRECTION)
    return next((a for a in after if a.unit != "refused"), None)


def refused_figures(tokens: list[Token], amounts: Sequence[Amount]) -> list[Amount]:
    """Figures that a message puts right: the 140 of "it's 104 not 140", "no son 140 sino 104", "90 en vez de 80"."""
    found = [a for a in amounts if a.role != "phone" and _refuses(tokens, a.first)]
    kept = [a for a in amounts if a not in found and a.unit not in ("nth", "away")]
    return [a for a in found if any(_alike(a, b) for b in kept)]


def _alike(one: Amount, other: Amount) -> bool:
    """Whether one figure may stand in the other's place; a bare number is alike to any of its size."""
    same = one.kind == other.kind or "other" in (one.kind, other.kind)
    return same and ({one.kind, other.kind} <= {"years", "months", "percent", "count"} or _same_size(other.value, one.value))


def _refuses(tokens: list[Token], first: int) -> bool:
    """Whether a negator stands before token `first`, with no more than a verb such as "son" and no comma between."""
    if tokens[first].opens or tokens[first].comma:
        return False
    at = first
    while at and tokens[at - 1].text in _LINK_VERBS and not (tokens[at].opens or tokens[at].comma):
        at -= 1
    return any(words_at(tokens, at - len(p), len(p)) == p for p in _REFUSING_FIGURES if len(p) <= at)


def _replace(
    amounts: list[Amount], tokens: list[Token], known: Mapping[str, Any], open_question: str | None
) -> None:
    """Bare figures of a follow-up take the place, unit and size of what was spoken of: "¿y si me lo dejan en 560?" after
    620 millones is 560 millones, "¿y a 20?" after a loan its term, "¿y al 11?" its rate."""
    for amount in amounts:
        if amount.currency or amount.scaled or not amount.literal or amount.unit or amount.kind not in ("other", "money"):
            continue
        if amount.role in MONEY_SLOTS:
            held = known.get(amount.role)
            if isinstance(held, (int, float)) and (size := _size(held, amount.value)) is not None:
                amount.value *= size
            elif amount.value < 1000 and amount.role == "price":
                amount.role = None
                amount.kind = "other"
            else:
                continue
            if amount.role:
                continue
        if amount.kind != "other" or amount.role or amount.value <= 0 or open_question in _KINDS:
            continue
        before = tuple(t.text for t in tokens[max(0, amount.first - 3) : amount.first])
        named = _named_by_words(before)
        choices: list[tuple[float, str, float]] = []
        for slot in ("area_m2", "term_years", "horizon_years", "rate_pct", "down_payment_pct", *MONEY_SLOTS):
            held = known.get(slot)
            if isinstance(held, list) or not isinstance(held, (int, float)) or held <= 0 or (named and slot != named):
                continue
            size = _size(held, amount.value) if slot in MONEY_SLOTS else 1.0
            if size is None or not _same_size(held, amount.value * size):
                continue
            away = abs(math.log(amount.value * size / held))
            choices.append((away - (0.25 if (before[-1:], slot) in _TELLING else 0.0), slot, size))
        if choices:
            _, amount.role, size = min(choices)
            amount.value *= size
            amount.kind = _KIND_OF.get(amount.role, "money")  # type: ignore[assignment]


def _named_by_words(before: tuple[str, ...]) -> str | None:
    """The slot that the words right before a bare figure name ("con tasa del 11", "if the rate is 4")."""
    for slot, names in (("rate_pct", _RATE_NAMES), ("term_years", _TERM_NAMES), ("down_payment_pct", _DOWN_NAMES)):
        if names & set(before):
            return slot
    return None


def _size(held: float, value: float) -> float | None:
    """By how much to multiply a bare figure so that it is of the size of the one it replaces (1, thousands, millions)."""
    sizes = [s for s in (1.0, 1e3, 1e6) if value > 0 and _same_size(held, value * s)]
    return min(sizes, key=lambda s: abs(math.log(value * s / held)), default=None)


def lend(amounts: list[Amount], typed: bool) -> None:
    """A lone amount with a rate and a term is a loan, unless it is the price of something named or paid down in part."""
    given = [a.role for a in amounts]
    money = [a for a in amounts if a.role in ("price", None) and a.kind == "money"]
    if (
        "rate_pct" in given
        and "term_years" in given
        and len(money) == 1
        and not typed
        and not ({"loan_amount", "down_payment", "down_payment_pct", "financed_pct", "monthly_rent"} & set(given))
    ):
        money[0].role = "loan_amount"


_KINDS: dict[str, tuple[str, ...]] = {
    "rate_pct": ("percent", "other"),
    "down_payment_pct": ("percent", "other"),
    "term_years": ("years", "months", "other"),
    "horizon_years": ("years", "months", "other"),
    "price": ("money", "other"),
    "budget_max": ("money", "other"),
    "budget_min": ("money", "other"),
    "monthly_rent": ("money", "other"),
    "loan_amount": ("money", "other"),
    "area_m2": ("area", "other", "money"),
    "bedrooms": ("count", "other"),
    "bathrooms": ("count", "other"),
}


def _nearest(known: Mapping[str, Any], names: Sequence[str], value: float) -> str | None:
    """Which of the slots holds the figure closest in size: "and with 40 %?" means the 30 % down, not the 11 % rate."""
    held = {n: float(known[n]) for n in names if isinstance(known.get(n), (int, float)) and known[n] > 0}
    return min(held, key=lambda n: abs(math.log(max(value, 1e-9) / held[n])), default=None)


def _same_size(known: Any, value: float) -> bool:
    if isinstance(known, list) or not isinstance(known, (int, float)) or known <= 0 or value <= 0:
        return False
    return 1 / SAME_SIZE <= value / known <= SAME_SIZE


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


#: A figure of these written with a minus sign is kept so: who calculates refuses it, and says why.
_NEVER_BELOW = frozenset({"price", "monthly_rent", "loan_amount", "area_m2"})


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
        slots[role] = _value(values) if several and len(values) > 1 else values[0]
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


#: The stressed last letter of a past tense ("compré", "bajó"); words of up to so many letters end so too ("qué", "así").
_PAST_ENDINGS, _SHORT_WORD = ("é", "í", "ó"), 3


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


#: A price of more months of rent than these is in another currency than the rent.
_MOST_MONTHS = 5_000


def _price_elsewhere(amounts: Sequence[Amount], turn: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """The country's currency where only the rent names one and the price cannot be in it: 400 millones, 800 dólares."""
    price = next((a for a in amounts if a.role == "price"), None)
    rent = next((a for a in amounts if a.role == "monthly_rent"), None)
    country = turn.get("country", known.get("country"))
    if price is None or rent is None or price.currency or not rent.currency or not isinstance(country, str):
        return None
    return CURRENCY_OF.get(country) if price.value > _MOST_MONTHS * rent.value else None


def exchanged(turn: Mapping[str, Any], known: Mapping[str, Any], refused: Sequence[Place]) -> dict[str, Any]:
    """ "I meant Cádiz rather than Huelva" after Seville or Huelva: the place refused leaves the list to the one named."""
    names = {fold(p.name) for p in refused}
    found: dict[str, Any] = {}
    for key in ("city", "neighbourhood"):
        before, now = known.get(key), turn.get(key)
        if isinstance(before, list) and isinstance(now, str) and names & {fold(str(b)) for b in before}:
            found[key] = _value([now if fold(str(b)) in names else b for b in before])
    return found


def added(
    tokens: Sequence[Token], about: Sequence[Place], turn: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """ "mírame también los de Águilas" after Lorca asks for both, and so does "a mí Almuñécar: ventajas de una y otra"."""
    key = "neighbourhood" if "neighbourhood" in turn else "city"
    now, before = turn.get(key), known.get(key)
    place = next((p for p in about if p.name == now), None)
    if place is None or not isinstance(before, str) or before == now:
        return {}
    first = next((i for i, t in enumerate(tokens) if t.start >= place.start), 0)
    last = max((i for i, t in enumerate(tokens) if t.start < place.end), default=0)
    before_it = first
    while before_it and tokens[before_it - 1].text in _ALSO_FILLERS and not tokens[before_it].opens:
        before_it -= 1
    ends = last + 2 == len(tokens) or (last + 2 < len(tokens) and (tokens[last + 2].comma or tokens[last + 2].opens))
    also = (before_it > 0 and tokens[before_it - 1].text in _ALSO) or (ends and tokens[last + 1].text in _ALSO)
    both = any(words_at(list(tokens), at, len(p)) == p for p in _BOTH for at in range(len(tokens)))
    if not (also or both):
        return {}
    found = {key: [before, now]}
    here, there = turn.get("city"), known.get("city")
    if key == "neighbourhood" and isinstance(here, str) and isinstance(there, str) and here != there:
        found["city"] = [there, here]
    return found


def with_earlier(
    turn: Mapping[str, Any], known: Mapping[str, Any], named: bool, beside: bool, of_all: bool = False
) -> dict[str, Any]:
    """ "¿y comparado con Palmira?" takes the place before as the other option, "¿cuál de las dos?" the last two; `beside`:
    what is named, one place or several, is set beside what was spoken of; `of_all`: the message is about all of the list spoken
    of ("compáreme los dos"), of which it names only some."""
    if named:
        for key in ("neighbourhood", "city"):
            now, before = turn.get(key), known.get(key)
            inside = key == "city" and "neighbourhood" in turn
            if of_all and now is not None and isinstance(before, list) and not inside and set(_listed(now)) <= set(before):
                return {key: before}
            if isinstance(now, str) and isinstance(before, str) and now != before and not inside:
                return {key: [before, now]}
            if beside and isinstance(now, list) and isinstance(before, str) and before not in now and not inside:
                return {key: [before, *now]}
        return {}
    recent = known.get("_places") or []
    if len(recent) < 2 or any(isinstance(known.get(k), list) for k in ("city", "neighbourhood")):
        return {}
    key = "neighbourhood" if all("neighbourhood" in p for p in recent[-2:]) else "city"
    names = [p[key] for p in recent[-2:] if key in p]
    return {key: names} if len(names) == 2 else {}


def forget_refused(after: dict[str, Any], refused: Sequence[Place], turn: Mapping[str, Any]) -> None:
    """Takes places just refused out of what was known before ("I don't want Bogotá")."""
    names = {fold(p.name) for p in refused}
    for key in ("city", "neighbourhood"):
        value = after.get(key)
        if key in turn or value is None:
            continue
        kept = [v for v in (value if isinstance(value, list) else [value]) if fold(str(v)) not in names]
        if not kept:
            after.pop(key)
            if key == "city":
                after.pop("neighbourhood", None)
        elif isinstance(value, list):
            after[key] = _value(kept)


def forget_features(after: dict[str, Any], refused: Sequence[str]) -> None:
    """ "¿y sin piscina?": what is refused now is no longer looked for."""
    kept = [name for name in after.pop("features", ()) if name not in refused]
    if kept:
        after["features"] = kept


def remember_places(known: Mapping[str, Any], after: dict[str, Any], moved: bool) -> None:
    """Keeps the last places under `_places`, one entry a turn."""
    recent = list(known.get("_places") or [])
    if moved and isinstance(after.get("city", after.get("neighbourhood")), str):
        entry = {k: after[k] for k in ("city", "neighbourhood") if isinstance(after.get(k), str)}
        recent = [p for p in recent if p != entry] + [entry]
    if recent:
        after["_places"] = recent[-4:]


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
