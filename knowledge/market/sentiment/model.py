"""Whether a sentence is good, bad or neither for a place: multinomial logistic regression over the lexicon's sums and the
sentence's words, trained by `train.py`, run here on numpy arrays alone.

The lexicon's sums are features among others, so that a word added to it counts at once, and the words that no lexicon has
(“in a week with three candidates”) are learned. Weights are an `.npz` of plain arrays, never pickled.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import Misconfigured
from knowledge.market.sentiment.lexicon import HERE, judge, tokens

Label = Literal["+", "-", "0"]
LABELS: tuple[Label, ...] = ("+", "-", "0")
#: Buckets of the words and pairs of words; the lexicon's own features come before them.
BUCKETS, OWN = 4096, 6
FORMAT = 1
FILE = HERE / "model.npz"
#: Pairs and words weigh this much against the lexicon's sums, so that a few hundred sentences do not outshout it.
_WORD_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Reading:
    """The likeliest label and the probability of each."""

    label: Label
    probabilities: dict[Label, float]


def features(sentence: str) -> dict[int, float]:
    """Feature number -> value: the lexicon's sums, then hashed words and pairs of words."""
    judged, said = judge(sentence), tokens(sentence)
    total = judged.good + judged.bad
    found: dict[int, float] = {
        0: min(judged.good, 6.0) / 3, 1: min(judged.bad, 6.0) / 3, 2: judged.balance / (1 + total),
        3: float(judged.hits == 0), 4: float(judged.good > judged.bad), 5: float(judged.bad > judged.good),
    }
    grams = [*said, *(f"{a} {b}" for a, b in pairwise(said))]
    scale = _WORD_WEIGHT / max(1.0, len(said)) ** 0.5
    for gram in grams:
        number = OWN + zlib.crc32(gram.encode()) % BUCKETS
        found[number] = found.get(number, 0.0) + scale
    return found


@lru_cache(maxsize=1)
def _weights() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.load(FILE, allow_pickle=False) as stored:
        if int(stored["format"]) != FORMAT or stored["weights"].shape != (OWN + BUCKETS, len(LABELS)):
            raise Misconfigured(
                "The sentiment model is of another version. Run: python -m knowledge.market.sentiment.train",
                "El modelo de opiniones es de otra versión. Ejecute: python -m knowledge.market.sentiment.train",
            )
        return stored["weights"].astype(np.float64), stored["bias"].astype(np.float64)


def read(sentence: str) -> Reading:
    """The label of one sentence, Spanish or English."""
    weights, bias = _weights()
    own = features(sentence)
    logits = bias + np.fromiter(own.values(), float, len(own)) @ weights[np.fromiter(own, int, len(own))]
    odds = np.exp(logits - logits.max())
    shares = odds / odds.sum()
    return Reading(LABELS[int(shares.argmax())], {label: float(p) for label, p in zip(LABELS, shares, strict=True)})
