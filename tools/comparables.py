"""The adverts most like a property: as cards, as a table, and as the ranges that an answer quotes."""

from __future__ import annotations

import asyncio
import math
from statistics import median
from typing import TYPE_CHECKING, Any

from langchain.tools import tool

from core.facts import Fact, Source
from core.locale import Language, Locale
from knowledge.listings.nearby import candidates
from knowledge.listings.search import Row
from tools.context import Runtime
from tools.listings import PropertyType, add_listing
from tools.result import Content, ToolResult
from tools.subject import Subject, subject_in_words, subject_of_listing

if TYPE_CHECKING:
    from knowledge.valuation.comparables import Comparable

SHOWN, _MOST_SHOWN = 5, 10
#: An advert farther away than this speaks of another neighbourhood, km.
NEAR_KM = 1.5
_TITLES: dict[Language, str] = {"es": "Anuncios parecidos", "en": "Similar adverts"}
_COLUMNS: dict[Language, tuple[str, ...]] = {
    "es": ("Anuncio", "Precio", "Superficie", "Precio por m²", "Distancia"),
    "en": ("Advert", "Price", "Area", "Price per m²", "Distance"),
}
#: The columns of the adjustment, where there is one: its parts, and what comes of it.
_ADJUSTED: dict[Language, dict[str, str]] = {
    "es": {"location": "Ajuste por ubicación", "size": "por tamaño", "condition": "por estado y edificio", "time": "por fecha",
           "adjusted_m2": "Por m² ajustado"},
    "en": {"location": "Adjusted for location", "size": "for size", "condition": "for condition and building",
           "time": "for date", "adjusted_m2": "Adjusted per m²"},
}


def near(subject: Subject, rows: list[Row]) -> int:
    """How many of these adverts speak of the subject's own surroundings; all, where only its city is known."""
    if subject.centre is None and subject.row["area_id"] == subject.row["city_id"]:
        return len(rows)
    import numpy as np

    from knowledge.distance import kilometres

    def degrees(name: str) -> Any:
        return np.array([math.nan if (v := getattr(row, name)) is None else v for row in rows], dtype=np.float64)

    same = np.array([row.area_id == subject.row["area_id"] for row in rows], dtype=bool)
    if subject.centre is None or not rows:
        return int(same.sum())
    far = kilometres(*subject.centre, degrees("latitude"), degrees("longitude"))
    return int((same | (far <= NEAR_KM)).sum())


def report(
    result: ToolResult, subject: Subject, rows: list[Row], ranked: list[Comparable], locale: Locale
) -> dict[str, Any]:
    """Cards and table of the ranked ones; the ids of the ranges' facts."""
    shown = [(rows[c.position], c) for c in ranked]
    if not shown:
        return {"shown": [], "count": None, "within": None, "price_m2": None, "adjusted_m2": None,
                "areas": None, "as_of": None}
    # the ranges first: an end of one that is also an advert's own figure is told as the range's
    ranges = _ranges(result, subject, shown)
    items, table = [], []
    for row, comparable in shown:
        item = add_listing(result, row, locale)
        far = _distance(subject, row, comparable)
        steps = _adjustments(result, row, comparable)
        items.append(item | {"adjustments": steps})
        table.append({"title": item["title"], "price": item["price"], "area": item["area"],
                      "price_m2": item["price_per_m2"], "distance": result.add(far, say=False) if far else "–"} | steps)
    title, *columns = _COLUMNS[locale.language]
    keys = ("price", "area", "price_m2", "distance")
    result.tables.append({
        "title": _TITLES[locale.language], "rows": table,
        "columns": [{"key": "title", "label": title, "align": "left"},
                    *({"key": k, "label": name, "align": "right"} for k, name in zip(keys, columns, strict=True)),
                    *({"key": k, "label": name, "align": "right"} for k, name in _ADJUSTED[locale.language].items()
                      if k in table[0])],
    })
    return {"shown": items} | ranges


def _adjustments(result: ToolResult, row: Row, comparable: Comparable) -> dict[str, str]:
    """Ids of the facts that lead from the advert's price per m2 to what the subject would ask at its level: each part in
    percent, and the adjusted price per m2; none where no model adjusted it."""
    from knowledge.finance.assumptions import significant

    if not comparable.adjustments:
        return {}
    source = Source("computation", "comparable_adjustment", row.title, row.source, row.demo)
    about: dict[str, Any] = {"entity": row.title or row.place, "entity_id": str(row.id), "as_of": row.observed_on.isoformat()}
    found = {
        part: result.add(Fact(f"adjustment_{part}", round(100 * (factor - 1), 1), "percent", source, **about), say=False)
        for part, factor in comparable.adjustments.items()
    }
    factors = " × ".join(f"{factor:.3f}" for factor in comparable.adjustments.values())
    adjusted = Fact(
        "comparable_adjusted_m2", significant(comparable.adjusted_m2, 3), "money_per_m2", source,
        currency=row.currency, formula=f"{comparable.price_per_m2:.0f} × {factors}", **about,
    )
    return found | {"adjusted_m2": result.add(adjusted, say=False)}


def _ranges(result: ToolResult, subject: Subject, shown: list[tuple[Row, Comparable]]) -> dict[str, Any]:
    """Ranges to three significant digits, the farthest distance rounded up to 50 m."""
    from knowledge.finance.assumptions import significant

    adverts = [row for row, _ in shown]
    newest = max(row.observed_on for row in adverts).isoformat()
    labels = ", ".join(sorted({row.source for row in adverts}))
    source = Source("aggregate", "comparables:" + ",".join(str(row.id) for row in adverts), labels, "",
                    any(row.demo for row in adverts))

    def ranged(key: str, values: list[float], unit: Any, currency: str | None = None) -> str:
        low, middle, high = (significant(v, 3) for v in (min(values), median(values), max(values)))
        return result.add(Fact(key, middle, unit, source, currency=currency, entity=subject.place, as_of=newest,
                               low=low, high=high))

    count = Fact("comparables_count", len(adverts), "count", source, entity=subject.place, as_of=newest)
    farthest = max((c.distance_km for _, c in shown), default=math.nan)
    within = None
    if subject.centre is not None and farthest == farthest:
        metres = max(50, math.ceil(farthest * 20) * 50)
        value, unit = (metres, "m") if metres < 1000 else (math.ceil(farthest * 10) / 10, "km")
        within = result.add(Fact("comparables_within", float(value), unit, source, entity=subject.place, as_of=newest))  # type: ignore[arg-type]
    return {
        "count": result.add(count), "within": within, "as_of": newest, "from_property": subject.exact,
        "price_m2": ranged("comparables_price_m2", [c.price_per_m2 for _, c in shown], "money_per_m2",
                           adverts[0].currency),
        "adjusted_m2": ranged("comparables_adjusted_m2", [c.adjusted_m2 for _, c in shown],
                              "money_per_m2", adverts[0].currency) if shown[0][1].adjustments else None,
        "areas": ranged("comparables_area_m2", [float(row.area_m2 or 0) for row in adverts], "m2"),
    }


def _distance(subject: Subject, row: Row, comparable: Comparable) -> Fact | None:
    if subject.centre is None or comparable.distance_km != comparable.distance_km:
        return None
    return Fact("distance", round(comparable.distance_km, 2), "km",
                Source("computation", "haversine", row.title, row.source, row.demo), entity=row.title or row.place,
                entity_id=str(row.id))


@tool(response_format="content_and_artifact")
async def similar_listings(
    runtime: Runtime,
    listing_id: int | None = None,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    property_type: PropertyType | None = None,
    area_m2: float | None = None,
    bedrooms: int | None = None,
    bathrooms: int | None = None,
    limit: int = 5,
) -> Content:
    """The adverts for sale most like an advert (listing_id alone) or a described property (city and area_m2 needed).

    Ranked by place, size, rooms, features and date. limit: 1 to 10.
    """
    from knowledge.finance import checks
    from knowledge.valuation.comparables import rank

    if area_m2 is not None:
        checks.amount("area_m2", area_m2)
    result = ToolResult()
    result.data = {"found": False, "place": ", ".join(n for n in (neighbourhood, city) if n), "shown": []}
    subject = (
        await subject_of_listing(runtime, listing_id) if listing_id is not None
        else await subject_in_words(runtime, country=country, city=city, neighbourhood=neighbourhood,
                                    property_type=property_type, area_m2=area_m2, features=(), lacking=(),
                                    bedrooms=bedrooms, bathrooms=bathrooms)
    )
    if subject is None:
        if city or neighbourhood:
            result.gap("no_data", what="adverts for sale", place=result.data["place"])
        else:
            result.gap("missing_input", slot="city")
        return result.done()
    if "area_m2" not in subject.row or subject.row["area_m2"] is None:
        result.gap("missing_input", slot="area_m2")
        return result.done()
    context = runtime.context
    async with context.resources.database.session(context.scope) as session:
        rows = await candidates(session, subject.nearby)
    bodies = [{name: getattr(row, name) for name in Row.__slots__} for row in rows]
    ranked = await asyncio.to_thread(rank, subject.nearby, bodies, count=max(1, min(limit, _MOST_SHOWN)))
    result.data |= {"place": subject.place, "title": subject.title, "property_type": subject.row["property_type"]}
    if not ranked:
        result.gap("no_data", what=f"similar {subject.row['property_type']}", place=subject.place)
        return result.done()
    result.data |= {"found": True} | report(result, subject, rows, ranked, context.locale)
    result.evidence["sample"] = len(rows)
    return result.done()
