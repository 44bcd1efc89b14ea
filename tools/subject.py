"""Which property is meant: one of the adverts, or one described in words, as a row that model and comparables read.

A property described in words has only what was told: features as a mapping of what is known, never a list, which would
say that it has no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import NotFound
from core.facts import Fact, Source
from core.locale import CURRENCY_OF
from knowledge.listings.areas import AreaRef, find_city, find_neighbourhood
from knowledge.listings.search import Row, by_ids
from tools.context import Runtime
from tools.listings import title_of

#: What is meant where nobody says: most questions are about flats, and the answer says that it was assumed.
USUAL_TYPE = "apartment"
_LIMITS: dict[str, tuple[float, float]] = {
    "bedrooms": (0, 60), "bathrooms": (0, 60), "floor": (-5, 150), "year_built": (1500, 2100),
    "estrato": (1, 6),
}
#: Figures that a listing keeps among its attributes.
_ATTRIBUTES = ("estrato",)


@dataclass(frozen=True, slots=True)
class Subject:
    """`row` has the names of the `listings` columns. `centre` (degrees) is where distances are measured from: the
    property, or the middle of its neighbourhood (`exact` False); None where only the city is known. `stated` are the
    figures of the property as facts."""

    row: Mapping[str, Any]
    place: str
    city: str
    title: str
    centre: tuple[float, float] | None
    exact: bool
    assumed_type: bool
    unknown_neighbourhood: str | None
    listing: Row | None
    stated: Mapping[str, Fact]

    @property
    def nearby(self) -> dict[str, Any]:
        """The row with the centre as its coordinates, for comparing with adverts."""
        latitude, longitude = self.centre or (None, None)
        return {**self.row, "latitude": latitude, "longitude": longitude}


async def subject_of_listing(runtime: Runtime, listing_id: int) -> Subject:
    """An advert of the tenant. Raises `NotFound`, also for another tenant's."""
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        rows = await by_ids(session, [listing_id]) if 0 < listing_id < 2**63 else []
    if not rows:
        raise NotFound(
            f"There is no listing {listing_id}: expected the id of a listing that a search returned. Search again.",
            f"No existe el anuncio {listing_id}: se espera el número de uno que haya salido en una búsqueda. Busque de "
            "nuevo.",
        )
    row = rows[0]
    names = ("id", "country", "city_id", "area_id", "property_type", "area_m2", "bedrooms", "bathrooms", "floor",
             "year_built", "latitude", "longitude", "features", "attributes", "dwelling_group", "external_id",
             "observed_on")
    body = {name: getattr(row, name) for name in names} | {"operation": "sale", "currency": CURRENCY_OF[row.country]}
    title = title_of(row, context.locale)
    located = row.latitude is not None and row.longitude is not None
    source = Source("listing", str(row.id), title, row.source, row.demo)
    about: dict[str, Any] = {"entity": title, "entity_id": str(row.id), "as_of": row.observed_on.isoformat()}
    stated = {}
    if row.area_m2:
        stated["area_m2"] = Fact("area_m2", float(row.area_m2), "m2", source, **about)
    if row.operation == "sale":
        stated["price"] = Fact("price", float(row.price), "money", source, currency=row.currency, **about)
    return Subject(body, row.place, row.city, title, (row.latitude, row.longitude) if located else None, True, False,  # type: ignore[arg-type]
                   None, row, stated)


async def city_and_neighbourhood(
    runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None
) -> tuple[AreaRef | None, AreaRef | None]:
    """The areas of these names; a neighbourhood in the city alone, where one is named."""
    code = country.upper() if country else None
    async with runtime.context.resources.database.session(runtime.context.scope) as session:
        area = await find_city(session, city, code) if city else None
        inside = None
        if neighbourhood and (area is not None or city is None):
            inside = await find_neighbourhood(session, neighbourhood, area.id if area else None, code)
    return area, inside


async def subject_in_words(
    runtime: Runtime, *, country: str | None, city: str | None, neighbourhood: str | None, property_type: str | None,
    area_m2: float | None, features: Sequence[str], lacking: Sequence[str], **figures: int | None,
) -> Subject | None:
    """A property as told; None where we have no such place. Raises `BadInput` for figures that no property has."""
    from knowledge.finance.checks import bad

    for name, value in figures.items():
        low, high = _LIMITS[name]
        if value is not None and not low <= value <= high:
            raise bad(name, value, f"una cifra de {low:g} a {high:g}", f"a figure from {low:g} to {high:g}")
    area, inside = await city_and_neighbourhood(runtime, country, city, neighbourhood)
    found = inside or area
    if found is None or found.city_id is None:
        return None
    known = {name: True for name in features} | {name: False for name in lacking}
    body: dict[str, Any] = {
        "country": found.country, "city_id": found.city_id, "area_id": found.id, "operation": "sale",
        "property_type": property_type or USUAL_TYPE, "area_m2": area_m2, "currency": CURRENCY_OF[found.country],
        "features": known or None, **{name: value for name, value in figures.items() if name not in _ATTRIBUTES},
        "attributes": {name: figures[name] for name in _ATTRIBUTES if figures.get(name) is not None} or None,
    }
    centre = None
    if inside is not None and inside.latitude is not None and inside.longitude is not None:
        centre = (inside.latitude, inside.longitude)
    stated = {}
    if area_m2 is not None:
        stated["area_m2"] = Fact("area_m2", float(area_m2), "m2", Source("user", "message"), entity=found.place)
    return Subject(
        {k: v for k, v in body.items() if v is not None}, found.place, found.city or found.name, "", centre, False,
        property_type is None, neighbourhood if neighbourhood and inside is None else None, None, stated,
    )
