"""Deeds told that nobody did: a case opened, contact data kept, an appointment made. Pure, sentence by sentence.

Ladrillo never claims to have done what it has not. A template tells what a tool did; of a model's sentence only the findings
and the tools' results say whether it is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from core.data_files import Shape, read

_FILE = Path(__file__).with_name("deeds.toml")
_CASE = re.compile(r"\bC-\d+\b")


class _Deed(Shape):
    told: list[str]
    done: str = ""


@lru_cache(maxsize=1)
def _deeds() -> tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...]:
    return tuple(
        (re.compile("|".join(deed.told), re.IGNORECASE), re.compile(deed.done, re.IGNORECASE) if deed.done else None)
        for deed in read(_FILE, dict[str, _Deed]).values()
    )


def untrue(sentence: str, found: Callable[[], str]) -> bool:
    """Whether the sentence tells of a deed that nothing `found` tells of, or names a case that is not among it."""
    for told, done in _deeds():
        if told.search(sentence) and (done is None or not done.search(found())):
            return True
    return any(label not in found() for label in _CASE.findall(sentence))
