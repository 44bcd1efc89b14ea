"""Recorded formulas, worked out again: what a fact says it was made of must give the fact's value.

Only arithmetic is read (`12 × 2300000 ÷ 450000000`, `(1 + 3.2 %)^2 − 1`): numbers with a point for decimals, × ÷ + − ^,
parentheses, % behind a number. A formula in words (`mean of 12 log changes`, `IRR(-100; 8; 108)`, `balance after 12 of 240`)
proves nothing and refutes nothing. The numbers of a formula are rounded: each may move the result by half of its last digit.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from core.facts import Fact

log = logging.getLogger("ladrillo.formulas")

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<sign>[×÷+−^()%-]))")
#: From here on a whole number may be a rounded one; smaller ones (12 months, 100 percent) are what they are.
_MAY_BE_ROUNDED = 1000
#: Deepest nesting and longest formula that are read: nothing that a calculator records comes near.
_DEPTH, _TOKENS = 20, 400


class Result(NamedTuple):
    """What a formula gives, and how far the rounding of its numbers may have moved it."""

    value: float
    slack: float


class _NotArithmetic(Exception):
    """Words, a sign without its operand, a division by zero."""


@lru_cache(maxsize=4096)
def evaluate(formula: str) -> Result | None:
    """The value of an arithmetic formula; None where it is not pure arithmetic, or has no finite value."""
    try:
        tokens = _tokens(formula)
        numbers = [(at, float(token)) for at, token in enumerate(tokens) if token[0].isdigit()]
        value = _Reader(tokens).value()
        slack = 0.0
        for at, number in numbers:
            if half := _half_step(tokens[at]):
                moved = [*tokens[:at], repr(number + half), *tokens[at + 1 :]]
                slack += abs(_Reader(moved).value() - value)
    except (_NotArithmetic, ArithmeticError):
        return None
    return Result(value, slack) if math.isfinite(value) and math.isfinite(slack) else None


def holds(fact: Fact) -> bool:
    """False where the fact's formula gives another value than the fact's, at the precision both are written with.

    A percentage may be written as a share (`12 × 900 ÷ 200000`) or as it is (`6.2 − 4.1`). `a ÷ b ≈ c` says that the value was
    rounded to c.
    """
    if not fact.formula or isinstance(fact.value, str):
        return True
    return _holds(fact.formula, float(fact.value), fact.unit == "percent")


@lru_cache(maxsize=8192)
def _holds(formula: str, value: float, percent: bool) -> bool:
    exact, _, rounded = formula.partition("≈")
    found = evaluate(rounded.strip() or exact.strip())
    if found is None:
        return True
    shares = (1.0, 100.0) if percent else (1.0,)
    return any(_gives(found.value * share, found.slack * share, value) for share in shares)


def sound(facts: Sequence[Fact]) -> list[Fact]:
    """The facts whose formulas hold. Each one that does not is a defect: it is logged once, and may bind nothing."""
    kept = []
    for fact in facts:
        if holds(fact):
            kept.append(fact)
        else:
            _report(fact.id, fact.key, str(fact.value), fact.formula or "")
    return kept


@lru_cache(maxsize=1024)
def _report(fact_id: str, key: str, value: str, formula: str) -> None:
    log.error("the formula of %s (%s) does not give its value %s: %s", key, fact_id, value, formula)


def _gives(found: float, slack: float, value: float) -> bool:
    decimals = len(repr(value).partition(".")[2].partition("e")[0])
    step = 0.5 * 10.0**-decimals if decimals < 6 else 0.0
    if value and float(f"{value:.3g}") == value:  # values of models are written with three digits
        step = max(step, 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 2))
    return abs(found - value) <= step + slack + 1e-6 * abs(value) + 1e-9


def _half_step(token: str) -> float:
    _, point, fraction = token.partition(".")
    if point:
        return 0.5 * 10.0 ** -len(fraction)
    return 0.5 if float(token) >= _MAY_BE_ROUNDED else 0.0


def _tokens(formula: str) -> list[str]:
    found: list[str] = []
    at = 0
    text = formula.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(found) >= _TOKENS:
            raise _NotArithmetic
        found.append((match["number"] or match["sign"]).replace("-", "−"))
        at = match.end()
    return found


class _Reader:
    """Recursive descent: + −, then × ÷, then a sign, then ^ (to the right), then %."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def value(self) -> float:
        found = self._sum()
        if self._at < len(self._tokens):
            raise _NotArithmetic
        return found

    def _next(self, wanted: str) -> str:
        """The token at hand if it is one of these signs, taken; else empty."""
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def _sum(self) -> float:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _NotArithmetic
        found = self._product()
        while sign := self._next("+−"):
            other = self._product()
            found = found + other if sign == "+" else found - other
        self._depth -= 1
        return found

    def _product(self) -> float:
        found = self._signed()
        while sign := self._next("×÷"):
            other = self._signed()
            found = found * other if sign == "×" else found / other
        return found

    def _signed(self) -> float:
        negative = False
        while self._next("−"):
            negative = not negative
        found = self._power()
        return -found if negative else found

    def _power(self) -> float:
        base = self._share()
        if not self._next("^"):
            return base
        exponent = self._signed()
        try:
            return math.pow(base, exponent)
        except ValueError:  # a root of a negative number
            raise _NotArithmetic from None

    def _share(self) -> float:
        found = self._atom()
        while self._next("%"):
            found /= 100
        return found

    def _atom(self) -> float:
        if self._next("("):
            found = self._sum()
            if not self._next(")"):
                raise _NotArithmetic
            return found
        if self._at >= len(self._tokens) or not self._tokens[self._at][0].isdigit():
            raise _NotArithmetic
        self._at += 1
        return float(self._tokens[self._at - 1])
