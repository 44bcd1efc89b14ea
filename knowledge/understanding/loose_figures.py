"""Roles for figures that their own words leave open, from the open question and what was spoken of before: a bare figure goes
where the last figure of its kind went."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import phrases, words
from knowledge.understanding.mentions import Mentions
from knowledge.understanding.rules.contexts import is_year_number
from knowledge.understanding.tokens import Token, words_at

MONEY_SLOTS = ("price", "budget_max", "budget_min", "monthly_rent", "loan_amount")
#: How far (times) a bare figure may be from the last one of its kind to be its replacement.
SAME_SIZE = 8.0
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
    loose = [
        a for a in amounts
        if a.role is None and a.kind in ("money", "percent", "years", "months", "other") and not is_year_number(tokens, a)
    ]
    if open_question in _KINDS and not any(a.role == open_question for a in amounts) and (
        match := next(
            (a for a in [*loose, *amounts] if a.kind in _KINDS[open_question] and not is_year_number(tokens, a)), None
        )
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


def _nearest(known: Mapping[str, Any], names: Sequence[str], value: float) -> str | None:
    """Which of the slots holds the figure closest in size: "and with 40 %?" means the 30 % down, not the 11 % rate."""
    held = {n: float(known[n]) for n in names if isinstance(known.get(n), (int, float)) and known[n] > 0}
    return min(held, key=lambda n: abs(math.log(max(value, 1e-9) / held[n])), default=None)


def _same_size(known: Any, value: float) -> bool:
    if isinstance(known, list) or not isinstance(known, (int, float)) or known <= 0 or value <= 0:
        return False
    return 1 / SAME_SIZE <= value / known <= SAME_SIZE
