"""A run as a tree of spans: its shape, what is marked as failed, and that nobody's words are in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from core import telemetry
from core.database import Database
from core.errors import Unavailable
from graphs.runner import Runner
from tests.traced import Traced, told

from .test_runner import QUESTION, SCOPE, Waiting, WaitingStaff, new_conversation

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#: Asks for a return and for the market: two specialists at once.
TWO = "¿qué rentabilidad bruta deja un apto de 450 millones arrendado en 2,3 millones en Chapinero y cómo está el mercado allá?"


async def test_a_turn_is_a_run_with_its_nodes_models_and_tools(runner: Runner, traced: Traced, database: Database) -> None:
    conversation_id = await new_conversation(database)
    outcome = await runner.ask(SCOPE, conversation_id, QUESTION)
    tree = await traced.tree()
    assert tree[""] == ["ladrillo.run"]
    assert tree["ladrillo.run"] == ["screen", "supervisor", "roi", "compose", "ground", "decide"]
    assert tree["supervisor"] == ["chat builtin"]
    assert tree["roi"] == ["chat builtin", "execute_tool analyse_returns", "chat builtin"]
    run = next(span for span in await traced.spans() if span.name == "ladrillo.run")
    assert told(run) == {
        "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "ladrillo",
        "gen_ai.conversation.id": conversation_id, "session.id": conversation_id, "ladrillo.run.id": outcome["run_id"],
        "ladrillo.tenant": "default", "ladrillo.brain": "builtin", "ladrillo.status": "finished", "ladrillo.routes": ("roi",),
        "ladrillo.action": outcome["action"], "ladrillo.confidence": outcome["confidence"], "ladrillo.level": outcome["level"],
        "ladrillo.language": "es", "ladrillo.escalated": False,
    }
    assert run.resource.attributes["service.name"] == "ladrillo"
    tool = next(span for span in await traced.spans() if span.name == "execute_tool analyse_returns")
    assert told(tool) == {
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "analyse_returns", "ladrillo.tool.ok": True}


async def test_nobodys_words_are_in_it(runner: Runner, traced: Traced, database: Database) -> None:
    await runner.ask(SCOPE, await new_conversation(database), f"{QUESTION} Soy Zenaida, zenaida@example.com")
    everything = " ".join(
        str(part) for span in await traced.spans()
        for part in (span.name, told(span), span.status.description, [(e.name, dict(e.attributes or {})) for e in span.events])
    )
    for words in ("450", "rentabilidad", "apto", "Zenaida", "example.com", "6,13"):
        assert words not in everything


async def test_asked_for_by_the_operator_the_words_are_there(
    runner: Runner, traced: Traced, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    await runner.ask(SCOPE, await new_conversation(database), QUESTION)
    by_name = {span.name: told(span) for span in await traced.spans()}
    assert "450000000" in by_name["execute_tool analyse_returns"]["gen_ai.tool.call.arguments"]
    assert "gross_yield" in by_name["execute_tool analyse_returns"]["gen_ai.tool.call.result"]
    assert "6,13" in by_name["chat builtin"]["gen_ai.output.messages"]


async def test_specialists_at_the_same_time_keep_their_own_children(
    runner: Runner, traced: Traced, database: Database
) -> None:
    outcome = await runner.ask(SCOPE, await new_conversation(database), TWO)
    assert set(outcome["routes"]) == {"roi", "market_research"}
    tree = await traced.tree()
    assert {"roi", "market_research"} <= set(tree["ladrillo.run"])
    tools = {call["name"] for call in outcome["tool_calls"]}
    by_route = {route: {name.removeprefix("execute_tool ") for name in tree[route] if name.startswith("execute_tool ")}
                for route in ("roi", "market_research")}
    assert "analyse_returns" in by_route["roi"]
    assert by_route["market_research"]
    assert "analyse_returns" not in by_route["market_research"]
    assert by_route["roi"] | by_route["market_research"] == tools
    assert len({span.context.trace_id for span in await traced.spans()}) == 1


async def test_two_runs_at_once_are_two_traces(runner: Runner, traced: Traced, database: Database) -> None:
    both = [await new_conversation(database) for _ in range(2)]
    await asyncio.gather(*(runner.ask(SCOPE, conversation, QUESTION) for conversation in both))
    runs = [span for span in await traced.spans() if span.name == "ladrillo.run"]
    assert {told(span)["gen_ai.conversation.id"] for span in runs} == set(both)
    traces = [span.context.trace_id for span in await traced.spans()]
    sizes = [traces.count(run.context.trace_id) for run in runs]
    assert len(set(traces)) == 2
    assert sizes[0] == sizes[1] == len(traces) / 2


async def test_a_tool_that_fails_is_marked_by_its_code(
    runner: Runner, traced: Traced, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise Unavailable("No rates for 450 millones.", "No hay tasas.", code="rates_unavailable")

    monkeypatch.setattr("knowledge.finance.analysis.analyse", broken)
    await runner.ask(SCOPE, await new_conversation(database), QUESTION)
    tool = next(span for span in await traced.spans() if span.name == "execute_tool analyse_returns")
    assert tool.status.status_code is StatusCode.ERROR
    assert (told(tool)["error.type"], told(tool)["ladrillo.tool.ok"]) == ("rates_unavailable", False)
    assert not tool.events
    node = next(span for span in await traced.spans() if span.name == "roi")
    assert told(node)["error.type"] == "finding_failed"


async def test_a_stopped_run_ends_its_open_spans(runner: Runner, traced: Traced, database: Database) -> None:
    conversation_id, agent = await new_conversation(database), Waiting()
    runner.staff = WaitingStaff(runner.staff, agent)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    await agent.begun.wait()
    await runner.stop(SCOPE, conversation_id)
    await runner.ended(SCOPE, conversation_id, sent)
    by_name = {span.name: told(span) for span in await traced.spans()}
    assert by_name["ladrillo.run"]["ladrillo.status"] == "cancelled"
    assert "roi" in by_name


async def test_a_failed_run_carries_its_code(
    runner: Runner, traced: Traced, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.resources.settings, "turn_timeout", 0.05)
    runner.staff = WaitingStaff(runner.staff, Waiting())
    await runner.ask(SCOPE, await new_conversation(database), QUESTION)
    run = next(span for span in await traced.spans() if span.name == "ladrillo.run")
    assert run.status.status_code is StatusCode.ERROR
    assert (told(run)["ladrillo.status"], told(run)["error.type"]) == ("failed", "timeout")


@pytest.mark.parametrize(("header", "joined"), [(PARENT, True), ("nonsense", False), (None, False)])
async def test_a_request_that_names_its_trace_is_the_parent(
    runner: Runner, traced: Traced, database: Database, header: str | None, joined: bool
) -> None:
    conversation_id = await new_conversation(database)
    with telemetry.caller({"traceparent": header} if header else {}):
        sent = await runner.send(SCOPE, conversation_id, "hola")
    await runner.ended(SCOPE, conversation_id, sent)
    run = next(span for span in await traced.spans() if span.name == "ladrillo.run")
    assert (f"{run.context.trace_id:032x}" == PARENT.split("-")[1]) is joined
    assert (run.parent is not None) is joined


async def test_untraced_no_callback_is_added(runner: Runner, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry._provider.cache_clear()
    seen: list[int] = []
    stream: Callable[..., Any] = runner._graph.astream

    def spy(*args: Any, config: Any, **kwargs: Any) -> Any:
        seen.append(len(config["callbacks"]))
        return stream(*args, config=config, **kwargs)

    monkeypatch.setattr(runner._graph, "astream", spy)
    await runner.ask(SCOPE, await new_conversation(database), "hola")
    assert seen == [0]
