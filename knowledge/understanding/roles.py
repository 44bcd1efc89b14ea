"""Decides what each figure is for: price, rent, budget, loan, cost, rate, term.

The words just before and just after a figure decide (`[money_roles]` and its neighbours in the lexicon): the longer
and the nearer the phrase, the stronger. A figure that only follows "and" takes over the role of the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import Roles, lexicon, words
from knowledge.understanding.tokens import Token, words_at

Period = Literal["month", "year", "night"]
_REACH_BEFORE = 6
_REACH_AFTER = 4
_MONTHLY = {("al", "mes"), ("por", "mes"), ("cada", "mes"), ("a", "month"), ("per", "month"), ("each", "month")}
_YEARLY = {
    ("al", "ano"),
    ("por", "ano"),
    ("cada", "ano"),
    ("a", "year"),
    ("per", "year"),
    ("each", "year"),
    ("every", "year"),
}
_MONTHLY_WORDS = words("monthly_words")
_YEARLY_WORDS = words("yearly_words")
_LOAN_WORDS = words("loan_words")
_STRONG_HORIZON = (
    ("dentro", "de"),
    ("en", "los", "proximos"),
    ("proximos",),
    ("in", "the", "next"),
    ("over", "the", "next"),
    ("next",),
    ("de", "aqui", "a"),
    ("siguientes",),
    ("vendo", "en"),
    ("vendo", "a", "los"),
)
_CASH_FLOW_WORDS = words("cash_flow_words")
_ANNUAL_COSTS = words("annual_costs")
_JOINERS = words("joiners")


@dataclass(slots=True)
class Reading:
    """What the words around an amount say: role, how strongly, and the period it is stated for."""

    role: str | None
    strength: float
    period: Period | None
    label: str


def period_after(tokens: list[Token], after: int) -> tuple[Period | None, int]:
    """(period stated from token `after` on, words it takes)."""
    two = words_at(tokens, after, 2)
    if after < len(tokens) and tokens[after].opens:
        return None, 0
    if two in _MONTHLY:
        return "month", 2
    if two in _YEARLY:
        return "year", 2
    if two[:1] and two[0] in _MONTHLY_WORDS:
        return "month", 1
    if two[:1] and two[0] in _YEARLY_WORDS:
        return "year", 1
    return None, 0


def _window(tokens: list[Token], first: int, floor: int) -> int:
    """First token of the words that may speak about the figure at `first`."""
    start = first
    while start > floor and first - start < _REACH_BEFORE + 2 and not tokens[start].opens:
        start -= 1
    return start


def _read(
    tokens: list[Token], amount: Amount, floor: int, ceiling: int, roles: Roles
) -> tuple[str | None, float, str, int]:
    """(role, strength, phrase, first token after what was read)."""
    start = _window(tokens, amount.first, floor)
    before = [t.text for t in tokens[start : amount.first]]
    best: tuple[str | None, float, str, int] = (None, 0.0, "", amount.last + 1)
    stop = min(ceiling, amount.last + 1 + _REACH_AFTER)
    _, skip = period_after(tokens, amount.last + 1)
    for role, (befores, afters) in roles.items():
        for end in range(len(before), 0, -1):
            distance = len(before) - end
            if distance > _REACH_BEFORE:
                break
            for size in range(1, min(4, end) + 1):
                phrase = tuple(before[end - size : end])
                if phrase in befores:
                    score = 2.0 + 0.5 * size - 0.4 * distance
                    if score > best[1]:
                        best = (role, score, " ".join(phrase), amount.last + 1)
        for at in {amount.last + 1, amount.last + 1 + skip}:
            for offset in range(2):
                begin = at + offset
                if begin >= stop or any(tokens[i].opens for i in range(amount.last + 1, begin + 1)):
                    break
                for size in range(1, 5):
                    if begin + size > stop:
                        break
                    phrase = words_at(tokens, begin, size)
                    if phrase in afters:
                        score = 2.1 + 0.5 * size - 0.9 * offset - (0.7 if tokens[begin].comma else 0.0)
                        if phrase in _MONTHLY or phrase[0] in _MONTHLY_WORDS:
                            score = 1.6
                        if score > best[1]:
                            best = (role, score, " ".join(phrase), begin + size)
    return best


def read_roles(tokens: list[Token], amounts: list[Amount]) -> dict[int, Reading]:
    """The reading of each amount by its index in `amounts`; sets `role` on those that are clear."""
    lex = lexicon()
    words = {t.text for t in tokens}
    loan = bool(words & _LOAN_WORDS)
    readings: dict[int, Reading] = {}
    read_to = 0
    for i, amount in enumerate(amounts):
        floor = max(amounts[i - 1].last + 1, read_to) if i else 0
        ceiling = amounts[i + 1].first if i + 1 < len(amounts) else len(tokens)
        period, _ = period_after(tokens, amount.last + 1)
        if amount.kind in ("money", "other") and not amount.unit:
            role, strength, label, read_to = _read(tokens, amount, floor, ceiling, lex.money_roles)
            between = [t.text for t in tokens[floor : amount.first]]
            listed = (
                i > 0
                and not tokens[amount.first].opens
                and set(between) <= _JOINERS
                and (amounts[i - 1].kind == amount.kind or amounts[i - 1].kind == "money")
            )
            if listed and strength < 2.4 and (previous := readings.get(i - 1)) and previous.role:
                role, strength, label = previous.role, previous.strength, previous.label
            if period == "month" and role in (None, "price", "annual_rent", "budget_max") and strength < 2.4:
                role, strength = "monthly_rent", 2.2
            if period == "year" and role in ("monthly_rent", None) and amount.kind == "money":
                role, strength = "annual_rent", 2.2
            if (
                role == "budget_min"
                and i + 1 < len(amounts)
                and amounts[i + 1].kind == "money"
                and ceiling - amount.last <= 2
            ):
                pass
            readings[i] = Reading(role, strength, period, label)
            if amount.kind == "other" and not (role and strength >= 2.1 and amount.value >= 20):
                continue
            if amount.kind == "other":
                amount.kind = "money"
            amount.role = role
        elif amount.kind == "percent":
            role, strength, label, read_to = _read(tokens, amount, floor, ceiling, lex.percent_roles)
            if role == "rate_pct" and label == "at" and not loan and not any(a.kind == "years" for a in amounts):
                role = None
            if role is None and (loan or any(a.kind == "years" for a in amounts)):
                role = "rate_pct"
            if role == "rate_pct" and amount.value > 40:
                role = None
            amount.role = role
            readings[i] = Reading(role, strength, period, label)
        elif amount.kind in ("years", "months"):
            readings[i] = Reading(_term(tokens, amount, floor, ceiling, amounts, loan, words), 1.0, None, "")
            amount.role = readings[i].role
        elif amount.kind == "area":
            amount.role = "area_m2"
        elif amount.kind == "count":
            amount.role = amount.unit if amount.unit in ("bedrooms", "bathrooms") else None
        elif amount.kind == "phone":
            amount.role = "phone"
    _ranges(tokens, amounts)
    return readings


def _term(
    tokens: list[Token], amount: Amount, floor: int, ceiling: int, amounts: list[Amount], loan: bool, words: set[str]
) -> str | None:
    role, _, label, _ = _read(tokens, amount, floor, ceiling, lexicon().years_roles)
    if role == "past":
        return "past"
    phrase = tuple(label.split())
    if phrase in _STRONG_HORIZON or words & _CASH_FLOW_WORDS:
        return "horizon_years"
    rated = any(a.role in ("rate_pct", "loan_amount") or (a.kind == "percent" and a.role is None) for a in amounts)
    if loan or rated:
        return "term_years"
    return "horizon_years" if role else None


def _ranges(tokens: list[Token], amounts: list[Amount]) -> None:
    """ "entre A y B", "de A a B", "A - B": budget from and to."""
    for left, right in zip(amounts, amounts[1:], strict=False):
        if left.kind != "money" or right.kind != "money" or right.first - left.last > 2 or left.value >= right.value:
            continue
        opener = tokens[left.first - 1].text if left.first else ""
        joiner = tokens[left.last + 1].text if right.first - left.last == 2 else "-"
        if (
            (opener in ("entre", "between") and joiner in ("y", "and"))
            or (opener in ("de", "desde", "from") and joiner in ("a", "hasta", "to"))
            or (
                joiner in ("-", "a", "to")
                and right.first - left.last <= 2
                and left.role in (None, "budget_max", "price")
            )
        ):
            left.role, right.role = "budget_min", "budget_max"


def cost_period(label: str, period: Period | None) -> str:
    """The period of a cost: as stated, else yearly for taxes and insurance, monthly for fees."""
    if period in ("month", "year"):
        return period
    return "year" if set(label.split()) & _ANNUAL_COSTS else "month"
