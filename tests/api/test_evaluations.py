"""Evaluation runs over HTTP, for staff alone."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from core.scope import Scope
from services import evaluations

from .support import TOKENS, Service, assert_error, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def kept(service: Service, name: str, right: float) -> dict[str, Any]:
    shown = {"name": "right", "es": "todo bien", "en": "all right", "better": "higher", "kind": "share", "n": 2}
    return await evaluations.store(
        service.database, Scope(role="system", subject="test"), name=name, brain="builtin", model=None,
        cases_name="c.jsonl", cases_digest="d", case_count=2, epochs=1,
        summary=[{**shown, "value": right, "low": right, "high": right}],
        records=[{"id": case, "cluster": case, "shares": {"right": right}} for case in ("a", "b")],
    )


async def get(service: Service, path: str, who: str = "vera") -> httpx.Response:
    return await service.client.get(f"/api/evaluations{path}", headers=bearer(TOKENS[who]))


async def test_runs_are_listed_read_and_compared(service: Service) -> None:
    before, after = f"before {uuid.uuid4().hex}", f"after {uuid.uuid4().hex}"
    first, second = await kept(service, before, 0.0), await kept(service, after, 1.0)
    listed = (await get(service, "?limit=500")).json()
    assert [run["id"] for run in listed if run["name"] in (before, after)] == [second["id"], first["id"]]
    assert all("records" not in run for run in listed)
    read = (await get(service, f"/{after}")).json()
    assert (read["id"], [record["id"] for record in read["records"]]) == (second["id"], ["a", "b"])
    found = (await get(service, f"/compare?a={first['evaluation']}&b={second['id']}")).json()
    [row] = found["figures"]
    assert (row["verdict"], row["before"]["value"], row["after"]["value"]) == ("better", 0.0, 1.0)
    assert (found["fixed"], found["broke"], found["same_cases"]) == (["a", "b"], [], True)


@pytest.mark.parametrize("path", ["", "/E-1", "/compare?a=E-1&b=E-2"])
async def test_only_staff_may_look(service: Service, path: str) -> None:
    conversation = await service.start()
    for headers in ({}, conversation.auth, bearer("not-a-staff-token")):
        assert_error(await service.client.get(f"/api/evaluations{path}", headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/E-999999", 404, "not_found"), ("/nobody", 404, "not_found"), ("/compare?a=nobody&b=nobody", 404, "not_found"),
        ("/compare?a=E-1", 422, "bad_request"), ("/compare?a=%00&b=E-1", 422, "bad_request"), ("/%00", 422, "bad_request"),
        ("?limit=0", 422, "bad_request"),
    ],
)
async def test_a_run_that_is_not_there_or_cannot_be(service: Service, path: str, status: int, code: str) -> None:
    assert_error(await get(service, path), status, code)
