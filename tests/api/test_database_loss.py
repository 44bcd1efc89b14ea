"""PostgreSQL dies under a turn: the message is kept, the run ends as failed with a retry, and the service mends itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.app import create_app
from core.embedded import status
from core.errors import Unavailable
from graphs import runner as running
from knowledge.records import event_log

from .conftest import settings_for
from .support import QUESTION, Conversation, Service, Waiting, WaitingStaff, assert_error, assert_strict_run, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def own_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """A service with an embedded PostgreSQL of its own, whose runs notice a lost database soon."""
    monkeypatch.setattr(running, "RENEW_SECONDS", 0.1)
    app = create_app(settings_for(tmp_path, None))
    async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
        yield Service(client, app, address)


def kill(folder: Path) -> None:
    server = next(s for s in status(folder) if s.name == "postgres")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)


async def test_a_database_that_dies_in_mid_turn_costs_one_retry(own_service: Service) -> None:
    service, folder = own_service, own_service.runner.resources.settings.data_dir
    waiting, staff = Waiting(), own_service.runner.staff
    service.runner.staff = WaitingStaff(staff, waiting)
    conversation = await service.start()
    async with service.stream(conversation, QUESTION) as reader:
        await waiting.begun()
        while (await reader.until("STEP_STARTED"))[-1].data["stepName"] != "roi":
            pass
        kill(folder)
        await reader.rest()
    end = reader.seen[-1].data
    assert (end["type"], end["code"], end["retryable"]) == ("RUN_ERROR", "database_unavailable", True)
    assert "reintentar" in end["message"]

    await back(service, conversation)
    async with service.follow(conversation, 0) as again:  # the log has the run's end by now, or gets it
        await again.until("RUN_ERROR")
    assert_strict_run(f.data for f in again.seen)
    found = await service.read(conversation)
    assert (found["run"], [m["text"] for m in found["messages"]]) == (None, [QUESTION])
    service.runner.staff = staff
    retried = await service.answer(conversation, QUESTION)
    assert retried["status"] == "finished"
    assert "6,13" in retried["answer"]

    # and while nothing runs: whoever calls is told to try again, and that call has the server started
    kill(folder)
    assert await back(service, conversation) > 0
    assert len((await service.read(conversation))["messages"]) == 3


async def back(service: Service, conversation: Conversation) -> int:
    """Try again as a client would, until the conversation can be read; how often it was refused."""
    for refused in range(400):
        response = await service.client.get(conversation.path, headers=conversation.auth)
        if response.status_code == 200:
            return refused
        assert_error(response, 503, "database_unavailable", retryable=True)
        await asyncio.sleep(0.02)
    pytest.fail("the database did not come back")


async def test_what_never_reached_the_log_is_not_closed_in_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = event_log.append, 0

    async def breaks(*args: Any, **values: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise Unavailable("gone", code="database_unavailable")
        return await write(*args, **values)

    monkeypatch.setattr(event_log, "append", breaks)
    conversation = await service.start()
    answer = await service.answer(conversation, QUESTION)
    assert (answer["status"], answer["error"]) == ("failed", "database_unavailable")
    assert_strict_run(payload for _, _, payload in await service.log(conversation))
