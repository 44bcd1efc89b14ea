"""A network with one hidden layer over hashed names, run with numpy alone: it sees which names stand together.

Weights of the first layer are kept as bytes with one scale a hidden unit, read without pickle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Net:
    """`first` is inputs × hidden units, `second` hidden units × outputs; a hidden unit is its sum where that is positive."""

    def __init__(self, outputs: list[str], first: Floats, first_bias: Floats, second: Floats, second_bias: Floats) -> None:
        if first.shape[1] != second.shape[0] or second.shape[1] != len(outputs):
            raise ValueError(f"layers of {first.shape} and {second.shape} for {len(outputs)} outputs do not fit: train again")
        self.outputs, self.first, self.first_bias = outputs, first, first_bias
        self.second, self.second_bias = second, second_bias

    @classmethod
    def load(cls, path: Path) -> Net:
        with np.load(path, allow_pickle=False) as arrays:
            first = arrays["first"].astype(np.float32)
            first *= arrays["scale"]
            return cls(
                [str(name) for name in arrays["outputs"]], first, arrays["first_bias"], arrays["second"], arrays["second_bias"]
            )

    def save(self, path: Path) -> None:
        scale = np.maximum(np.abs(self.first).max(axis=0), 1e-12) / 127
        np.savez_compressed(
            path, outputs=np.asarray(self.outputs), first=np.round(self.first / scale).astype(np.int8),
            scale=scale.astype(np.float32), first_bias=self.first_bias.astype(np.float32),
            second=self.second.astype(np.float32), second_bias=self.second_bias.astype(np.float32),
        )  # fmt: skip

    def scores(self, at: NDArray[np.int64], values: Floats) -> Floats:
        """The outputs' scores (log odds) for the inputs that are not zero: their places and values."""
        hidden = np.maximum(values @ self.first[at] + self.first_bias, 0)
        return np.asarray(hidden @ self.second + self.second_bias, np.float32)
