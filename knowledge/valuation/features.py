"""The model matrix: which columns it has, how a row fills them, and how knowledge is taken away for training.

Missing values stay missing (NaN): the trees learn what "not told" means, because every training row also appears in a
copy from which a random part of the optional knowledge was taken away (`forget`). So "90 m2, 3 bedrooms in Chapinero"
is a kind of row that the model has seen, and its error was measured.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Columns, Numbers, as_number, is_missing, months, numbers, texts
from knowledge.valuation.neighbourhoods import ENCODED, AreaLevels, to_city_level
from knowledge.valuation.neighbours import NEIGHBOUR_COLUMNS, Neighbours

SIZE = ("log_area", "bedrooms", "area_per_bedroom")
PLACE = ("latitude", "longitude", "northeast", "southeast")
FIXED = ("city", "property_type", "age_months", *SIZE, "bathrooms", "floor", "year_built", *PLACE, *ENCODED,
         *NEIGHBOUR_COLUMNS, "feature_count")
CATEGORIES = ("city", "property_type")

#: Numeric attributes are used if this share of the market's rows has them, the most widespread first, up to a limit.
MIN_COVERAGE, MAX_ATTRIBUTES = 0.05, 32
#: Attributes that restate the answer or identify the row are never features.
NOT_AN_INPUT = re.compile(
    r"price|precio|rent(?!e)|renta|alquiler|value|valor|valuation|avaluo|tasac|apprais|cost|fee|cuota|yield|period|"
    r"(asset|listing|advert|external|source|row)_?(id|number)", re.IGNORECASE)
#: Rows farther than this from their city's centre (in degrees, about 80 km) carry wrong coordinates.
MAX_DEGREES = 0.75
#: An area outside these multiples of the training range (1st to 99th percentile) gets no value.
AREA_BELOW, AREA_ABOVE = 0.25, 6.0
#: A listed feature becomes a column once this many training rows have it.
MIN_FEATURE_ROWS = 10


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """What must be known to fill the matrix: learnt from the training rows, stored with the model."""

    cities: tuple[str, ...]
    property_types: tuple[str, ...]
    features: tuple[str, ...]
    attributes: tuple[str, ...]
    latest_month: dict[str, float]
    area_range: tuple[float, float]
    #: What nearly all training rows lie within (0.1st to 99.9th percentile), by column: beyond it nothing was measured.
    reach: dict[str, tuple[float, float]]
    longitude_scale: float

    @property
    def names(self) -> tuple[str, ...]:
        """The matrix columns, in order; a listed feature or attribute carries its kind as a prefix."""
        return (*FIXED, *(f"feature:{n}" for n in self.features), *(f"attribute:{n}" for n in self.attributes))

    def columns(self, *names: str) -> list[int]:
        every = self.names
        return [every.index(name) for name in names]

    @property
    def feature_columns(self) -> slice:
        return slice(len(FIXED), len(FIXED) + len(self.features))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeatureSpace:
        low, high = data["area_range"]
        return cls(tuple(data["cities"]), tuple(data["property_types"]), tuple(data["features"]),
                   tuple(data["attributes"]), {str(k): float(v) for k, v in data["latest_month"].items()},
                   (float(low), float(high)),
                   {str(k): (float(v[0]), float(v[1])) for k, v in data["reach"].items()}, float(data["longitude_scale"]))

    @classmethod
    def fit(cls, columns: Columns) -> FeatureSpace:
        cities, types, when = texts(columns, "city_id"), texts(columns, "property_type"), months(columns)
        latest: dict[str, float] = {}
        for city, month in zip(cities, when.tolist(), strict=True):
            if month == month:
                latest[city] = max(month, latest.get(city, month))
        low, high = np.percentile(numbers(columns, "area_m2"), [1, 99]).tolist()
        latitude = numbers(columns, "latitude")
        middle = float(np.nanmedian(latitude)) if np.isfinite(latitude).any() else 0.0
        return cls(tuple(sorted(set(cities))), tuple(sorted(set(types) - {""})), _feature_names(columns),
                   _attribute_names(columns), latest, (low, high), _reach(columns), float(np.cos(np.radians(middle))))


def _reach(columns: Columns) -> dict[str, tuple[float, float]]:
    area = numbers(columns, "area_m2")
    values = {"log_area": np.log(area), "area_per_bedroom": area / (numbers(columns, "bedrooms") + 1)}
    found = {}
    for name, column in values.items():
        known = column[np.isfinite(column)]
        if len(known):
            low, high = np.percentile(known, [0.1, 99.9]).tolist()
            found[name] = (float(low), float(high))
    return found


def beyond_reach(matrix: Numbers, space: FeatureSpace) -> Numbers:
    """(n,) how far each row's size, or size per room, lies outside what was observed, as a log ratio; 0 inside."""
    out = np.zeros(len(matrix))
    for name, (low, high) in space.reach.items():
        values = matrix[:, space.columns(name)[0]]
        if name != "log_area":
            values, low, high = np.log(np.maximum(values, 1e-6)), float(np.log(low)), float(np.log(high))
        known = np.isfinite(values)
        out[known] = np.maximum(out[known], np.maximum(np.maximum(low - values[known], values[known] - high), 0.0))
    return out


def _feature_names(columns: Columns) -> tuple[str, ...]:
    counts = Counter(str(name) for row in columns.get("features") or () if _is_list(row) for name in set(row))
    return tuple(sorted(name for name, count in counts.items() if count >= MIN_FEATURE_ROWS))


def _is_list(row: Any) -> bool:
    return isinstance(row, list | tuple | set | frozenset | np.ndarray)


def _attribute_names(columns: Columns) -> tuple[str, ...]:
    rows = columns.get("attributes") or ()
    counts: dict[str, int] = {}
    for row in rows:
        if isinstance(row, Mapping):
            for name, value in row.items():
                if isinstance(value, bool | int | float) and value == value:
                    counts[name] = counts.get(name, 0) + 1
    usable = [n for n, c in counts.items() if c >= MIN_COVERAGE * len(rows) and not NOT_AN_INPUT.search(n)]
    return tuple(sorted(sorted(usable, key=lambda n: (-counts[n], n))[:MAX_ATTRIBUTES]))


@dataclass(frozen=True, slots=True)
class Filled:
    """A matrix (n, len(space.names)) with, per row, the codes of what was wrong or not usable (see `texts.toml`)."""

    matrix: Numbers
    reasons: list[list[str]]
    usable: NDArray[np.bool_]


def fill(columns: Columns, space: FeatureSpace, levels: AreaLevels, rows: NDArray[np.int64]) -> Filled:
    """The matrix for `columns`; `rows` says which row of the area levels each property takes (see `AreaLevels`)."""
    area, city_ids, area_ids = numbers(columns, "area_m2"), texts(columns, "city_id"), texts(columns, "area_id")
    count = len(area)
    matrix = np.full((count, len(space.names)), np.nan)
    at = {name: i for i, name in enumerate(space.names)}
    reasons: list[list[str]] = [[] for _ in range(count)]

    types = texts(columns, "property_type")
    city_code = {city: float(i) for i, city in enumerate(space.cities)}
    type_code = {kind: float(i) for i, kind in enumerate(space.property_types)}
    matrix[:, at["city"]] = [city_code.get(c, np.nan) for c in city_ids]
    matrix[:, at["property_type"]] = [type_code.get(t, np.nan) for t in types]

    low, high = space.area_range[0] * AREA_BELOW, space.area_range[1] * AREA_ABOVE
    sized = (area >= low) & (area <= high)
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix[:, at["log_area"]] = np.where(sized, np.log(area), np.nan)
        bedrooms = _between(numbers(columns, "bedrooms"), 0, 60)
        matrix[:, at["bedrooms"]] = bedrooms
        matrix[:, at["area_per_bedroom"]] = area / (bedrooms + 1)
    matrix[:, at["bathrooms"]] = _between(numbers(columns, "bathrooms"), 0, 60)
    matrix[:, at["floor"]] = _between(numbers(columns, "floor"), -5, 150)
    matrix[:, at["year_built"]] = _between(numbers(columns, "year_built"), 1500, 2100)
    latest = np.array([space.latest_month.get(c, np.nan) for c in city_ids])
    matrix[:, at["age_months"]] = np.clip(np.nan_to_num(latest - months(columns)), 0, None)

    encoded = levels.encode(area_ids, city_ids, rows)
    start = at[ENCODED[0]]
    matrix[:, start:start + len(ENCODED)] = encoded
    _place(matrix, columns, space, levels.encode(city_ids, city_ids, rows), reasons)
    _features(matrix, columns, space)
    _attributes(matrix, columns, space)

    usable = sized & np.isfinite(matrix[:, at["city"]])
    kinds = space.property_types
    narrow, roomy = space.reach.get("area_per_bedroom", (0.0, np.inf))
    with np.errstate(invalid="ignore"):
        odd = ((area / (bedrooms + 1) < narrow) | (area / (bedrooms + 1) > roomy)) & (area >= space.area_range[0]) & (
            area <= space.area_range[1])
    for i in range(count):
        if not city_ids[i]:
            reasons[i].append("missing_city")
        elif city_ids[i] not in city_code:
            reasons[i].append("unknown_city")
        elif area_ids[i] in ("", city_ids[i]):
            reasons[i].append("missing_neighbourhood")
        elif not levels.knows(area_ids[i]):
            reasons[i].append("unknown_neighbourhood")
        if np.isnan(area[i]):
            reasons[i].append("missing_area")
        elif not sized[i]:
            reasons[i].append("area_out_of_range")
        elif not space.area_range[0] <= area[i] <= space.area_range[1]:
            reasons[i].append("unusual_area")
        if sized[i] and odd[i]:
            reasons[i].append("unusual_rooms")
        if types[i] and types[i] not in kinds:
            reasons[i].append("unknown_property_type")
            usable[i] = False
    return Filled(matrix, reasons, usable)


def _between(values: Numbers, low: float, high: float) -> Numbers:
    with np.errstate(invalid="ignore"):
        return np.where((values >= low) & (values <= high), values, np.nan)


def _place(
    matrix: Numbers, columns: Columns, space: FeatureSpace, city: Numbers, reasons: list[list[str]]
) -> None:
    lat, lon = numbers(columns, "latitude"), numbers(columns, "longitude")
    with np.errstate(invalid="ignore"):
        far = (np.abs(lat - city[:, 3]) > MAX_DEGREES) | (np.abs(lon - city[:, 4]) > MAX_DEGREES)
    for i in np.flatnonzero(far):
        reasons[i].append("coordinates_ignored")
    gone = far | np.isnan(lat) | np.isnan(lon)
    lat[gone], lon[gone] = np.nan, np.nan
    # The turned axes let one split follow a diagonal coast or avenue.
    east = lon * space.longitude_scale
    matrix[:, space.columns(*PLACE)] = np.column_stack([lat, lon, lat + east, lat - east])


def _features(matrix: Numbers, columns: Columns, space: FeatureSpace) -> None:
    """A list names all that the property has; a mapping name -> bool only what is known; anything else: not known."""
    first = space.feature_columns.start
    position = {name: first + i for i, name in enumerate(space.features)}
    total = space.columns("feature_count")[0]
    for i, row in enumerate(columns.get("features") or ()):
        if isinstance(row, Mapping):
            for name, value in row.items():
                if name in position and not is_missing(value):
                    matrix[i, position[name]] = float(bool(value))
        elif _is_list(row):
            matrix[i, space.feature_columns] = 0.0
            for name in row:
                if name in position:
                    matrix[i, position[name]] = 1.0
            matrix[i, total] = matrix[i, space.feature_columns].sum()


def _attributes(matrix: Numbers, columns: Columns, space: FeatureSpace) -> None:
    position = list(enumerate(space.attributes, start=space.feature_columns.stop))
    for i, row in enumerate(columns.get("attributes") or ()):
        if isinstance(row, Mapping):
            for column, name in position:
                if name in row:
                    matrix[i, column] = as_number(row[name])


def points_of(matrix: Numbers, space: FeatureSpace) -> Numbers:
    """What `Neighbours` compares, from a matrix: latitude, longitude, log area, bathrooms, year built."""
    return matrix[:, space.columns("latitude", "longitude", "log_area", "bathrooms", "year_built")]


def add_neighbours(matrix: Numbers, space: FeatureSpace, neighbours: Neighbours, keys: NDArray[np.uint64]) -> None:
    """Fills the matrix's neighbour columns in place, from what the matrix itself still knows of each property."""
    matrix[:, space.columns(*NEIGHBOUR_COLUMNS)] = neighbours.describe(points_of(matrix, space), keys)


def optional_groups(space: FeatureSpace) -> dict[str, list[int]]:
    """Columns that are known or not known together."""
    groups = {
        "bedrooms": space.columns("bedrooms", "area_per_bedroom"),
        "bathrooms": space.columns("bathrooms"),
        "floor": space.columns("floor"),
        "year_built": space.columns("year_built"),
        "coordinates": space.columns(*PLACE),
        "features": space.columns("feature_count", *(f"feature:{n}" for n in space.features)),
        "property_type": space.columns("property_type"),
    }
    if space.attributes:
        groups["attributes"] = space.columns(*(f"attribute:{n}" for n in space.attributes))
    return groups


#: A person's usual question tells these and the neighbourhood; the others are then not there at all.
USUALLY_TOLD = ("bedrooms", "property_type")


def known_groups(matrix: Numbers, space: FeatureSpace) -> NDArray[np.int64]:
    """How many of the optional groups that people usually leave out are known, per row."""
    groups = [columns for name, columns in optional_groups(space).items() if name not in USUALLY_TOLD]
    count = np.zeros(len(matrix), dtype=np.int64)
    for columns in groups:
        count += np.isfinite(matrix[:, columns]).any(1)
    return count


#: A group belongs to a row told in full if this share of the market's training rows has it.
USUAL_SHARE = 0.9


def usual_groups(matrix: Numbers, space: FeatureSpace) -> tuple[str, ...]:
    """The optional groups that nearly every training row tells."""
    return tuple(name for name, known in _known(matrix, space).items() if known.mean() >= USUAL_SHARE)


def told_in_full(matrix: Numbers, space: FeatureSpace, usual: Iterable[str]) -> NDArray[np.bool_]:
    """Per row, whether it tells all that the market's adverts usually tell: the rows that the full models know."""
    known = _known(matrix, space)
    full = np.ones(len(matrix), dtype=np.bool_)
    for name in usual:
        full &= known[name]
    return full


def _known(matrix: Numbers, space: FeatureSpace) -> dict[str, NDArray[np.bool_]]:
    groups = optional_groups(space) | {"features": space.columns("feature_count")}
    return {name: np.asarray(np.isfinite(matrix[:, columns]).any(axis=1), dtype=np.bool_)
            for name, columns in groups.items()}


def briefed(matrix: Numbers, space: FeatureSpace) -> Numbers:
    """The same properties with only area, bedrooms, type and neighbourhood known."""
    out = matrix.copy()
    for name, columns in optional_groups(space).items():
        if name not in USUALLY_TOLD:
            out[:, columns] = np.nan
    return out


def forget(matrix: Numbers, city: Numbers, space: FeatureSpace, seed: int) -> Numbers:
    """A copy with a random part of the optional knowledge taken away, from a little to all of it.

    A third of the rows keep only what a person usually tells; the others draw how much they forget, then each group
    with that probability. What is usually told goes rarely, the neighbourhood only together with the coordinates
    (`city` is the encoding of the rows' cities, used then). In a quarter of the rows single features stay known,
    as when a person mentions a terrace. Neighbour columns must be filled again afterwards.
    """
    rng = np.random.default_rng(seed)
    out, count = matrix.copy(), len(matrix)
    strength = np.where(rng.random(count) < 1 / 3, 1.0, rng.uniform(0.1, 0.95, count))
    for name, columns in optional_groups(space).items():
        gone = rng.random(count) < (0.12 if name in USUALLY_TOLD else strength)
        out[np.ix_(gone.nonzero()[0], np.array(columns))] = np.nan
    told = np.flatnonzero(rng.random(count) < 0.25)
    features = out[told, space.feature_columns]
    out[told, space.feature_columns] = np.where(
        rng.random(features.shape) < 0.25, matrix[told, space.feature_columns], np.nan
    )
    out[told, space.columns("feature_count")[0]] = np.nan
    nowhere = np.flatnonzero(np.isnan(out[:, space.columns("latitude")[0]]) & (rng.random(count) < 0.15))
    block = np.ix_(nowhere, np.array(space.columns(*ENCODED)))
    out[block] = to_city_level(out[block], city[nowhere])
    return out
