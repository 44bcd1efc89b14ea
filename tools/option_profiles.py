"""What is known of a listing, a project or an area, as cells for a comparison: facts by row, and reasons for empty ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, text

from core.errors import NotFound
from core.facts import Fact, Source, Unit
from knowledge.forecasting.series import PER_YEAR, period_number
from knowledge.listings.search import by_ids
from knowledge.series.periods import period_label
from knowledge.understanding.text import fold
from tools.context import Runtime
from tools.listings import title_of
from tools.named_areas import named_area, unlinked_region
from tools.published_rents import RENTED, SAME_TIME_DAYS, Published, published_rents

#: Types whose area may be described by its adverts of all types, with a note.
_DWELLINGS = (None, "apartment", "house", "studio")
_LATEST = text(
    "SELECT DISTINCT ON (operation, property_type) * FROM analytics_data"
    " WHERE area_id = :area AND property_type = ANY(:types) AND price_m2_median > 0"
    " ORDER BY operation, property_type, demo, period DESC"
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
    """One option. `missing`: row -> why its cell is empty; `reason`: why nothing is known; `extra`: inputs of its cells;
    `stands_in`: the area that its figures are of, where it is not the one asked for, and others of that name; `assumed`:
    names of the country's assumptions that its net figures rest on; `costs`: those that the investor stated, with their facts.
    """

    kind: str
    label: str
    cells: dict[str, Fact] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    reason: str | None = None
    extra: list[Fact] = field(default_factory=list)
    stands_in: dict[str, Any] | None = None
    card: dict[str, Any] | None = None
    assumed: list[dict[str, str]] = field(default_factory=list)
    costs: list[dict[str, str | None]] = field(default_factory=list)

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
    from knowledge.loaders.mapping import attribution_of

    row = rows[0]
    title = title_of(row, context.locale)
    profile = Profile("listing", label or title)
    source = Source("listing", str(row.id), title, row.source, row.demo)

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
        "kind": "listing", "id": str(row.id), "title": title, "place": row.place, "property_type": row.property_type,
        "features": list(row.features), "observed_on": row.observed_on.isoformat(), "demo": row.demo, "source": row.source,
        "attribution": attribution_of(row.source),
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
    """The newest medians of an area's adverts, its published rent, its yield and how its series moved in a year.

    Generated figures count only where nothing measured is known. A district of which only neighbourhoods are known is
    described by the nearest.
    """
    context = runtime.context
    wanted = ", ".join(part for part in (neighbourhood, city) if part)
    profile = Profile("area", label or wanted)
    async with context.resources.database.session(context.scope) as session:
        named = await named_area(session, country, city, neighbourhood)
        region = await unlinked_region(session, country, city) if city and not neighbourhood and named.area is None else None
        if named.area is None and region is None:
            outside = country is None and await _outside(runtime, neighbourhood or city or "")
            profile.reason = "uncovered" if outside else "no_area"
            return profile
        area = named.area.id if named.area else ""
        types = [property_type or "all"] + (["all"] if property_type in _DWELLINGS and property_type else [])
        rows = (await session.execute(_LATEST, {"area": area, "types": types})).all()
        metrics = [metric for names in _MOVES.values() for metric in names]
        series = (await session.execute(_SERIES, {"area": area, "metrics": metrics})).all()
        rents = [p for p in await published_rents(session, [area] if area else [], region)
                 if property_type in RENTED[p.metric] and not p.demo]
    if named.area is not None and not named.exact:
        profile.stands_in = {"area": named.area.name, "others": list(named.others)}
    if rents or any(not row.demo for row in rows):  # generated figures never stand beside measured ones
        rows, series = [row for row in rows if not row.demo], [row for row in series if not row.demo]
    for operation, median, count in (("sale", "price_m2_median", "listings_sale"), ("rent", "rent_m2_median", "listings_rent")):
        best = min((r for r in rows if r.operation == operation), key=lambda r: types.index(r.property_type), default=None)
        if best is None:
            if operation == "sale" or not rents:
                profile.missing[median] = "no_adverts_of_type" if property_type else "no_adverts"
            continue
        if best.property_type != types[0]:
            profile.notes.append("all_types")
        profile.put(median, _aggregate(profile.label, area, best, median, best.price_m2_median, "money_per_m2"))
        profile.put(count, _aggregate(profile.label, area, best, count, best.listings, "count"))
    for metric, key in (("rent_m2", "rent_m2_mean"), ("rent", "rent_mean")):
        newest = max((p for p in rents if p.metric == metric), key=lambda p: p.period, default=None)
        if newest is not None:
            profile.put(key, newest.fact(profile.label))
    _area_yield(profile, rows, types, [p for p in rents if p.metric == "rent_m2"])
    _moves(profile, area, series, rents)
    if not profile.cells:
        profile.reason, profile.missing = "no_rows", {}
    profile.notes = sorted(set(profile.notes))
    return profile


def _moves(profile: Profile, area: str, series: Sequence[Any], rents: Sequence[Published]) -> None:
    """How prices and rents moved in a year, by the area's series or by a rent that has no area."""
    moving = [*series] if area else [
        _Point(p.series_id, p.metric, "all", p.title, p.attribution, p.demo, p.frequency, p.period, p.value) for p in rents
    ]
    for key, names in _MOVES.items():
        move = _year_change(profile.label, area, key, moving, names)
        if move is not None:
            profile.put(key, move)
        elif profile.cells:
            profile.missing[key] = "no_series"


async def _outside(runtime: Runtime, name: str) -> bool:
    """True if the largest place known by that name lies outside the three markets."""
    from knowledge.understanding.gazetteer import MARKETS

    readings = (await runtime.context.resources.places()).lookup(fold(name))
    largest = max((entry for entry, _ in readings), key=lambda entry: entry.population, default=None)
    return largest is not None and largest.country not in MARKETS


def _aggregate(label: str, area: str, row: Any, key: str, value: float, unit: Unit) -> Fact:
    from knowledge.loaders.mapping import attribution_of

    source = Source("aggregate", f"analytics_data/{area}/{row.operation}/{row.property_type}@{row.period}", label,
                    attribution_of(row.source), row.demo)
    return Fact(key, float(value), unit, source, currency=row.currency if unit == "money_per_m2" else None, entity=label,
                entity_id=area, as_of=period_label(row.period, "Q"))


def _area_yield(profile: Profile, rows: Sequence[Any], types: list[str], rents: Sequence[Published]) -> None:
    """12 × rent per m2 over median price per m2, of one currency and about one time: medians of adverts of one type, or
    a published mean rent at the price's date.
    """
    price = profile.cells.get("price_m2_median")
    sale = next((r for r in rows if r.operation == "sale" and price is not None and r.price_m2_median == price.value), None)
    if rents and sale is not None and price is not None:
        day = sale.period
        at = min(rents, key=lambda p: abs((p.period - day).days))
        if at.currency == sale.currency and abs((at.period - day).days) <= SAME_TIME_DAYS:
            rent = at.fact(profile.label)
            profile.extra.append(rent)
            profile.put("area_gross_yield", _yield(profile.label, rent, price, at.value, sale.price_m2_median))
            return
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
        profile.put("area_gross_yield",
                    _yield(profile.label, monthly, price, rent.price_m2_median, sale.price_m2_median))
        return
    profile.missing["area_gross_yield"] = "needs_sale_and_rent"


def _yield(label: str, rent: Fact, price: Fact, rent_m2: float, price_m2: float) -> Fact:
    return Fact(
        "area_gross_yield", 12 * rent_m2 / price_m2 * 100, "percent",
        Source("computation", "area_gross_yield", demo=price.source.demo or rent.source.demo), entity=label,
        entity_id=price.entity_id, as_of=price.as_of, inputs=(rent.id, price.id),
        formula=f"12 × {rent_m2:.10g} ÷ {price_m2:.10g}",
    )


@dataclass(frozen=True, slots=True)
class _Point:
    """An observation as `_SERIES` gives it, of a series that has no area."""

    id: str
    metric: str
    segment: str
    name: str
    attribution: str
    demo: bool
    frequency: str
    period: date
    value: float


def _year_change(label: str, area: str, key: str, rows: Sequence[Any], metrics: tuple[str, ...]) -> Fact | None:
    """The newest value against the same period a year before, of a series of at least two years."""
    for metric in metrics:
        of_metric = [r for r in rows if r.metric == metric]
        for _, name in sorted({(r.segment != "all", r.id) for r in of_metric}):
            points = {period_number(r.period, r.frequency): r for r in of_metric if r.id == name}
            last = max(points)
            row = points[last]
            year = PER_YEAR[row.frequency]
            before = points.get(last - year)
            if before is None or min(points) > last - 2 * year:
                continue
            return Fact(
                key, (row.value / before.value - 1) * 100, "percent",
                Source("series", f"{name}@{row.period}", row.name, row.attribution, row.demo), entity=label, entity_id=area,
                as_of=period_label(row.period, row.frequency), formula=f"({row.value:.10g} ÷ {before.value:.10g} − 1) × 100",
            )
    return None
