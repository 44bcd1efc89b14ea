"""Price levels of areas, learnt out of fold so that a dwelling's own price never reaches its own features.

An area's level is the mean log price per m2 of the listings in it, pulled towards its parent's level by `PRIOR` pseudo
listings: district towards city, neighbourhood towards district. An area that was never seen takes the nearest
ancestor that was. Area ids are slug paths (`es/barcelona/la-vila-de-gracia`), so the ancestors are its prefixes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers

#: Pseudo listings that pull an area towards its parent. Levels of areas with 30 listings are then 2/3 their own.
PRIOR = 15.0

#: What `AreaLevels.encode` returns, in order.
ENCODED = ("area_level", "area_spread", "area_count", "area_latitude", "area_longitude", "city_level", "city_count")


def nodes_of(area_id: str, city_id: str) -> list[str]:
    """The city and every area below it on the path: ["es/barcelona", "es/barcelona/gracia", ...]."""
    nodes = [city_id]
    if area_id.startswith(city_id + "/"):
        tail = area_id[len(city_id) + 1:].split("/")
        nodes += ["/".join([city_id, *tail[: i + 1]]) for i in range(len(tail))]
    return nodes


class AreaLevels:
    """Levels per area for each fold's model and for all data. `table[node]` has one row per fold and a last row for
    all data; its columns are those of `ENCODED` up to `area_longitude`."""

    def __init__(self, table: dict[str, Numbers]) -> None:
        self.table = table

    @classmethod
    def fit(
        cls, area_ids: Sequence[str], city_ids: Sequence[str], log_m2: Numbers, latitude: Numbers, longitude: Numbers,
        folds: NDArray[np.int64], count: int,
    ) -> AreaLevels:
        """`log_m2` is the log price per m2; row `k` of the result leaves fold `k` out, row `count` uses all rows."""
        paths = [nodes_of(a, c) for a, c in zip(area_ids, city_ids, strict=True)]
        index = {node: i for i, node in enumerate(sorted({node for path in paths for node in path}))}
        rows = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
        where = np.array([index[node] for path in paths for node in path]), folds[rows]

        def sums(values: Numbers) -> Numbers:
            total = np.zeros((len(index), count))
            np.add.at(total, where, values)
            return np.concatenate([total.sum(1, keepdims=True) - total, total.sum(1, keepdims=True)], axis=1)

        y, located = log_m2[rows], np.isfinite(latitude[rows]) & np.isfinite(longitude[rows])
        n, total, squares = sums(np.ones(len(rows))), sums(y), sums(y * y)
        places = sums(located.astype(float))
        lat, lon = sums(np.where(located, latitude[rows], 0.0)), sums(np.where(located, longitude[rows], 0.0))
        table: dict[str, Numbers] = {}
        with np.errstate(invalid="ignore", divide="ignore"):
            for node, i in index.items():  # sorted: a parent comes before its children
                parent = table.get(node.rpartition("/")[0])
                level, spread = np.where(n[i] > 0, total[i] / n[i], np.nan), np.full(count + 1, np.nan)
                variance = np.maximum(squares[i] - total[i] ** 2 / np.maximum(n[i], 1), 0.0)
                if parent is None:
                    spread = np.sqrt(variance / np.maximum(n[i] - 1, 1))
                    centre = np.where(places[i] > 0, [lat[i] / places[i], lon[i] / places[i]], np.nan)
                else:
                    level = (total[i] + PRIOR * parent[:, 0]) / (n[i] + PRIOR)
                    spread = np.sqrt((variance + PRIOR * parent[:, 1] ** 2) / (n[i] + PRIOR))
                    centre = np.where(places[i] > 0, [lat[i] / places[i], lon[i] / places[i]], parent[:, 3:5].T)
                table[node] = np.column_stack([level, spread, n[i], centre[0], centre[1]]).round(6)
        return cls(table)

    def encode(self, area_ids: Sequence[str], city_ids: Sequence[str], rows: NDArray[np.int64]) -> Numbers:
        """(n, len(ENCODED)); `rows[i]` chooses the fold to leave out (or the last row, all data). Unknown city: NaN.

        Only an area's level and spread leave the fold out. Counts, centres and the level of a whole city come from
        all data: they hardly know any one price, and values that differ by fold alone would teach the trees to
        tell folds apart.
        """
        known: dict[tuple[str, str], tuple[Numbers, Numbers] | None] = {}
        out = np.full((len(area_ids), len(ENCODED)), np.nan)
        for i, pair in enumerate(zip(area_ids, city_ids, strict=True)):
            if pair not in known:
                found = [self.table[node] for node in nodes_of(*pair) if node in self.table]
                known[pair] = (found[-1], found[0]) if pair[1] in self.table else None
            tables = known[pair]
            if tables is not None:
                area, city = tables[0], tables[1]
                out[i, :2], out[i, 2:5], out[i, 5:] = area[rows[i], :2], area[-1, 2:], city[-1, [0, 2]]
        out[:, 2], out[:, 6] = np.log1p(out[:, 2]), np.log1p(out[:, 6])
        return out

    def knows(self, area_id: str) -> bool:
        return area_id in self.table

    def to_json(self) -> dict[str, Any]:
        return {
            node: [[None if x != x else x for x in row] for row in values.tolist()]
            for node, values in self.table.items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> AreaLevels:
        return cls({node: np.array(v, dtype=np.float64) for node, v in data.items()})


def to_city_level(encoded: Numbers, city: Numbers) -> Numbers:
    """The encoding of rows whose neighbourhood is not known: the city's own row, with no area listings."""
    out = encoded.copy()
    out[:, :5] = city[:, :5]
    return out
