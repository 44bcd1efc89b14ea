"""The judging words of a sentence, with what turns or weighs them, and what the sentence is about.

Everything is compared folded (lower case, no accents). The words are data: `lexicon.csv`, `modifiers.toml`, `topics.toml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.data_files import Shape, read
from core.errors import Misconfigured
from knowledge.understanding.text import fold

HERE = Path(__file__).parent
_NOT = re.compile(r"n['’]t\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9ñ]+")
#: Words of the longest phrase of the lexicon.
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Words:
    """Exact words and phrases, stems, and how negators and other modifiers work."""

    exact: dict[str, float]
    stems: tuple[tuple[str, float], ...]
    negators: frozenset[str]
    stops: frozenset[str]
    weights: dict[str, float]
    reach: int
    turned: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Sums of what speaks for and against, both positive; `hits` counts the judging words."""

    good: float
    bad: float
    hits: int

    @property
    def balance(self) -> float:
        return self.good - self.bad


class Modifiers(Shape):
    """`modifiers.toml`."""

    reach: int = Field(ge=1)
    turned: float = Field(gt=0, le=1)
    negators: str
    stops: str
    stronger: dict[str, Annotated[float, Field(ge=1)]]
    weaker: dict[str, Annotated[float, Field(gt=0, le=1)]]


@lru_cache(maxsize=1)
def words() -> Words:
    exact: dict[str, float] = {}
    stems: dict[str, float] = {}
    for line in (HERE / "lexicon.csv").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        _, weight, phrases = line.split(";", 2)
        for phrase in phrases.split("|"):
            stem, _, more = phrase.strip().partition("*")
            if more:
                raise Misconfigured(f"lexicon.csv: {phrase!r} has a * that is not its end. Write the stem, then *.",
                                    f"lexicon.csv: {phrase!r} lleva un * que no está al final. Escriba la raíz y después *.")
            (stems if phrase.strip().endswith("*") else exact)[fold(stem)] = float(weight)
    rules = read(HERE / "modifiers.toml", Modifiers)
    return Words(
        exact, tuple(sorted(stems.items(), key=lambda s: -len(s[0]))), frozenset(rules.negators.split()),
        frozenset(rules.stops.split()), rules.stronger | rules.weaker, rules.reach, rules.turned,
    )


@lru_cache(maxsize=1)
def _topics() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    found = {}
    for topic, listed in read(HERE / "topics.toml", dict[str, str]).items():
        every = listed.split()
        stems = tuple(fold(w.removesuffix("*")) for w in every if w.endswith("*"))
        found[topic] = (frozenset(fold(w) for w in every if not w.endswith("*")), stems)
    return found


def tokens(sentence: str) -> list[str]:
    """Folded words; "n't" counts as "not"."""
    return _WORD.findall(fold(_NOT.sub(" not", sentence)))


def judge(sentence: str) -> Judged:
    """What the judging words of a sentence add up to."""
    lexicon, said = words(), tokens(sentence)
    good = bad = 0.0
    hits, at = 0, 0
    while at < len(said):
        length, weight = _match(lexicon, said, at)
        if not length:
            at += 1
            continue
        before = said[max(0, at - lexicon.reach) : at]
        for i, word in enumerate(before):
            if word in lexicon.stops:
                before = before[i + 1 :]
                break
        for word in before[-2:]:
            weight *= lexicon.weights.get(word, 1.0)
        if any(word in lexicon.negators for word in before):  # "no noise, no trouble", "no hay ni ruido": one negation
            weight *= -lexicon.turned
        good, bad, hits = good + max(0.0, weight), bad + max(0.0, -weight), hits + 1
        at += length
    return Judged(good, bad, hits)


def _match(lexicon: Words, said: list[str], at: int) -> tuple[int, float]:
    """(words, weight) of the longest phrase of the lexicon that begins here; (0, 0) where none does."""
    for length in range(min(_LONGEST, len(said) - at), 0, -1):
        phrase = " ".join(said[at : at + length])
        if phrase in lexicon.exact:
            return length, lexicon.exact[phrase]
    word = said[at]
    return next(((1, weight) for stem, weight in lexicon.stems if word.startswith(stem)), (0, 0.0))


def topics(sentence: str) -> tuple[str, ...]:
    """What a sentence is about, in the order of the data file."""
    said = tokens(sentence)
    return tuple(
        topic for topic, (exact, stems) in _topics().items()
        if any(word in exact or word.startswith(stems) for word in said)
    )
