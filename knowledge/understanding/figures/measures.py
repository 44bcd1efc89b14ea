"""Which measures of a return a message asks for, by a trained reader over its words and the figures told.

One logistic regression a measure, over hashed names. Trained by `train_figures.py` on the marked messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from knowledge.understanding.concepts import concepts
from knowledge.understanding.figures.features import Vector, add, name_of, places
from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.linear import Linear
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.lexicon import DATA

PATH = DATA / "measures.npz"


def describe(seen: Seen, meanings: Sequence[Meaning]) -> Vector:
    """What the reader sees: words, pairs, pieces and concepts of the message and of its last sentence; roles told now and
    before; the measures that the rules found, and those asked before."""
    tokens = seen.tokens
    owner = {at: a for a in seen.amounts for at in range(a.first, a.last + 1)}
    starts = {a.first for a in seen.amounts}
    kept = [at for at in range(len(tokens)) if at not in owner or at in starts]
    names = [name_of(tokens[at], at, owner) for at in kept]
    meant = concepts(tokens)
    last = max((n for n, at in enumerate(kept) if tokens[at].opens), default=0)
    now = {m.label for m in meanings if m.role != NOTHING}
    before = {k for k in seen.known if k not in ("turn", "asked")}
    vector: Vector = {}
    for weight, items in (
        (1.0, set(names)),
        (1.0, {f"2 {a} {b}" for a, b in zip(["^", *names], [*names, "$"], strict=True)}),
        (0.5, {f"3 {' '.join(three)}" for three in zip(names, names[1:], names[2:], strict=False)}),
        (1.0, {f"#{piece}" for name in names if not name.startswith("<") for piece in _pieces(name)}),
        (1.0, {f"@{concept}" for at in kept for concept in meant[at]}),
        (0.8, {f"Q {name}" for name in names[last:]}),
        (0.5, {f"Q @{concept}" for at in kept[last:] for concept in meant[at]}),
        (1.5, set(_told(now, before))),
        (1.5, {f"rule {h.cue.route}" for h in seen.hits} or {"rule -"}),
        (1.0, {f"asked {name}" for name in seen.known.get("asked") or ()} or {"asked -"}),
    ):
        add(vector, weight, items)
    return vector


def _pieces(word: str) -> Iterator[str]:
    framed = f"_{word}_"
    for size in (3, 4, 5):
        yield from (framed[at : at + size] for at in range(len(framed) - size + 1))


def _told(now: set[str], before: set[str]) -> Iterator[str]:
    yield from (f"told {role}" for role in now)
    yield from (f"known {name}" for name in before)
    yield from (f"no {role}" for role in ("price", "rent/month", "rate", "term", "target", "own") if role not in now)
    yield from (f"both {a} {b}" for a, b in combinations(sorted(now), 2))
    yield f"figures {min(len(now), 5)}"


@lru_cache(maxsize=1)
def measure_model() -> Linear:
    """The shipped one, read once."""
    return Linear.load(PATH)


def read_measures(seen: Seen, meanings: Sequence[Meaning]) -> Mapping[str, float]:
    """Measure -> the probability that it is asked for, each on its own; nothing for a message without words."""
    if not seen.tokens:
        return {}
    model = measure_model()
    chances = 1.0 / (1.0 + np.exp(-model.scores(*places(describe(seen, meanings)))))
    return {name: float(p) for name, p in zip(model.outputs, chances, strict=True)}
