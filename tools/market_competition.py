"""What else is offered around a place, an advert or a development: how much, at what price, by whom, and what is most alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from langchain.tools import tool
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import NotFound
from core.facts import Fact, Source, Unit
from core.locale import CURRENCY_OF
from knowledge.listings.search import Row, by_ids
from knowledge.market import around
from knowledge.market.around import Development, Near
from knowledge.market.competition import ALIKE, check_point, check_radius, percentile
from knowledge.market.medians import median_interval
from knowledge.market.pace import FEWEST
from tools.context import Runtime
from tools.listings import Operation, PropertyType, add_listing, title_of
from tools.market_area import asked, market_area
from tools.result import Content, ToolResult

#: Radius where none is told (km); adverts and developments shown.
RADIUS_KM, SHOWN = 1.0, 4
#: Where no development lies within the radius, the nearest one is told as far away as this.
NEAREST_KM = 10.0


@dataclass(frozen=True, slots=True)
class Subject:
    """What competition is looked for around: a point in a city, and what it asks per m2 if it is an offer itself, to
    `operation` and in `currency`."""

    name: str
    kind: str
    latitude: float
    longitude: float
    cities: list[str]
    country: str | None = None
    property_type: str | None = None
    area_m2: float | None = None
    per_m2: float | None = None
    operation: str | None = None
    currency: str | None = None
    listing: Row | None = None
    project: Development | None = None
    exact: bool = True
    others: tuple[str, ...] = ()


@tool(response_format="content_and_artifact")
async def market_competition(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
    project: str | None = None, listing_id: int | None = None, latitude: float | None = None,
    longitude: float | None = None, radius_km: float = RADIUS_KM, operation: Operation = "sale",
    property_type: PropertyType | None = None,
) -> Content:
    """What competes around something: adverts and developments within radius_km (0.05 to 25), their units, stage and prices,
    where the subject's price per m2 stands among them (percentile), and the adverts most like it.

    Say what it is around: listing_id, a project's name (or the words that hold it), latitude and longitude, or a place as the
    investor named it (its middle is taken then: say so).
    """
    context = runtime.context
    radius = check_radius(float(radius_km))
    result = ToolResult()
    place = asked(runtime, country, city, neighbourhood)
    result.data = {"place": place, "found": False, "operation": operation, "reason": None}
    async with context.resources.database.session(context.scope) as session:
        subject = await _subject(session, runtime, country, city, neighbourhood, project, listing_id, latitude, longitude)
        if isinstance(subject, str):
            result.data["reason"] = subject
            result.gap("missing_input" if subject == "what" else "no_data", what="competition", place=place)
            return result.done()
        kind = property_type or subject.property_type
        near = await around.adverts_around(session, subject.latitude, subject.longitude, radius, operation, subject.cities)
        wide = await around.developments_around(session, subject.latitude, subject.longitude, max(radius, NEAREST_KM))
        near = _rivals(near, subject)
        wide = [p for p in wide if subject.project is None or p.id != subject.project.id]
        projects = [p for p in wide if p.km <= radius]
        same = [n for n in near if kind is None or n.property_type == kind]
        alike = await by_ids(session, [n.id for n in _alike(same, subject)])
    result.data |= {"found": True, "name": subject.name, "kind": subject.kind, "property_type": kind, "exact": subject.exact,
                    "others": list(subject.others)}
    report = _Report(result, subject, operation, any(n.demo for n in near) or any(p.demo for p in projects))
    report.counts(near, same, projects, radius)
    report.prices(same)
    result.data["similar"] = [
        add_listing(result, row, context.locale) | {"km": report.distance(row.id, same)} for row in alike
    ]
    result.data["projects"] = [report.project(p) for p in projects[:SHOWN]]
    result.data["beyond"] = report.project(wide[0]) if wide and not projects else None
    if not near and not projects:
        result.gap("no_data", what="competition", place=subject.name)
    return result.done()


async def _subject(
    session: AsyncSession, runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None,
    project: str | None, listing_id: int | None, latitude: float | None, longitude: float | None,
) -> Subject | str:
    """What it is around, or why that is not known: `what` (nothing named), `place` (unknown), `nowhere` (no coordinates)."""
    if listing_id is not None:
        return await _around_listing(session, runtime, listing_id)
    if project and (found := await around.development_named(session, project)) is not None:
        if found.latitude is None or found.longitude is None:
            return "nowhere"
        per_m2 = found.price_from / found.smallest if found.price_from and found.smallest else None
        return Subject(found.name, "project", found.latitude, found.longitude, [found.city_id], found.country, "apartment",
                       found.smallest, per_m2, "sale", found.currency, project=found)
    if latitude is not None and longitude is not None:
        check_point(latitude, longitude)
        cities = await around.cities_near(session, latitude, longitude)
        if not cities:
            return "place"
        country = cities[0].split("/")[0].upper()
        return Subject(f"{latitude:.4f}, {longitude:.4f}", "point", latitude, longitude, cities, country)
    if not city and not neighbourhood:
        return "what"
    at = await market_area(session, runtime, country, city, neighbourhood)
    if at is None or at.city is None or (neighbourhood and at.area.level == "city"):
        return "place"  # the middle of the city answers for no neighbourhood of it
    if at.area.latitude is None or at.area.longitude is None:
        return "nowhere"
    return Subject(at.area.place, "city" if at.area.level == "city" else "place", at.area.latitude, at.area.longitude,
                   [at.city.id], at.area.country, exact=at.exact, others=at.others)


async def _around_listing(session: AsyncSession, runtime: Runtime, listing_id: int) -> Subject | str:
    rows = await by_ids(session, [listing_id]) if 0 < listing_id < 2**63 else []
    if not rows:
        raise NotFound(
            f"There is no listing {listing_id}. Use an id that a search returned.",
            f"No existe el anuncio {listing_id}. Use un id que haya salido en una búsqueda.",
        )
    row = rows[0]
    if row.latitude is None or row.longitude is None:
        return "nowhere"
    return Subject(title_of(row, runtime.context.locale), "listing", row.latitude, row.longitude, [row.city_id], row.country,
                   row.property_type, row.area_m2, row.price_per_m2, row.operation, row.currency, listing=row)


def _rivals(near: list[Near], subject: Subject) -> list[Near]:
    """Without the advert asked about, and with prices in the country's currency alone: others compare with nothing."""
    currency = CURRENCY_OF.get(subject.country or "")
    own = subject.listing.id if subject.listing else None
    return [n for n in near if n.id != own and (currency is None or n.currency == currency)]


def _alike(near: list[Near], subject: Subject) -> list[Near]:
    """The adverts most like the subject: of about its size where it has one, nearest in size, then in place."""
    if subject.area_m2 is None:
        return near[:SHOWN]
    size = subject.area_m2
    close = [n for n in near if n.area_m2 and abs(n.area_m2 / size - 1) <= ALIKE]
    return sorted(close, key=lambda n: (abs(math.log((n.area_m2 or size) / size)) / ALIKE + n.km, n.id))[:SHOWN]


@dataclass(slots=True)
class _Report:
    result: ToolResult
    subject: Subject
    operation: str
    demo: bool

    def fact(self, key: str, value: float, unit: Unit, **more: Any) -> str:
        more.setdefault("entity", self.subject.name)
        source = more.pop("source", Source("aggregate", f"around/{self.subject.kind}/{self.operation}/{key}", "listings", "",
                                           self.demo))
        return self.result.add(Fact(key, float(value), unit, source, as_of=clock.now().date().isoformat(), **more))

    def counts(self, near: list[Near], same: list[Near], projects: list[Development], radius: float) -> None:
        self.result.evidence["sample"] = len(near)
        self.result.data |= {
            "radius": self.fact("radius", radius, "km", source=Source("rule", "radius", "radius")),
            "adverts": self.fact("rival_adverts", len(near), "count"),
            "same_type": self.fact("rival_same_type", len(same), "count"),
            "developments": self.fact("rival_projects", len(projects), "count"),
            "units": self.fact("rival_units", sum(p.units for p in projects), "count") if projects else None,
            "available": self.fact("rival_units_available", sum(p.available for p in projects), "count") if projects else None,
            "demo": self.demo,
        }

    def prices(self, same: list[Near]) -> None:
        values = [v for n in same if (v := n.price_per_m2) is not None and math.isfinite(v) and v > 0]
        currency = CURRENCY_OF.get(self.subject.country or "")
        self.result.data |= {"median_m2": None, "own_m2": None, "percentile": None}
        if len(values) < FEWEST:
            if values:
                self.result.gap("thin_data", what="price per m2", place=self.subject.name)
            return
        found = median_interval(values)
        assert found is not None
        bounds = {"low": found.low, "high": found.high, "level": found.level} if found.low is not None else {}
        key = "rent_m2_median" if self.operation == "rent" else "price_m2_median"
        self.result.data["median_m2"] = self.fact(key, found.value, "money_per_m2", currency=currency, **bounds)
        own = self.subject.per_m2
        comparable = (self.subject.operation, self.subject.currency) == (self.operation, currency)
        rank = percentile(own, values) if own is not None and comparable else None
        if own is not None and rank is not None:
            self.result.data |= {
                "own_m2": self.fact("price_per_m2", own, "money_per_m2", currency=currency),
                "percentile": self.fact("price_percentile", rank, "percent", formula=f"share below among {len(values)}"),
            }

    def distance(self, id_: int, same: list[Near]) -> str:
        km = next(n.km for n in same if n.id == id_)
        return self.fact("distance", max(0.1, round(km, 1)), "km", entity="")

    def project(self, found: Development) -> dict[str, Any]:
        source = Source("listing", found.id, found.name, found.source, found.demo)

        def fact(key: str, value: float | None, unit: Unit, **more: Any) -> str | None:
            return None if value is None else self.fact(key, value, unit, source=source, entity=found.name, entity_id=found.id,
                                                        **more)

        return {
            "name": found.name, "owner": found.owner, "area": found.area, "stage": found.stage,
            "units": fact("project_units", found.units, "count"),
            "available": fact("project_available", found.available, "count"),
            "price_from": fact("price_from", found.price_from, "money", currency=found.currency),
            "distance": self.fact("distance", max(0.1, round(found.km, 1)), "km", entity=""),
            "delivery_on": f"{found.delivery_on:%Y-%m}" if found.delivery_on else None,
        }
