"""Published rents of a place: a statistic's rent per m2 (`rent_m2`) or its mean rent of a month (`rent`).

A municipality may have rents and no adverts at all; its series then hangs on its name instead of an area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.facts import Fact, Source
from knowledge.series.periods import period_label
from tools.named_areas import plain_name

Metric = Literal["rent_m2", "rent"]
#: Property types that published rents per m2, and published rents of whole dwellings, speak of.
RENTED: dict[Metric, tuple[str | None, ...]] = {
    "rent_m2": (None, "apartment", "studio"), "rent": (None, "apartment", "studio", "house"),
}
#: A rent and a price further apart than this make no yield: neither of one area, nor of one property.
SAME_TIME_DAYS = 400
_OBSERVED = text(
    "SELECT s.id, s.area_id, s.region, a.name AS area, s.name, s.metric, s.currency, s.attribution, s.demo, s.frequency,"
    " o.period, o.value"
    " FROM series s LEFT JOIN areas a ON a.id = s.area_id JOIN observations o ON o.series_id = s.id"
    " WHERE s.metric IN ('rent_m2', 'rent') AND s.segment = 'all' AND o.value > 0 AND (s.area_id IN :areas"
    " OR (s.area_id IS NULL AND s.metric = 'rent' AND s.region = :region AND s.country = :country))"
    " ORDER BY s.id, o.period"
).bindparams(bindparam("areas", expanding=True))


@dataclass(frozen=True, slots=True)
class Published:
    """One period's value; `area_id` is empty where the series hangs on a name."""

    series_id: str
    area_id: str
    place: str
    title: str
    metric: Metric
    period: date
    frequency: str
    value: float
    currency: str | None
    attribution: str
    demo: bool

    @property
    def as_of(self) -> str:
        """`2025`, `2025-Q4` or `2025-09`."""
        return period_label(self.period, self.frequency)

    @property
    def source(self) -> Source:
        return Source("series", f"{self.series_id}@{self.period}", self.title, self.attribution, self.demo)

    def fact(self, entity: str) -> Fact:
        """Money a month: `rent_m2_mean` per m2, or `rent_mean` of a dwelling."""
        per_m2 = self.metric == "rent_m2"
        return Fact("rent_m2_mean" if per_m2 else "rent_mean", self.value, "money_per_m2" if per_m2 else "money",
                    self.source, currency=self.currency, entity=entity, entity_id=self.area_id, as_of=self.as_of)


async def published_rents(
    session: AsyncSession, areas: Sequence[str], region: tuple[str, str] | None = None
) -> list[Published]:
    """Every observed rent of these areas, or of a (region, country) that hangs on its name."""
    name, country = region or ("", "")
    if not areas and not name:
        return []
    rows = await session.execute(_OBSERVED, {"areas": list(areas) or [""], "region": name, "country": country})
    return [
        Published(r.id, r.area_id or "", r.area or plain_name(r.region), r.name, r.metric, r.period, r.frequency,
                  r.value, r.currency, r.attribution, r.demo)
        for r in rows
    ]
