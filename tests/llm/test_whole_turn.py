"""A turn thought by a language model: routed, looked up with real tools, streamed, stored as shown."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import text

from agents.prompts import load
from agents.specialist import prompts_of
from core.database import Database
from graphs.runner import Runner

from .conftest import Opened
from .fake_endpoint import FakeEndpoint, both, calls, decides, says
from .turns import ANSWER, ARGS, FIRST, QUESTION, SCOPE, SECOND, ask, new_conversation, turn_of


def system(route: str, language: str) -> str:
    """What a specialist's model is told before everything else."""
    return "\n".join(load(name, language).text for name in prompts_of(route))


async def test_a_question_is_routed_looked_up_and_answered(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    turn = await ask(runner, database)
    assert turn.shown == ANSWER
    assert turn.outcome["routes"] == ["roi"]
    assert [(c["name"], c["ok"]) for c in turn.outcome["tool_calls"]] == [("analyse_returns", True)]
    assert {b["shown"] for b in turn.outcome["bindings"]} == {"6,13 %", "$2.300.000", "$450.000.000"}
    assert len(endpoint.requests) == 3


async def test_the_endpoint_is_told_what_it_needs_and_no_more(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    await ask(runner, database)
    router, first, second = endpoint.requests
    schema = router["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("RoutingDecision", True)
    assert router["messages"][0]["content"] == load("supervisor", "es").text
    assert first["messages"][0] == {"role": "system", "content": system("roi", "es")}
    asked = first["messages"][-1]["content"]
    assert f"<question>\n{QUESTION}\n</question>" in asked
    assert "locale es-CO" in asked
    assert "numbers like 1.234,56" in asked
    offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in first["tools"]}
    assert "analyse_returns" in offered
    assert "runtime" not in offered["analyse_returns"]["properties"]
    result = second["messages"][-1]
    assert result["role"] == "tool"
    assert result["content"].startswith("<tool_data>\n")
    assert result["content"].endswith("\n</tool_data>")
    assert "gross_yield = 6.13" in result["content"]
    sent = json.dumps(endpoint.requests)
    for private in ("additional_kwargs", "brief", "turn_slots", "message_id", "artifact", "tenant"):
        assert f'"{private}"' not in sent
    assert all(headers["authorization"] == "Bearer test" for headers in endpoint.headers)


async def test_english_is_prompted_and_answered_in_english(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi", language="en"))
    answer = "The gross yield is **6.13 %** a year, on a price of COP 450,000,000."
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(answer))
    turn = await ask(
        runner, database, "What is the gross yield of a flat in Bogotá for COP 450,000,000 rented at COP 2,300,000 a month?"
    )
    assert turn.shown == answer
    assert turn.outcome["language"] == "en"
    assert endpoint.requests[0]["messages"][0]["content"] == load("supervisor", "en").text
    assert endpoint.requests[1]["messages"][0]["content"] == system("roi", "en")


async def test_text_arrives_while_the_model_is_still_writing(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    last = asyncio.Event()
    writing = says(ANSWER, hold=last)
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), writing)
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    async with asyncio.timeout(10):
        async for _, _, payload in runner.tail(SCOPE, conversation_id, sent.seq, run_id=sent.run_id):
            if payload["type"] == "TEXT_MESSAGE_CONTENT":
                assert FIRST.startswith(payload["delta"])
                break
    assert writing.sent == len(writing.pieces) - 1
    last.set()
    await runner.ended(SCOPE, conversation_id, sent)
    turn = await turn_of(database, conversation_id, await runner.outcome(SCOPE, sent.run_id or ""))
    assert turn.shown == ANSWER


@pytest.mark.parametrize("preamble", ["Voy a calcularlo.", "Voy a calcularlo con sus datos. Un momento, por favor. Ya casi."])
async def test_a_message_that_carries_tool_calls_is_not_shown(
    runner: Runner, database: Database, endpoint: FakeEndpoint, preamble: str
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS, text=preamble), says(ANSWER))
    turn = await ask(runner, database)
    assert turn.shown == ANSWER


async def test_a_second_tool_call_may_be_announced_and_is_not_shown(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    again = calls("analyse_returns", ARGS | {"measures": ["years_of_rent"]}, text="Ahora cuento los años.", id="call_2")
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), again, says(ANSWER))
    turn = await ask(runner, database)
    assert turn.shown == ANSWER
    assert len(turn.outcome["tool_calls"]) == 2


async def test_an_answer_begun_too_early_goes_on_in_a_paragraph_of_its_own(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    early = calls("analyse_returns", ARGS | {"measures": ["years_of_rent"]}, text=f"{FIRST} Cuento los años.", id="call_2")
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), early, says(f"{SECOND} Nada más."))
    turn = await ask(runner, database)
    assert turn.shown == f"{FIRST}\n\n{SECOND} Nada más."


async def test_parallel_specialists_show_nothing_and_compose_writes_the_answer(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi", "market_research"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    endpoint.on("search_listings", says("No tengo anuncios de esa zona."))
    last = asyncio.Event()
    endpoint.on("compose", says(f"{FIRST} No tengo anuncios de la zona. Eso es todo.", hold=last))
    conversation_id = await new_conversation(database)
    sent = await runner.send(SCOPE, conversation_id, QUESTION)
    seen = []
    async with asyncio.timeout(10):
        async for _, _, payload in runner.tail(SCOPE, conversation_id, sent.seq, run_id=sent.run_id):
            seen.append(payload)
            if payload["type"] == "TEXT_MESSAGE_CONTENT":
                break
    assert "compose" in [e["stepName"] for e in seen if e["type"] == "STEP_STARTED"]
    last.set()
    await runner.ended(SCOPE, conversation_id, sent)
    turn = await turn_of(database, conversation_id, await runner.outcome(SCOPE, sent.run_id or ""))
    assert turn.shown == f"{FIRST} No tengo anuncios de la zona. Eso es todo."
    (request,) = endpoint.of("compose")
    assert request["messages"][0]["content"] == load("compose", "es").text
    assert ANSWER in request["messages"][1]["content"]
    assert endpoint.of("analyse_returns")[-1]["messages"][0]["content"] == system("roi", "es")


async def test_two_calls_in_one_message_are_answered_both(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    other = ARGS | {"price": 500_000_000}
    made = both([("analyse_returns", ARGS, "a"), ("analyse_returns", other, "b")])
    endpoint.on("analyse_returns", made, says(ANSWER))
    turn = await ask(runner, database, f"{QUESTION} ¿Y si costara 500 millones?")
    assert turn.shown == ANSWER
    assert [m["tool_call_id"] for m in endpoint.requests[-1]["messages"] if m["role"] == "tool"] == ["a", "b"]


async def test_tokens_are_counted_over_the_turn_and_kept_with_the_run(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    turn = await ask(runner, database)
    one = {"calls": 1, "tokens": 120, "input_tokens": 100, "cached_tokens": 30, "output_tokens": 20, "cost": None,
           "estimated": False}
    two = {name: value * 2 if type(value) is int else value for name, value in one.items()}
    usage = turn.outcome["usage"]
    assert usage["roles"] == {"router": one, "specialist": two}
    assert {name: usage[name] for name in one} == {name: v * 3 if type(v) is int else v for name, v in one.items()}
    assert usage["models"] == ["fake-model"]
    assert usage["prompts"] == {f"{name}.es": load(name, "es").stamp for name in ("house_rules", "roi", "supervisor")}
    assert turn.run["usage"] == usage
    assert turn.run["brain"] == "llm"
    async with database.session(SCOPE) as session:
        rows = await session.execute(text("SELECT role, model, input_tokens, cached_tokens, output_tokens, error, estimated,"
                                          " first_ms <= ms FROM model_calls ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            (role, "fake-model", 100, 30, 20, None, False, True) for role in ("router", "specialist", "specialist")]


async def test_their_cost_is_that_of_the_prices_set(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    prices = {"model_input_price": 2.0, "model_cached_price": 0.5, "model_output_price": 10.0}
    turn = await ask(await opened(endpoint.url, **prices), database)
    assert turn.outcome["usage"]["cost"] == pytest.approx((210 * 2 + 90 * 0.5 + 60 * 10) / 1e6)


async def test_the_transcript_reaches_the_model_and_the_question_stays_last(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("none"), decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    conversation_id = await new_conversation(database)
    greeting = await ask(runner, database, "hola", conversation_id)
    await ask(runner, database, QUESTION, conversation_id)
    asked = endpoint.of("router")[1]["messages"]
    assert [message["role"] for message in asked] == ["system", "user"]
    assert "investor: hola" in asked[1]["content"]
    assert f"you: {greeting.shown.split('. ')[0]}" in asked[1]["content"]
    assert asked[1]["content"].endswith(f"<question>\n{QUESTION}\n</question>")
    roles = [m["role"] for m in endpoint.requests[2]["messages"]]
    assert roles == ["system", "user"]
    assert "investor: hola" in endpoint.requests[2]["messages"][1]["content"]
