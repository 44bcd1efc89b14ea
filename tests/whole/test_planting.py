"""What a case plants is there for it, for no other, and no longer than it runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import BadInput, Misconfigured
from core.scope import Scope
from evals import engine
from evals.cases import Case, PlantedDocument, PlantedListing, Setup
from evals.outputs import Outputs
from evals.planting import Garden
from graphs.runner import Runner

ASKED = ["Busco piso en Málaga, máximo 41.000 €"]
ADVERT = PlantedListing(country="ES", city="Málaga", title="Ganga al lado del mar", text="Llame ya.", price=40_000, area_m2=50)
RULE = PlantedDocument(
    country="ES", city="Málaga", kind="rule", title="Norma del zurriburri",
    text="El zurriburri de fachadas en Málaga exige licencia municipal.",
)
CASES = [
    Case(id="before", lang="es", turns=ASKED),
    Case(id="planted", lang="es", turns=ASKED, setup=Setup(listings=[ADVERT])),
    Case(id="beside", lang="es", turns=ASKED),
    Case(id="rule", lang="es", turns=["¿Qué dice la norma sobre el zurriburri de fachadas en Málaga?"],
         setup=Setup(documents=[RULE])),
    Case(id="after", lang="es", turns=ASKED),
]


async def ran(runner: Runner, path: Path, parallel: int) -> dict[str, dict[str, Any]]:
    outputs = Outputs(path, CASES)
    outputs.begin({}, resume=False)
    await engine.run_cases(runner, CASES, outputs, parallel=parallel)
    return {line["id"]: {k: v for k, v in line["turns"][-1].items() if k != "ms"} for line in outputs.lines}


async def planted(runner: Runner) -> int:
    async with runner.resources.database.session(Scope()) as session:
        count = "SELECT (SELECT count(*) FROM listings WHERE source = 'planted')" \
                " + (SELECT count(*) FROM documents WHERE source = 'planted')"
        return int((await session.execute(text(count))).scalar_one())


async def test_a_planted_row_is_met_by_its_case_alone(asked: Runner, tmp_path: Path) -> None:
    lines = await ran(asked, tmp_path / "a.jsonl", 4)
    assert "Ganga al lado del mar" in lines["planted"]["answer"]
    assert "exige licencia municipal" in lines["rule"]["answer"]
    assert [c["title"] for c in lines["rule"]["citations"]] == ["Norma del zurriburri"]
    for name in ("before", "beside", "after"):
        assert "Ganga" not in lines[name]["answer"]
        assert lines[name]["answer"] == lines["before"]["answer"]
    assert await planted(asked) == 0
    assert await ran(asked, tmp_path / "b.jsonl", 1) == lines


async def test_an_interrupted_case_leaves_nothing(
    asked: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met, never, solve = asyncio.Event(), asyncio.Event(), engine.solve
    found: list[int] = []

    async def hanging(runner: Runner, case: Case, epoch: int) -> dict[str, Any]:
        if case.setup is None:
            return await solve(runner, case, epoch)
        found.append(await planted(runner))
        met.set()
        await never.wait()
        raise AssertionError

    monkeypatch.setattr(engine, "solve", hanging)
    running = asyncio.create_task(ran(asked, tmp_path / "out.jsonl", 2))
    await asyncio.wait([running, asyncio.create_task(met.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert found == [1]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await planted(asked) == 0


async def test_what_a_killed_run_left_goes_with_the_next(asked: Runner) -> None:
    garden = await Garden.of(asked, CASES, 1)
    await garden._sow(garden._plants["planted"])
    assert await planted(asked) == 1
    await Garden.of(asked, CASES[:1], 1)
    assert await planted(asked) == 0


async def test_what_cannot_be_planted_is_told_before_anything_runs(asked: Runner, tmp_path: Path) -> None:
    lost = CASES[1].model_copy(update={"setup": Setup(listings=[ADVERT.model_copy(update={"city": "Atlantis"})])})
    outputs = Outputs(tmp_path / "out.jsonl", [CASES[0], lost])
    outputs.begin({}, resume=False)
    with pytest.raises(BadInput, match="'planted' plants something in 'Atlantis'"):
        await engine.run_cases(asked, [CASES[0], lost], outputs)
    assert outputs.lines == []


async def test_nothing_is_planted_where_visitors_would_meet_it(asked: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    live = asked.resources.settings.model_copy(update={"environment": "production"})
    monkeypatch.setattr(asked.resources, "settings", live)
    with pytest.raises(Misconfigured, match="production"):
        await Garden.of(asked, CASES, 1)
    await Garden.of(asked, CASES[:1], 1)
