"""What the trained classifier sees of a message: its words and pieces of words, and what the grammar made of it.

Words are hashed (CRC-32, the same on every machine) into a fixed number of places; figures and named places are their
class alone, so that nothing is learnt about Medellín or 450 millions. Pieces of words carry misspellings and inflections.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.understanding.concepts import concepts
from knowledge.understanding.intent import A_PERSON, SPECIALISTS, Context, Intent
from knowledge.understanding.tokens import Token

#: Places for hashed words; a power of two.
BUCKETS = 1 << 16
#: What the dense features are multiplied by in training; a larger factor is a weaker penalty.
DENSE = 0.7
ROUTES = (*SPECIALISTS, "none", "human")
_UNCOUNTED = ("rent_start", "loan_start", "asked_term", "accepts", "open_question", "correcting")
_COUNTED = tuple(f.name for f in fields(Context) if f.name not in _UNCOUNTED)
#: Figures enough of one kind: more say nothing new.
_MOST = 3
_LONGEST_PIECE = 5


class Features(NamedTuple):
    """`words` are hashed places, each once, with their `values`; `dense` is one number for each of `NAMES`."""

    words: NDArray[np.int64]
    values: NDArray[np.float32]
    dense: NDArray[np.float32]


NAMES: tuple[str, ...] = (
    *(f"score {r}" for r in ROUTES),
    *(f"chosen {r}" for r in ROUTES),
    *(f"sure {r}" for r in ROUTES),
    *(f"before {r}" for r in SPECIALISTS),
    *(f"has {name}" for name in _COUNTED),
    "asked_term", "yes", "no", "open_question", "open_person", "own_cue", "short", "long", "several sentences", "talk",
)


def describe(
    stream: Sequence[Token], context: Context, meant: Intent, previous: Sequence[str], told: Collection[str],
    earlier: Collection[str],
) -> Features:
    """`meant` is the grammar's decision, `previous` the routes of the turn before and `earlier` the words of its message;
    `told` is what the figures are and which measures are asked."""
    values: dict[int, float] = {}
    before = {f"E {word}" for word in earlier} | {f"E {word} {route}" for word in words_of(stream) for route in previous}
    for weight, items in (*_blocks(stream), (0.5, {f"F {name}" for name in told}), (0.5, before)):
        if not items:
            continue
        places = {zlib.crc32(item.encode()) & (BUCKETS - 1) for item in items}
        for place in places:
            values[place] = values.get(place, 0.0) + weight / math.sqrt(len(places))
    words = sorted(values)
    chosen = {route: float(route in meant.routes) for route in ROUTES}
    dense = [
        *(min(meant.scores.get(r, 0.0), 9.0) / 4.5 for r in ROUTES),
        *(chosen[r] for r in ROUTES),
        *(chosen[r] * meant.confidence for r in ROUTES),
        *(float(r in previous) for r in SPECIALISTS),
        *(min(float(getattr(context, name)), _MOST) / _MOST for name in _COUNTED),
        context.asked_term is not None,
        context.accepts is True,
        context.accepts is False,
        context.open_question is not None,
        context.open_question in A_PERSON,
        meant.own_cue,
        len(stream) <= 4,
        len(stream) >= 45,
        sum(t.opens for t in stream) > 1,
        meant.small_talk is not None,
    ]
    return Features(
        np.asarray(words, np.int64), np.asarray([values[w] for w in words], np.float32), np.asarray(dense, np.float32)
    )


def words_of(stream: Sequence[Token]) -> set[str]:
    """The words of a message, its figures and places by their class."""
    return {t.text if t.kind == "word" or t.text.startswith("<") else f"<{t.kind}>" for t in stream}


def _blocks(stream: Sequence[Token]) -> Iterator[tuple[float, set[str]]]:
    """(weight, items) of words, pairs of neighbours, pieces of three to five letters, and concepts. Each block weighs the same
    however long the message is."""
    words: set[str] = set()
    pairs: set[str] = set()
    pieces: set[str] = set()
    before = "^"
    for token in stream:
        word = token.text if token.kind == "word" or token.text.startswith("<") else f"<{token.kind}>"
        words.add(word)
        pairs.add(f"{'^' if token.opens else before} {word}")
        before = word
        if word.startswith("<"):
            continue
        framed = f"_{word}_"
        for size in range(3, _LONGEST_PIECE + 1):
            pieces.update(f"#{framed[at : at + size]}" for at in range(len(framed) - size + 1))
    if stream:
        pairs.add(f"{before} $")
    yield 0.6, words
    yield 0.4, pairs
    yield 0.8, pieces
    yield 0.6, {f"@{concept}" for here in concepts(stream) for concept in here}
