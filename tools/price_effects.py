"""What a characteristic adds to the asking price, from the hedonic regression that stands beside the valuation model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain.tools import tool

from core.errors import BadInput
from core.facts import Fact, Source
from core.locale import country_name
from core.words import label
from knowledge.listings.areas import AreaRef
from tools.context import Runtime
from tools.result import Content, ToolResult
from tools.subject import city_and_neighbourhood
from tools.valuation import active_model, is_old

if TYPE_CHECKING:
    from knowledge.valuation.hedonic import Effect
    from knowledge.valuation.model import ValuationModel

#: Characteristics told where none is asked for, and terms that people know by name besides the features of adverts.
STRONGEST = 6
TERMS = ("bathrooms", "bedrooms", "floor", "attribute:estrato", "attribute:distance_to_metro_km",
         "attribute:distance_to_city_center_km")
_FEATURE = "feature:"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the typical price per m2 is taken from: `area`, a city or a neighbourhood of it; none: the country alone."""

    country: str
    city_id: str | None
    area: AreaRef | None
    unknown: str | None

    @property
    def name(self) -> str:
        return self.area.place if self.area else ""


@tool(response_format="content_and_artifact")
async def price_effects(
    runtime: Runtime,
    country: str | None = None,
    city: str | None = None,
    neighbourhood: str | None = None,
    characteristics: list[str] | None = None,
) -> Content:
    """How much more (or less) homes ask with a characteristic than without it, other things equal, in percent with its 95 %
    interval, and per m2 at the typical price of the place named.

    characteristics: features (lift, parking, terrace, balcony, pool, garden, air_conditioning, storage, doorman, furnished,
    sea_view, exterior, new_build, to_renovate, penthouse, ground_floor …), bathrooms or bedrooms (one more), floor (one
    higher), estrato (one more, in Colombia), distance_to_metro_km, distance_to_city_center_km; none: the strongest. For the
    value of one home use value_property. A gap no_data means that the adverts do not tell it.
    """
    result = ToolResult()
    asked = [_term(name) for name in characteristics or ()]
    result.data = {"found": False, "place": ", ".join(n for n in (neighbourhood, city) if n), "effects": [], "unmeasured": []}
    place = await _place(runtime, country, city, neighbourhood)
    if place is None:
        if city or neighbourhood:
            result.gap("no_data", what="adverts for sale", place=result.data["place"])
        else:
            result.gap("missing_input", slot="city")
        return result.done()
    model = await active_model(result, runtime, place.country)
    if model is None:
        if not result.evidence.get("failed"):
            result.gap("no_data", what="adverts for sale", place=place.name)
        return result.done()
    _describe(result, runtime, place, model, asked)
    return result.done()


def _term(name: str) -> str:
    """The regression's term of a characteristic. Raises `BadInput` for one that is none."""
    from knowledge.loaders.vocabulary import vocabulary

    bare = name.removeprefix(_FEATURE).removeprefix("attribute:")
    if bare in vocabulary().features:
        return f"{_FEATURE}{bare}"
    known = {term.removeprefix("attribute:"): term for term in TERMS}
    if bare not in known:
        names = ", ".join([*known, *vocabulary().features])
        raise BadInput(f"There is no characteristic {name!r}; expected some of: {names}.",
                       f"No existe la característica {name!r}; se esperaba alguna de: {names}.")
    return known[bare]


async def _place(runtime: Runtime, country: str | None, city: str | None, neighbourhood: str | None) -> _Place | None:
    town, inside = await city_and_neighbourhood(runtime, country, city, neighbourhood)
    found = inside or town
    if found is not None and found.city_id is not None:
        return _Place(found.country, found.city_id, found, neighbourhood if inside is None else None)
    return None if city or neighbourhood or country is None else _Place(country.upper(), None, None, None)


def _describe(result: ToolResult, runtime: Runtime, place: _Place, model: ValuationModel, asked: list[str]) -> None:
    locale = runtime.context.locale
    measured = {e.term: e for e in model.hedonic.effects() if e.term.startswith(_FEATURE) or e.term in TERMS}
    told = [measured[term] for term in asked if term in measured] if asked else strongest(list(measured.values()))
    result.data["unmeasured"] = [label(label_of(term), locale) for term in asked if term not in measured]
    if not told:
        result.gap("no_data", what="effect of " + ", ".join(result.data["unmeasured"]), place=country_name(place.country, "en"))
        return
    real = [city for city, demo in model.demo.items() if not demo]
    months = [month for city in (real or model.demo) if (month := model.as_of(city))]
    as_of = max(months, default=None)
    source = Source("model", model.version, label("source_hedonic", locale), "", not real)
    typical = _typical(place, model)
    result.data |= {
        "found": True, "place": place.name, "country_name": country_name(place.country, locale.language),
        "unknown_neighbourhood": place.unknown, "as_of": as_of, "stale": is_old(as_of), "typical": None,
        "adverts": result.add(Fact("adverts", int(model.metrics["n"]), "count", source, as_of=as_of)),
    }
    if typical is not None and place.city_id is not None:
        valued = Source("model", model.version, label("source_valuation", locale), "", model.demo.get(place.city_id, False))
        level = Fact("baseline_m2", typical, "money_per_m2", valued, currency=model.currency, entity=place.name,
                     as_of=model.as_of(place.city_id))
        result.data["typical"] = result.add(level)
    for effect in told:
        name = label(label_of(effect.term), locale)
        fact = Fact("price_effect", effect.percent, "percent", source, entity=name, as_of=as_of, low=effect.low,
                    high=effect.high, level=0.95)
        sure = effect.low > 0 or effect.high < 0
        money = None
        if typical is not None and sure:
            money = result.add(Fact(
                "price_effect_m2", round(typical * effect.percent / 100, 2), "money_per_m2",
                Source("computation", "price_effect_m2", demo=level.source.demo or not real), currency=model.currency,
                entity=name, formula=f"{typical:.10g} × {effect.percent:.10g} ÷ 100", inputs=(level.id, fact.id)))
        result.data["effects"].append({"name": name, "sure": sure, "effect": result.add(fact), "money": money})
    result.evidence["sample"] = int(model.metrics["n"])
    if len(told) > 1:
        points = [{"x": each["name"], "y": each["effect"]} for each in result.data["effects"]]
        result.draw("ranges", "chart_effects", "%", {label("price_effect", locale): points}, region=result.data["country_name"])
    result.say("an association among asking prices of homes in the same neighbourhood, not what adding it would bring: say so")


def strongest(effects: list[Effect]) -> list[Effect]:
    """Those surely other than nothing, the largest first; at most `STRONGEST`."""
    sure = [effect for effect in effects if effect.low > 0 or effect.high < 0]
    return sorted(sure, key=lambda effect: -abs(effect.percent))[:STRONGEST]


def label_of(term: str) -> str:
    """The key of `prompts/labels.toml` for a term of the regression."""
    kind, _, name = term.rpartition(":")
    return f"feature_{name}" if kind == "feature" else f"effect_{name}"


def _typical(place: _Place, model: ValuationModel) -> float | None:
    """The level of the area or its city, as the valuation knows it, per m2; None where no city is named or known."""
    import numpy as np

    from knowledge.finance.assumptions import significant

    if place.area is None or place.city_id is None or place.city_id not in model.space.cities:
        return None
    found = float(model.levels.encode([place.area.id], [place.city_id], np.array([len(model.points)]))[0, 0])
    return significant(float(np.exp(found)), 3) if np.isfinite(found) else None
