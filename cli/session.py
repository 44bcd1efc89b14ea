"""A runner for one command: servers started, an empty data folder filled (with progress), everything let go afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from cli.console import progress
from core.scope import Scope
from core.settings import Settings, get_settings
from graphs.context import Staff
from graphs.runner import Runner
from knowledge.resources import Resources
from services.filling import STEPS, fill

STAFF = Scope(role="system", subject="cli")


@asynccontextmanager
async def filled(settings: Settings | None = None, only: Collection[str] = STEPS) -> AsyncIterator[Resources]:
    """Open resources over a folder that has data; `only` as in `fill`."""
    resources = await Resources.open(settings or get_settings())
    try:
        with progress() as tell:
            await fill(resources, STAFF, tell, only=only)
        yield resources
    finally:
        await resources.close()


async def open_resources(settings: Settings) -> Resources:
    """Resources over a folder that has data; `close` them."""
    resources = await Resources.open(settings)
    try:
        with progress() as tell:
            await fill(resources, STAFF, tell)
        return resources
    except BaseException:
        await resources.close()
        raise


async def open_runner(settings: Settings, staff: Staff | None = None) -> Runner:
    """A runner over a folder that has data; `close` it."""
    return await Runner.open(settings, opening=open_resources, staff=staff)


@asynccontextmanager
async def opened(settings: Settings | None = None) -> AsyncIterator[Runner]:
    runner = await open_runner(settings or get_settings())
    try:
        yield runner
    finally:
        await runner.close()
