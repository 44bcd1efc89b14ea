"""Whether an answer gives an expected figure, and whether every figure it gives binds to a fact."""

from __future__ import annotations

import re
from typing import Any

from core.facts import Fact
from core.locale import LOCALES, Locale, locale_for
from graphs.grounding import accept

_NUMBER = re.compile(r"\d+(?:[.,'’]\d{3})*(?:[.,]\d+)?")


def has_number(answer: str, value: float, rel_tol: float) -> bool:
    """True if a number of the text, in either convention, is within `rel_tol` of the value."""
    readings: set[float] = set()
    for token in _NUMBER.findall(answer):
        for group, decimal in ((".", ","), (",", ".")):
            plain = token.replace("'", "").replace("’", "").replace(group, "").replace(decimal, ".")
            if plain.count(".") <= 1:
                readings.add(float(plain))
    return any(abs(r - abs(value)) <= rel_tol * abs(value) for r in readings)


def grounded(turns: list[dict[str, Any]]) -> bool:
    """Every figure of every answer binds to a fact that the answer carries, or is the investor's own."""
    said = []
    for turn in turns:
        said.append(turn["text"])
        facts = [Fact.from_dict(body) for body in turn["facts"]]
        if accept(turn["answer"], facts, locale_of(turn), said).offender is not None:
            return False
    return True


def locale_of(turn: dict[str, Any]) -> Locale:
    """The locale an answer was written in, as the output line says; else by its language and country."""
    if turn.get("locale") in LOCALES:
        return LOCALES[turn["locale"]]
    country = turn["slots"].get("country")
    return locale_for("en" if turn["language"] == "en" else "es", country if isinstance(country, str) else None)
