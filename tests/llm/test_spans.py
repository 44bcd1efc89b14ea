"""Spans of a turn that a language model thinks: model, tokens and ends, and what a dead endpoint leaves."""

from __future__ import annotations

from opentelemetry.trace import SpanKind, StatusCode

from core.database import Database
from graphs.runner import Runner
from tests.traced import Traced, told

from .fake_endpoint import FakeEndpoint, calls, decides, fails, says
from .turns import ANSWER, ARGS, ask


async def test_each_call_of_the_model_says_which_model_and_how_many_tokens(
    runner: Runner, traced: Traced, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    await ask(runner, database)
    tree = await traced.tree()
    assert tree["supervisor"] == ["chat fake-model"]
    assert tree["roi"] == ["chat fake-model", "execute_tool analyse_returns", "chat fake-model"]
    spans = [span for span in await traced.spans() if span.name == "chat fake-model"]
    assert [told(span)["gen_ai.response.finish_reasons"] for span in spans] == [("stop",), ("tool_calls",), ("stop",)]
    for span in spans:
        assert span.kind is SpanKind.CLIENT
        known = told(span)
        assert (known["gen_ai.operation.name"], known["gen_ai.provider.name"]) == ("chat", "openai")
        assert known["gen_ai.request.model"] == "fake-model"
        assert (known["gen_ai.usage.input_tokens"], known["gen_ai.usage.output_tokens"]) == (100, 20)
        assert not [name for name in known if "messages" in name]
    run = next(span for span in await traced.spans() if span.name == "ladrillo.run")
    assert told(run)["ladrillo.brain"] == "llm"


async def test_an_endpoint_that_fails_is_marked_and_the_builtin_model_follows(
    runner: Runner, traced: Traced, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", fails(400, "the question was: 450 millones"))
    await ask(runner, database)
    calls_made = [span for span in await traced.spans() if span.name.startswith("chat ")]
    assert [span.name for span in calls_made][:3] == ["chat fake-model", "chat fake-model", "chat builtin"]
    failed = calls_made[1]
    assert failed.status.status_code is StatusCode.ERROR
    assert told(failed)["error.type"].endswith("RequestError")
    assert "450" not in str(told(failed)) + str(failed.status.description) + str(failed.events)
