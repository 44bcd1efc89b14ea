"""PostgreSQL dies under a turn: the message is kept, the run ends as failed with a retry, and the service mends itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio

from api.app import create_app
from core.embedded import Servers, status
from graphs import runner as running
from knowledge.resources import Resources

from .conftest import settings_for
from .support import QUESTION, Service, Waiting, WaitingStaff, assert_error, assert_strict_run, serving

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
        await reader.until("STEP_STARTED")
        await waiting.begun()
        kill(folder)
        frames = await reader.rest()
    end = reader.seen[-1].data
    assert (end["type"], end["code"], end["retryable"]) == ("RUN_ERROR", "database_unavailable", True)
    assert "reintentar" in end["message"]
    assert frames[-1].data is end

    async with service.follow(conversation, 0) as again:  # the run's own end is in the log by then, or comes
        await again.until("RUN_ERROR")
    assert_strict_run(f.data for f in again.seen)
    found = await service.read(conversation)
    assert (found["run"], [m["text"] for m in found["messages"]]) == (None, [QUESTION])
    service.runner.staff = staff
    retried = await service.answer(conversation, QUESTION)
    assert retried["status"] == "finished"
    assert "6,13" in retried["answer"]

    # and while nothing runs: the first call is refused with a sentence, and the server is back for the next
    kill(folder)
    await gone(service)
    refused = await service.client.get(conversation.path, headers=conversation.auth)
    assert_error(refused, 503, "database_unavailable", retryable=True)
    await service.app.state.mending
    assert len((await service.read(conversation))["messages"]) == 3


async def gone(service: Service) -> None:
    """Until the killed server's last process has let its clients go."""
    for _ in range(200):
        try:
            (await psycopg.AsyncConnection.connect(service.database.dsn)).close
        except psycopg.OperationalError:
            return
        await asyncio.sleep(0.01)
