"""Promises of returns in a model's text: nobody can guarantee a profit. Pure, sentence by sentence; a denial is no promise."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from core.data_files import Shape, read

_FILE = Path(__file__).with_name("promises.toml")
_QUOTED = re.compile(r"[«\"“][^»\"”\n]{0,1200}[»\"”]")
_CLAUSE = re.compile(r"[,:;.!?()]\s")


class _Promises(Shape):
    told: list[str]
    denied: str
    always: str


@lru_cache(maxsize=1)
def _promises() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    known = read(_FILE, _Promises)
    return (
        re.compile("|".join(known.told), re.IGNORECASE), re.compile(known.denied, re.IGNORECASE),
        re.compile(known.always, re.IGNORECASE),
    )


def promises(sentence: str) -> bool:
    """Whether the sentence promises a profit, or that there is no risk."""
    told, denied, always = _promises()
    plain = _QUOTED.sub(" ", sentence)
    for match in told.finditer(plain):
        before = plain[: match.start()]
        if not always.search(before) and not denied.search(_CLAUSE.split(before)[-1]):
            return True
    return False
