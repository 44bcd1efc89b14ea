"""Whether an answer gives an expected figure, and whether every figure it gives binds to a fact."""

from __future__ import annotations

import re
from typing import Any

from core.facts import Fact
from core.locale import LOCALES, Locale, locale_for
from graphs.grounding import accept

_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.,)%])[-−](?:[$€]|[A-Z]{3}[ \u00a0])?)?(?P<digits>\d+(?:[.,'’]\d{3})*(?:[.,]\d+)?)"
    r"(?P<scale>[ \u00a0](?:mil millones|millones|millón|million|billion|mdp|mil|thousand)\b)?"
)
_SCALES = {"mil millones": 1e9, "billion": 1e9, "mil": 1e3, "thousand": 1e3}


def has_number(answer: str, value: float, rel_tol: float) -> bool:
    """True if a number of the text, in either convention, is within `rel_tol` of the value. A loss may be told without its
    sign ("pierde 3 %"); a gain may not be told as a loss."""
    readings: set[float] = set()
    for match in _NUMBER.finditer(answer):
        if match["sign"] and value > 0:
            continue
        scale = _SCALES.get(match["scale"].strip(" \u00a0"), 1e6) if match["scale"] else 1.0
        for group, decimal in ((".", ","), (",", ".")):
            plain = match["digits"].replace("'", "").replace("’", "").replace(group, "").replace(decimal, ".")
            if plain.count(".") <= 1:
                readings.add(float(plain) * scale)
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
