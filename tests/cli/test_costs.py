"""`ladrillo costs`: the table, its JSON, and what cannot be asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cli import costs
from core.errors import BadInput
from knowledge.records.usage import Costs

ROWS = [Costs("2026-11-29", 2, 3, 1, 1500, 400, 300, None), Costs("2026-11-30", 1, 1, 0, 900, 0, 100, 0.0123)]


class Held:
    """Stands for the database: hands out the rows and notes what was asked."""

    def __init__(self, rows: list[Costs]) -> None:
        self.rows, self.asked, self.database = rows, [], self

    async def report(self, session: Any, by: str, since: datetime, until: datetime) -> list[Costs]:
        self.asked.append((by, since, until))
        return self.rows

    async def open(self, settings: Any) -> Held:
        return self

    def session(self, scope: Any) -> Held:
        return self

    async def __aenter__(self) -> Held:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    found = Held(ROWS)
    monkeypatch.setattr(costs, "Resources", found)
    monkeypatch.setattr(costs, "report", found.report)
    return found


@pytest.mark.parametrize(
    ("language", "head", "dash"), [("en", "US dollars", "no price is set"), ("es", "dólares", "no tiene precio")]
)
async def test_the_table_adds_up_and_says_where_no_price_is_set(
    held: Held, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str, head: str, dash: str
) -> None:
    monkeypatch.setenv("LADRILLO_LANGUAGE", language)
    await costs.costs("day", "2026-11-29", "2026-11-30", False)
    printed = capsys.readouterr().out.splitlines()
    assert head in printed[0]
    assert printed[1].split() == ["2026-11-29", "2", "3", "1", "1,500", "400", "300", "–"]
    assert printed[3].split() == ["total", "3", "4", "1", "2,400", "400", "400", "0.0123"]
    assert dash in printed[4]
    assert held.asked == [("day", datetime(2026, 11, 29, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))]


async def test_runs_of_several_roles_are_not_added(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    await costs.costs("role", None, None, False)
    assert capsys.readouterr().out.splitlines()[3].split()[:2] == ["total", "4"]


async def test_json_holds_the_same(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    await costs.costs("model", "2026-11-29", "2026-11-30", True)
    found = json.loads(capsys.readouterr().out)
    assert (found["by"], found["since"], found["until"]) == ("model", "2026-11-29", "2026-11-30")
    assert found["rows"][1] == {"group": "2026-11-30", "runs": 1, "calls": 1, "failed": 0, "input_tokens": 900,
                                "cached_tokens": 0, "output_tokens": 100, "cost": 0.0123}


@pytest.mark.parametrize(
    ("by", "since", "until", "named"),
    [("week", None, None, "'week'"), ("day", "yesterday", None, "'yesterday'"), ("day", None, "2026-13-01", "'2026-13-01'"),
     ("day", "2026-12-01", "2026-11-01", "2026-12-01")],
)
async def test_what_cannot_be_asked_is_named(held: Held, by: str, since: str | None, until: str | None, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        await costs.costs(by, since, until, False)
    assert named in refused.value.en
    assert named in refused.value.es
    assert held.asked == []
