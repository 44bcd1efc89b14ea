"""Forecasts as a tool: which series answers, how far, with what evidence, and a property's value carried along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from langchain.tools import ToolRuntime
from langchain_core.messages import ToolMessage
from sqlalchemy import Engine, event, text

from core.clock import FixedClock, use_clock
from core.errors import BadInput, NotFound
from core.facts import Fact, Source
from core.locale import LOCALES
from core.scope import Scope
from knowledge.forecasting.registry import forecast_many, forecast_series
from knowledge.resources import Resources
from services.forecasting import forecast_stored, ids_of
from tests.priced import FRESH, LATER, priced, priced_template  # noqa: F401 - fixtures
from tools.context import TurnContext
from tools.forecast import forecast_index
from tools.series import market_trend


@pytest.fixture(autouse=True)
def _summer() -> Iterator[None]:
    with use_clock(FixedClock(datetime.combine(FRESH, time(), UTC))):
        yield


def runtime(resources: Resources, words: str = "", earlier: tuple[Fact, ...] = ()) -> Any:
    context = TurnContext(resources, Scope(), locale=LOCALES["es-ES"], message_id="m1", user_words=(words,))
    messages = [ToolMessage("", tool_call_id="t", artifact={"facts": [f.to_dict() for f in earlier]})]
    return ToolRuntime(state={"messages": messages}, context=context, config={}, stream_writer=print, tool_call_id="c",
                       store=None)


async def ahead(
    resources: Resources, words: str = "", earlier: tuple[Fact, ...] = (), **args: Any
) -> tuple[dict[str, Any], dict[str, Fact]]:
    _, artifact = await forecast_index.coroutine(runtime=runtime(resources, words, earlier), **args)
    return artifact, {f["id"]: Fact.from_dict(f) for f in artifact["facts"]}


def gaps(artifact: dict[str, Any]) -> list[str]:
    return [gap["code"] for gap in artifact["gaps"]]


async def test_a_city_with_a_series_has_change_interval_and_backtest(priced: Resources) -> None:  # noqa: F811
    found, facts = await ahead(priced, "en 2 años", country="ES", city="Norte", horizon_years=2)
    data = found["data"]
    change, wide = facts[data["change"]], facts[data["change_95"]]
    assert change.value == pytest.approx(8, abs=4)  # the series grows 4 % a year
    assert change.level == 0.8
    assert wide.low <= change.low < change.value < change.high <= wide.high  # type: ignore[operator]
    assert facts[data["yearly"]].value == pytest.approx(4, abs=2)
    assert (data["target"], data["as_of"], data["exact"], data["stale"]) == ("2026-06", "2024-06", True, False)
    assert facts[data["horizon"]].source.kind == "user"
    assert facts[data["latest"]].source == Source("series", "M/norte", "price_m2, Norte", "made up")
    tested = data["backtest"]
    assert facts[tested["origins"]].value >= 4
    assert facts[tested["mase"]].value > 0
    assert 0 <= float(facts[tested["coverage"]].value) <= 100
    assert found["evidence"]["interval_width"] > 0
    observed, forecast = found["charts"][0]["series"]
    assert len(observed["points"]) == 24
    assert forecast["points"][0] == observed["points"][-1]
    assert all(facts[p["y"]].low is not None for p in forecast["points"][1:])


async def test_a_neighbourhood_uses_its_city_and_a_city_its_country_and_says_so(priced: Resources) -> None:  # noqa: F811
    found, _ = await ahead(priced, country="ES", city="Norte", neighbourhood="Mirador")
    assert (found["data"]["region"], found["data"]["exact"]) == ("Norte", False)
    found, _ = await ahead(priced, country="ES", city="Vacía")
    assert (found["data"]["region"], found["data"]["exact"]) == ("España", False)


async def test_between_a_city_and_its_country_stands_its_region(priced: Resources) -> None:  # noqa: F811
    found, _ = await ahead(priced, country="ES", city="Sevilla")
    assert (found["data"]["region"], found["data"]["exact"]) == ("Andalucía", False)
    _, trend = await market_trend.coroutine(runtime=runtime(priced), country="ES", city="Dos Hermanas")
    assert (trend["data"]["region"], trend["data"]["exact"]) == ("Andalucía", False)
    found, _ = await ahead(priced, country="ES", city="Zaragoza")  # no series is of its region
    assert (found["data"]["region"], found["data"]["exact"]) == ("España", False)


async def test_a_region_named_is_its_own_and_a_city_of_its_name_is_another(priced: Resources) -> None:  # noqa: F811
    async with priced.database.session(Scope()) as session:
        for series_id, area, region in (("C", "es/sur", "Madrid"), ("A", None, "Madrid, Comunidad de"),
                                        ("S", None, "Jaén (estado)"), ("T", None, "Jaén (municipio)")):
            await session.execute(text(
                "INSERT INTO series (id, area_id, country, region, name, metric, segment, unit, frequency, source, attribution,"
                " demo) VALUES (:id, :area, 'ES', :region, :id, 'price_index', 'all', 'index', 'Q', 'made', '', false)"),
                {"id": series_id, "area": area, "region": region})
            await session.execute(text("INSERT INTO observations VALUES (:id, '2024-01-01', 1), (:id, '2024-04-01', 2)"),
                                  {"id": series_id})

    async def region(place: str) -> str:
        _, trend = await market_trend.coroutine(runtime=runtime(priced), country="ES", city=place)
        return str(trend["data"]["region"])

    assert await region("Comunidad de Madrid") == await region("Getafe") == "Comunidad de Madrid"
    assert (await region("Jaén"), await region("estado de Jaén")) == ("Jaén (municipio)", "Jaén (estado)")


async def test_a_region_never_stands_in_for_its_country(priced: Resources) -> None:  # noqa: F811
    found, _ = await ahead(priced, country="ES")
    assert found["data"]["series"] == "price_index, Spain"
    _, trend = await market_trend.coroutine(runtime=runtime(priced), country="ES")
    assert trend["data"]["series"] == "price_index, Spain"


async def test_rents_have_their_own_series(priced: Resources) -> None:  # noqa: F811
    found, facts = await ahead(priced, country="ES", city="Norte", metric="rent", value_today=900.0)
    assert found["data"]["series"] == "rent_m2, Norte"
    assert facts[found["data"]["projected"]].value > 900


async def test_places_without_series_and_questions_without_place(priced: Resources) -> None:  # noqa: F811
    found, facts = await ahead(priced, country="MX", city="Toluca")
    assert gaps(found) == ["no_data"]
    assert {f.unit for f in facts.values()} == {"text"}
    found, _ = await ahead(priced)
    assert found["gaps"] == [{"code": "missing_input", "slot": "city"}]


async def test_a_short_series_is_no_ground_for_a_forecast(priced: Resources) -> None:  # noqa: F811
    found, _ = await ahead(priced, country="ES", city="Sur")
    assert gaps(found) == ["thin_data"]
    assert found["data"]["too_short"]


async def test_the_horizon_stops_at_five_years(priced: Resources) -> None:  # noqa: F811
    found, facts = await ahead(priced, "en 20 años", country="ES", horizon_years=20)
    assert found["data"]["capped"]
    assert facts[found["data"]["horizon"]].value == 5
    assert found["data"]["target"] == "2029-Q1"
    for wrong in (0, -1, float("nan")):
        with pytest.raises(BadInput):
            await ahead(priced, country="ES", horizon_years=wrong)


async def test_old_data_count_from_their_last_observation_to_the_same_day(priced: Resources) -> None:  # noqa: F811
    with use_clock(FixedClock(datetime.combine(LATER, time(), UTC))):
        found, _ = await ahead(priced, country="ES", city="Norte", horizon_years=1)
    assert found["data"]["stale"]
    assert found["data"]["target"] == "2027-01"


async def test_a_price_of_today_goes_along_the_index(priced: Resources) -> None:  # noqa: F811
    found, facts = await ahead(priced, "mi piso de 300.000 en 2 años", country="ES", city="Norte", horizon_years=2,
                               value_today=300_000.0)
    data = found["data"]
    then, change = facts[data["projected"]], facts[data["change"]]
    assert facts[data["base"]].source.kind == "user"
    assert then.value == pytest.approx(300_000 * (1 + float(change.value) / 100), rel=0.005)
    assert then.low == pytest.approx(300_000 * (1 + change.low / 100), rel=0.01)  # type: ignore[operator]
    assert data["updated"] is None


async def test_a_models_value_brings_its_interval_and_its_date(priced: Resources) -> None:  # noqa: F811
    worth = Fact("value", 300_000.0, "money", Source("model", "es-sale-1"), currency="EUR", as_of="2022-06",
                 low=255_000.0, high=353_000.0, level=0.8)
    found, facts = await ahead(priced, earlier=(worth,), country="ES", city="Norte", horizon_years=2,
                               value_today=300_000.0)
    data = found["data"]
    now, then = facts[data["updated"]], facts[data["projected"]]
    assert now.value == pytest.approx(300_000 * 1.04**2, rel=0.03)
    assert now.as_of == "2024-06"
    assert then.value == pytest.approx(300_000 * 1.04**4, rel=0.05)
    assert (then.high or 0) / (then.low or 1) > 353 / 255  # both errors are in it


async def test_a_value_older_than_the_citys_series_is_carried_by_the_countrys(priced: Resources) -> None:  # noqa: F811
    worth = Fact("value", 300_000.0, "money", Source("model", "es-sale-1"), currency="EUR", as_of="2010-01")
    found, _ = await ahead(priced, earlier=(worth,), country="ES", city="Norte", value_today=300_000.0)
    assert (found["data"]["region"], found["data"]["carried_by"]) == ("Norte", "España")
    older = Fact("value", 200_000.0, "money", Source("model", "es-sale-1"), currency="EUR", as_of="1990-01")
    found, _ = await ahead(priced, earlier=(older,), country="ES", city="Norte", value_today=200_000.0)
    assert found["data"]["projected"] is None
    assert gaps(found) == ["no_data"]


async def test_a_stored_forecast_is_read_until_its_observations_change(priced: Resources) -> None:  # noqa: F811
    database, scope = priced.database, Scope()
    first = await forecast_series(database, scope, "M/norte")
    again = await forecast_series(database, scope, "M/norte")
    assert again == first
    assert len(first["path"]) == 36
    async with database.session(scope) as session:
        await session.execute(text("UPDATE forecasts SET method = 'told'"))
    assert (await forecast_series(database, scope, "M/norte", 12))["method"] == "told"
    longer = await forecast_series(database, scope, "M/norte", 48)
    assert len(longer["path"]) == 48
    assert longer["method"] != "told"
    async with database.session(scope) as session:
        await session.execute(text("UPDATE observations SET value = value * 1.01 WHERE series_id = 'M/norte'"
                                   " AND period = :last"), {"last": date(2024, 6, 1)})
    changed = await forecast_series(database, scope, "M/norte")
    assert changed["fingerprint"] != first["fingerprint"]
    assert changed["method"] != "told"
    with pytest.raises(NotFound):
        await forecast_series(database, scope, "nothing")
    with pytest.raises(BadInput):
        await forecast_series(database, scope, "M/sur")
    for horizon in (0, -1, 1000):
        with pytest.raises(BadInput, match="horizon"):
            await forecast_series(database, scope, "M/norte", horizon)


async def test_regional_series_of_one_source_are_forecast_with_what_they_do_together(
    priced: Resources,  # noqa: F811
) -> None:
    database, scope = priced.database, Scope()
    async with database.session(scope) as session:
        for region, sign in (("a", 1), ("b", -1), ("c", 0)):
            await session.execute(text(
                "INSERT INTO series (id, country, region, name, metric, segment, unit, frequency, source, attribution, demo)"
                " SELECT :id, 'ES', :id, :id, 'price_index', 'all', 'index', 'Q', 'Regions', 'Regions', false"
                " FROM series WHERE id = 'M/norte'"), {"id": f"R/{region}"})
            await session.execute(text(
                "INSERT INTO observations (series_id, period, value) SELECT id,"
                " DATE '2012-01-01' + n * INTERVAL '3 months', 100 * exp(0.01 * n + :sign * 0.002 * sin(n * n))"
                " FROM series, generate_series(0, 47) AS n WHERE id = :id"), {"id": f"R/{region}", "sign": sign})
    found = await forecast_series(database, scope, "R/a")
    assert "shared" in found["backtest"]["mase"]
    assert "shared" not in (await forecast_series(database, scope, "M/norte"))["backtest"]["mase"]
    async with database.session(scope) as session:
        await session.execute(text("UPDATE observations SET value = value * 1.01 WHERE series_id = 'R/b'"
                                   " AND period = :last"), {"last": date(2023, 10, 1)})
    assert await forecast_series(database, scope, "R/a") == found  # another's observation does not make it again
    families = 0

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal families
        families += "s.source" in statement

    event.listen(Engine, "before_cursor_execute", count)
    try:
        many = await forecast_many(database, scope, ["R/a", "R/b", "R/c", "M/norte"])
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert families == 1  # read once for b and c; a and norte are stored
    alone = await forecast_series(database, scope, "R/c", 13)
    assert [step["value"] for step in many[2]["path"]] == [step["value"] for step in alone["path"][:12]]  # type: ignore[index]


async def test_a_forecast_that_runs_away_is_none(priced: Resources, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from knowledge.forecasting import forecast as module

    honest = module.forecast

    def wild(*args: Any, **more: Any) -> Any:
        made = honest(*args, **more)
        return replace(made, path=tuple(replace(step, value=float("inf")) for step in made.path))

    monkeypatch.setattr(module, "forecast", wild)
    with pytest.raises(BadInput, match="runs away"):
        await forecast_series(priced.database, Scope(), "M/norte")
    found, _ = await ahead(priced, country="ES", city="Norte")
    assert gaps(found) == ["thin_data"]


async def test_stored_series_are_written_to_a_table_with_errors_in_their_row(
    priced: Resources, tmp_path: Path,  # noqa: F811
) -> None:
    database, scope = priced.database, Scope()
    ids = await ids_of(database, scope, "price_m2", "ES")
    assert "M/norte" in ids
    counts = await forecast_stored(database, scope, ids, 12, tmp_path / "out.csv", lambda stage, done, total: None)
    table = pd.read_csv(tmp_path / "out.csv")
    assert counts.series == len(ids)
    assert (table["series"] == "M/norte").sum() == 12
    assert table[table["value"].isna()]["reason"].notna().all()
    with pytest.raises(NotFound, match="price_m2"):
        await ids_of(database, scope, "nothing", None)
    with pytest.raises(NotFound):
        await forecast_stored(database, scope, ["none"], 12, tmp_path / "out.csv", lambda stage, done, total: None)
