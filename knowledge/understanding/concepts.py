"""Words of one meaning in both languages: `data/concepts.csv`, for the classifier's generalisation from few sentences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from knowledge.understanding.lexicon import DATA
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, words_at

_LONGEST = 4


class _Book:
    """Whole words and phrases, and beginnings, each with its concepts."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.phrases: dict[tuple[str, ...], set[str]] = {}
        self.prefixes: dict[str, set[str]] = {}
        for line in lines:
            if not line or line.startswith("#"):
                continue
            concept, words = line.split(";", 1)
            for word in words.split("|"):
                if word.endswith("*") and " " not in word:
                    self.prefixes.setdefault(fold(word), set()).add(concept)
                else:
                    self.phrases.setdefault(tuple(fold(word).split()), set()).add(concept)
        self.sizes = sorted({len(p) for p in self.prefixes})
        self.longest = min(_LONGEST, max(len(p) for p in self.phrases))


@lru_cache(maxsize=1)
def _book() -> _Book:
    return _Book((DATA / "concepts.csv").read_text("utf-8").splitlines())


def concepts(tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """For each token the concepts that begin at it, in alphabetical order."""
    book = _book()
    items = list(tokens)
    found: list[tuple[str, ...]] = []
    for at, token in enumerate(items):
        here: set[str] = set()
        for size in range(1, book.longest + 1):
            here |= book.phrases.get(words_at(items, at, size), set()) if at + size <= len(items) else set()
        for size in book.sizes:
            if size > len(token.text):
                break
            here |= book.prefixes.get(token.text[:size], set())
        found.append(tuple(sorted(here)))
    return found
