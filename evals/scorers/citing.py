"""Citations: marks that lead somewhere, and the sources a case asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.text import fold

_MARK = re.compile(r"\[(\d{1,2})\]")


def marks_lead_somewhere(answer: str, citations: Sequence[Mapping[str, Any]]) -> bool | None:
    """Each `[n]` of the answer is one of its citations. None where there is no mark."""
    marks = {int(number) for number in _MARK.findall(answer)}
    if not marks:
        return None
    known = {int(c["number"]) if "number" in c else at for at, c in enumerate(citations, 1)}
    return marks <= known


def cites(expected: Mapping[str, Any], citations: Sequence[Mapping[str, Any]]) -> bool:
    """At least `min` citations, and one whose title or source holds each of `sources` (without case and accents)."""
    texts = [fold(" ".join(str(v) for v in c.values() if isinstance(v, str))) for c in citations]
    wanted = [fold(name) for name in expected.get("sources") or ()]
    return len(citations) >= int(expected.get("min", 0)) and all(any(name in text for text in texts) for name in wanted)
