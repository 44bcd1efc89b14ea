"""A conversation becomes an evaluation case: what was asked, what was decided, nothing about who asked."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Conflict, NotFound
from core.scope import Scope
from evals.cases import Case
from graphs.runner import Runner
from knowledge.records import conversations
from services import desk, labelling

VISITOR = Scope(role="visitor", subject="v")
STAFF = Scope(role="adviser", subject="ana")
YIELD = "Me llamo Carlos Pérez. ¿Rentabilidad bruta de un piso de 200.000 € en Málaga alquilado en 900 €?"


async def held(runner: Runner, *words: str) -> tuple[str, list[dict[str, Any]]]:
    """A conversation's id, and what came of its messages."""
    async with runner.resources.database.session(VISITOR) as session:
        row, _ = await conversations.create(session, VISITOR, visitor="v", channel="test")
    return row.id, [await runner.ask(VISITOR, row.id, said) for said in words]


async def test_a_conversation_as_it_was_decided(runner: Runner) -> None:
    conversation, [_, last] = await held(runner, "hola", YIELD)
    made = await labelling.of_conversation(runner.resources.database, STAFF, conversation)
    case = Case.model_validate(made)
    assert (case.lang, case.turns) == ("es", ["hola", YIELD.replace("Carlos Pérez", "Ana Prueba")])
    assert case.expect is not None
    assert (case.expect.routes, case.expect.escalate) == (last["routes"], False)
    assert case.expect.slots == last["slots"] | {"name": "Ana Prueba"}
    assert case.expect.slots["price"] == 200_000
    assert case.tags == ["from_conversation", "multi_turn"]
    assert await labelling.of(runner.resources.database, STAFF, conversation) == made


async def test_a_resolved_case_ends_where_it_was_opened_and_keeps_the_resolution(runner: Runner) -> None:
    database = runner.resources.database
    conversation, [_, opened, _] = await held(
        runner, YIELD, "quiero hablar con una persona, mi correo es carlos@x.com", "gracias"
    )
    reference = opened["case"]["case"]
    await desk.reply(database, STAFF, reference, "Hola, soy Ana.")
    await runner.ask(VISITOR, conversation, "mi otro correo es otro@x.com")
    await desk.close(database, STAFF, reference, "resolve", "Carlos Pérez (carlos@x.com) visita el martes.")
    case = Case.model_validate(await labelling.of_case(database, STAFF, reference))
    assert case.turns[1:] == ["quiero hablar con una persona, mi correo es persona1@example.com"]
    assert case.note == "Ana Prueba (persona1@example.com) visita el martes."
    assert case.expect is not None
    assert (case.expect.routes, case.expect.escalate) == (["human"], True)
    assert case.tags == ["from_conversation", "multi_turn", "from_case", "asked_person", "resolved"]
    whole = Case.model_validate(await labelling.of_conversation(database, STAFF, conversation))
    assert whole.turns[2:] == ["gracias"]  # what was said to the adviser is no turn of Ladrillo's
    assert whole.note is None


async def test_what_cannot_be_a_case(runner: Runner) -> None:
    database = runner.resources.database
    conversation, _ = await held(runner)
    with pytest.raises(Conflict, match="nothing to expect"):
        await labelling.of_conversation(database, STAFF, conversation)
    for reference in ("conv_none", "C-999999"):
        with pytest.raises(NotFound, match="neither a conversation nor a case"):
            await labelling.of(database, STAFF, reference)
    with pytest.raises(NotFound):
        await labelling.of(database, Scope(tenant="other", role="admin"), conversation)
