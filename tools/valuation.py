"""What a property should ask today, whether an asking price fits, and the adverts most like it.

The model is only asked about places and property types that are for sale in our own data: elsewhere there is no value,
only arithmetic on the investor's figures. Values are shown with three significant digits, which is more than any
valuation knows.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from langchain.tools import tool

from core import clock
from core.errors import BadInput, NotFound, Unavailable
from core.facts import Fact, Source, Unit
from core.words import label
from knowledge.listings.nearby import candidates, types_for_sale
from knowledge.listings.search import Row
from tools import comparables
from tools.context import Runtime
from tools.listings import PropertyType
from tools.provenance import settle
from tools.result import Content, ToolResult
from tools.subject import Subject, subject_in_words, subject_of_listing

if TYPE_CHECKING:
    from knowledge.valuation.comparables import Comparable
    from knowledge.valuation.fairness import Fairness
    from knowledge.valuation.model import Explanation, Valuation, ValuationModel

Currency = Literal["COP", "EUR", "MXN", "USD"]
#: Asking prices older than this, in days, are said to be old.
OLD_AFTER_DAYS = 400
#: Drivers told: the strongest, of at least this many percent; what is no trait of the property is no driver.
DRIVERS, WEAKEST_PCT, _NO_DRIVER = 4, 1.0, ("untold", "other", "time")
#: A value of less confidence is told as a hint (`weak_value` of `graphs/policy.toml` offers more from the same figure).
WEAK = 0.5
#: Percentiles between which an asking price is neither in the low nor in the high part of its range.
LOW_PART, HIGH_PART = 30, 70


@tool(response_format="content_and_artifact")
async def value_property(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    property_type: PropertyType | None = None,
    area_m2: float | None = None,
    bedrooms: int | None = None,
    bathrooms: int | None = None,
    floor: int | None = None,
    year_built: int | None = None,
    features: list[str] | None = None,
    lacking: list[str] | None = None,
    estrato: int | None = None,
    asking_price: float | None = None,
    currency: Currency | None = None,
    listing_id: int | None = None,
) -> Content:
    """What one property should ask for sale, with 80 % and 90 % intervals, what drives it, and comparable adverts.

    With asking_price (or listing_id of an advert for sale) also whether that price is under, fair or over. Give
    listing_id alone for an advert, else what is known: country CO, ES or MX; city and neighbourhood as the investor
    wrote them; area_m2 in m2 (needed); features it has and features it is known to lack (lift, parking, terrace,
    balcony, pool, garden, air_conditioning, storage, doorman, furnished, sea_view, exterior, new_build, to_renovate,
    duplex, penthouse, ground_floor …). estrato: 1 to 6, in Colombia. asking_price in currency (default: the country's;
    convert others first). Values are asking prices at the date told, not deeds: say so, and say the date. A gap no_data
    means that there is no value.
    """
    from knowledge.finance import checks

    _known_features([*(features or ()), *(lacking or ())])
    result = ToolResult()
    result.data = {
        "found": False, "place": ", ".join(n for n in (neighbourhood, city) if n), "property_type": property_type,
        "assumed_type": False, "value": None, "asking": None, "asking_per_m2": None, "comparables": None, "drivers": [],
        "reasons": [], "currency_differs": False, "title": "", "unknown_neighbourhood": None, "listing_id": listing_id,
    }
    try:
        for name, figure in (("area_m2", area_m2), ("price", asking_price)):
            if figure is not None:
                checks.amount(name, figure)
        described = None if listing_id is not None else await subject_in_words(
            runtime, country=country, city=city, neighbourhood=neighbourhood, property_type=property_type,
            area_m2=area_m2, features=features or (), lacking=lacking or (), bedrooms=bedrooms, bathrooms=bathrooms,
            floor=floor, year_built=year_built, estrato=estrato,
        )
    except BadInput as error:
        result.refuse(error)
        return result.done()
    subject = described if listing_id is None else await subject_of_listing(runtime, listing_id)
    if subject is None:
        _without_place(result, runtime, city or neighbourhood, area_m2, asking_price, currency, country)
        return result.done()
    await _value(result, runtime, subject, asking_price, currency)
    return result.done()


def _known_features(names: list[str]) -> None:
    from knowledge.loaders.vocabulary import vocabulary

    unknown = [name for name in names if name not in vocabulary().features]
    if unknown:
        known = ", ".join(vocabulary().features)
        raise BadInput(f"There is no feature {unknown[0]!r}; expected some of: {known}.",
                       f"No existe la característica {unknown[0]!r}; se esperaba alguna de: {known}.")


def _without_place(
    result: ToolResult, runtime: Runtime, named: str | None, area_m2: float | None, price: float | None,
    currency: str | None, country: str | None,
) -> None:
    """Arithmetic on the investor's own figures; no figure of ours."""
    from core.locale import CURRENCY_OF

    if area_m2 and price:
        own = {
            "area": Fact("area_m2", area_m2, "m2", Source("user", "message")),
            "price": Fact("price", price, "money", Source("user", "message"),
                          currency=currency or CURRENCY_OF.get((country or "").upper())),
        }
        own["per_m2"] = _per_m2(own["price"], own["area"], "")
        _keep(result, runtime, own)
        result.data["asking_per_m2"] = result.data["facts"]["per_m2"]
    if named:
        place = Fact("place", str(result.data["place"]), "text", Source("user", "message"))
        result.add(place, say=False)  # its name may hold digits
        result.gap("no_data", what="adverts for sale", place=named)
    else:
        result.gap("missing_input", slot="city")


async def _value(
    result: ToolResult, runtime: Runtime, subject: Subject, asking_price: float | None, currency: str | None
) -> None:
    context, row = runtime.context, subject.row
    result.data |= {
        "place": subject.place, "city": subject.city, "country": row["country"], "property_type": row["property_type"],
        "assumed_type": subject.assumed_type, "title": subject.title,
        "unknown_neighbourhood": subject.unknown_neighbourhood,
    }
    if subject.assumed_type:
        result.say("no property type was given: an apartment is assumed, say so")
    own: dict[str, Fact] = {name: fact for name, fact in (("area", subject.stated.get("area_m2")),) if fact}
    if asking_price is not None:
        own["price"] = Fact("price", float(asking_price), "money", Source("user", "message"),
                            currency=currency or row["currency"], entity=subject.title or subject.place)
    elif "price" in subject.stated:
        own["price"] = subject.stated["price"]
    if "price" in own and "area" in own:
        own["per_m2"] = _per_m2(own["price"], own["area"], subject.title or subject.place)

    if "area" not in own:
        _keep(result, runtime, own)
        result.gap("missing_input", slot="area_m2")
        return
    async with context.resources.database.session(context.scope) as session:
        sold = (await types_for_sale(session, [row["city_id"]])).get(row["city_id"], set())
        rows = await candidates(session, subject.nearby) if row["property_type"] in sold else []
    model = await active_model(result, runtime, row["country"])
    if model is None or row["city_id"] not in model.space.cities or row["property_type"] not in sold:
        _keep(result, runtime, own)
        result.data["asking_per_m2"] = result.data["facts"].get("per_m2")
        if not result.evidence.get("failed"):
            seen = bool(sold) and model is not None and row["city_id"] in model.space.cities
            result.data["other_types"] = seen
            result.gap("no_data", what=row["property_type"] if seen else "adverts for sale",
                       place=subject.city if seen else subject.place)
        return
    valuation, why, ranked = await asyncio.to_thread(_work, model, subject, rows)
    if why is None:
        _keep(result, runtime, own)
        result.data["asking_per_m2"] = result.data["facts"].get("per_m2")
        result.data["reasons"] = _reasons(valuation)
        result.gap("no_data", what="; ".join(r["en"] for r in result.data["reasons"]), place=subject.place)
        return
    near = comparables.near(subject, rows)
    sure = _confidence(model, str(row["city_id"]), valuation, near)
    _describe(result, runtime, subject, model, valuation, why, own, sure)
    result.data["comparables"] = comparables.report(result, subject, rows, ranked, context.locale)
    result.evidence |= {
        "comparables": near, "interval_width": (valuation.high_80 - valuation.low_80) / valuation.value,
        "value_confidence": sure,
    }


def _confidence(model: ValuationModel, city_id: str, valuation: Valuation, near: int) -> float:
    from knowledge.valuation.confidence import BEYOND_REASONS, confidence

    as_of, today = model.as_of(city_id), clock.now().date()
    months = 0 if as_of is None else (today.year - int(as_of[:4])) * 12 + today.month - int(as_of[5:])
    return confidence(valuation.fsd, near, max(months, 0), beyond=not BEYOND_REASONS.isdisjoint(valuation.reasons))


async def active_model(result: ToolResult, runtime: Runtime, country: str) -> ValuationModel | None:
    """The country's model; None where none is trained, or its files are damaged (told as a failure)."""
    try:
        return await runtime.context.resources.valuation(runtime.context.scope, country)
    except (NotFound, Unavailable) as error:
        if error.code == "no_model":
            return None
        if not error.code.startswith("model_"):
            raise
        result.say(error.en)
        result.gap("tool_failed", what="valuation model")
        result.evidence["failed"] = True
        return None


def _work(
    model: ValuationModel, subject: Subject, rows: list[Row]
) -> tuple[Valuation, Explanation | None, list[Comparable]]:
    from knowledge.valuation.comparables import rank

    valuation = model.predict_one(subject.row)
    if valuation.value != valuation.value:
        return valuation, None, []
    bodies = [{name: getattr(row, name) for name in Row.__slots__} for row in rows]
    ranked = rank(subject.nearby, bodies, count=comparables.SHOWN, model=model)
    return valuation, model.explain(subject.row), ranked


def _describe(
    result: ToolResult, runtime: Runtime, subject: Subject, model: ValuationModel, valuation: Valuation,
    why: Explanation, own: dict[str, Fact], sure: float,
) -> None:
    from knowledge.finance.assumptions import significant

    entity = f"{subject.title}, {subject.place}" if subject.title else subject.place
    as_of = model.as_of(str(subject.row["city_id"]))
    source = Source("model", model.version, label("source_valuation", runtime.context.locale), "", valuation.demo)

    def fact(key: str, value: float, unit: Unit, **more: Any) -> Fact:
        money = model.currency if unit.startswith("money") else None
        return Fact(key, value, unit, source, currency=money, entity=entity, as_of=as_of, **more)

    value = significant(valuation.value, 3)
    facts = dict(own)
    facts["value"] = fact("value", value, "money", low=significant(valuation.low_80, 3),
                          high=significant(valuation.high_80, 3), level=0.8)
    facts["value_90"] = fact("value_90", value, "money", low=significant(valuation.low_90, 3),
                             high=significant(valuation.high_90, 3), level=0.9)
    per_m2 = _per_m2(facts["value"], own["area"], entity)
    facts["value_m2"] = replace(per_m2, key="value_per_m2", value=significant(float(per_m2.value), 3), id="")
    facts["confidence"] = fact("value_confidence", round(100 * sure), "percent")
    facts["baseline_m2"] = fact("baseline_m2", significant(why.baseline_m2, 3), "money_per_m2")
    told = [d for d in why.drivers if d.key not in _NO_DRIVER and abs(d.effect_pct) >= WEAKEST_PCT][:DRIVERS]
    for driver in told:
        facts[f"driver_{driver.key}"] = fact(f"driver_{driver.key}", round(driver.effect_pct, 1), "percent")
    differs = "price" in own and own["price"].currency != model.currency
    verdict = None
    if "price" in own and not differs:
        verdict = _judged(facts, fact, valuation)
    _keep(result, runtime, facts)
    ids = result.data["facts"]
    result.data |= {
        "found": True, "value": ids["value"], "value_90": ids["value_90"], "value_m2": ids["value_m2"],
        "baseline_m2": ids["baseline_m2"], "as_of": as_of, "stale": is_old(as_of), "reasons": _reasons(valuation),
        "confidence": ids["confidence"], "weak": sure < WEAK,
        "drivers": [{"key": d.key, "effect": ids[f"driver_{d.key}"]} for d in told],
        "asking_per_m2": ids.get("per_m2"), "currency_differs": differs,
    }
    if differs:
        result.say("the asking price is in another currency: convert it and ask again to compare")
    if verdict is not None:
        part = "low" if verdict.percentile < LOW_PART else "high" if verdict.percentile > HIGH_PART else "middle"
        result.data["asking"] = {
            "verdict": verdict.verdict, "part": part, "price": ids["price"], "difference": ids["difference"],
            **{name: ids[name] for name in ("tolerance", "over", "fair", "under")},
        }
        result.say(f"asking price: {verdict.verdict}, in the {part} part of what such a property asks")
    result.say("an asking-price level, not a deed" + ("; old data, say their date" if result.data["stale"] else ""))


def _judged(facts: dict[str, Fact], fact: Any, valuation: Valuation) -> Fairness:
    """Adds what the asking price is against the value; `over`, `fair` and `under` are probabilities in percent."""
    from knowledge.valuation.fairness import TOLERANCE, judge

    asked, value = float(facts["price"].value), float(facts["value"].value)
    verdict = judge(asked, valuation)
    facts["difference"] = Fact(
        "asking_vs_value", round((asked / value - 1) * 100, 1), "percent", Source("computation", "asking_vs_value"),
        entity=facts["value"].entity, as_of=facts["value"].as_of,
        formula=f"({asked:.10g} ÷ {value:.10g} − 1) × 100", inputs=(facts["price"].id, facts["value"].id),
    )
    facts["tolerance"] = Fact("tolerance", 100 * TOLERANCE, "percent", Source("computation", "asking_vs_value"))
    for name in ("over", "fair", "under"):
        facts[name] = fact(f"probability_{name}", round(100 * getattr(verdict, name)), "percent")
    return verdict


def _keep(result: ToolResult, runtime: Runtime, facts: dict[str, Fact]) -> None:
    """Facts with their true sources into the result; `data["facts"]` names their ids."""
    given = {f.key: f for f in facts.values() if f.source.kind == "listing"}
    settled = settle(list(facts.values()), runtime, given)
    result.data["facts"] = {name: result.add(settled[fact.id]) for name, fact in facts.items()}


def _per_m2(price: Fact, area: Fact, entity: str) -> Fact:
    money, metres = float(price.value), float(area.value)
    low, high = (None if bound is None else bound / metres for bound in (price.low, price.high))
    return Fact(
        "price_per_m2", round(money / metres, 2), "money_per_m2", Source("computation", "price_per_m2"),
        currency=price.currency, entity=entity, as_of=price.as_of, formula=f"{money:.10g} ÷ {metres:.10g}",
        inputs=(price.id, area.id), low=low, high=high,
        level=price.level,
    )


def _reasons(valuation: Valuation) -> list[dict[str, str]]:
    from knowledge.valuation.model import reason_text

    return [{"code": c, "es": reason_text(c, "es"), "en": reason_text(c, "en")} for c in valuation.reasons]


def is_old(month: str | None) -> bool:
    return month is not None and (clock.now().date() - date.fromisoformat(f"{month}-01")).days > OLD_AFTER_DAYS
