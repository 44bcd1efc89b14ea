"""A linear model over hashed names: weights kept as bytes with one scale an output, read without pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.understanding.figures.features import BUCKETS

Floats = NDArray[np.float32]


class Linear:
    """`outputs` are named; `weights` is buckets × outputs."""

    def __init__(self, outputs: list[str], weights: Floats, bias: Floats) -> None:
        if weights.shape != (BUCKETS, len(outputs)):
            raise ValueError(f"weights of {weights.shape}, expected {BUCKETS} × {len(outputs)}: run train_figures again")
        self.outputs, self.weights, self.bias = outputs, weights, bias

    @classmethod
    def load(cls, path: Path) -> Linear:
        with np.load(path, allow_pickle=False) as arrays:
            weights = arrays["weights"].astype(np.float32) * arrays["scale"].astype(np.float32)
            return cls([str(name) for name in arrays["outputs"]], weights, arrays["bias"].astype(np.float32))

    def save(self, path: Path) -> None:
        scale = np.maximum(np.abs(self.weights).max(axis=0), 1e-12) / 127
        np.savez_compressed(
            path, outputs=np.asarray(self.outputs), weights=np.round(self.weights / scale).astype(np.int8),
            scale=scale.astype(np.float32), bias=self.bias.astype(np.float32),
        )  # fmt: skip

    def scores(self, at: NDArray[np.int64], values: Floats) -> Floats:
        """The outputs' scores (log odds) for the inputs that are not zero: their places and values."""
        return np.asarray(values @ self.weights[at] + self.bias, np.float32)
