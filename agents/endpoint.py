"""A chat model behind an OpenAI-compatible endpoint, with one retry layer, one deadline a call, and an end that is checked.

A second attempt is made only before the first piece has come: what was shown cannot be taken back. A stream that stops
without saying that it is finished (a proxy that closes politely, a token limit) is a fault like a broken connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from core.retry import MalformedAnswer, retrying

T = TypeVar("T")
_UNFINISHED = (None, "length", "content_filter")


class Endpoint(ChatOpenAI):
    """`call_seconds` is what one call may take from its first attempt to its last piece."""

    call_seconds: float = 30.0

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self.root_async_client.close()

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        deadline = asyncio.get_running_loop().time() + self.call_seconds
        answer = super()._agenerate

        async def once() -> ChatResult:
            return await _within(deadline, answer(*args, **kwargs))

        result: ChatResult = await retrying()(once)
        if not result.generations:
            raise MalformedAnswer("the endpoint's answer has no choices")
        return result

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        """Pieces of the answer. Raises `TimeoutError` at the deadline, `MalformedAnswer` for a stream without an end."""
        deadline = asyncio.get_running_loop().time() + self.call_seconds
        connect = super()._astream
        responses = self._use_responses_api({**kwargs, **self.model_kwargs})

        async def begin() -> tuple[AsyncIterator[ChatGenerationChunk], ChatGenerationChunk | None]:
            opened = connect(*args, **kwargs)
            return opened, await _within(deadline, anext(opened, None))

        stream: AsyncIterator[ChatGenerationChunk]
        chunk: ChatGenerationChunk | None
        stream, chunk = await retrying()(begin)
        finished: str | None = None
        while chunk is not None:
            finished = (chunk.generation_info or {}).get("finish_reason") or finished
            yield chunk
            chunk = await _within(deadline, anext(stream, None))
        if not responses and finished in _UNFINISHED:
            raise MalformedAnswer(f"the stream ended with finish_reason {finished!r}")


async def _within(deadline: float, answer: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout_at(deadline):
            return await answer
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise MalformedAnswer(f"the endpoint sent something that cannot be read: {error!r}") from error
