"""Any OpenAI client talks to Ladrillo as to a model: the official one, streamed and not, and what a failed run looks like."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam
from pydantic import SecretStr

from core.scope import Scope
from core.settings import DEVELOPMENT_KEY
from knowledge.records import conversations
from knowledge.tables import Run

from .support import QUESTION, Service, Waiting, assert_error, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")
KEY = bearer(DEVELOPMENT_KEY)
PATH = "/v1/chat/completions"
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]


@pytest_asyncio.fixture(loop_scope="session")
async def client(service: Service) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key=DEVELOPMENT_KEY, max_retries=0, timeout=20) as found:
        yield found


async def chunks(client: AsyncOpenAI, **more: Any) -> list[ChatCompletionChunk]:
    stream = await client.chat.completions.create(model="ladrillo", messages=ASKED, stream=True, **more)
    return [chunk async for chunk in stream]


def extra(found: Any) -> dict[str, Any]:
    return dict(found.model_extra["ladrillo"])


async def test_the_official_client_gets_the_answer(client: AsyncOpenAI) -> None:
    found = await client.chat.completions.create(model="ladrillo", messages=ASKED)
    assert (found.object, found.model) == ("chat.completion", "ladrillo")
    assert found._request_id == found.id.removeprefix("chatcmpl-") == extra(found)["run_id"]
    (choice,) = found.choices
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert "6,13" in (choice.message.content or "")
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens, found.usage.total_tokens) == (0, 0, 0)


async def test_what_stands_beside_the_text_is_told_under_a_name_of_our_own(client: AsyncOpenAI) -> None:
    found = extra(await client.chat.completions.create(model="ladrillo", messages=ASKED))
    assert set(found) == {
        "conversation_id", "run_id", "routes", "confidence", "case", "facts", "citations", "cards", "tables", "charts",
        "suggestions", "language", "owner",
    }
    assert (found["routes"], found["owner"], found["case"], found["language"]) == (["roi"], "bot", None, "es")
    assert 0 < found["confidence"] <= 1
    assert "gross_yield" in [fact["key"] for fact in found["facts"]]
    assert found["suggestions"]


async def test_the_stream_says_the_same_piece_by_piece(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="ladrillo", messages=ASKED)
    found = await chunks(client)
    assert {(c.object, c.model, c.id) for c in found} == {("chat.completion.chunk", "ladrillo", found[0].id)}
    assert (found[0].choices[0].delta.role, found[0].choices[0].delta.content) == ("assistant", "")
    pieces = [c.choices[0].delta.content for c in found[1:-1]]
    assert len(pieces) > 1
    assert all(pieces)
    assert "".join(p or "" for p in pieces) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in found] == [None] * (len(found) - 1) + ["stop"]
    assert [c.usage for c in found] == [None] * len(found)
    assert [f["key"] for f in extra(found[-1])["facts"]] == [f["key"] for f in extra(whole)["facts"]]
    assert all("ladrillo" not in (c.model_extra or {}) for c in found[:-1])


async def test_usage_comes_in_a_chunk_of_its_own_where_it_is_asked_for(client: AsyncOpenAI) -> None:
    *rest, last = await chunks(client, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == 0
    assert rest[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in rest)


async def test_the_frames_on_the_wire(service: Service) -> None:
    body = {"model": "ladrillo", "messages": ASKED, "stream": True, "stream_options": {"include_usage": True}}
    response = await service.client.post(PATH, json=body, headers=KEY)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    frames = response.text.removesuffix("\n\n").split("\n\n")
    assert all(frame.startswith("data: ") for frame in frames)
    assert frames.pop() == "data: [DONE]"
    parsed = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    assert [chunk["usage"] for chunk in parsed[:-1]] == [None] * (len(parsed) - 1)
    assert parsed[-1]["usage"]["total_tokens"] == 0


async def test_the_helper_of_the_official_client_gathers_the_stream(client: AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="ladrillo", messages=ASKED) as stream:
        whole = await stream.get_final_completion()
    assert "6,13" in (whole.choices[0].message.content or "")


async def test_langchain_talks_to_it(service: Service) -> None:
    model = ChatOpenAI(base_url=f"{service.url}/v1", api_key=SecretStr(DEVELOPMENT_KEY), model="ladrillo", max_retries=0)
    assert "6,13" in str((await model.ainvoke(QUESTION)).content)
    assert "6,13" in "".join([str(chunk.content) async for chunk in model.astream(QUESTION)])


async def test_what_other_models_take_is_ignored(client: AsyncOpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    found = await client.chat.completions.create(
        model="ladrillo", messages=[{"role": "system", "content": "Answer in French. The yield is 99 %."}, *ASKED],
        temperature=2, top_p=0.1, max_tokens=1, max_completion_tokens=1, stop=["%"], seed=7, presence_penalty=1,
        tools=[tool], tool_choice="auto", response_format={"type": "text"}, n=1, logprobs=False, store=True,
        modalities=["text"], reasoning_effort="low", extra_body={"chat_id": "x", "options": {"num_ctx": 1}},
    )
    content = found.choices[0].message.content or ""
    assert content.startswith("**6,13")
    assert "99" not in content
    assert found.choices[0].message.tool_calls is None


async def test_hints_of_language_and_country_come_in_the_metadata(client: AsyncOpenAI) -> None:
    async def answer(**metadata: str) -> str:
        found = await client.chat.completions.create(
            model="ladrillo", messages=[{"role": "user", "content": "200000, 900?"}], metadata={"trace": "t-1", **metadata}
        )
        return str(extra(found)["language"])

    assert [await answer(language="en"), await answer(language="es")] == ["en", "es"]


async def test_a_text_may_come_in_parts(client: AsyncOpenAI) -> None:
    first, second = QUESTION[:30], QUESTION[30:]
    found = await client.chat.completions.create(
        model="ladrillo",
        messages=[{"role": "user", "content": [{"type": "text", "text": first}, {"type": "text", "text": second}]}],
    )
    assert extra(found)["routes"] == ["roi"]


async def test_the_models_are_listed(client: AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["ladrillo"]
    one = await client.models.retrieve("ladrillo")
    assert (one.object, one.owned_by) == ("model", "ladrillo")
    with pytest.raises(openai.NotFoundError, match="'ladrillo'"):
        await client.models.retrieve("openai/gpt-5")


# what goes wrong in a run


def interrupt(service: Service) -> None:
    """End the run that waits as a process that stops ends it."""
    (task,) = service.runner._tasks.values()
    task.cancel()


async def test_a_run_that_fails_is_an_error_of_the_server(service: Service, waiting: Waiting) -> None:
    for language, words in (("es", "se interrumpió"), ("en", "was interrupted")):
        request = asyncio.create_task(
            service.client.post(
                PATH, json={"model": "ladrillo", "messages": ASKED}, headers={**KEY, "Accept-Language": language}
            )
        )
        await waiting.begun()
        waiting._begun.clear()
        interrupt(service)
        response = await request
        assert response.status_code == 503
        error = response.json()["error"]
        assert (error["type"], error["code"], error["param"]) == ("server_error", "process_died", None)
        assert words in error["message"]


async def test_a_stream_that_fails_keeps_what_was_shown_and_ends_with_an_error(
    service: Service, client: AsyncOpenAI, waiting: Waiting
) -> None:
    stream = await client.chat.completions.create(model="ladrillo", messages=ASKED, stream=True)
    await waiting.begun()
    interrupt(service)
    assert (await anext(stream)).choices[0].delta.role == "assistant"
    with pytest.raises(openai.APIError, match="se interrumpió") as raised:
        await anext(stream)
    assert raised.value.code == "process_died"


async def test_a_client_that_leaves_does_not_stop_the_run(service: Service, client: AsyncOpenAI, waiting: Waiting) -> None:
    stream = await client.chat.completions.create(model="ladrillo", messages=ASKED, stream=True)
    await waiting.begun()
    await stream.close()
    (task,) = service.runner._tasks.values()
    waiting.go.set()
    await task
    run = stream.response.headers["x-request-id"]
    assert (await service.runner.outcome(Scope(), run))["status"] == "finished"


async def test_a_run_that_is_stopped_elsewhere_says_so(service: Service, client: AsyncOpenAI, waiting: Waiting) -> None:
    stream = await client.chat.completions.create(model="ladrillo", messages=ASKED, stream=True)
    await waiting.begun()
    async with service.database.session(Scope()) as session:
        run = await session.get(Run, stream.response.headers["x-request-id"])
        assert run is not None
    await service.runner.stop(Scope(), run.conversation_id)
    found = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in found) == "La respuesta se detuvo."
    assert found[-1].choices[0].finish_reason == "stop"


async def test_what_breaks_inside_is_told_without_its_inside(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: Any, **__: Any) -> str:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(conversations, "create", breaks)
    response = await service.client.post(PATH, json={"model": "ladrillo", "messages": ASKED}, headers=KEY)
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"
    assert "secret" not in response.text


async def test_the_rest_of_the_api_keeps_its_own_form_of_errors(service: Service) -> None:
    assert_error(await service.client.get("/v2/models"), 404, "http_404")
