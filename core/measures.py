"""What a figure measures beyond its unit: how often it counts, and which are points of a percentage (`prompts/measures.toml`).

Grounding asks, so that a monthly rent is never shown as a yearly one. The first list of the file that has a key decides.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

from core.data_files import Shape, read
from core.words import PROMPTS

Frequency = Literal["night", "month", "quarter", "year"]
FREQUENCIES: tuple[Frequency, ...] = ("night", "month", "quarter", "year")


class Entry(Shape):
    """Keys of facts (`*` stands for any letters), and the words that say so, without accents."""

    keys: list[str]
    words: list[str]


class Measures(Shape):
    """The shape of the file."""

    night: Entry
    month: Entry
    quarter: Entry
    year: Entry
    points: Entry


@lru_cache(maxsize=1)
def _measures() -> Measures:
    return read(PROMPTS / "measures.toml", Measures)


@lru_cache(maxsize=1024)
def frequency_of(key: str) -> Frequency | None:
    """How often a fact of this key counts; None where nothing says so, and it may be told either way."""
    book = _measures()
    return next((name for name in FREQUENCIES if any(fnmatchcase(key, k) for k in getattr(book, name).keys)), None)


@lru_cache(maxsize=1024)
def in_points(key: str) -> bool:
    """Whether a fact of this key is a difference of two percentages."""
    return any(fnmatchcase(key, pattern) for pattern in _measures().points.keys)


@lru_cache(maxsize=1)
def frequency_words() -> dict[str, Frequency]:
    """Each way of saying a frequency, without accents."""
    book = _measures()
    return {word: name for name in FREQUENCIES for word in getattr(book, name).words}
