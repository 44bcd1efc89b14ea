"""The figures of one stored advert, for tools that calculate with them: what it asks, its size and where it is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from core.errors import NotFound
from core.facts import Fact, Source
from tools.context import Runtime
from tools.listings import title_of

_ROW = text(
    "SELECT l.id, l.title, l.operation, l.property_type, l.country, l.area_id, l.price, l.currency, l.area_m2,"
    " l.bedrooms, l.source, l.observed_on, l.demo, l.status, c.name AS city,"
    " CASE WHEN a.name = c.name THEN c.name ELSE a.name || ', ' || c.name END AS place"
    " FROM listings l JOIN areas a ON a.id = l.area_id JOIN areas c ON c.id = l.city_id WHERE l.id = :id"
)


@dataclass(frozen=True, slots=True)
class ListingFigures:
    """`facts`: `price` of a sale or `monthly_rent` of a let, and `area_m2` where known, as last seen in the advert."""

    id: int
    title: str
    operation: str
    property_type: str
    country: str
    city: str
    area_id: str
    currency: str
    observed_on: str
    active: bool
    facts: dict[str, Fact]

    def value(self, key: str) -> float | None:
        fact = self.facts.get(key)
        return None if fact is None else float(fact.value)


async def listing_figures(runtime: Runtime, listing_id: int) -> ListingFigures:
    """One advert of the tenant. Raises `NotFound`, also for another tenant's."""
    context = runtime.context
    row = None
    if 0 < listing_id < 2**63:
        async with context.resources.database.session(context.scope) as session:
            row = (await session.execute(_ROW, {"id": listing_id})).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no listing {listing_id}: expected the id of a listing that a search returned. Search again.",
            f"No existe el anuncio {listing_id}: se espera el número de uno que haya salido en una búsqueda. Busque de "
            "nuevo.",
        )
    seen = row.observed_on.isoformat()
    title = title_of(row, context.locale)
    source = Source("listing", str(row.id), title, row.source, row.demo)

    def fact(key: str, value: float, unit: str, currency: str | None = None) -> Fact:
        return Fact(key, value, "money" if unit == "money" else "m2", source, currency=currency, entity=title,
                    entity_id=str(row.id), as_of=seen)

    facts = {}
    asked = "monthly_rent" if row.operation == "rent" else "price"
    facts[asked] = fact(asked, row.price, "money", row.currency)
    if row.area_m2:
        facts["area_m2"] = fact("area_m2", row.area_m2, "m2")
    return ListingFigures(row.id, title, row.operation, row.property_type, row.country, row.city, row.area_id,
                          row.currency, seen, row.status == "active", facts)
