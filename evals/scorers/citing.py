"""Citations: marks that lead somewhere, quotations that stand there, and the sources a case asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.text import fold

_QUOTE = re.compile(r"[«“\"]([^»”\"\n]+)[»”\"]\s*\[(\d{1,2})\]")
_MARK = re.compile(r"\[(\d{1,2})\]")


def marks_lead_somewhere(answer: str, citations: Sequence[Mapping[str, Any]]) -> bool | None:
    """Each `[n]` of the answer is one of its citations. None where there is no mark."""
    marks = {int(number) for number in _MARK.findall(answer)}
    if not marks:
        return None
    known = {int(c.get("n", at)) for at, c in enumerate(citations, 1)}
    return marks <= known


def quotes_stand(answer: str, citations: Sequence[Mapping[str, Any]]) -> bool | None:
    """The words of each quotation before a mark stand in the passage that the mark leads to. None where nothing is quoted."""
    quoted = _QUOTE.findall(answer)
    if not quoted:
        return None
    passages = {int(c.get("n", at)): " ".join(str(c.get("passage", "")).split()) for at, c in enumerate(citations, 1)}
    return all(" ".join(words.split()) in passages.get(int(number), "") for words, number in quoted)


def cites(expected: Mapping[str, Any], citations: Sequence[Mapping[str, Any]]) -> bool:
    """At least `min` citations, and one whose title or source holds each of `sources` (without case and accents)."""
    texts = [fold(" ".join(str(v) for v in c.values() if isinstance(v, str))) for c in citations]
    wanted = [fold(name) for name in expected.get("sources") or ()]
    return len(citations) >= int(expected.get("min", 0)) and all(any(name in text for text in texts) for name in wanted)
