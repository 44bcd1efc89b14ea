"""The trained part of intent: calibrated probabilities of each route, from arrays and numpy alone.

A small network gives the log odds of each route and of wanting several; one choice between the reasons for a person and one
between kinds of small talk are linear. All see the features of `features.py`. Trained by `train_intent.py` on the sentences in
`training/`; the arrays are read without pickle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.understanding.features import BUCKETS, DENSE, NAMES, ROUTES, Features
from knowledge.understanding.intent import SPECIALISTS
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.net import Net

PATH, NET = DATA / "intent.npz", DATA / "intent-net.npz"
#: What the network scores.
SHARED = (*ROUTES, "several")
Floats = NDArray[np.float32]
#: Where the network takes the features that are no words.
_DENSE_AT = BUCKETS + np.arange(len(NAMES))


@dataclass(frozen=True, slots=True)
class Reading:
    """`routes` holds each route's probability (independent of each other), `several` that of wanting more than one;
    `reasons` and `talks` sum to one, given that it is for a person or for nobody."""

    routes: dict[str, float]
    several: float
    reasons: dict[str, float]
    talks: dict[str, float]


class Classifier:
    """`words` (buckets × outputs) and `dense` (features × outputs) are the weights of reasons and talks; `slope` and `offset`
    calibrate the routes that `net` scores. `several` and `certain` are the small regressions on top, their constant last.
    """

    def __init__(self, arrays: dict[str, NDArray[np.generic]], net: Net) -> None:
        self.names = [str(name) for name in arrays["outputs"]]
        self.words: Floats = arrays["words"].astype(np.float32) * arrays["scale"].astype(np.float32)
        self.dense: Floats = arrays["dense"].astype(np.float32)
        self.bias: Floats = arrays["bias"].astype(np.float32)
        self.slope: Floats = arrays["slope"].astype(np.float32)
        self.offset: Floats = arrays["offset"].astype(np.float32)
        self.certain: Floats = arrays["certain"].astype(np.float32)
        self.several: Floats = arrays["several"].astype(np.float32)
        self.net = net
        if self.dense.shape[0] != len(NAMES):
            raise ValueError(f"intent.npz has {self.dense.shape[0]} features, the code {len(NAMES)}: run train_intent again")
        if net.first.shape[0] != BUCKETS + len(NAMES) or net.outputs != list(SHARED):
            raise ValueError(f"intent-net.npz has {net.first.shape[0]} inputs and the outputs {net.outputs}, the code "
                             f"{BUCKETS + len(NAMES)} and {list(SHARED)}: run train_intent again")

    def read(self, features: Features) -> Reading:
        found = self.net.scores(*inputs(features))
        linear = features.values @ self.words[features.words] + features.dense @ self.dense + self.bias
        routes = 1.0 / (1.0 + np.exp(-(found[: len(ROUTES)] * self.slope + self.offset)))
        reasons = [i for i, name in enumerate(self.names) if name.startswith("reason ")]
        talks = [i for i, name in enumerate(self.names) if name.startswith("talk ")]
        known = {route: float(p) for route, p in zip(ROUTES, routes, strict=True)}
        evidence = np.asarray([*evidence_of_several(known, float(found[SHARED.index("several")])), 1.0], np.float32)
        return Reading(
            known,
            float(1.0 / (1.0 + np.exp(-(evidence @ self.several)))),
            self._choice(linear, reasons),
            self._choice(linear, talks),
        )

    def exact(self, routes: Sequence[str], probabilities: Mapping[str, float]) -> float:
        """The probability that exactly these routes are right: calibrated on held-out folds, over the joint probability of
        the routes as if they were independent, and over the least sure of them."""
        slope, least, offset = (float(v) for v in self.certain)
        joint, weakest = agreement(routes, probabilities)
        return 1.0 / (1.0 + math.exp(-(slope * joint + least * weakest + offset)))

    def _choice(self, found: Floats, at: list[int]) -> dict[str, float]:
        odds = np.exp(found[at] - found[at].max())
        return {self.names[i].partition(" ")[2]: float(p) for i, p in zip(at, odds / odds.sum(), strict=True)}


def inputs(features: Features) -> tuple[NDArray[np.int64], Floats]:
    """(places, values) of the features as the network takes them: the words' places, the dense ones after them."""
    at = np.concatenate([features.words, _DENSE_AT])
    return at, np.concatenate([features.values, features.dense * DENSE]).astype(np.float32)


def evidence_of_several(probabilities: Mapping[str, float], score: float) -> tuple[float, ...]:
    """What tells that a message wants several routes: its own score, and the log odds of the likeliest three, of nobody and of
    a person."""
    odds = sorted((log_odds(probabilities[r]) for r in SPECIALISTS), reverse=True)[:3]
    return (score, *odds, log_odds(probabilities["none"]), log_odds(probabilities["human"]))


def log_odds(p: float) -> float:
    p = min(1 - 1e-4, max(1e-4, p))
    return math.log(p / (1 - p))


def agreement(routes: Sequence[str], probabilities: Mapping[str, float]) -> tuple[float, float]:
    """(log odds of all routes being as chosen, taken as independent; log odds of the least sure of them)."""
    each = [p if route in routes else 1 - p for route, p in probabilities.items()]
    return log_odds(math.prod(each)), log_odds(min(each))


@lru_cache(maxsize=1)
def classifier() -> Classifier:
    """The shipped one, read once."""
    with np.load(PATH, allow_pickle=False) as arrays:
        return Classifier({name: arrays[name] for name in arrays.files}, Net.load(NET))
