"""What a language model writes without a fact behind it is not shown; the built-in brain says the rest."""

from __future__ import annotations

import pytest

from core.database import Database
from graphs.runner import Runner

from .fake_endpoint import FakeEndpoint, calls, decides, says
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
async def test_the_rest_of_the_answer_is_replaced_from_the_same_facts(
    runner: Runner, database: Database, endpoint: FakeEndpoint, invented: str
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS), says(f"{FIRST} {invented} Y algo más."))
    turn = await ask(runner, database)
    assert turn.shown.startswith(f"{FIRST}\n\n")
    rest = turn.shown.removeprefix(FIRST).strip()
    assert len(rest) > 20
    assert invented not in turn.shown
    assert "Y algo más" not in turn.shown
    assert "450.000.000" in rest


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
    endpoint.on("compose", says(f"{FIRST} No hay anuncios de la zona. La neta es 4,87 %."))
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
    await ask(runner, database)
    turn = await ask(runner, database)
    assert turn.shown.count("6,13") == 1
