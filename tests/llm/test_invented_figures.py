"""What a language model writes without a fact behind it is not shown; the built-in brain says the rest."""

from __future__ import annotations

import pytest

from core.database import Database
from graphs.runner import Runner

from .fake_endpoint import FakeEndpoint, Reply, calls, decides, fails, says
from .turns import ANSWER, ARGS, FIRST, SECOND, ask


@pytest.mark.parametrize(
    "invented",
    [
        "La neta sería 4,87 % al año.",
        "Sale de un precio de $455.000.000.",
        "Sale de un precio de 450.000.000 €.",
        "Sale de un precio de 450 mil.",
        "Sale de un precio de 450.000.000 m².",
        "El precio subirá ocho por ciento.",
        "El arriendo es de USD 2.300.000.",
    ],
)
async def test_one_call_mends_what_could_not_be_shown(
    runner: Runner, database: Database, endpoint: FakeEndpoint, invented: str
) -> None:
    """The model is stopped at the sentence, told what was wrong with it, and goes on after what was shown."""
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"{FIRST} {invented} Y algo más."))
    endpoint.on("compose", says(SECOND))
    turn = await ask(runner, database)
    assert turn.shown == f"{FIRST}\n\n{SECOND}"
    (request,) = endpoint.of("compose")
    assert [m["role"] for m in request["messages"]] == ["system", "user", "assistant", "user"]
    assert request["messages"][2]["content"] == FIRST
    assert f"<shown>\n{FIRST}\n</shown>" in request["messages"][3]["content"]
    assert "no está en los datos" in request["messages"][3]["content"]


BAD_REPAIRS = [says("La neta sería 4,87 % al año."), says("FIN", cut=True), fails(500), Reply([]), says("")]


@pytest.mark.parametrize("repair", BAD_REPAIRS, ids=lambda reply: str((reply.pieces, reply.cut, reply.status)))
async def test_the_built_in_brain_says_the_rest_where_that_fails(
    runner: Runner, database: Database, endpoint: FakeEndpoint, repair: Reply
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"{FIRST} La neta sería 4,87 %. Y algo más."))
    endpoint.always("compose", repair)
    turn = await ask(runner, database)
    assert turn.shown.startswith(FIRST)
    assert "4,87" not in turn.shown
    assert "Y algo más" not in turn.shown
    if repair.pieces or repair.status == 500:
        assert "450.000.000" in turn.shown.removeprefix(FIRST)


async def test_nothing_is_added_where_nothing_is_missing(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"{ANSWER} La neta sería 4,87 %."))
    endpoint.on("compose", says("FIN"))
    assert (await ask(runner, database)).shown == ANSWER


async def test_the_model_is_not_listened_to_any_longer(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    writing = says(f"{FIRST} La neta sería 4,87 %. " + "Sigue y sigue. " * 20_000)
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), writing)
    endpoint.on("compose", says("FIN"))
    turn = await ask(runner, database)
    assert turn.shown == FIRST
    assert writing.sent < len(writing.pieces)


async def test_an_invented_figure_in_the_first_sentence_leaves_nothing_of_it(
    runner: Runner, database: Database, endpoint: FakeEndpoint, builtin_answer: str
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", says("La rentabilidad bruta ronda el 7,5 % en la zona. Y es buena."))
    turn = await ask(runner, database)
    assert turn.shown == builtin_answer


async def test_after_tools_an_invented_first_sentence_gives_way_to_their_facts(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"Da 7,5 % al año. {SECOND} Y nada más."))
    endpoint.on("compose", says("Da 7,4 % al año."))
    turn = await ask(runner, database)
    assert "7,5" not in turn.shown
    assert turn.shown.startswith("**6,13\u00a0% bruto al año**")
    assert "Y nada más" not in turn.shown


async def test_in_parallel_only_what_binds_reaches_compose(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi", "market_research"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"{FIRST} La neta es 4,87 %."))
    endpoint.on("search_listings", says("No hay anuncios de esa zona."))
    endpoint.on("compose", says(f"{FIRST} No hay anuncios de la zona. La neta es 4,87 %."), says("La neta es 4,88 %."))
    turn = await ask(runner, database)
    assert "4,87" not in endpoint.of("compose")[0]["messages"][1]["content"]
    assert "4,87" not in turn.shown
    assert turn.shown.startswith(f"{FIRST} No hay anuncios de la zona.\n\n")


async def test_the_investors_own_figures_may_be_repeated(
    runner: Runner, database: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.on("router", decides("roi"))
    text = "Usted habla de un precio de 450 millones y un arriendo de 2,3 millones. ¿En qué ciudad está?"
    endpoint.on("analyse_returns", says(text))
    turn = await ask(runner, database)
    assert turn.shown == text


async def test_the_same_sentence_is_not_said_twice(runner: Runner, database: Database, endpoint: FakeEndpoint) -> None:
    endpoint.on("router", decides("roi"), decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(ANSWER), calls("analyse_returns", ARGS),
                says("**6,13 % bruto al año**: 12 × $2.300.000 ÷ $450.000.000. La neta es 4,87 %."))
    endpoint.on("compose", says("FIN"))
    await ask(runner, database)
    turn = await ask(runner, database)
    assert turn.shown.count("6,13") == 1
