"""A figure that a language model made up for a tool call is not calculated with: it is told so, or left alone."""

from __future__ import annotations

from typing import Any

import pytest

from core.database import Database
from graphs.runner import Runner

from .fake_endpoint import FakeEndpoint, calls, decides, says
from .turns import ANSWER, ARGS, ask

INVENTED: list[dict[str, Any]] = [{"price": 300_000_000}, {"monthly_rent": 9_900_000}, {"vacancy_pct": 8.0}]


@pytest.mark.parametrize("invented", INVENTED, ids=str)
async def test_a_model_that_is_told_calls_again_with_what_was_said(
    runner: Runner, database: Database, endpoint: FakeEndpoint, invented: dict[str, Any]
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS | invented, id="a"),
                calls("analyse_returns", ARGS, id="b"), says(ANSWER))
    turn = await ask(runner, database)
    assert turn.shown == ANSWER
    assert [call["ok"] for call in turn.outcome["tool_calls"]] == [False, True]
    told = endpoint.of("analyse_returns")[1]["messages"][-1]["content"]
    (name, value), = invented.items()
    assert f"{name} = {value:.12g}" in told
    assert value not in [fact["value"] for fact in turn.outcome["facts"]]


@pytest.mark.parametrize("invented", INVENTED, ids=str)
async def test_one_that_insists_is_left(
    runner: Runner, database: Database, endpoint: FakeEndpoint, builtin_answer: str, invented: dict[str, Any]
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", *(calls("analyse_returns", ARGS | invented, id=f"c{i}") for i in range(9)))
    assert (await ask(runner, database)).shown == builtin_answer


async def test_an_answer_to_a_call_that_was_not_made_is_not_shown(
    runner: Runner, database: Database, endpoint: FakeEndpoint, builtin_answer: str
) -> None:
    endpoint.on("router", decides("roi"))
    endpoint.on("analyse_returns", calls("analyse_returns", ARGS | {"monthly_rent": 9_900_000}),
                says("La rentabilidad bruta es 26,40 % al año."))
    endpoint.always("compose", says("La rentabilidad bruta es 26,40 % al año."))
    assert (await ask(runner, database)).shown == builtin_answer
