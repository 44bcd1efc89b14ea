"""What else is offered around a place: how far to look, and where a price stands among its neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.errors import BadInput
from knowledge.distance import EARTH_KM

#: How far around a place it may be asked for (km).
NARROWEST, WIDEST = 0.05, 25.0
#: Homes whose floor area differs by no more than this share are alike.
ALIKE = 0.25


def check_radius(km: float) -> float:
    """The radius, if it is one. Raises `BadInput`."""
    if not math.isfinite(km) or not NARROWEST <= km <= WIDEST:
        raise BadInput(f"The radius is {km:g} km; expected {NARROWEST:g} to {WIDEST:g} km.",
                       f"El radio es {km:g} km; se esperaba de {NARROWEST:g} a {WIDEST:g} km.")
    return km


def check_point(latitude: float, longitude: float) -> None:
    """Raises `BadInput` for what is no place on Earth."""
    if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        raise BadInput(
            f"{latitude:g}, {longitude:g} is no place; expected a latitude from -90 to 90 and a longitude from -180 to 180.",
            f"{latitude:g}, {longitude:g} no es un lugar; se esperaba latitud de -90 a 90 y longitud de -180 a 180.",
        )


def box(latitude: float, longitude: float, km: float) -> tuple[float, float, float, float]:
    """South, north, west and east of a square that holds the circle, in degrees."""
    north = math.degrees(km / EARTH_KM)
    east = north / max(0.01, math.cos(math.radians(latitude)))
    return latitude - north, latitude + north, longitude - east, longitude + east


def percentile(value: float, among: Sequence[float]) -> float | None:
    """Share (0 to 100) of the values below `value`, ties counting half; None where there is nothing to compare."""
    finite = [v for v in among if math.isfinite(v)]
    if not finite or not math.isfinite(value):
        return None
    below = sum(v < value for v in finite)
    same = sum(v == value for v in finite)
    return (below + same / 2) / len(finite) * 100
