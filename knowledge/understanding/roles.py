"""Decides what each figure is for: price, rent, budget, loan, cost, rate, term.

The words just before and just after a figure decide (`[money_roles]` and its neighbours in the lexicon): the longer
and the nearer the phrase, the stronger. A figure that only follows "and" takes over the role of the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from knowledge.understanding.amounts import HIGHEST_RATE, Amount
from knowledge.understanding.lexicon import Roles, lexicon, phrases, words
from knowledge.understanding.tokens import Token, words_at

Period = Literal["month", "year", "night"]
#: Below this a percentage of a loan is its rate and not the share that it finances.
LEAST_FINANCED = 25.0
#: Words for growth that do not say of what: the figure before them does.
_OF_EITHER = frozenset(
    "alza de|alza del|alzas de|incremento de|incremento del|aumento de|aumento del|aumenta un|incrementa un|sube un|"
    "subiendo un|subiendo|sube|aumenta|increase of|increases by|increases|increasing|rising|up|up by|rises|goes up by|"
    "goes up|grows|growing|growth of".split("|")
)
_REFUSED = frozenset({"no", "not", "nothing", "nada", "sin"})
_ASKED_FOR = frozenset({"pido", "si pido", "pidiendo"})
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
_STRONG_HORIZON = phrases("strong_horizon")
#: Phrases that say what a figure is only where no word stands between ("I've 400 million", not "I've seen one at 300k").
_ONLY_BESIDE = frozenset(phrases("only_beside"))
_CASH_FLOW_WORDS = words("cash_flow_words")
_ANNUAL_COSTS = words("annual_costs")
_POINTS = words("points")
_JOINERS = words("joiners")
_LINK_VERBS, _LINK_FILLERS = words("link_verbs"), words("link_fillers")
_PERIOD_FILLERS = words("period_fillers")
_LINKED_COSTS = phrases("linked_costs")
#: Forms of the letting verbs that stand for "alquilo": "lo alquilaría por", "lo arrendaríamos en", "rentándola a".
_LETTING = re.compile(
    r"(?:(?:alquil|arrend|rent)(?:ari|aria|arias|arian|ariamos|are|ara|aran|aremos|aba|aban|abamos|amos)"
    r"|(?:alquil|arrend|rent)(?:ar|ando|aria|ara|e|en)(?:lo|la|los|las|se|selo|sela))"
)


@dataclass(slots=True)
class Reading:
    """What the words around an amount say: role, how strongly, and the period it is stated for."""

    role: str | None
    strength: float
    period: Period | None
    label: str


def period_after(tokens: list[Token], after: int) -> tuple[Period | None, int]:
    """(period stated from token `after` on, words it takes)."""
    if after < len(tokens) and tokens[after].opens:
        return None, 0
    if words_at(tokens, after, 1) and tokens[after].text in _PERIOD_FILLERS:  # "850 limpios al mes"
        period, taken = period_after(tokens, after + 1)
        return (period, taken + 1) if period else (None, 0)
    two = words_at(tokens, after, 2)
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


class _Said(NamedTuple):
    """What the words around a figure say: role, strength, phrase, and the first token after what was read."""

    role: str | None
    strength: float
    label: str
    read_to: int


def _said(tokens: list[Token], amount: Amount, floor: int, ceiling: int, roles: Roles) -> _Said:
    """The strongest of what stands before and after the figure."""
    nothing = _Said(None, 0.0, "", amount.last + 1)
    found = [*_said_before(tokens, amount, floor, roles), *_said_after(tokens, amount, ceiling, roles)]
    return max(found, key=lambda s: s.strength, default=nothing)


def _said_before(tokens: list[Token], amount: Amount, floor: int, roles: Roles) -> Iterator[_Said]:
    before = [_plain_form(t.text) for t in tokens[_window(tokens, amount.first, floor) : amount.first]]
    yield from _linked(before, amount, roles)
    for end in range(len(before), max(0, len(before) - _REACH_BEFORE - 1), -1):
        for size in range(1, min(4, end) + 1):
            phrase = tuple(before[end - size : end])
            if end < len(before) and phrase in _ONLY_BESIDE:
                continue
            for role, (befores, _) in roles.items():
                if phrase in befores:
                    strength = 2.0 + 0.5 * size - 0.4 * (len(before) - end)
                    yield _Said(role, strength, " ".join(phrase), amount.last + 1)


def _plain_form(word: str) -> str:
    return "alquilo" if _LETTING.fullmatch(word) else word


def _linked(before: Sequence[str], amount: Amount, roles: Roles) -> Iterator[_Said]:
    """ "el predial sale en 1.100.000", "la renta sería de 9 mil": what the figure is, is the subject of the verb."""
    end, verb = len(before), False
    while end and before[end - 1] in _LINK_VERBS | _LINK_FILLERS:
        end -= 1
        verb = verb or before[end] in _LINK_VERBS
    if not verb:
        return
    for size in range(1, min(4, end) + 1):
        phrase = tuple(before[end - size : end])
        for role, (befores, _) in roles.items():
            if phrase in befores or (role == "cost" and phrase in _LINKED_COSTS):
                yield _Said(role, 2.8 + 0.5 * size, " ".join(phrase), amount.last + 1)


def _said_after(tokens: list[Token], amount: Amount, ceiling: int, roles: Roles) -> Iterator[_Said]:
    stop = min(ceiling, amount.last + 1 + _REACH_AFTER)
    _, skip = period_after(tokens, amount.last + 1)
    starts: dict[int, int] = {}
    for jump in (skip, 0):
        for offset in (0, 1):
            starts.setdefault(amount.last + 1 + jump + offset, offset)
    for begin, offset in sorted(starts.items()):
        if begin >= stop or any(t.opens for t in tokens[amount.last + 1 : begin + 1]):
            continue
        for size in range(1, min(4, stop - begin) + 1):
            phrase = words_at(tokens, begin, size)
            strength = 2.1 + 0.5 * size - 0.9 * offset - (0.7 if tokens[begin].comma else 0.0)
            if phrase in _MONTHLY or phrase[0] in _MONTHLY_WORDS or phrase in _YEARLY or phrase[0] in _YEARLY_WORDS:
                strength = 1.6  # a period says little about what is paid
            elif begin + size == ceiling < len(tokens) and not tokens[ceiling].comma:
                strength -= 0.7  # "price 0.45M rent 1.9k": it rather opens the next figure
            for role, (befores, afters) in roles.items():
                opens_next = begin + size == ceiling < len(tokens) and phrase in befores and role == "monthly_rent"
                if phrase in afters and not opens_next:
                    yield _Said(role, strength, " ".join(phrase), begin + size)


class _Setting(NamedTuple):
    """What the whole message says about its figures."""

    tokens: list[Token]
    amounts: list[Amount]
    words: set[str]
    loan: bool
    termed: bool
    repaying: bool


def read_roles(tokens: list[Token], amounts: list[Amount], repaying: bool = False) -> dict[int, Reading]:
    """The reading of each amount by its index in `amounts`; sets `role` on those that are clear.

    `repaying`: the conversation is about a loan, so that years are its term.
    """
    spoken = {t.text for t in tokens}
    termed = any(a.kind == "years" for a in amounts)
    setting = _Setting(tokens, amounts, spoken, bool(spoken & _LOAN_WORDS), termed, repaying)
    readings: dict[int, Reading] = {}
    read_to = 0
    for i, amount in enumerate(amounts):
        floor = max(amounts[i - 1].last + 1, read_to) if i else 0
        ceiling = amounts[i + 1].first if i + 1 < len(amounts) else len(tokens)
        if amount.kind in ("other", "percent") and set(words_at(tokens, amount.last + 1, 1)) & _POINTS:
            amount.role, amount.unit = "rate_moves", "points"
            readings[i] = Reading("rate_moves", 5.0, None, "")
        elif amount.kind == "money" and _priced_currency(tokens, amount):
            amount.role = "fx_rate"
            readings[i], read_to = Reading("fx_rate", 5.0, None, ""), amount.last + 3
        elif amount.kind in ("money", "other") and not amount.unit:
            said = _said(tokens, amount, floor, ceiling, lexicon().money_roles)
            readings[i], read_to = _money(setting, i, floor, said, readings.get(i - 1)), said.read_to
        elif amount.kind == "percent":
            said = _said(tokens, amount, floor, ceiling, lexicon().percent_roles)
            amount.role, read_to = _percent(setting, amount, said), said.read_to
            readings[i] = Reading(amount.role, said.strength, None, said.label)
        elif amount.kind in ("years", "months"):
            amount.role = _term(setting, amount, _said(tokens, amount, floor, ceiling, lexicon().years_roles))
            readings[i] = Reading(amount.role, 1.0, None, "")
        else:
            named = {"area": "area_m2", "phone": "phone", "count": amount.unit}.get(amount.kind)
            amount.role = named if named in ("area_m2", "phone", "bedrooms", "bathrooms") else None
    _ranges(tokens, amounts)
    return readings


def _priced_currency(tokens: list[Token], amount: Amount) -> str | None:
    """The currency that a small amount is the price of: "18.5 MXN per dollar", "4.000 pesos por dólar"."""
    after = [t.text for t in tokens[amount.last + 1 : amount.last + 4] if t.text not in ("the", "un", "a", "one", "cada")]
    joint, unit, *_ = (*after, "", "")
    if joint in lexicon().currency:
        joint, unit = "a", joint  # "4,000 pesos a dollar"
    currency = lexicon().currency.get(unit)
    if joint not in ("per", "por", "a", "el", "x", "to") or amount.value >= 20_000 or currency == amount.currency:
        return None
    return currency


def _money(setting: _Setting, index: int, floor: int, said: _Said, before: Reading | None) -> Reading:
    """The reading of an amount of money, or of a bare number that the words make one."""
    tokens, amount = setting.tokens, setting.amounts[index]
    period, _ = period_after(tokens, amount.last + 1)
    role, strength, label = said.role, said.strength, said.label
    listed = not tokens[amount.first].opens and {t.text for t in tokens[floor : amount.first]} <= _JOINERS
    same_period = before is not None and period in (None, before.period)
    if before is not None and before.role and listed and same_period and strength < 2.4:
        earlier = setting.amounts[index - 1]
        if earlier.kind in (amount.kind, "money"):
            role, strength, label = before.role, before.strength, before.label
    if role == "payment" and period != "month":
        role = "budget_max"  # "puedo pagar hasta 300.000"
    rated = setting.termed and any(a.kind == "percent" for a in setting.amounts)
    if (setting.loan or rated) and label in _ASKED_FOR:
        role = "loan_amount"  # "si pido 120.000 al 3 % a 20 años"
    if role == "budget_min" and _REFUSED & {t.text for t in tokens[max(floor, amount.first - 6) : amount.first]}:
        role = "budget_max"  # "que no valgan más de 280 millones"
    let = role == "price" and not setting.loan  # "lo alquilo por 900 al mes"
    unsaid = role in (None, "price", "budget_max") and strength < 2.4
    if period == "month" and (let or unsaid or role == "annual_rent"):
        role, strength = "monthly_rent", max(strength, 2.2)
    if period == "month" and role == "loan_amount":
        role = "cost"  # "la hipoteca es de 650 al mes"
    if period == "year" and (role == "monthly_rent" or (role in (None, "price") and amount.kind == "money")):
        role, strength = "annual_rent", max(strength, 2.2)
    if amount.kind == "money" or (role and strength >= 2.1 and (amount.value >= 20 or role == "fx_rate")):
        amount.kind, amount.role = "money", role
        amount.named = role
    return Reading(role, strength, period, label)


def _percent(setting: _Setting, amount: Amount, said: _Said) -> str | None:
    role = said.role
    lending = setting.loan or setting.termed
    if role == "financed_pct" and not LEAST_FINANCED <= amount.value <= 100:
        return "rate_pct"  # "hipoteca al 3,5 %": nobody finances so little, and the bad ones are told so
    rents = _last_money(setting, amount) in ("monthly_rent", "annual_rent")
    if role == "growth_pct" and rents and said.label in _OF_EITHER:
        return "rent_growth_pct"  # "lo arriendo en 2 millones con alza del 4 %"
    if role == "rate_pct" and said.label == "at" and not lending:
        role = None
    if role is None and lending:
        role = "rate_pct"
    if role == "rate_pct" and HIGHEST_RATE < amount.value <= 100 and said.label in ("", "al", "at"):
        return None
    return role


def _last_money(setting: _Setting, amount: Amount) -> str | None:
    """What the amount of money before this figure is, in the same sentence."""
    before = [a for a in setting.amounts if a.last < amount.first and a.kind == "money"]
    if not before or any(t.opens for t in setting.tokens[before[-1].last + 1 : amount.first + 1]):
        return None
    return before[-1].role


def _term(setting: _Setting, amount: Amount, said: _Said) -> str | None:
    if said.role == "past":
        return "past"
    if tuple(said.label.split()) in _STRONG_HORIZON or setting.words & _CASH_FLOW_WORDS:
        return "horizon_years"
    if _looks_ahead(setting, amount):
        return "horizon_years"
    rated = any(
        a.role in ("rate_pct", "loan_amount") or (a.kind == "percent" and a.role is None) for a in setting.amounts
    )
    if setting.loan or rated or setting.repaying:
        return "term_years"
    return "horizon_years" if said.role else None


def _looks_ahead(setting: _Setting, amount: Amount) -> bool:
    """Whether a term is of another question than the loan's: "¿cuánto se valoriza en 3 años? De paso, la cuota a 10 años"."""
    terms = [a for a in setting.amounts if a.kind in ("years", "months")]
    return len(terms) > 1 and not _lends(setting, amount) and any(_lends(setting, a) for a in terms)


def _lends(setting: _Setting, amount: Amount) -> bool:
    """Whether the clause that a figure stands in speaks of a loan or a rate."""
    first, last = _clause(setting.tokens, amount.first)
    inside = {t.text for t in setting.tokens[first:last]}
    percents = any(a.kind == "percent" and first <= a.first < last for a in setting.amounts)
    return percents or bool(inside & _LOAN_WORDS)


def _clause(tokens: list[Token], at: int) -> tuple[int, int]:
    """[first, last) of the clause around token `at`: a sentence, or what a comma and "y" set apart in it."""
    def begins(i: int) -> bool:
        return tokens[i].opens or (tokens[i].comma and tokens[i].text in ("y", "and", "e", "pero", "but"))

    first = next((i for i in range(at, 0, -1) if begins(i)), 0)
    last = next((i for i in range(at + 1, len(tokens)) if begins(i)), len(tokens))
    return first, last


def _ranges(tokens: list[Token], amounts: list[Amount]) -> None:
    """ "entre A y B", "de A a B", "A - B": budget from and to."""
    for left, right in pairwise(amounts):
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
