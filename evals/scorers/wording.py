"""How an answer is written: its language, the number format of its reader, and what it must not hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.locale import LOCALES
from knowledge.understanding.language import detect
from knowledge.understanding.tokens import tokenise

_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:(?P<a>[.,])\d{3})(?:(?P=a)\d{3})+(?![\d])")
_DECIMAL_PERCENT = re.compile(r"(?<![\w.,])\d+(?P<mark>[.,])\d{1,2}(?=[ \u00a0\u202f]?%)")


def in_language(expected: str, declared: str | None, answer: str) -> bool | None:
    """The turn says that it answered in `expected`, and its words are not mostly of the other language. None for a mixed
    message: either is right."""
    if expected not in ("es", "en"):
        return None
    other = "en" if expected == "es" else "es"
    spoken, written = detect(answer, tokenise(answer), expected)
    return declared == expected and not (spoken == other or (spoken == "mixed" and written == other))


def in_locale(expected: str | None, answer: str) -> bool | None:
    """Amounts of a million or more and percentages with decimals use the signs of the reader's locale. None where the
    answer holds neither, or no locale is known."""
    if expected not in LOCALES:
        return None
    locale = LOCALES[expected]
    grouped = [match["a"] for match in _GROUPED.finditer(answer)]
    decimals = [match["mark"] for match in _DECIMAL_PERCENT.finditer(answer)]
    if not grouped and not decimals:
        return None
    return all(sign == locale.group for sign in grouped) and all(sign == locale.decimal for sign in decimals)


def clean(forbidden: Sequence[str], answer: str) -> bool | None:
    """None of the forbidden strings is in the answer, in any case. None where nothing is forbidden."""
    return not any(bad.lower() in answer.lower() for bad in forbidden) if forbidden else None
