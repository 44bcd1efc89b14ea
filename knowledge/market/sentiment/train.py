"""Trains the sentiment model from `training.csv`, reports it on held-out folds: `python -m knowledge.market.sentiment.train`.

Only this file needs scikit-learn. A sentence of `training.csv` never stands among the held-out ones of the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.market.pace import wilson
from knowledge.market.sentiment.lexicon import HERE
from knowledge.market.sentiment.model import BUCKETS, FILE, FORMAT, LABELS, OWN, features

#: Inverse strength of the penalty, chosen on the folds; folds; seed of their order.
STRENGTH, FOLDS, SEED = 3.0, 8, 11


def sentences(path: Path = HERE / "training.csv") -> list[tuple[str, str, str]]:
    """(label, language, sentence) of a file of labelled sentences."""
    lines = path.read_text("utf-8").splitlines()
    rows = [line.split(";", 2) for line in lines if line and not line.startswith("#")]
    return [(label, language, sentence) for label, language, sentence in rows]


def matrix(texts: list[str]) -> NDArray[np.float64]:
    """Features of the texts, one a row."""
    found = np.zeros((len(texts), OWN + BUCKETS))
    for row, text in enumerate(texts):
        for number, value in features(text).items():
            found[row, number] = value
    return found


def fit(x: NDArray[np.float64], y: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (features, labels) and bias (labels)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, max_iter=2_000).fit(x, y)
    return model.coef_.T, model.intercept_


def main() -> None:
    rows = sentences()
    x = matrix([sentence for _, _, sentence in rows])
    y = np.array([LABELS.index(label) for label, _, _ in rows])
    fold = np.random.default_rng(SEED).permutation(len(y)) % FOLDS
    right = 0
    for number in range(FOLDS):
        weights, bias = fit(x[fold != number], y[fold != number])
        right += int(((x[fold == number] @ weights + bias).argmax(axis=1) == y[fold == number]).sum())
    low, high = wilson(right, len(y), 0.95)
    sys.stdout.write(f"held-out folds: {right} of {len(y)} right, {right / len(y):.1%} (95 %: {low:.1%} to {high:.1%})\n")
    weights, bias = fit(x, y)
    np.savez_compressed(FILE, weights=weights.astype(np.float32), bias=bias.astype(np.float32), format=np.array(FORMAT))


if __name__ == "__main__":
    main()
