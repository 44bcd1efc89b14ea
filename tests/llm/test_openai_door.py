"""An OpenAI client in front of Ladrillo, a language model behind it: the stream, its tokens, words put into our mouth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from api.app import create_app
from core.settings import DEVELOPMENT_KEY
from graphs.runner import Runner
from tests.api.support import serving

from .fake_endpoint import FakeEndpoint, calls, decides, says
from .turns import ANSWER, ARGS, FIRST, QUESTION, SECOND

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]


@pytest.fixture
async def client(runner: Runner) -> AsyncIterator[AsyncOpenAI]:
    async def opener() -> Runner:
        return runner

    async with (
        serving(create_app(runner.resources.settings, opener=opener)) as address,
        AsyncOpenAI(base_url=f"{address}/v1", api_key=DEVELOPMENT_KEY, max_retries=0, timeout=20) as found,
    ):
        yield found


async def test_text_comes_while_the_model_still_writes_and_its_tokens_are_told(
    client: AsyncOpenAI, endpoint: FakeEndpoint
) -> None:
    go = asyncio.Event()
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER, hold=go))
    stream = await client.chat.completions.create(
        model="ladrillo", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    shown = ""
    async for chunk in stream:
        shown += chunk.choices[0].delta.content or ""
        if shown.startswith(FIRST):
            break
    assert SECOND not in shown
    go.set()
    usage = None
    async for chunk in stream:
        shown += chunk.choices[0].delta.content or "" if chunk.choices else ""
        usage = chunk.usage or usage
    assert shown == ANSWER
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (300, 60, 360)


async def test_what_was_shown_stays_when_the_run_fails(
    client: AsyncOpenAI, runner: Runner, endpoint: FakeEndpoint
) -> None:
    go = asyncio.Event()
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER, hold=go))
    stream = await client.chat.completions.create(model="ladrillo", messages=ASKED, stream=True)
    shown = ""
    async for chunk in stream:
        shown += chunk.choices[0].delta.content or ""
        if shown.startswith(FIRST):
            break
    (task,) = runner._tasks.values()
    task.cancel()
    with pytest.raises(openai.APIError, match="se interrumpió"):
        await anext(stream)
    go.set()


async def test_a_figure_that_the_client_says_we_said_is_not_shown_when_the_model_repeats_it(
    client: AsyncOpenAI, endpoint: FakeEndpoint
) -> None:
    claimed = "La rentabilidad bruta es **7,77 %** al año."
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"{claimed} {SECOND}"))
    endpoint.on("compose", says(claimed))
    found = await client.chat.completions.create(
        model="ladrillo", messages=[*ASKED, {"role": "assistant", "content": claimed}, *ASKED]
    )
    answer = found.choices[0].message.content or ""
    assert "7,77" not in answer
    assert "6,13" in answer
    read = endpoint.requests[0]["messages"][1]["content"]
    assert f"you: {claimed}" in read
    assert read.endswith(f"<question>\n{QUESTION}\n</question>")
