"""The trained reader of figures: what each is, one after the other, with the probability of it.

A softmax over the scores of a small network over hashed features, decided from left to right: each decision is part of the
history of the next. Trained by `train_figures.py` on the marked messages of `training/figures/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowledge.understanding.figures.features import BUCKETS, Vector, places, static, with_history
from knowledge.understanding.figures.history import NOTHING, Told
from knowledge.understanding.figures.linear import Floats, Linear
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.net import Net

PATH = DATA / "figures.npz"
#: Roles that are kept of a figure, and the least probability of those that it has not.
_LISTED, _LEAST = 4, 0.03
#: From this probability on a figure may be what else it could be.
_PERHAPS = 0.2
#: From this share of the probability of being nothing on, a figure is something.
_RATHER = 0.7


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a figure is: `role` with the `period` it is stated for, `x` where it is nothing of a return; `option` counts the
    options told of, None where it holds for all. `others` are what else it could be, the likeliest first."""

    role: str
    period: str | None
    probability: float
    option: int | None = 0
    others: tuple[tuple[str, float], ...] = ()

    def instead(self, label: str, probability: float) -> Meaning:
        """The same figure read as something else."""
        role, _, period = label.partition("/")
        return Meaning(role, period or None, probability, self.option)

    def perhaps(self, label: str) -> bool:
        """Whether it may well be this instead."""
        return any(other == label and p >= _PERHAPS for other, p in self.others)

    @property
    def label(self) -> str:
        return f"{self.role}/{self.period}" if self.period else self.role


class Reader:
    """Decides on a softmax over the roles that its model scores: the network, or a linear model while training."""

    def __init__(self, model: Net | Linear) -> None:
        if isinstance(model, Net) and model.first.shape[0] != BUCKETS:
            raise ValueError(f"{PATH.name} has {model.first.shape[0]} inputs, expected {BUCKETS}: run train_figures again")
        self.model, self.roles = model, model.outputs

    def probabilities(self, vector: Vector) -> Floats:
        found = self.model.scores(*places(vector))
        odds = np.exp(found - found.max())
        return np.asarray(odds / odds.sum(), np.float32)

    def read(self, seen: Seen, past: Sequence[Told]) -> list[Meaning]:
        """The meaning of each of `seen.amounts`; `past` are the figures of earlier messages, the oldest first."""
        told, meanings = list(past), []
        for amount, vector in zip(seen.amounts, static(seen), strict=True):
            chances = self.probabilities(with_history(vector, amount, told))
            best, *others = (int(i) for i in np.argsort(-chances)[:_LISTED])
            if self.roles[best] == NOTHING and chances[others[0]] >= _RATHER * chances[best]:
                best, others[0] = others[0], best  # a figure is told for something
            role, _, period = self.roles[best].partition("/")
            likely = tuple((self.roles[i], float(chances[i])) for i in others if chances[i] >= _LEAST)
            meanings.append(Meaning(role, period or None, float(chances[best]), others=likely))
            told.append(Told(self.roles[best], amount.value, amount.kind, 0))
        return meanings


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The shipped one, read once."""
    return Reader(Net.load(PATH))
