"""A conversation becomes an evaluation case: what was asked, what was decided, nothing about who asked."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Conflict, NotFound
from core.facts import Fact, Source, SourceKind
from core.scope import Scope
from evals.cases import Case, Number
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
    assert case.expect.numbers == [Number(name="gross_yield_pct", value=5.4)]
    assert case.expect.locale == "es-ES"
    assert case.expect.tools is not None
    assert case.expect.tools.match == "superset"
    assert [call.name for call in case.expect.tools.calls] == [call["name"] for call in last["tool_calls"]]
    assert await labelling.of(runner.resources.database, STAFF, conversation) == made


async def test_figures_of_several_options_are_told_apart_and_those_of_the_market_left_out(runner: Runner) -> None:
    database = runner.resources.database
    conversation, _ = await held(
        runner, "Piso A en Málaga de 200.000 € que renta 900 € al mes o piso B de 250.000 € que renta 1.200 €: ¿cuál rinde más?"
    )
    case = Case.model_validate(await labelling.of_conversation(database, STAFF, conversation))
    assert case.expect is not None
    yields = [(n.name, n.value) for n in case.expect.numbers if n.name.startswith("gross_yield")]
    assert yields == [("gross_yield_pct_a", 5.4), ("gross_yield_pct_b", 5.76)]


def test_a_figure_that_rests_on_data_is_not_expected_again() -> None:
    def fact(kind: SourceKind, key: str, *inputs: Fact) -> Fact:
        return Fact(key, 5.0, "percent", Source(kind, key), inputs=tuple(f.id for f in inputs))

    told, known = fact("user", "rent"), fact("aggregate", "median_price")
    own, mixed = fact("computation", "own", told), fact("computation", "mixed", told, known)
    twice, odd = fact("computation", "twice", own), fact("computation", "odd", fact("user", "lost"))
    facts = {f.id: f for f in (told, known, own, mixed, twice, odd)}
    assert labelling.numbers([*facts.values()], facts) == [
        {"name": "own_pct", "value": 5.0}, {"name": "twice_pct", "value": 5.0}
    ]


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
