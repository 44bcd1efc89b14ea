"""Tools as a language model is offered them, in as few tokens as say the same.

What Pydantic writes for `float | None = None` (`anyOf`, a title, a default of null) says no more than an optional number.
"""

from __future__ import annotations

from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_tool


def compact(tool: Any) -> dict[str, Any]:
    """The tool in OpenAI's form, its arguments without titles, and without what only says that they may be left out."""
    found = convert_to_openai_tool(tool)
    function = found["function"]
    return {**found, "function": {**function, "parameters": _slim(function["parameters"])}}


def _slim(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_slim(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    slim = {
        name: {key: _slim(part) for key, part in value.items()} if name in ("properties", "$defs") else _slim(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str)) and not (name == "default" and value is None)
    }
    options = slim.get("anyOf")
    if isinstance(options, list):
        rest = [option for option in options if option != {"type": "null"}]
        if len(rest) == 1 and len(rest) < len(options):
            del slim["anyOf"]
            slim = {**rest[0], **slim}
    return slim
