"""Tools as a language model is offered them, in as few tokens as say the same.

What Pydantic writes for `float | None = None` (`anyOf`, a title, a default of null) says no more than an optional number.
Where null is not what leaving the argument out means, it stays.
"""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

#: Of tools that live as long as the process: an agent offers them anew with each call. By identity, the tool beside its form.
_known: dict[int, tuple[BaseTool, dict[str, Any]]] = {}


def compact(tool: Any) -> dict[str, Any]:
    """The tool in OpenAI's form, its arguments without titles, and without what only says that they may be left out."""
    if isinstance(tool, BaseTool):
        if id(tool) not in _known:
            _known[id(tool)] = tool, _compacted(tool)
        return _known[id(tool)][1]
    return _compacted(tool)


def _compacted(tool: Any) -> dict[str, Any]:
    found = convert_to_openai_tool(tool)
    function = found["function"]
    return {**found, "function": {**function, "parameters": _slim(function["parameters"])}}


def _slim(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_slim(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    slim = {
        name: {key: _slim(part) for key, part in value.items()} if name in ("properties", "$defs") else
        value if name in ("default", "enum", "const", "examples") else _slim(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
    options = slim.get("anyOf")
    if "default" in slim and slim["default"] is None and isinstance(options, list) and {"type": "null"} in options:
        rest = [option for option in options if option != {"type": "null"}]
        del slim["default"]
        if len(rest) > 1:
            slim["anyOf"] = rest
        elif rest:
            del slim["anyOf"]
            slim = {**rest[0], **slim}
    return slim
