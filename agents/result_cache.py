"""A read-only tool called again with equal arguments over unchanged data gives its result without running.

Equal, never similar: the key holds the tenant, the tool, its arguments as the tool would read them, the version of the data,
the locale, the day, the settings and the program. What it does not hold is the turn: the investor's words, the slots, the
message, earlier results. So a tool is run with a runtime that notices a look at those, and such a result is not kept. A run
that never looked would have gone the same way in any other turn; that makes the key whole, whatever `tools/caching.py` says.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, cast

from langchain.agents.middleware import AgentMiddleware, ToolCallRequest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.types import Command
from pydantic import BaseModel, ValidationError

from core import clock
from core.cache import Cache, digest
from core.program import program_digest
from knowledge.data_version import data_version
from tools.caching import KEEPING
from tools.context import TurnContext

Handler = Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
#: Gaps of a result that another try may not have.
_PASSING = frozenset({"degraded", "tool_failed", "bad_input"})
#: An address or a telephone number in a text: nothing of such a call is kept.
_CONTACT_LIKE = re.compile(r"\S@\S|(?:\d[\s().\-/]*){7,}")
#: What a tool may use without looking at the turn.
_STEADY = frozenset({"resources", "scope", "locale"})
_STEADY_RESOURCES = frozenset({"database", "settings", "embedder", "meaning", "meaning_or_offline", "valuation"})


class ResultCache(AgentMiddleware[Any, Any]):
    """Innermost around the tools: a failure is not its affair, and a result that it gives counts against every limit."""

    def __init__(self) -> None:
        super().__init__()
        self._schemas: dict[str, type[BaseModel]] = {}

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Handler) -> ToolMessage | Command[Any]:
        context = cast(TurnContext, request.runtime.context)
        cache = context.resources.results
        tool = request.tool
        key = None
        if cache is not None and isinstance(tool, StructuredTool) and tool.coroutine is not None:
            key = await self._key(tool, request, context, cache)
        if cache is None or key is None:
            return await handler(request)
        found = _read(await cache.get(key))
        if found is None and await cache.elsewhere(key):
            found = _read(await cache.get(key))
        if found is not None:
            content, artifact = found
            return ToolMessage(content=content, artifact=artifact, name=request.tool_call["name"],
                               tool_call_id=request.tool_call["id"] or "")
        looks = _Looks()
        with cache.working_out(key):
            result = await handler(replace(request, tool=looks.during(cast(StructuredTool, tool))))
            value = None if looks.taken else _written(result)
            if value is not None:
                await cache.put(key, value)
        return result

    async def _key(self, tool: BaseTool, request: ToolCallRequest, context: TurnContext, cache: Cache) -> str | None:
        """Everything that the result of this call depends on; None where it may not be kept. Read before the tool's data."""
        keeping = KEEPING.get(tool.name)
        if keeping is None or not keeping.allows(request.tool_call["args"]):
            return None
        try:
            args = self._schema(tool).model_validate(request.tool_call["args"]).model_dump()
        except ValidationError:
            return None
        if any(_CONTACT_LIKE.search(text) for text in _texts(args)):
            return None
        settings, resources = context.resources.settings, context.resources
        version = await data_version(resources.database, context.scope) if keeping.reads else ""
        program = await asyncio.to_thread(program_digest) if cache.shared else ""
        try:
            return digest(
                program, settings.embeddings, settings.embeddings_model, context.scope.tenant, version, clock.now().date(),
                context.locale.code, tool.name, args,
            )
        except ValueError:  # NaN and infinity are not equal to anything
            return None

    def _schema(self, tool: BaseTool) -> type[BaseModel]:
        """What the model may pass, without the runtime; made anew at every access, so kept."""
        if tool.name not in self._schemas:
            schema: Any = tool.tool_call_schema
            self._schemas[tool.name] = schema
        return self._schemas[tool.name]


class _Looks:
    """Whether a tool has looked at the turn while it ran."""

    def __init__(self) -> None:
        self.taken = False

    def take(self) -> None:
        self.taken = True

    def during(self, tool: StructuredTool) -> StructuredTool:
        """The same tool, whose function gets a runtime with a state and a context that tell of looks. The function alone: what
        calls it writes the whole runtime out, and that is no look."""
        function = tool.coroutine
        assert function is not None

        @wraps(function)
        async def watched(*args: Any, runtime: Any, **more: Any) -> Any:
            resources = _Seen(runtime.context.resources, _STEADY_RESOURCES, self)
            context = _Seen(runtime.context, _STEADY, self, resources=resources)
            state = _SeenState(runtime.state, self)
            return await function(*args, runtime=replace(runtime, context=context, state=state), **more)

        return tool.model_copy(update={"coroutine": watched})


class _Seen:
    """An object whose attributes, but for the steady ones, count as a look."""

    def __init__(self, of: Any, steady: frozenset[str], looks: _Looks, **instead: Any) -> None:
        self.__dict__ |= {"_of": of, "_steady": steady, "_looks": looks, "_instead": instead}

    def __getattr__(self, name: str) -> Any:
        if name not in self._steady:
            self._looks.take()
        return self._instead.get(name) or getattr(self._of, name)


class _SeenState(Mapping[str, Any]):
    """The agent's state; reading it counts as a look."""

    def __init__(self, of: Mapping[str, Any], looks: _Looks) -> None:
        self._of, self._looks = of, looks

    def __getitem__(self, name: str) -> Any:
        self._looks.take()
        return self._of[name]

    def __iter__(self) -> Iterator[str]:
        self._looks.take()
        return iter(self._of)

    def __len__(self) -> int:
        self._looks.take()
        return len(self._of)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)


def _written(result: ToolMessage | Command[Any]) -> bytes | None:
    """A result to be kept; None for an error, one with a gap that may pass, and one that JSON does not give back as it was."""
    if not isinstance(result, ToolMessage) or result.status == "error" or not isinstance(result.content, str):
        return None
    artifact = result.artifact
    if not isinstance(artifact, dict) or artifact.get("evidence", {}).get("failed"):
        return None
    if any(gap.get("code") in _PASSING for gap in artifact.get("gaps", ())):
        return None
    try:
        text = json.dumps([result.content, artifact], ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        value = text.encode()
    except (TypeError, ValueError):
        return None
    return value if json.loads(text)[1] == artifact else None


def _read(value: bytes | None) -> tuple[str, dict[str, Any]] | None:
    """A copy of its own for every caller; None for nothing, and for what is no result."""
    try:
        found = json.loads(value) if value is not None else None
    except ValueError:
        return None
    if isinstance(found, list) and len(found) == 2 and isinstance(found[0], str) and isinstance(found[1], dict):
        return found[0], found[1]
    return None
