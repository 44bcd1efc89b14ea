"""What is known of a listing, a project or an area, as cells for a comparison: facts by row, and reasons for empty ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.facts import Fact, Source, Unit
from knowledge.listings.areas import AreaRef, find_city, find_neighbourhood
from knowledge.listings.search import by_ids
from knowledge.understanding.text import fold
from tools.context import Runtime

#: A rent and a price of an area further apart than this make no yield.
SAME_TIME_DAYS = 400
#: Types whose area may be described by its adverts of all types, with a note.
_DWELLINGS = (None, "apartment", "house", "studio")
_LATEST = text(
    "SELECT DISTINCT ON (operation, property_type) * FROM analytics_data"
    " WHERE area_id = :area AND property_type = ANY(:types) AND price_m2_median > 0"
    " ORDER BY operation, property_type, period DESC"
)
_SERIES = text(
    "SELECT s.id, s.metric, s.segment, s.name, s.attribution, s.demo, s.frequency, o.period, o.value"
    " FROM series s JOIN observations o ON o.series_id = s.id"
    " WHERE s.area_id = :area AND s.metric IN :metrics AND o.value > 0 ORDER BY s.id, o.period"
).bindparams(bindparam("metrics", expanding=True))
#: Series that tell how prices and rents moved, the preferred first.
_MOVES = {"price_change_year": ("price_m2", "price_index"), "rent_change_year": ("rent_m2", "rent")}
_PROJECT = text(
    "SELECT p.*, a.name AS area FROM projects p JOIN areas a ON a.id = p.area_id WHERE p.id = :ref"
    " UNION ALL SELECT p.*, a.name AS area FROM projects p JOIN areas a ON a.id = p.area_id WHERE lower(p.name) = lower(:ref)"
)


@dataclass
class Profile:
    """One option. `missing`: row -> why its cell is empty; `reason`: why nothing is known; `extra`: inputs of its cells."""

    kind: str
    label: str
    cells: dict[str, Fact] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    reason: str | None = None
    extra: list[Fact] = field(default_factory=list)
    card: dict[str, Any] | None = None

    def put(self, key: str, fact: Fact) -> None:
        self.cells[key] = fact


async def listing_profile(runtime: Runtime, listing_id: int, label: str) -> Profile:
    """What an advert asks, as last seen. Raises `NotFound`, also for another tenant's."""
    context = runtime.context
    rows = []
    if 0 < listing_id < 2**63:
        async with context.resources.database.session(context.scope) as session:
            rows = await by_ids(session, [listing_id])
    if not rows:
        raise NotFound(
            f"There is no listing {listing_id}: expected the id of one that a search returned. Search again.",
            f"No existe el anuncio {listing_id}: se espera uno que haya salido en una búsqueda. Busque de nuevo.",
        )
    row = rows[0]
    profile = Profile("listing", label or row.title or f"{row.place} {row.id}")
    source = Source("listing", str(row.id), row.title, row.source, row.demo)

    def put(key: str, value: Any, unit: Unit, why: str = "not_in_advert") -> None:
        if value is None or value == "":
            profile.missing[key] = why
            return
        money = unit in ("money", "money_per_m2")
        profile.put(key, Fact(key, value if unit == "text" else float(value), unit, source,
                              currency=row.currency if money else None, entity=profile.label, entity_id=str(row.id),
                              as_of=row.observed_on.isoformat()))

    rent = row.operation == "rent"
    put("monthly_rent" if rent else "price", row.price, "money")
    if not rent:
        put("price_per_m2", row.price_per_m2, "money_per_m2")
    put("area_m2", row.area_m2, "m2")
    put("bedrooms", row.bedrooms, "count")
    put("bathrooms", row.bathrooms, "count")
    put("place", row.place, "text")
    profile.card = {
        "kind": "listing", "id": str(row.id), "title": row.title, "place": row.place, "property_type": row.property_type,
        "features": list(row.features), "observed_on": row.observed_on.isoformat(), "demo": row.demo, "source": row.source,
        "attribution": str(row.attributes.get("attribution", "")),
    }
    return profile


async def project_profile(runtime: Runtime, reference: str, label: str) -> Profile:
    """A development by id or name. Raises `NotFound`."""
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        row = (await session.execute(_PROJECT, {"ref": reference})).first()
    if row is None:
        raise NotFound(f"There is no project {reference!r}: expected the name or id of one that a search returned.",
                       f"No existe el proyecto {reference!r}: se espera el nombre o id de uno que haya salido en una búsqueda.")
    profile = Profile("project", label or row.name)
    source = Source("listing", f"project/{row.id}", row.name, row.source, row.demo)
    cells: tuple[tuple[str, Any, Unit], ...] = (
        ("price", row.price_from, "money"), ("units", row.units, "count"), ("units_available", row.units_available, "count"),
        ("stage", row.stage, "text"), ("delivery", row.delivery_on.isoformat() if row.delivery_on else None, "text"),
        ("place", row.area, "text"),
    )
    for key, value, unit in cells:
        if value is None:
            profile.missing[key] = "not_in_advert"
        else:
            profile.put(key, Fact(key, value if unit == "text" else float(value), unit, source,
                                  currency=row.currency if unit == "money" else None, entity=profile.label, entity_id=row.id))
    profile.notes.append("price_from")
    return profile


async def area_profile(
    runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None, property_type: str | None, label: str
) -> Profile:
    """The newest medians of an area's adverts, its yield and how its published series moved in a year."""
    context = runtime.context
    profile = Profile("area", label or ", ".join(part for part in (neighbourhood, city) if part))
    async with context.resources.database.session(context.scope) as session:
        area = await _area(session, country, city, neighbourhood)
        if area is None:
            outside = country is None and await _outside(runtime, neighbourhood or city or "")
            profile.reason = "uncovered" if outside else "no_area"
            return profile
        types = [property_type or "all"] + (["all"] if property_type in _DWELLINGS and property_type else [])
        rows = (await session.execute(_LATEST, {"area": area.id, "types": types})).all()
        metrics = [metric for names in _MOVES.values() for metric in names]
        series = (await session.execute(_SERIES, {"area": area.id, "metrics": metrics})).all()
    for operation, median, count in (("sale", "price_m2_median", "listings_sale"), ("rent", "rent_m2_median", "listings_rent")):
        best = min((r for r in rows if r.operation == operation), key=lambda r: types.index(r.property_type), default=None)
        if best is None:
            profile.missing[median] = "no_adverts_of_type" if property_type else "no_adverts"
            continue
        if best.property_type != types[0]:
            profile.notes.append("all_types")
        profile.put(median, _aggregate(profile.label, area, best, median, best.price_m2_median, "money_per_m2"))
        profile.put(count, _aggregate(profile.label, area, best, count, best.listings, "count"))
    _area_yield(profile, rows, types)
    for key, names in _MOVES.items():
        move = _year_change(profile.label, area, key, series, names)
        if move is not None:
            profile.put(key, move)
        elif profile.cells:
            profile.missing[key] = "no_series"
    if not profile.cells:
        profile.reason, profile.missing = "no_rows", {}
    profile.notes = sorted(set(profile.notes))
    return profile


async def _area(session: AsyncSession, country: str | None, city: str | None, neighbourhood: str | None) -> AreaRef | None:
    """The named area; never a wider one in its place."""
    town = await find_city(session, city, country) if city else None
    if neighbourhood:
        if city and town is None:
            return None
        return await find_neighbourhood(session, neighbourhood, town.id if town else None, country)
    if town is None and city:
        return await find_neighbourhood(session, city, None, country)  # a district named as if it were a city
    return town


async def _outside(runtime: Runtime, name: str) -> bool:
    """True if the largest place known by that name lies outside the three markets."""
    from knowledge.understanding.gazetteer import MARKETS

    readings = (await runtime.context.resources.places()).lookup(fold(name))
    largest = max((entry for entry, _ in readings), key=lambda entry: entry.population, default=None)
    return largest is not None and largest.country not in MARKETS


def _aggregate(label: str, area: AreaRef, row: Any, key: str, value: float, unit: Unit) -> Fact:
    source = Source("aggregate", f"analytics_data/{area.id}/{row.operation}/{row.property_type}@{row.period}", area.place,
                    row.source, row.demo)
    return Fact(key, float(value), unit, source, currency=row.currency if unit == "money_per_m2" else None, entity=label,
                entity_id=area.id, as_of=f"{row.period.year}-Q{(row.period.month - 1) // 3 + 1}")


def _area_yield(profile: Profile, rows: Sequence[Any], types: list[str]) -> None:
    """12 × median rent per m2 over median price per m2, of one currency, type and about one time."""
    for kind in types:
        pair = {r.operation: r for r in rows if r.property_type == kind}
        if len(pair) < 2:
            continue
        sale, rent = pair["sale"], pair["rent"]
        if sale.currency != rent.currency or abs((sale.period - rent.period).days) > SAME_TIME_DAYS:
            break
        price, monthly = profile.cells["price_m2_median"], profile.cells["rent_m2_median"]
        if price.value != sale.price_m2_median or monthly.value != rent.price_m2_median:
            break
        profile.put("area_gross_yield", Fact(
            "area_gross_yield", 12 * rent.price_m2_median / sale.price_m2_median * 100, "percent",
            Source("computation", "area_gross_yield", demo=price.source.demo or monthly.source.demo), entity=profile.label,
            entity_id=price.entity_id, as_of=price.as_of, inputs=(monthly.id, price.id),
            formula=f"12 × {rent.price_m2_median:.10g} ÷ {sale.price_m2_median:.10g}",
        ))
        return
    profile.missing["area_gross_yield"] = "needs_sale_and_rent"


def _year_change(label: str, area: AreaRef, key: str, rows: Sequence[Any], metrics: tuple[str, ...]) -> Fact | None:
    """The newest value against the same period a year before, of a series of at least two years."""
    for metric in metrics:
        of_metric = [r for r in rows if r.metric == metric]
        for _, name in sorted({(r.segment != "all", r.id) for r in of_metric}):
            points = {r.period: r for r in of_metric if r.id == name}
            last = max(points)
            before = points.get(_years_before(last, 1))
            if before is None or min(points) > _years_before(last, 2):
                continue
            row = points[last]
            return Fact(
                key, (row.value / before.value - 1) * 100, "percent",
                Source("series", f"{name}@{last}", row.name, row.attribution, row.demo), entity=label, entity_id=area.id,
                as_of=_period(last, row.frequency), formula=f"({row.value:.10g} ÷ {before.value:.10g} − 1) × 100",
            )
    return None


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years)


def _period(day: date, frequency: str) -> str:
    return {"A": f"{day.year}", "Q": f"{day.year}-Q{(day.month - 1) // 3 + 1}"}.get(frequency, f"{day:%Y-%m}")
