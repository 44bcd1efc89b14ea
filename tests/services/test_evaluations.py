"""Evaluation runs are kept and compared: a difference is claimed where the pairs show it, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from core.clock import now
from core.database import Database
from core.errors import NotFound
from core.scope import Scope
from services import evaluations

STAFF = Scope(role="system", subject="test")


def record(name: str, right: float, cluster: str | None = None) -> dict[str, Any]:
    return {"id": name, "cluster": cluster or name, "shares": {"right": right, "false_refusals": 1 - right}}


def figure(name: str, value: float, better: str = "higher") -> dict[str, Any]:
    about = {"name": name, "es": name, "en": name, "better": better, "kind": "share"}
    return about | {"n": 2, "value": value, "low": None, "high": None}


async def keep(database: Database, name: str, records: list[dict[str, Any]], digest: str = "d") -> dict[str, Any]:
    summary = [figure("right", 0.5), figure("false_refusals", 0.5, "lower"), figure("slots_f1", 0.5)]
    return await evaluations.store(
        database, STAFF, name=name, brain="builtin", model=None, cases_name="c.jsonl", cases_digest=digest,
        case_count=len(records), epochs=1, summary=summary, records=records,
    )


async def test_a_run_is_found_by_number_id_and_name(database: Database, scope: Scope) -> None:
    first = await keep(database, "night", [record("a", 1.0)])
    second = await keep(database, "night", [record("a", 0.0)])
    assert [run["evaluation"] for run in await evaluations.listed(database, scope, 10)] == ["E-2", "E-1"]
    assert len(await evaluations.listed(database, scope, 1)) == 1
    for reference in ("E-1", "e-1", "1", first["id"]):
        assert (await evaluations.whole(database, scope, reference))["id"] == first["id"]
    newest = await evaluations.whole(database, scope, "night")
    assert (newest["id"], newest["records"]) == (second["id"], [record("a", 0.0)])
    assert newest["versions"]["ladrillo"]
    assert newest["versions"]["data"]["listings"] == 0
    for reference in ("E-9", "nobody", "E-99999999999999999999"):
        with pytest.raises(NotFound, match="eval list"):
            await evaluations.whole(database, scope, reference)


async def test_a_change_in_many_cases_is_a_difference(database: Database, scope: Scope) -> None:
    await keep(database, "a", [record(str(n), float(n < 10)) for n in range(40)])
    await keep(database, "b", [record(str(n), float(n < 35)) for n in range(40)])
    found = await evaluations.compared(database, scope, "a", "b")
    rows = {row["name"]: row for row in found["figures"]}
    right, refusals = rows["right"], rows["false_refusals"]
    assert right["difference"]["value"] == pytest.approx(25 / 40)
    assert 0 < right["difference"]["low"] < 25 / 40 < right["difference"]["high"]
    assert (right["verdict"], refusals["verdict"]) == ("better", "better")  # fewer refusals are better
    assert refusals["difference"]["value"] == pytest.approx(-25 / 40)
    assert rows["slots_f1"]["difference"] is None
    assert (found["broke"], found["fixed"]) == ([], sorted(str(n) for n in range(10, 35)))
    back = await evaluations.compared(database, scope, "b", "a")
    assert {row["name"]: row["verdict"] for row in back["figures"]} == {
        "right": "worse", "false_refusals": "worse", "slots_f1": None,
    }


async def test_one_conversation_proves_nothing_however_often_it_is_asked(database: Database, scope: Scope) -> None:
    await keep(database, "a", [record(str(n), 0.0, "one") for n in range(40)])
    await keep(database, "b", [record(str(n), 1.0, "one") for n in range(40)])
    [row, *_] = (await evaluations.compared(database, scope, "a", "b"))["figures"]
    assert (row["difference"]["n"], row["difference"]["low"], row["verdict"]) == (1, None, "unclear")


async def test_epochs_are_one_case_and_other_cases_are_named(database: Database, scope: Scope) -> None:
    await keep(database, "a", [record("x", 1.0), record("x", 0.0), record("gone", 1.0)], "d1")
    await keep(database, "b", [record("x", 1.0), record("x", 1.0), record("new", 1.0)], "d2")
    found = await evaluations.compared(database, scope, "a", "b")
    assert found["fixed"] == ["x"]
    assert (found["only_before"], found["only_after"], found["same_cases"]) == (["gone"], ["new"], False)
    right = next(row for row in found["figures"] if row["name"] == "right")
    assert (right["difference"]["value"], right["difference"]["n"]) == (0.5, 1)


async def test_a_run_belongs_to_its_portal(database: Database) -> None:
    kept = await keep(database, "a", [record("x", 1.0)])
    other = Scope(tenant="other", role="admin")
    assert await evaluations.listed(database, other, 10) == []
    with pytest.raises(NotFound):
        await evaluations.whole(database, other, kept["id"])
    assert kept["created_at"] <= now()
