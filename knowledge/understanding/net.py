"""A network with one hidden layer over hashed names, run with numpy alone: it sees which names stand together.

Weights of the first layer are bytes with one scale a hidden unit, in memory as in the file; both are read without pickle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]


class Net:
    """`first` is inputs × hidden units, each unit in multiples of its `scale`; `second` is hidden units × outputs. A hidden
    unit is its sum where that is positive."""

    def __init__(
        self, outputs: list[str], first: Bytes, scale: Floats, first_bias: Floats, second: Floats, second_bias: Floats
    ) -> None:
        if first.shape[1] != second.shape[0] or second.shape[1] != len(outputs):
            raise ValueError(f"layers of {first.shape} and {second.shape} for {len(outputs)} outputs do not fit: train again")
        self.outputs, self.first, self.scale, self.first_bias = outputs, first, scale, first_bias
        self.second, self.second_bias = second, second_bias

    @classmethod
    def of(cls, outputs: list[str], first: Floats, first_bias: Floats, second: Floats, second_bias: Floats) -> Net:
        """The network of these weights, rounded as it will be kept."""
        scale = np.maximum(np.abs(first).max(axis=0), 1e-12) / 127
        whole = np.round(first / scale).astype(np.int8)
        floats = (np.asarray(a, np.float32) for a in (scale, first_bias, second, second_bias))
        return cls(outputs, whole, *floats)

    @classmethod
    def load(cls, path: Path) -> Net:
        with np.load(path, allow_pickle=False) as arrays:
            if missing := {"outputs", "first", "scale", "first_bias", "second", "second_bias"} - set(arrays.files):
                raise ValueError(f"{path.name} lacks {', '.join(sorted(missing))}: train again")
            names = [str(name) for name in arrays["outputs"]]
            return cls(names, *(arrays[key] for key in ("first", "scale", "first_bias", "second", "second_bias")))

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, outputs=np.asarray(self.outputs), first=self.first, scale=self.scale, first_bias=self.first_bias,
            second=self.second, second_bias=self.second_bias,
        )  # fmt: skip

    def scores(self, at: NDArray[np.int64], values: Floats) -> Floats:
        """The outputs' scores (log odds) for the inputs that are not zero: their places and values."""
        sums = (values @ self.first[at].astype(np.float32)) * self.scale
        return np.asarray(np.maximum(sums + self.first_bias, 0) @ self.second + self.second_bias, np.float32)
