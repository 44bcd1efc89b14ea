"""A tool called on its own, outside a turn: by a program that speaks the Model Context Protocol, say.

There is no message behind such a call, so its arguments are all that anyone said. A figure among them counts as stated (its
source is the kind `user` with the reference `arguments`); nothing is put into the mouth of an investor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ValidationError

from core.database import storable
from core.errors import BadInput, Language
from core.invalid import reason
from core.locale import locale_for
from core.scope import Scope
from knowledge.resources import Resources
from tools.context import Runtime, TurnContext
from tools.result import Content

#: What the source of a figure given by the caller refers to.
ARGUMENTS = "arguments"
#: Characters of one text among the arguments; as many as a message may have.
LONGEST = 20_000


async def call(
    tool: BaseTool, arguments: Mapping[str, Any], resources: Resources, scope: Scope, language: Language
) -> Content:
    """The tool's text and artifact. Raises `BadInput` for arguments that are not those of its schema, and the tool's own
    errors, among them that of figures which cannot be."""
    checked = _checked(tool, arguments)
    country = checked.get("country")
    context = TurnContext(
        resources, scope, message_id=ARGUMENTS, slots=_plain(checked),
        locale=locale_for(language, country.upper() if isinstance(country, str) else None),
    )
    runtime: Runtime = ToolRuntime(
        state={}, context=context, config={}, stream_writer=lambda _: None, tool_call_id=None, store=None
    )
    assert isinstance(tool, StructuredTool)
    assert tool.coroutine is not None
    found: Content = await tool.coroutine(runtime=runtime, **checked)
    if problem := found[1]["data"].get("problem"):
        raise BadInput(*(f"{problem[name].rstrip('.')}." for name in ("en", "es")))
    return found


def schema_of(tool: BaseTool) -> dict[str, Any]:
    """The JSON schema of a tool's arguments, without what only the graph fills in."""
    return {**untitled(_model(tool).model_json_schema()), "additionalProperties": False}


def untitled(schema: Any) -> Any:
    """A JSON schema without the titles that Pydantic makes of names: they say nothing new, and a model reads all of it."""
    if isinstance(schema, dict):
        return {name: part if name == "enum" else untitled(part) for name, part in schema.items()
                if not (name == "title" and isinstance(part, str))}
    return [untitled(part) for part in schema] if isinstance(schema, list) else schema


def _model(tool: BaseTool) -> type[BaseModel]:
    model = tool.tool_call_schema
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return model


def _checked(tool: BaseTool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that were given, in the types that the tool takes."""
    model = _model(tool)
    for name in arguments:
        if name not in model.model_fields:
            known = ", ".join(model.model_fields)
            raise BadInput(f"{tool.name} has no argument {name[:60]!r}: expected some of {known}.",
                           f"{tool.name} no tiene el argumento {name[:60]!r}: se espera alguno de {known}.")
    try:
        read = model.model_validate(storable(dict(arguments)))
    except ValidationError as error:
        raise _unfit(tool.name, error.errors()[0]) from None
    given = {name: getattr(read, name) for name in read.model_fields_set}
    for path, value in _leaves(_plain(given)):
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"{path} is {value}: expected a finite number.", f"{path} vale {value}: se espera un número finito.")
        if isinstance(value, str) and len(value) > LONGEST:
            raise BadInput(f"{path} has {len(value):,} characters: expected at most {LONGEST:,}.",
                           f"{path} tiene {len(value)} caracteres: se admiten como máximo {LONGEST}.")
    return given


def _unfit(tool: str, error: Any) -> BadInput:
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return BadInput(f"{tool} needs {path}, which was not given.", f"{tool} necesita {path} y no se dio.")
    shown = repr(error["input"])
    shown = shown if len(shown) <= 80 else f"{shown[:79]}…"
    return BadInput(f"{path} is {shown}: {reason(error, 'en')}.", f"{path} vale {shown}: {reason(error, 'es')}.")


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """The same with models as mappings, so that the figures inside count as said too."""
    return {name: _without_models(value) for name, value in given.items()}


def _without_models(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return [_without_models(part) for part in value] if isinstance(value, list) else value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _leaves(part, f"{path}.{at}")
    else:
        yield path, value
