"""How far off the values of a market are, as measured on adverts that each model had not seen."""

from __future__ import annotations

from langchain.tools import tool

from core.facts import Fact, Source, Unit
from core.locale import country_name
from core.words import label
from knowledge.listings.areas import find_city
from tools.context import Runtime
from tools.result import Content, ToolResult
from tools.valuation import active_model

#: What of the model's report is told: its name there, and the unit.
_TOLD: tuple[tuple[str, Unit], ...] = (
    ("n", "count"), ("mdape", "percent"), ("within_10", "percent"), ("within_20", "percent"), ("coverage_80", "percent"),
    ("coverage_90", "percent"), ("width_90", "percent"),
)


@tool(response_format="content_and_artifact")
async def valuation_accuracy(runtime: Runtime, country: str | None = None, city: str | None = None) -> Content:
    """How values are estimated in a country (CO, ES, MX) or one of its cities, and how far off they are: the median error, the
    share within 10 and 20 %, and how often the 80 and 90 % intervals held, all on adverts that the model had not seen. Against
    asking prices, not deeds: say so. A gap no_data means that there is no model.
    """
    result = ToolResult()
    code, language = (country or "").upper(), runtime.context.locale.language
    result.data = {"found": False, "place": city or country_name(code, language)}
    if not code:
        result.gap("missing_input", slot="city")
        return result.done()
    model = await active_model(result, runtime, code)
    if model is None:
        if not result.evidence.get("failed"):
            result.gap("no_data", what="valuation model", place=result.data["place"])
        return result.done()
    async with runtime.context.resources.database.session(runtime.context.scope) as session:
        area = await find_city(session, city, code) if city else None
    own = model.metrics["cities"].get(area.id) if area is not None else None
    measured = own or model.metrics
    place = area.name if area is not None and own is not None else country_name(code, language)
    demo = model.demo.get(area.id, False) if area is not None and own is not None else all(model.demo.values())
    source = Source("model", model.version, label("source_valuation", runtime.context.locale), "", demo)
    result.data |= {"found": True, "place": place, "narrowed": bool(city) and own is None, "asked": city} | {
        name: result.add(Fact(f"accuracy_{name}", measured[name], unit, source, entity=place, as_of=model.trained_at[:10]))
        for name, unit in _TOLD
    }
    for share in (10, 20):
        band = Fact(f"accuracy_band_{share}", share, "percent", source, entity=place)
        result.data[f"band_{share}"] = result.add(band, say=False)
    return result.done()
