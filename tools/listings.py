"""Searching and reading adverts: filters in SQL, meaning in Chroma among what the filters let through.

A wish in words is ranked by taking the nearest adverts of the same country and operation from Chroma and keeping those
that pass the filters; what Chroma does not know (adverts without text) follows in the SQL order. Without Chroma the
search goes on and says so.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Literal, Protocol

from langchain.tools import tool

from core import clock
from core.errors import BadInput, NotFound, Unavailable
from core.facts import Fact, Source, Unit
from core.locale import Locale, country_name
from core.words import word
from knowledge.listings import search as listings
from knowledge.listings.search import Filters, Found, Order, Row
from knowledge.understanding.injection import without_orders
from tools.context import Runtime
from tools.named_areas import named_area
from tools.result import Content, ToolResult

log = logging.getLogger("ladrillo.tools")
Operation = Literal["sale", "rent"]
PropertyType = Literal[
    "apartment", "house", "studio", "office", "retail", "land", "warehouse", "building", "room"
]
_NEAREST = 300
#: Adverts older than this are spoken of in the past tense, with their date.
STALE_DAYS = 200
_MOST = 12


@tool(response_format="content_and_artifact")
async def search_listings(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    operation: Operation | None = "sale",
    property_type: PropertyType | None = None,
    price_min: float | None = None,
    price_max: float | None = None,
    area_min: float | None = None,
    area_max: float | None = None,
    bedrooms_min: int | None = None,
    bedrooms_max: int | None = None,
    bathrooms_min: int | None = None,
    features: list[str] | None = None,
    lacking: list[str] | None = None,
    without: list[str] | None = None,
    wish: str | None = None,
    order: Order = "newest",
    limit: int = 5,
) -> Content:
    """Find adverts of properties. Returns their cards and how many there are in all.

    country: CO, ES or MX. Place names as the investor wrote them. operation: sale or rent (rent: prices are per month).
    Prices in the currency of the country (COP, EUR, MXN); convert other currencies first. Areas in m2. For exactly two
    bedrooms give 2 as bedrooms_min and bedrooms_max. features: lift,
    parking, terrace, balcony, pool, garden, air_conditioning, storage, doorman, furnished, sea_view, gym, exterior,
    new_build, to_renovate, pets, security, duplex, penthouse, ground_floor. lacking: features that are not wanted. without:
    neighbourhoods that are not wanted. wish: anything else in words, ranked by meaning. limit: 1 to 12.
    """
    bounds = {"price_min": price_min, "price_max": price_max, "area_min": area_min, "area_max": area_max,
              "bedrooms_min": bedrooms_min, "bedrooms_max": bedrooms_max, "bathrooms_min": bathrooms_min}
    for name, value in bounds.items():
        if value is not None and not 0 <= value < 1e15:
            raise BadInput(
                f"{name} is {value:g}; expected a positive amount.", f"{name} es {value:g}; se esperaba un valor positivo."
            )
    if price_min is not None and price_max is not None and price_min > price_max:
        price_min, price_max = price_max, price_min
    if area_min is not None and area_max is not None and area_min > area_max:
        area_min, area_max = area_max, area_min
    if bedrooms_min is not None and bedrooms_max is not None and bedrooms_min > bedrooms_max:
        bedrooms_min, bedrooms_max = bedrooms_max, bedrooms_min
    filters = Filters(
        country=country.upper() if country else None, city=city, neighbourhood=neighbourhood, operation=operation,
        property_type=property_type, price_min=price_min, price_max=price_max, area_min=area_min, area_max=area_max,
        bedrooms_min=bedrooms_min, bedrooms_max=bedrooms_max, bathrooms_min=bathrooms_min,
        features=tuple(features or ()), lacking=tuple(lacking or ()), without=tuple(without or ()),
    )
    context = runtime.context
    result = ToolResult()
    count = max(1, min(limit, _MOST))
    database = context.resources.database
    found = await listings.search(
        database, context.scope, filters, limit=count, order=order, language=context.locale.language
    )
    relaxed: list[str] = []
    place = ", ".join(name for name in (neighbourhood, city) if name) or country_name(country, context.locale.language)
    result.data = {"asked": place, "others": []}
    if not found.place_known and neighbourhood and city:
        async with database.session(context.scope) as session:
            named = await named_area(session, filters.country, city, neighbourhood)
        if named.area is not None:  # "Gràcia" is no neighbourhood of ours: the one nearest in name stands in, said so
            place = named.area.place
            filters = replace(filters, neighbourhood=named.area.name)
            result.data["others"] = list(named.others)
            found = await listings.search(
                database, context.scope, filters, limit=count, order=order, language=context.locale.language
            )
    if found.place_known and not found.total:
        found, relaxed = await _relaxed(runtime, filters, count, order)
    elif found.total > count and wish:
        found = await _by_meaning(runtime, result, filters, wish, found, count)
    result.data |= {
        "place": place, "place_known": found.place_known, "operation": operation, "property_type": property_type,
        "relaxed": relaxed, "order": order, "listings": [], "total": None, "stale": False,
    }
    if not found.place_known or not found.total:
        result.gap("no_data", what="listings", place=place)
        return result.done()
    _report(result, found, place, context.locale)
    if not relaxed:
        result.data |= {"sizes": _sizes(result, filters), "features": list(filters.features), "lacking": list(filters.lacking)}
    return result.done()


def _sizes(result: ToolResult, filters: Filters) -> dict[str, str | None]:
    """The limits of size that were searched with, as facts: they tell the reader what the count is a count of."""
    source = Source("computation", "listings.search", "search")
    units: tuple[tuple[str, Unit], ...] = (
        ("bedrooms_min", "count"), ("bedrooms_max", "count"), ("bathrooms_min", "count"),
        ("area_min", "m2"), ("area_max", "m2"),
    )
    return {
        name: None if (value := getattr(filters, name)) is None else result.add(Fact(name, float(value), unit, source))
        for name, unit in units
    }


#: What a search that finds nothing goes on without: one wish alone, then more and more of them.
_WISHES: dict[str, dict[str, Any]] = {
    "features": {"features": ()}, "area_m2": {"area_min": None, "area_max": None},
    "bedrooms": {"bedrooms_min": None, "bedrooms_max": None, "bathrooms_min": None},
    "neighbourhood": {"neighbourhood": None}, "property_type": {"property_type": None},
}
_GIVEN_UP = (
    ("features",), ("area_m2",), ("bedrooms",), ("features", "area_m2"), ("features", "area_m2", "bedrooms"),
    ("features", "area_m2", "bedrooms", "neighbourhood"), tuple(_WISHES),
)


async def _relaxed(runtime: Runtime, filters: Filters, limit: int, order: Order) -> tuple[Found, list[str]]:
    """The nearest thing to a search that finds nothing, and which wishes it leaves out."""
    context = runtime.context
    database, language = context.resources.database, context.locale.language
    held = [name for name, without in _WISHES.items() if replace(filters, **without) != filters]
    tried: set[tuple[str, ...]] = {()}
    if len(filters.features) > 1:
        fewer = [replace(filters, features=[f for f in filters.features if f != name]) for name in filters.features]
        for name, kept in zip(filters.features, fewer, strict=True):
            found = await listings.search(database, context.scope, kept, limit=limit, order=order, language=language)
            if found.total:
                return found, [f"feature_{name}"]
    for given_up in _GIVEN_UP:
        dropped = tuple(name for name in given_up if name in held)
        if dropped in tried or ("neighbourhood" in dropped and filters.city is None):
            continue  # without a city the neighbourhood was all the place there is
        tried.add(dropped)
        changed = replace(filters, **{key: value for name in dropped for key, value in _WISHES[name].items()})
        found = await listings.search(database, context.scope, changed, limit=limit, order=order, language=language)
        if found.total:
            return found, list(dropped)
    return Found([], 0, place_known=True), []


async def _by_meaning(
    runtime: Runtime, result: ToolResult, filters: Filters, wish: str, found: Found, limit: int
) -> Found:
    """The same matches, those first whose advert is nearest to the wish."""
    context = runtime.context
    try:
        index = await context.resources.meaning(context.scope)
        embedder = await context.resources.embedder()
        where = {k: v for k, v in (("country", filters.country), ("operation", filters.operation)) if v}
        near = await index.query("listings", embedder.embed([wish])[0], _NEAREST, where=where)
    except Unavailable as error:
        log.warning("search without meaning: %s", error.en)
        context.resources.lost_meaning()
        result.gap("degraded", what="meaning search")
        return found
    ids = [int(id_) for id_, _ in near]
    async with context.resources.database.session(context.scope) as session:
        passing = await listings.passing(session, filters, ids)
        rows = await listings.by_ids(session, [i for i in ids if i in passing][:limit])
    have = {row.id for row in rows}
    near_first = [*rows, *(row for row in found.rows if row.id not in have)]
    return replace(found, rows=listings.one_each(near_first)[:limit])


def _report(result: ToolResult, found: Found, place: str, locale: Locale) -> None:
    demo = any(row.demo for row in found.rows)
    newest = found.newest or max(row.observed_on for row in found.rows)
    total = Fact(
        "count", found.total, "count",
        Source("aggregate", "listings.search", ", ".join(sorted({row.source for row in found.rows})), demo=demo),
        entity=place, as_of=newest.isoformat(),
    )
    result.data["total"] = result.add(total)
    result.data["as_of"] = newest.isoformat()
    result.data["stale"] = (clock.now().date() - newest).days > STALE_DAYS
    for row in found.rows:
        result.data["listings"].append(add_listing(result, row, locale))
    result.evidence["sample"] = found.total


class Titled(Protocol):
    """What an advert is called by."""

    @property
    def title(self) -> str: ...
    @property
    def property_type(self) -> str: ...
    @property
    def bedrooms(self) -> int | None: ...
    @property
    def place(self) -> str: ...


def title_of(row: Titled, locale: Locale) -> str:
    """The advert's own title; for sources without one, or one that instructs the assistant, type, rooms and place in the
    reader's words."""
    if row.title and without_orders(row.title) == row.title:
        return row.title
    kind = word(row.property_type, locale)
    if not row.bedrooms:
        return f"{kind.capitalize()} {'in' if locale.language == 'en' else 'en'} {row.place}"
    rooms = word("bedroom" if row.bedrooms == 1 else "bedrooms", locale)
    if locale.language == "en":
        return f"{row.bedrooms}-{word('bedroom', locale)} {kind} in {row.place}"
    return f"{kind.capitalize()} de {row.bedrooms} {rooms} en {row.place}"


def add_listing(result: ToolResult, row: Row, locale: Locale) -> dict[str, object]:
    """Facts and card of one advert; the fact ids by name."""
    from knowledge.loaders.mapping import attribution_of

    entity = title_of(row, locale)
    source = Source("listing", str(row.id), entity, row.source, row.demo)
    seen = row.observed_on.isoformat()

    def fact(key: str, value: float | None, unit: str) -> str | None:
        if value is None:
            return None
        currency = row.currency if unit.startswith("money") else None
        return result.add(
            Fact(key, float(value), unit, source, currency=currency, entity=entity, entity_id=str(row.id), as_of=seen)  # type: ignore[arg-type]
        )

    result.say(f"listing {row.id}: {entity} ({row.property_type}, {row.place})")
    item: dict[str, object] = {
        "id": row.id, "title": entity, "place": row.place, "property_type": row.property_type,
        "price": fact("monthly_rent" if row.operation == "rent" else "price", row.price, "money"),
        "price_per_m2": fact("price_per_m2", row.price_per_m2, "money_per_m2"),
        "area": fact("area_m2", row.area_m2, "m2"), "bedrooms": fact("bedrooms", row.bedrooms, "count"),
        "features": row.features,
    }
    result.cards.append(
        {**item, "kind": "listing", "observed_on": seen, "demo": row.demo, "source": row.source,
         "attribution": attribution_of(row.source)}
    )
    return item


def _more(result: ToolResult, row: Row, title: str) -> dict[str, str | None]:
    """What a card has no room for: bathrooms, floor, year, distances where the source has them."""
    source = Source("listing", str(row.id), title, row.source, row.demo)
    wanted: tuple[tuple[str, Any, Unit], ...] = (
        ("bathrooms", row.bathrooms, "count"), ("floor", row.floor, "count"), ("year_built", row.year_built, "year"),
        ("to_centre", row.attributes.get("distance_to_city_center_km"), "km"),
        ("to_metro", row.attributes.get("distance_to_metro_km"), "km"),
    )
    return {
        key: None if not isinstance(value, (int, float)) else result.add(
            Fact(key, float(value), unit, source, entity=title, entity_id=str(row.id),
                 as_of=row.observed_on.isoformat())
        )
        for key, value, unit in wanted
    }


@tool(response_format="content_and_artifact")
async def get_listing(listing_id: int, runtime: Runtime) -> Content:
    """One advert in full: price, size, rooms, text, features, earlier prices. listing_id as returned by a search."""
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        rows = await listings.by_ids(session, [listing_id]) if 0 < listing_id < 2**63 else []
        history = await listings.price_history(session, listing_id) if rows else []
    if not rows:
        raise NotFound(
            f"There is no listing {listing_id}. Use an id that a search returned.",
            f"No existe el anuncio {listing_id}. Use un id que haya salido en una búsqueda.",
        )
    row = rows[0]
    result = ToolResult()
    item, title = add_listing(result, row, context.locale), title_of(row, context.locale)
    earlier = [
        result.add(
            Fact("earlier_price", price, "money", Source("listing", str(row.id), title, row.source, row.demo),
                 currency=currency, entity=title, entity_id=str(row.id), as_of=day.isoformat())
        )
        for day, price, currency in history
    ]
    result.data = {
        "listing": item, "earlier_prices": earlier, "text": row.text, "language": row.language,
        "observed_on": row.observed_on.isoformat(), **_more(result, row, title),
    }
    result.say(f"<advert>{row.text[:1500]}</advert>")
    return result.done()
