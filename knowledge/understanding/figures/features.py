"""What the trained reader sees of a figure: the words on both sides, its kind and size, and what the rules made of it.

Everything is a name hashed (CRC-32) into a fixed number of places. Names come in blocks, and a block weighs the same however
many names it has.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.understanding.amounts import Amount
from knowledge.understanding.concepts import concepts
from knowledge.understanding.figures.history import Told, history
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import Context, contexts, period_of
from knowledge.understanding.tokens import Token

#: Places for hashed names; a power of two.
BUCKETS = 1 << 16
_REACH_BEFORE, _REACH_AFTER = 8, 7
_PIECES_BEFORE, _PIECES_AFTER = 6, 5
_HISTORY = 2.5

Vector = dict[int, float]


def static(seen: Seen) -> list[Vector]:
    """For each figure of the message what does not depend on the roles of the others."""
    tokens, amounts = seen.tokens, seen.amounts
    owner = {at: a for a in amounts for at in range(a.first, a.last + 1)}
    names = [name_of(t, at, owner) for at, t in enumerate(tokens)]
    meanings = concepts(tokens)
    told = {f"known {k}" for k in seen.known if k not in ("turn", "asked")}
    asked = {f"ask {h.cue.route}" for h in seen.hits}
    whole = {f"w {name}" for name in names}
    found = []
    for position, (amount, context) in enumerate(zip(amounts, contexts(tokens, amounts), strict=True)):
        near, bag, meant, pieces = _around(seen, amount, context, owner, names, meanings)
        vector: Vector = {}
        for weight, items in (
            (1.0, near),
            (0.8, bag),
            (1.0, meant),
            (1.0, pieces),
            (2.0, set(_shape(seen, position, context))),
            (2.0, set(_ruled(seen, position))),
            (0.7, told | {f"{name} {amount.kind}" for name in told}),
            (0.7, asked | {f"{name} {amount.kind}" for name in asked}),
            (0.5, whole),
            (1.0, set(_marked(seen, position))),
        ):
            add(vector, weight, items)
        found.append(vector)
    return found


def with_history(vector: Vector, amount: Amount, past: Sequence[Told]) -> Vector:
    """The same with what was told before."""
    whole = dict(vector)
    add(whole, _HISTORY, {f"H {name}" for name in history(amount, past)})
    return whole


def add(vector: Vector, weight: float, items: set[str]) -> None:
    if items:
        each = weight / math.sqrt(len(items))
        for item in items:
            place = zlib.crc32(item.encode()) & (BUCKETS - 1)
            vector[place] = vector.get(place, 0.0) + each


def places(vector: Vector) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(places, values) of what is not zero."""
    size = len(vector)
    return np.fromiter(vector.keys(), np.int64, size), np.fromiter(vector.values(), np.float32, size)


def name_of(token: Token, at: int, owner: dict[int, Amount]) -> str:
    if at in owner:
        return f"<{owner[at].kind}>"
    return token.text if token.kind == "word" else f"<{token.kind}>"


def _walk(start: int, step: int, reach: int, owner: dict[int, Amount], length: int) -> Iterator[int]:
    """Tokens from `start` on in a direction; another figure counts as one."""
    at, taken = start, 0
    while 0 <= at < length and taken < reach:
        yield at
        taken += 1
        if at in owner:
            at = owner[at].first if step < 0 else owner[at].last
        at += step


def _around(
    seen: Seen,
    amount: Amount,
    context: Context,
    owner: dict[int, Amount],
    names: Sequence[str],
    meanings: Sequence[tuple[str, ...]],
) -> tuple[set[str], set[str], set[str], set[str]]:
    """(words by their place, words, concepts, pieces of words) of both sides; another sentence's are told apart."""
    near: set[str] = set()
    bag: set[str] = set()
    meant: set[str] = set()
    pieces: set[str] = set()
    tokens = seen.tokens
    sides = []
    for side, start, step, reach, deep in (
        ("B", amount.first - 1, -1, _REACH_BEFORE, _PIECES_BEFORE),
        ("A", amount.last + 1, 1, _REACH_AFTER, _PIECES_AFTER),
    ):
        path = list(_walk(start, step, reach, owner, len(tokens)))
        sides.append([names[at] for at in path])
        crossed = step < 0 and tokens[amount.first].opens
        for distance, at in enumerate(path, 1):
            if step > 0:
                crossed = crossed or tokens[at].opens
            here = side * 2 if crossed else side
            if distance <= 3:
                near.add(f"{here}{distance} {names[at]}")
            bag.add(f"{here} {names[at]}")
            if context.left <= at < context.right:
                bag.add(f"{side.lower()} {names[at]}")
            for concept in meanings[at]:
                meant.add(f"{here} @{concept}")
                if distance <= 3:
                    meant.add(f"{here}{distance} @{concept}")
            if tokens[at].kind == "word" and distance <= deep:
                pieces.update(f"{here} #{piece}" for piece in _pieces(names[at]))
            if step < 0:
                crossed = crossed or tokens[at].opens
        words = sides[-1]
        for distance in range(len(words) - 1):
            pair = words[distance : distance + 2]
            near.add(f"{side}{distance if distance < 3 else '+'} {' '.join(reversed(pair) if step < 0 else pair)}")
    before, after = (side[0] if side else "" for side in sides)
    near.add(f"X {before or '^'} {after or '$'}")
    return near, bag, meant, pieces


def _marked(seen: Seen, position: int) -> Iterator[str]:
    """Which words that point at an option stand between a figure and the one before it, and whether any other does."""
    start = seen.amounts[position - 1].last if position else -1
    first = seen.amounts[position].first
    for mark in seen.marks:
        if start < mark.first and mark.last < first:
            kinds = [k for k in ("label", "nth", "name", "place", "kind", "other", "item") if getattr(mark, k)]
            yield from (f"mark {kind}" for kind in kinds)
            yield from (f"mark {kind} {first - mark.last}" for kind in kinds)
    yield f"marks {min(len(seen.marks), 4)}"


def _pieces(word: str) -> Iterator[str]:
    framed = f"_{word}_"
    for size in (3, 4, 5):
        yield from (framed[at : at + size] for at in range(len(framed) - size + 1))


def _half_powers(value: float) -> int:
    """Its size in half powers of ten."""
    return math.floor(2 * math.log10(value)) if value > 0 else -9


def _shape(seen: Seen, position: int, context: Context) -> Iterator[str]:
    """Kind, size, and place among the other figures."""
    amount, amounts = seen.amounts[position], seen.amounts
    money = sorted(
        (a.value for a in amounts if a.kind == "money" or (a.kind == "other" and a.value >= 50)), reverse=True
    )
    period = period_of(seen.tokens, context)
    yield from (
        f"kind {amount.kind}",
        f"period {period}",
        f"period {amount.kind} {period}",
        f"unit {amount.unit}",
        f"currency {amount.kind} {bool(amount.currency)}",
        f"scaled {amount.scaled}",
        f"literal {amount.literal}",
        f"nth {min(position, 4)}",
        f"last {position == len(amounts) - 1}",
        f"figures {min(len(amounts), 5)}",
        f"amounts {min(len(money), 4)}",
        f"follows {seen.follow_up}",
        f"short {len(seen.tokens) <= 8}",
    )
    reading = seen.readings.get(position)
    yield f"role {amount.role}"
    yield f"role {amount.role} {reading and round(reading.strength)}"
    value = amount.value
    if amount.kind in ("money", "other"):
        yield f"of largest {_half_powers(value / money[0]) if money and money[0] else 9}"
        yield f"largest {bool(money) and value == money[0]}"
        yield f"rank {min(money.index(value), 4) if value in money else 9}"
        main = next((float(seen.known[k]) for k in ("price", "value", "loan", "own") if seen.known.get(k)), 0.0)
        if main:
            yield f"of known {_half_powers(value / main)}"
    if amount.kind in ("percent", "other"):
        yield f"share {min(int(value // (2 if value < 12 else 10)), 9)} {value < 12} {value == int(value)}"
    if amount.kind in ("years", "months", "other"):
        yield f"years {min(int(value // 5), 9)}"


def _ruled(seen: Seen, position: int) -> Iterator[str]:
    """What the rules made of it and of its neighbours."""
    amounts = seen.amounts
    amount, figure = amounts[position], seen.ruled.get(amounts[position].first)
    ruled = f"{figure.role}/{figure.period}" if figure else "none"
    yield f"rule {ruled}"
    yield f"rule {ruled} {figure and round(figure.strength)}"
    yield f"rule {amount.kind} {ruled}"
    if figure:
        yield f"net {figure.net}"
        yield f"each {figure.each}"
        yield f"dated {len(figure.years)} {figure.kind}"
        yield f"guessed {figure.guessed}"
    for away in (-2, -1, 1, 2):
        if 0 <= position + away < len(amounts):
            beside = amounts[position + away]
            other = seen.ruled.get(beside.first)
            yield f"beside {away} {beside.kind}"
            yield f"rule beside {away} {other and other.role}"
            yield f"rules {away} {ruled} {other and other.role}"
    yield from (f"rule has {role}" for role in {f.role for f in seen.ruled.values()})
