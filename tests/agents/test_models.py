"""Which endpoint a role asks with which key, and what is found out about one by several calls at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from agents.models import Models, language_models
from core import metering
from core.errors import Misconfigured
from core.gate import FAILURES
from core.metering import Meter
from core.settings import Settings
from evals.standin import Reply, Standin

HERE, THERE = "http://here.test/v1", "http://there.test/v1"
_ANSWER = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hola"}}]}
_CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
    {"index": 0, "finish_reason": "stop", "delta": {"role": "assistant", "content": "hola"}}]}


def settings(**values: Any) -> Settings:
    general = {"brain": "llm", "openai_base_url": HERE, "openai_api_key": "sk-ours", "model": "m"}
    return Settings.model_validate(general | values)


@pytest.fixture
async def opened() -> AsyncIterator[Any]:
    made: list[Models] = []

    def opening(**values: Any) -> Models:
        found = language_models(settings(**values))
        assert found is not None
        made.append(found)
        return found

    yield opening
    for models in made:
        await models.aclose()


@respx.mock
async def test_a_key_goes_to_its_own_address_alone(opened: Any) -> None:
    here = respx.post(f"{HERE}/chat/completions").mock(return_value=httpx.Response(200, json=_ANSWER))
    there = respx.post(f"{THERE}/chat/completions").mock(return_value=httpx.Response(200, json=_ANSWER))
    models = opened(compose={"base_url": THERE}, fallback={"base_url": THERE, "model": "n", "api_key": "sk-theirs"})
    for model in (models.router, models.compose, models.fallback):
        await model.ainvoke("hola", stream=False)
    assert here.calls.last.request.headers["authorization"] == "Bearer sk-ours"
    assert [call.request.headers["authorization"] for call in there.calls] == ["Bearer not-needed", "Bearer sk-theirs"]
    assert "sk-ours" not in "".join(str(call.request.headers.raw) for call in there.calls)


@respx.mock
async def test_azures_older_interface_has_its_version_and_its_header(opened: Any) -> None:
    address = "https://resource.test/openai/deployments/ours"
    route = respx.post(f"{address}/chat/completions").mock(return_value=httpx.Response(200, json=_ANSWER))
    models = opened(openai_base_url=f"{address}/", model_api_version="2024-10-21")
    await models.router.ainvoke("hola", stream=False)
    request = route.calls.last.request
    assert request.url.params["api-version"] == "2024-10-21"
    assert request.headers["api-key"] == "sk-ours"


@respx.mock
async def test_calls_that_are_refused_together_learn_the_same_and_are_made_again(opened: Any) -> None:
    """What the first learns is not taken for something else by the second."""
    arrived, all_here = 0, asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal arrived
        if "stream_options" not in json.loads(request.content):
            return httpx.Response(200, text=f"data: {json.dumps(_CHUNK)}\n\ndata: [DONE]\n\n",
                                  headers={"content-type": "text/event-stream"})
        arrived += 1
        if arrived == 3:
            all_here.set()
        await all_here.wait()
        error = {"message": "Extra inputs are not permitted: stream_options (beside tools)", "type": "invalid_request_error"}
        return httpx.Response(400, json={"error": error})

    respx.post(f"{HERE}/chat/completions").mock(side_effect=answer)
    model = opened().specialist.bind_tools([{"type": "function", "function": {"name": "probe", "parameters": {}}}])
    async with asyncio.timeout(10):
        said = await asyncio.gather(*(model.ainvoke("hola") for _ in range(3)))
    assert [message.text for message in said] == ["hola"] * 3
    assert model.bound.abilities.may("tools")
    assert not model.bound.abilities.may("stream_usage")


@pytest.mark.parametrize(("stall", "rests"), [(4.0, False), (0.05, True)])
async def test_a_turn_out_of_time_says_nothing_of_an_endpoint_that_was_not_late_yet(
    opened: Any, stall: float, rests: bool
) -> None:
    async with Standin(lambda _: Reply(silent=True)) as endpoint:
        model = opened(openai_base_url=endpoint.url, model_timeout=5.0, model_stall=stall).compose
        token = metering.meter.set(Meter())
        try:
            for _ in range(FAILURES):
                metering.meter.set(Meter(until=asyncio.get_running_loop().time() + 0.1))
                with pytest.raises(TimeoutError):
                    await model.ainvoke("hola")
        finally:
            metering.meter.reset(token)
        assert model.resting == rests


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({}, "LADRILLO_MODEL_INPUT_PRICE"),
        ({"model_input_price": 1, "model_output_price": 2, "router": {"model": "n"}}, "LADRILLO_ROUTER__INPUT_PRICE"),
        ({"model_input_price": 1, "model_output_price": 2, "fallback": {"base_url": THERE}}, "LADRILLO_FALLBACK__INPUT_PRICE"),
    ],
)
def test_a_budget_in_dollars_names_the_prices_that_it_lacks(values: dict[str, Any], missing: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        language_models(settings(budget={"day_usd": 5}, **values))
    assert missing in refused.value.en
    assert missing in refused.value.es
