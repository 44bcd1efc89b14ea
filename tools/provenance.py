"""Whose figure an argument is: the investor's, an earlier tool's, or nobody's.

Calculators take figures as arguments, and a model may write any. A figure is kept as the investor's own only if it can
be read in their words or in what was understood from them, as an earlier result's if it equals one; otherwise it is an
assumption and is labelled so. Figures that follow from demo data are demo data too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from core.facts import Fact, Source
from tools.context import Runtime, TurnContext

UNSTATED = "assumption/unstated"
_LABEL = {"es": "supuesto que la persona no indicó", "en": "assumption that the investor did not state"}
_DIGITS = re.compile(r"\d+(?:[.,'’]\d+)*")
#: Smaller amounts are not taken for made of others, nor for parts of one.
_LEAST_MADE, _LEAST_PART = 1000, 100
_SCALES = (1.0, 1e3, 1e6, 1e9)


def settle(
    facts: Sequence[Fact], runtime: Runtime, given: Mapping[str, Fact] | None = None, currency: str | None = None
) -> dict[str, Fact]:
    """The facts of a calculation with their true sources, by their former id; inputs come before what uses them.

    `given` are facts that replace the input of the same key and value (a listing's price). `currency` is written on
    amounts that have none.
    """
    turn = _Turn(runtime, given or {})
    settled: dict[str, Fact] = {}
    for fact in facts:
        money = fact.unit in ("money", "money_per_m2") and fact.currency is None
        if fact.source.kind == "user":
            new = _owned(fact, turn)
        else:
            used = [settled[i] for i in fact.inputs if i in settled]
            new = replace(
                fact, inputs=tuple(settled[i].id if i in settled else i for i in fact.inputs),
                source=replace(fact.source, demo=fact.source.demo or any(f.source.demo for f in used)),
            )
        settled[fact.id] = replace(new, id="", currency=currency if money else new.currency)
    return settled


class _Turn:
    """What a figure may be from. Read when a figure needs it: a result that needed none of it is the same in every turn."""

    def __init__(self, runtime: Runtime, given: Mapping[str, Fact]) -> None:
        self._runtime, self.given, self.context = runtime, given, runtime.context

    @cached_property
    def stated(self) -> frozenset[float]:
        return numbers_of(self.context)

    @cached_property
    def earlier(self) -> list[Fact]:
        return [*self.given.values(), *earlier_facts(self._runtime)]


def _owned(fact: Fact, turn: _Turn) -> Fact:
    value, context = float(fact.value), turn.context
    known = turn.given.get(fact.key)
    if known is None or known.value != fact.value:
        if _stated(value, turn.stated) or (fact.key.startswith("cash_flow") and _a_flow_of(abs(value), turn.stated)):
            return replace(fact, source=Source("user", context.message_id or "message"))
        same = [f for f in turn.earlier if f.unit == fact.unit and _near(f.value, value) and f.currency == fact.currency]
        known = next((f for f in same if f.key == fact.key), same[0] if same else None)
    if known is None:
        return replace(fact, source=Source("rule", UNSTATED, _LABEL[context.locale.language]))
    return replace(fact, source=known.source, as_of=known.as_of, low=known.low, high=known.high, level=known.level,
                   formula=known.formula, inputs=known.inputs)


def numbers_of(context: TurnContext) -> frozenset[float]:
    """Every number in what was understood and, in each reading, in the investor's own words."""
    found = set(_flat(context.slots))
    for words in context.user_words:
        for match in _DIGITS.finditer(words):
            for number in readings(match.group()):
                found.update(number * scale for scale in _SCALES)
    return frozenset(found)


def earlier_facts(runtime: Runtime) -> list[Fact]:
    """Facts of the tool results before this call, newest first, and then of the findings that the work rests on."""
    state = runtime.state
    messages = state.get("messages", ()) if isinstance(state, Mapping) else ()
    artifacts = [getattr(message, "artifact", None) or {} for message in reversed(messages)]
    own = [Fact.from_dict(body) for artifact in artifacts for body in artifact.get("facts", ())]
    return [*own, *runtime.context.found]


def _stated(value: float, stated: Iterable[float]) -> bool:
    """Said as such, as its complement (70 % financed), a year's from a month's, or an amount made of two numbers."""
    size = abs(value)
    numbers = [n for n in stated if n]
    if size == 0 or any(_near(n, size) or _near(100 - n, size) or _near(12 * n, size) or _near(n, 12 * size)
                        for n in numbers):
        return True
    # ten flats at 6,500 each; a year's income and the sale in one flow
    pairs = ((a, b) for i, a in enumerate(numbers) for b in numbers[i:])
    return size >= _LEAST_MADE and any(_near(a * b, size) or _near(a + b, size) for a, b in pairs)


def _a_flow_of(size: float, stated: Iterable[float]) -> bool:
    """A flow that two or three amounts make: what a sale leaves after a year's tax, a year's income and the sale less a
    cost."""
    numbers = [n for n in stated if n >= _LEAST_PART]
    whole = {round(n, 2) for n in numbers}
    return any(round(abs(size - a - b), 2) in whole for i, a in enumerate(numbers) for b in (0.0, *numbers[i:]))


def _near(a: Any, b: float) -> bool:
    return isinstance(a, (int, float)) and abs(a - b) <= 1e-6 * max(1.0, abs(b))


def _flat(value: Any) -> Iterable[float]:
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield abs(float(value))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _flat(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _flat(part)


def readings(digits: str) -> set[float]:
    """`2,3` is 2.3; `1.950` may be 1950 or 1.95: both count."""
    plain = float(re.sub(r"\D", "", digits))
    parts = re.split(r"[.,'’]", digits)
    return {plain} if len(parts) == 1 else {plain, float(f"{''.join(parts[:-1])}.{parts[-1]}")}
