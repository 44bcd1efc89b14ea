"""Which stored series answers for a place: the smallest area that has one, measured before demo, newest and longest.

Between a city and its country stands the region that the city lies in, where a series is of it. A country's series is one
linked to the country itself, or one without an area that names no region: the index of one of its regions never stands in
for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.facts import Unit
from core.locale import COUNTRY_NAMES
from knowledge.finance.rules import region_of
from knowledge.listings.areas import find_city, find_neighbourhood
from knowledge.series.periods import period_label
from knowledge.understanding.text import fold

#: What a measure is called -> the metrics that tell it, the more telling first.
METRICS: dict[str, tuple[str, ...]] = {
    "price": ("price_m2", "price_index"),
    "rent": ("rent_m2", "rent"),
    "days_on_market": ("days_on_market",),
    "stock": ("stock",),
    "mortgage_rate": ("mortgage_rate",),
    "inflation": ("inflation",),
}
_PICK = text(
    "SELECT s.id, s.name, s.country, s.region, s.metric, s.unit, s.currency, s.frequency, s.attribution, s.demo,"
    " min(o.period) AS first, max(o.period) AS last"
    " FROM series s JOIN observations o ON o.series_id = s.id"
    " WHERE s.metric = ANY(:metrics) AND s.segment = 'all' AND (s.area_id = :area OR (CAST(:area AS text) IS NULL"
    " AND s.country = :country AND (s.area_id = lower(:country)"
    " OR (s.area_id IS NULL AND s.region = ANY(CAST(:regions AS text[]))))))"
    # a generated series never speaks for a city whose real adverts are loaded
    " AND NOT (s.demo AND EXISTS (SELECT FROM listings l WHERE l.city_id = :area AND NOT l.demo AND l.status = 'active'))"
    " GROUP BY s.id HAVING CAST(:by AS date) IS NULL OR min(o.period) <= :by"
    " ORDER BY s.demo, array_position(CAST(:metrics AS text[]), s.metric), last DESC, s.area_id IS NULL,"
    " count(*) DESC, s.id LIMIT 1"
)


#: Words of a region's official name that people leave out.
_COMMON = frozenset(
    ("comunidad", "comunitat", "autonoma", "foral", "principado", "region", "de", "del", "la", "las", "el", "los", "illes",
     "islas", "community", "estado", "municipio", "state")
)
_STATE = "estado"
#: Words of official names that Spanish writes otherwise.
_SPELT = {"balears": "baleares"}


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """A series with its first and last observed period. `frequency` is A, Q or M."""

    id: str
    name: str
    country: str
    region: str
    metric: str
    unit: str
    currency: str | None
    frequency: str
    attribution: str
    demo: bool
    first: date
    last: date

    @property
    def fact_unit(self) -> Unit:
        """The unit of its values as facts carry it."""
        if self.unit == "percent" or self.metric in ("inflation", "mortgage_rate"):
            return "percent"
        if self.metric.endswith("_m2"):
            return "money_per_m2"
        if self.currency:
            return "money"
        return "days" if self.unit == "days" else "count" if self.metric == "stock" else "index"

    def label(self, day: date) -> str:
        """A period as facts name it: `2026`, `2026-Q3` or `2026-09`."""
        return period_label(day, self.frequency)


_REGIONS = text(
    "SELECT DISTINCT region FROM series WHERE country = :country AND metric = ANY(:metrics) AND segment = 'all'"
    " AND region <> '' AND area_id IS NULL"
)
_NAMED = text(
    "SELECT s.id, s.name, s.country, s.region, s.metric, s.unit, s.currency, s.frequency, s.attribution, s.demo,"
    " min(o.period) AS first, max(o.period) AS last FROM series s JOIN observations o ON o.series_id = s.id"
    " WHERE s.metric = ANY(:metrics) AND s.segment = 'all' AND s.country = :country AND s.region = :region"
    " AND s.area_id IS NULL GROUP BY s.id HAVING CAST(:by AS date) IS NULL OR min(o.period) <= :by"
    " ORDER BY s.demo, array_position(CAST(:metrics AS text[]), s.metric), last DESC, s.frequency = 'A', count(*) DESC, s.id"
    " LIMIT 1"
)


async def choose_series(
    session: AsyncSession, measure: str, country: str | None, city: str | None, neighbourhood: str | None,
    *, by: date | None = None,
) -> tuple[SeriesRef | None, bool]:
    """The series of the smallest area that has one; False where a larger area stands in.

    `measure` is a key of `METRICS`; `by` asks for one that begins by then. A place without listings (a region, a small
    town) is looked for among the series' own regions; one that no series names has its country's, where the country is
    told, else none.
    """
    metrics = list(METRICS[measure])
    found_city = await find_city(session, city, country) if city else None
    area = (
        await find_neighbourhood(session, neighbourhood, found_city.id if found_city else None, country)
        if neighbourhood else None
    )
    if found_city is None and area is not None and area.city:
        found_city = await find_city(session, area.city, area.country)
    tried = [a for a in (area, found_city) if a is not None]
    for number, candidate in enumerate(tried):
        found = await _pick(session, metrics, candidate.id, candidate.country, by)
        if found is not None:
            return found, number == 0 and (neighbourhood is None or area is not None)
    code = country or (tried[0].country if tried else None)
    if code is None:
        return None, False
    if city and found_city is None:
        named = await _named(session, metrics, city, code, by)
        if named is not None:
            return named, neighbourhood is None
    around = region_of(code, found_city.name if found_city else city) if code in COUNTRY_NAMES else "*"
    named = await _named(session, metrics, around, code, by) if around != "*" else None
    if named is not None:
        return named, False
    return await _pick(session, metrics, None, code, by), not city and not neighbourhood


async def _named(
    session: AsyncSession, metrics: list[str], name: str, country: str, by: date | None
) -> SeriesRef | None:
    """The series of a region of this name: `Comunidad de Madrid` and `Madrid, Comunidad de` are one. A town's before that of
    the state of its name, unless the state is asked for."""
    wanted = _telling(name)
    regions = (await session.execute(_REGIONS, {"country": country, "metrics": metrics})).scalars()
    same = [region for region in regions if _telling(region) == wanted]
    if not wanted or not same:
        return None
    state = _STATE in fold(name).split()

    def rank(region: str) -> tuple[bool, int]:
        return (_STATE in fold(region).split()) != state, len(region)

    values = {"metrics": metrics, "country": country, "region": min(same, key=rank), "by": by}
    row = (await session.execute(_NAMED, values)).first()
    return SeriesRef(**row._mapping) if row is not None else None


def _telling(region: str) -> set[str]:
    """The words of a region's name that tell it from others."""
    return {_SPELT.get(word, word) for word in fold(region).split()} - _COMMON


async def _pick(
    session: AsyncSession, metrics: list[str], area: str | None, country: str, by: date | None
) -> SeriesRef | None:
    regions = ["", *COUNTRY_NAMES.get(country, {}).values()]
    values = {"metrics": metrics, "area": area, "country": country, "regions": regions, "by": by}
    row = (await session.execute(_PICK, values)).first()
    return SeriesRef(**row._mapping) if row is not None else None
