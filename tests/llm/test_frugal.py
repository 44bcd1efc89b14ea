"""No model is asked what is surely understood: the playbooks look things up, and one call writes the answer."""

from __future__ import annotations

import pytest

from agents.prompts import load
from core.database import Database

from .conftest import Opened
from .fake_endpoint import FakeEndpoint, Reply, calls, decides, fails, says
from .turns import ANSWER, ARGS, FIRST, QUESTION, SECOND, ask, new_conversation

BOTH = (
    "¿Qué rentabilidad bruta deja un apartamento en Bogotá de 450 millones arrendado en 2,3 millones, "
    "y qué anuncios hay en Cali?"
)
UNSURE = "eso en qué queda"


async def test_a_question_that_is_surely_understood_costs_one_call(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("compose", says(ANSWER))
    turn = await ask(await opened(endpoint.url, router_threshold=0.9), database)
    assert turn.shown == ANSWER
    assert turn.outcome["routes"] == ["roi"]
    assert [call["name"] for call in turn.outcome["tool_calls"]] == ["analyse_returns"]
    (request,) = endpoint.requests
    assert "tools" not in request
    system, asked = request["messages"]
    assert system == {"role": "system", "content": load("compose", "es").text}
    assert f"<question>\n{QUESTION}\n</question>" in asked["content"]
    assert "<findings>\n**6,13" in asked["content"]
    assert len(system["content"]) + len(asked["content"]) < 3600
    assert list(turn.outcome["usage"]["roles"]) == ["compose"]


async def test_the_system_prompt_is_the_same_whatever_is_asked(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    """What an endpoint keeps ready is a prefix: nothing of the question, the reader or the day may stand in it."""
    runner = await opened(endpoint.url, router_threshold=0.2)
    endpoint.on("compose", says(ANSWER), says("No tengo anuncios de esa zona."))
    await ask(runner, database)
    await ask(runner, database, "pisos en Valencia por menos de 200.000 €")
    first, second = (request["messages"][0] for request in endpoint.requests)
    assert first == second


async def test_several_specialists_cost_one_call_as_well(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("compose", says(f"{FIRST} No tengo anuncios de Cali."))
    turn = await ask(await opened(endpoint.url, router_threshold=0.2), database, BOTH)
    assert turn.outcome["routes"] == ["market_research", "roi"]
    assert turn.shown == f"{FIRST} No tengo anuncios de Cali."
    assert len(endpoint.requests) == 1


async def test_a_doubtful_question_is_routed_by_the_model(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("none"))
    turn = await ask(await opened(endpoint.url, router_threshold=0.9), database, UNSURE)
    assert len(endpoint.of("router")) == 1
    assert turn.outcome["routes"] == ["none"]


async def test_a_router_that_reads_it_alike_leaves_the_look_ups_to_the_playbook(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("compose", says(ANSWER))
    turn = await ask(await opened(endpoint.url, router_threshold=0.9999), database)
    assert turn.shown == ANSWER
    assert len(endpoint.requests) == 2


async def test_a_router_that_reads_it_otherwise_has_the_model_look_things_up(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("price_prediction"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER))
    turn = await ask(await opened(endpoint.url, router_threshold=0.9999), database)
    assert turn.shown == ANSWER
    assert turn.outcome["routes"] == ["price_prediction"]
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("words", ["hola", "gracias", "quiero hablar con una persona", "¿qué tiempo hace en Cancún?"])
async def test_what_needs_no_specialist_needs_no_model(
    opened: Opened, database: Database, endpoint: FakeEndpoint, words: str
) -> None:
    await ask(await opened(endpoint.url, router_threshold=0.5), database, words)
    assert endpoint.requests == []


async def test_a_permission_is_asked_for_word_for_word(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    turn = await ask(
        await opened(endpoint.url, router_threshold=0.2), database,
        "Quiero visitar un apartamento en Bogotá, soy Marta Ruiz, mi celular es 310 555 0199",
    )
    assert turn.outcome["consent"]["text"] in turn.shown
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "reply",
    [fails(500), fails(401), Reply([]), Reply(silent=True), says("   "), says("No puedo ayudar con eso."), Reply(body="{"),
     calls("analyse_returns", ARGS), says("La rentabilidad ronda el 9 %.")],
    ids=lambda reply: str((reply.status, reply.pieces, reply.silent, reply.body))[:60],
)
async def test_the_findings_stand_where_the_model_fails(
    opened: Opened, database: Database, endpoint: FakeEndpoint, builtin_answer: str, reply: Reply
) -> None:
    endpoint.always("compose", reply)
    turn = await ask(await opened(endpoint.url, router_threshold=0.9, model_timeout=1.5), database)
    assert turn.shown == builtin_answer
    assert len(endpoint.requests) <= 2


async def test_a_cut_answer_is_finished_by_the_findings(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.always("compose", says(f"{FIRST} Sale de un arr", cut=True))
    turn = await ask(await opened(endpoint.url, router_threshold=0.9), database)
    assert turn.shown.startswith(f"{FIRST}\n\n")
    assert "Sale de un arr" not in turn.shown
    assert "450.000.000" in turn.shown


async def test_earlier_exchanges_reach_the_writer_in_short(
    opened: Opened, database: Database, endpoint: FakeEndpoint
) -> None:
    runner = await opened(endpoint.url, router_threshold=0.5)
    endpoint.always("compose", says(ANSWER))
    conversation = await new_conversation(database)
    await ask(runner, database, QUESTION, conversation)
    await ask(runner, database, "¿y si lo financio al 70 %?", conversation)
    asked = endpoint.requests[-1]["messages"][1]["content"]
    assert f"investor: {QUESTION}" in asked
    assert f"you: {FIRST} {SECOND}" in asked
