"""A chat model behind an OpenAI-compatible endpoint: one retry layer, one deadline a call, an end that is checked, and every
call counted, also one that was cut.

A second attempt is made only before the first piece has come: what was shown cannot be taken back. A stream that stops
without saying that it is finished (a proxy that closes politely, a token limit) is a fault like a broken connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import PrivateAttr

from agents.abilities import Abilities, Unable
from agents.schemas import compact
from core import metering
from core.clock import monotonic, now
from core.gate import Gate
from core.metering import ModelCall
from core.model_settings import RoleModel
from core.retry import CutShort, MalformedAnswer, retrying

T = TypeVar("T")
_UNFINISHED = (None, "length", "content_filter")
#: More tokens than any call has.
_MOST_TOKENS = 10_000_000
_FOUR = 4  # characters a token, where an endpoint does not count


class Endpoint(ChatOpenAI):
    """`call_seconds` is what one call may take from its first attempt to its last piece, `stall_seconds` what may pass between
    two pieces, `role` who thinks with it."""

    call_seconds: float = 30.0
    stall_seconds: float = 10.0
    role: str = "specialist"
    _prices: RoleModel = PrivateAttr(default_factory=RoleModel)
    _gate: Gate = PrivateAttr(default_factory=lambda: Gate(64))
    _abilities: Abilities = PrivateAttr(default_factory=lambda: Abilities("auto"))

    @classmethod
    def guarded(cls, gate: Gate, abilities: Abilities, prices: RoleModel, **values: Any) -> Endpoint:
        found = cls(**values)
        found._gate, found._abilities, found._prices = gate, abilities, prices
        return found

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    @property
    def resting(self) -> bool:
        """Whether it failed and is left alone for now."""
        return self._gate.resting

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self.root_async_client.close()

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return super().bind_tools([compact(tool) for tool in tools], **kwargs)

    def _get_request_payload(self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        if not self._abilities.may("stream_usage"):
            payload.pop("stream_options", None)
        if not self._abilities.may("parallel_calls"):
            payload.pop("parallel_tool_calls", None)
        return payload

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        answer, counting = super()._agenerate, _Counting(self, messages)
        deadline = self._deadline()

        async def once() -> ChatResult:
            return await _within(deadline, answer(messages, *args, **kwargs))

        async with _Guard(self._gate, counting, deadline):
            result: ChatResult = await self._patiently(once, deadline, frozenset(_used(kwargs)))
            if not result.generations:
                raise MalformedAnswer("the endpoint's answer has no choices")
            counting.saw(result.generations[0].message)
        return result

    async def _astream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        """Pieces of the answer. Raises `TimeoutError` at the deadline, `MalformedAnswer` for a stream without an end."""
        connect, counting = super()._astream, _Counting(self, messages)
        deadline = self._deadline()
        responses = self._use_responses_api({**kwargs, **self.model_kwargs})

        async def begin() -> tuple[AsyncGenerator[ChatGenerationChunk, None], ChatGenerationChunk | None]:
            opened: Any = connect(messages, *args, **kwargs)
            return opened, await _within(deadline, anext(opened, None))

        async with _Guard(self._gate, counting, deadline):
            stream: AsyncGenerator[ChatGenerationChunk, None]
            chunk: ChatGenerationChunk | None
            stream, chunk = await self._patiently(begin, deadline, frozenset({"stream_usage", *_used(kwargs)}))
            finished: str | None = None
            async with aclosing(stream):  # whoever stops reading ends the call
                while chunk is not None:
                    finished = (chunk.generation_info or {}).get("finish_reason") or finished
                    counting.saw(chunk.message)
                    yield chunk
                    stalled = asyncio.get_running_loop().time() + self.stall_seconds
                    chunk = await _within(min(deadline, stalled), anext(stream, None))
            if not responses and finished in _UNFINISHED:
                raise MalformedAnswer(f"the stream ended with finish_reason {finished!r}")

    def _deadline(self) -> float:
        own = asyncio.get_running_loop().time() + self.call_seconds
        meter = metering.meter.get()
        return own if meter is None or meter.until is None else min(own, meter.until)

    async def _patiently(self, attempt: Any, deadline: float, used: frozenset[str]) -> Any:
        """The attempt, again where that may help, and again without what the endpoint turns out not to know."""
        used = frozenset(filter(self._abilities.may, used))  # as this attempt uses them: another may learn meanwhile
        try:
            return await retrying(deadline)(attempt)
        except Exception as error:
            missing = self._abilities.learn(error, used)
            if missing is None:
                raise
            if missing in ("tools", "json_schema"):
                raise Unable(missing) from error
        return await self._patiently(attempt, deadline, used)


class _Counting:
    """What one call used, as far as it came."""

    def __init__(self, endpoint: Endpoint, messages: Sequence[BaseMessage]) -> None:
        self._endpoint, self._at, self._begun = endpoint, now(), monotonic()
        self._read = sum(len(str(message.content)) for message in messages) // _FOUR
        self._written = 0
        self._told: Any = None
        self._first: float | None = None
        self._last = self._begun

    def saw(self, message: BaseMessage) -> None:
        self._last = monotonic()
        if self._first is None:
            self._first = self._last
        if isinstance(message, (AIMessage, AIMessageChunk)):
            self._written += len(message.text)
            if message.usage_metadata is not None and not _can_be(message.usage_metadata):
                message.usage_metadata = None  # nobody adds it up
            self._told = message.usage_metadata or self._told

    @property
    def stalled(self) -> bool:
        """Whether nothing has come for as long as an endpoint may be silent."""
        return monotonic() - self._last >= self._endpoint.stall_seconds

    def call(self, error: BaseException | None) -> ModelCall | None:
        """None where the endpoint never took the call."""
        if self._first is None and error is not None and not isinstance(error, TimeoutError):
            return None
        told, prices = self._told, self._endpoint._prices
        read = told["input_tokens"] if told else self._read
        written = told["output_tokens"] if told else self._written // _FOUR
        ready: Any = (told.get("input_token_details") or {}).get("cache_read") if told else 0
        cached = min(int(read), int(ready)) if _is_count(ready) else 0
        cost = None
        if prices.input_price is not None and prices.output_price is not None:
            kept = prices.input_price if prices.cached_price is None else prices.cached_price
            cost = ((read - cached) * prices.input_price + cached * kept + written * prices.output_price) / 1e6
        return ModelCall(
            role=self._endpoint.role, model=self._endpoint.model_name, at=self._at, input_tokens=read, output_tokens=written,
            cached_tokens=cached, cost=cost, ms=round((monotonic() - self._begun) * 1000),
            first_ms=None if self._first is None else round((self._first - self._begun) * 1000),
            error=type(error).__name__ if error is not None else None, estimated=not told,
        )


class _Guard:
    """Before a call: the budget and the gate. After it, however it ended: what it used."""

    def __init__(self, gate: Gate, counting: _Counting, deadline: float) -> None:
        self._gate, self._counting, self._deadline = gate.open(), counting, deadline

    async def __aenter__(self) -> None:
        self._meter = metering.meter.get()
        if self._meter is not None:
            await self._meter.allow()
        async with asyncio.timeout_at(self._deadline):  # a place may have to be waited for
            await self._gate.__aenter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            await self._gate.__aexit__(*self._of_the_endpoint(kind, error), trace)
        finally:
            call = self._counting.call(error)
            if self._meter is not None and call is not None:
                self._meter.add(call)

    def _of_the_endpoint(self, kind: Any, error: BaseException | None) -> tuple[Any, BaseException | None]:
        """What the gate is told: that the turn's time ran out is no fault of an endpoint that was not late yet."""
        until = None if self._meter is None else self._meter.until
        ran_out = until is not None and asyncio.get_running_loop().time() >= until
        if ran_out and isinstance(error, TimeoutError) and not self._counting.stalled:
            return CutShort, CutShort("the turn's time ran out")
        return kind, error


def _can_be(usage: Any) -> bool:
    """Whether an endpoint counted as one can: some send words, or numbers that no answer has."""
    return all(_is_count(usage.get(name)) for name in ("input_tokens", "output_tokens", "total_tokens"))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS


def _used(kwargs: dict[str, Any]) -> list[str]:
    """The abilities that a request uses."""
    keys = (("tools", "tools"), ("json_schema", "response_format"), ("parallel_calls", "parallel_tool_calls"))
    return [name for name, key in keys if kwargs.get(key)]


async def _within(deadline: float, answer: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout_at(deadline):
            return await answer
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise MalformedAnswer(f"the endpoint sent something that cannot be read: {error!r}") from error
