"""Terms: what a Spanish or English text is about, as language-neutral keys.

A key is an idea of the lexicon (`=pool` for piscina, alberca, swimming pool) or, where the lexicon has none, the stem
of the word. Embeddings and keyword search read the same keys, so both find English passages for Spanish questions. The
stemmer is deliberately weak (plurals, final vowel): a stronger one would merge words of the other language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.data_files import Shape, read
from knowledge.understanding.text import fold

DATA = Path(__file__).parent / "data"
IDEA = "="


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """`balcones` -> `balcon`, `cities` -> `citi`, `tranquila` -> `tranquil`. The word must be folded."""
    if not word.isalpha():
        return word
    if len(word) < 4:
        return word.replace("z", "c")
    if word.endswith("ies") or (len(word) > 4 and word.endswith("es") and word[-3] in "bcdhjlnrsxyz"):
        word = word[:-2]
    elif word.endswith("s") and word[-2] != "s":
        word = word[:-1]
    if len(word) > 3 and word[-1] in "aeo":
        word = word[:-1]
    if word[-1] == "y" and len(word) > 3:
        return word[:-1] + "i"
    return word[:-1] + "c" if word[-1] == "z" else word


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases as tuples of stems with the ideas they stand for, broader ideas, weights, and words to skip."""

    phrases: dict[tuple[str, ...], tuple[str, ...]]
    longest: dict[str, int]
    broader: dict[str, tuple[str, ...]]
    weights: dict[str, float]
    spellings: dict[str, tuple[str, ...]]
    stop: frozenset[str]
    connectors: frozenset[str]
    digest: str


class _Concepts(Shape):
    """`concepts.toml`."""

    concepts: dict[str, list[str]]
    broader: dict[str, list[str]]
    weights: dict[str, Annotated[float, Field(gt=0)]]


class _StopWords(Shape):
    """`stopwords.toml`."""

    connectors: str
    es: str
    en: str


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The two data files, read once."""
    concepts_file, stop_file = DATA / "concepts.toml", DATA / "stopwords.toml"
    file, words = read(concepts_file, _Concepts), read(stop_file, _StopWords)
    connectors = frozenset(words.connectors.split())
    phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
    for idea, spellings in file.concepts.items():
        for spelling in spellings:
            key = tuple(stem(word) for word in fold(spelling).split() if word not in connectors)
            if key and IDEA + idea not in phrases.get(key, ()):
                phrases[key] = (*phrases.get(key, ()), IDEA + idea)
    longest: dict[str, int] = {}
    for key in phrases:
        longest[key[0]] = max(longest.get(key[0], 0), len(key))
    return Lexicon(
        phrases=phrases,
        longest=longest,
        broader={IDEA + idea: tuple(IDEA + other for other in others) for idea, others in file.broader.items()},
        weights={IDEA + idea: float(weight) for idea, weight in file.weights.items()},
        spellings={IDEA + idea: tuple(spellings) for idea, spellings in file.concepts.items()},
        stop=frozenset(fold(words.es).split()) | frozenset(fold(words.en).split()) | connectors,
        connectors=connectors,
        digest=hashlib.blake2s(concepts_file.read_bytes() + stop_file.read_bytes(), digest_size=3).hexdigest(),
    )


def units(text: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The text in order as (ideas, stems): ideas is empty for a word outside the lexicon; stop words are left out."""
    lex = lexicon()
    words = [word for word in fold(text).split() if word not in lex.connectors]
    stems = [stem(word) for word in words]
    position, end = 0, len(stems)
    while position < end:
        for length in range(min(lex.longest.get(stems[position], 0), end - position), 0, -1):
            found = tuple(stems[position : position + length])
            ideas = lex.phrases.get(found)
            if ideas is not None and (length > 1 or words[position] not in lex.stop):
                yield ideas, found
                position += length
                break
        else:
            if words[position] not in lex.stop:
                yield (), (stems[position],)
            position += 1


def terms(text: str) -> list[str]:
    """The keys of a text in order, repeated as often as they occur."""
    return [key for ideas, stems in units(text) for key in ideas or stems]


def broader(key: str) -> tuple[str, ...]:
    """What an idea says besides itself: `=sea_view` -> `=beach`, `=view`; nothing for a word."""
    return lexicon().broader.get(key, ())


def weight(key: str) -> float:
    """How much a key says: the lexicon's weight of an idea, 0.3 for a bare number, 1 for any other word."""
    if key.isdigit():
        return 0.3
    return lexicon().weights.get(key, 1.0)
