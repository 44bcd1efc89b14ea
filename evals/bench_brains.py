"""What a turn with a language model costs: calls, tokens, time to the first text, time of our own, and processor time.

The model is a stand-in in a process of its own that takes the same time for every call, so that what is measured is ours.
Beside it, in the same run, what people build first: a LangGraph supervisor that hands over to a prebuilt agent.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
from pydantic import SecretStr

from core.scope import Scope
from core.settings import Settings
from evals.standin import Reply, Standin, calls, decides, says
from graphs.context import Staff
from graphs.runner import Runner
from knowledge.records import conversations

Rows = list[tuple[str, str]]
QUESTION = "¿Qué rentabilidad bruta deja un apartamento en Bogotá de 450 millones de pesos arrendado en 2,3 millones?"
ANSWER = "La rentabilidad bruta es **6,13 %** al año. Sale de un arriendo de $2.300.000 al mes sobre un precio de $450.000.000."
_WARM_UP = 5
_AT_ONCE = 100


def sensible(body: dict[str, Any]) -> Reply:
    """What a model that does as it is told would say to the benchmark's one question, whoever asks."""
    offered = [tool["function"]["name"] for tool in body.get("tools") or ()]
    looked_up = any(message["role"] == "tool" for message in body["messages"])
    if body.get("response_format"):
        return decides("roi")
    if offered and not looked_up:
        handing = next((name for name in offered if name.startswith("ask_")), None)
        args = {"price": 450_000_000, "monthly_rent": 2_300_000, "currency": "COP", "country": "CO"}
        return calls(handing, {"question": QUESTION}) if handing else calls(offered[0], args)
    return says(ANSWER)


@dataclass
class _Taken:
    """One turn, in milliseconds."""

    first: float
    whole: float


async def measure(runner: Runner, turns: int, delay_ms: int, progress: Callable[[str, int, int], None]) -> Rows:
    """Rows of the report. `runner` lends its data; its own brain is not used."""
    rows: Rows = []
    async with _standin(delay_ms) as url:
        settings = runner.resources.settings.model_copy(update={
            "brain": "llm", "openai_base_url": url, "openai_api_key": SecretStr("bench"), "model": "stand-in",
            "model_concurrency": 1000,
        })
        ours, plain = _ours(runner, settings), _plain(settings)
        for name, turn in (("Ladrillo", ours), ("plain supervisor", plain)):
            rows += await _one_by_one(name, url, turn, turns, delay_ms, progress)
            rows += await _at_once(name, url, turn, progress)
    return rows


@asynccontextmanager
async def _standin(delay_ms: int) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "evals.bench_brains", str(delay_ms), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


Turn = Callable[[], Awaitable[_Taken]]


def _ours(runner: Runner, settings: Settings) -> Turn:
    scope = Scope(role="visitor", subject="bench")
    staff = Staff(settings)
    asking = Runner(runner.resources, staff, runner.bus, runner.checkpoints)

    async def turn() -> _Taken:
        async with runner.resources.database.session(scope) as session:
            row, _ = await conversations.create(session, scope, visitor="bench", channel="bench")
        begun, first = time.perf_counter(), None
        sent = await asking.send(scope, row.id, QUESTION)
        async for _, _, payload in asking.tail(scope, row.id, sent.seq, run_id=sent.run_id):
            if first is None and payload["type"] == "TEXT_MESSAGE_CONTENT":
                first = time.perf_counter()
        outcome = await asking.outcome(scope, sent.run_id or "")
        if outcome["status"] != "finished" or "6,13" not in outcome["answer"]:
            raise RuntimeError(f"a turn went wrong: {outcome['status']} {outcome.get('error_code')}")
        end = time.perf_counter()
        return _Taken(((first or end) - begun) * 1000, (end - begun) * 1000)

    return turn


def _plain(settings: Settings) -> Turn:
    """A supervisor agent whose tools are agents, each with a tool of its own, as the tutorials build it."""
    from langchain.agents import create_agent
    from langchain_core.messages import AIMessageChunk
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="stand-in", base_url=settings.openai_base_url, api_key=SecretStr("bench"), streaming=True)

    @tool
    def gross_yield(price: float, monthly_rent: float, currency: str, country: str) -> str:
        """Gross yield a year of a property."""
        return f"{12 * monthly_rent / price * 100:.2f} % on {price:.0f} {currency}, rent {monthly_rent:.0f}, {country}"

    returns = create_agent(
        model, [gross_yield], system_prompt="You are an expert in returns on property. Use your tool for all arithmetic."
    )

    @tool
    async def ask_returns(question: str) -> str:
        """Ask the expert in returns on property."""
        result = await returns.ainvoke({"messages": [{"role": "user", "content": question}]})
        return str(result["messages"][-1].text)

    agents = ["market research", "price prediction", "lead qualification", "comparison"]
    others = [tool(f"ask_{name.replace(' ', '_')}", description=f"Ask the expert in {name}.")(_echo) for name in agents]
    supervisor = create_agent(
        model, [ask_returns, *others],
        system_prompt="You manage experts in real estate: returns, market research, price prediction, lead qualification and "
        "comparison. Hand each question to the right one, then answer the investor from what they say.",
    )

    async def turn() -> _Taken:
        begun, first = time.perf_counter(), None
        asked = {"messages": [{"role": "user", "content": QUESTION}]}
        async for chunk, _ in supervisor.astream(asked, stream_mode="messages"):  # type: ignore[arg-type]
            if first is None and isinstance(chunk, AIMessageChunk) and chunk.text:
                first = time.perf_counter()
        end = time.perf_counter()
        return _Taken(((first or end) - begun) * 1000, (end - begun) * 1000)

    return turn


def _echo(question: str) -> str:
    return question


async def _one_by_one(
    name: str, url: str, turn: Turn, turns: int, delay_ms: int, progress: Callable[[str, int, int], None]
) -> Rows:
    for _ in range(_WARM_UP):
        await turn()
    async with httpx.AsyncClient() as client:
        await client.get(f"{url.removesuffix('/v1')}/counts")
        taken = []
        for number in range(turns):
            taken.append(await turn())
            progress(name, number + 1, turns)
        counts = (await client.get(f"{url.removesuffix('/v1')}/counts")).json()
    made = counts["calls"] / turns
    whole = statistics.median(t.whole for t in taken)
    return [
        (f"{name}: model calls a turn, tokens a turn", f"{made:.2f}, {counts['tokens'] / turns:.0f}"),
        (f"{name}: first text, p50", f"{statistics.median(t.first for t in taken):.0f} ms"),
        (f"{name}: turn, p50", f"{whole:.0f} ms"),
        (f"{name}: time of its own, p50", f"{whole - made * delay_ms:.0f} ms"),
    ]


async def _at_once(name: str, url: str, turn: Turn, progress: Callable[[str, int, int], None]) -> Rows:
    process = psutil.Process()
    before, begun = process.cpu_times(), time.perf_counter()
    found = await asyncio.gather(*(turn() for _ in range(_AT_ONCE)), return_exceptions=True)
    after = process.cpu_times()
    progress(name, _AT_ONCE, _AT_ONCE)
    errors = [error for error in found if isinstance(error, BaseException)]
    spent = (after.user + after.system - before.user - before.system) * 1000 / _AT_ONCE
    said = f"{spent:.0f} ms, {len(errors)} errors, {time.perf_counter() - begun:.1f} s in all"
    return [(f"{name}: {_AT_ONCE} turns at once, processor time a turn", said)]


async def _serve(delay_ms: int) -> None:
    """The stand-in's own process: prints its address and answers until it is ended."""
    async with Standin(sensible, delay=delay_ms / 1000) as endpoint:
        sys.stdout.write(f"{endpoint.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(json.loads(sys.argv[1]))))
