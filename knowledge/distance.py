"""How far two places on Earth lie apart: the one great-circle distance of searches, comparables and competition."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Mean radius of the Earth in km (IUGG).
EARTH_KM = 6371.0088


def kilometres(latitude: float, longitude: float, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.float64]:
    """Distances (n,) in km from one point to n others (haversine), degrees in; NaN where a coordinate is NaN or None."""
    a, b = np.radians(latitude), np.radians(np.asarray(latitudes, dtype=np.float64))
    half = np.sin((b - a) / 2) ** 2
    half += np.cos(a) * np.cos(b) * np.sin(np.radians(np.asarray(longitudes, dtype=np.float64) - longitude) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))
