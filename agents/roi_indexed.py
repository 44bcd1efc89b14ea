"""Loans in a unit of account, told by its name: Colombia's UVR and Mexico's UDI, with the inflation that the unit follows."""

from __future__ import annotations

import re

from agents.playbook import Arguments, Known
from knowledge.understanding.text import fold

#: Unit -> the words that name it, folded.
_UNITS = {"UVR": re.compile(r"\buvr\b"), "UDI": re.compile(r"\budis?\b")}
_LOAN = re.compile(r"\b(credito|hipoteca\w*|prestamo|prestan|cuota|mensualidad|loan|mortgage|borrow\w*|payment)\b")
_INFLATION = re.compile(r"\binfla(?:ci[oó]n|tion)\b\D{0,12}?(\d{1,2}(?:[.,]\d{1,2})?) ?%")


def indexed_loan(known: Known, call: Arguments) -> Arguments:
    """`call` with its loan in the unit that the message names: the rate is then the real one, by the country's custom."""
    said = fold(known.brief.question)
    unit = next((unit for unit, word in _UNITS.items() if word.search(said)), None)
    if unit is None or call.get("rate_pct") is None or not _LOAN.search(said):
        return call
    told = _INFLATION.search(known.brief.question.lower())
    inflation = float(told[1].replace(",", ".")) if told else None
    growth = None if call.get("growth_pct") == inflation else call.get("growth_pct")
    kind = call.get("rate_kind") or ("effective" if unit == "UVR" else "nominal")
    country = call.get("country") or {"UVR": "CO", "UDI": "MX"}[unit]
    return call | {"indexed_to": unit, "inflation_pct": inflation, "growth_pct": growth, "rate_kind": kind, "country": country}
