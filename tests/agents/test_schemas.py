"""Tools as a language model is offered them: fewer tokens, the same arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator
from langchain_core.tools import BaseTool, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field

from agents.schemas import compact
from agents.supervisor import SPECIALISTS, RoutingDecision
from tools.context import Runtime

TOOLS: dict[str, Any] = {
    found.name: found for route in SPECIALISTS for found in import_module(f"agents.{route}").SPECIALIST.tools
} | {"RoutingDecision": RoutingDecision}


def both(offered: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters as LangChain writes them, and as we do."""
    return convert_to_openai_tool(offered)["function"]["parameters"], compact(offered)["function"]["parameters"]


def arguments(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every argument and every field in it, however deep: path, schema, whether it is required."""
    for option in (schema, *schema.get("anyOf", ())):
        if "items" in option:
            yield from arguments(option["items"], f"{at}[]")
        for name, part in option.get("properties", {}).items():
            yield f"{at}.{name}", part, name in option.get("required", ())
            yield from arguments(part, f"{at}.{name}")


def values(schema: Any) -> Iterator[Any]:
    """What might be sent: of every type, and everything that the schema names, with its neighbours."""
    yield from (True, 0, 1, -1, 1.5, 3_000_000_000, "", "x", [], ["x"], [1], {}, {"label": "x"}, [{"label": "x"}])
    for option in (schema, *schema.get("anyOf", ())):
        yield from option.get("enum", ())
        if "items" in option and "enum" in option["items"]:
            yield option["items"]["enum"]
        for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if bound in option:
                yield from (option[bound], option[bound] - 1, option[bound] + 1)


def default(schema: dict[str, Any]) -> Any:
    """What leaving the argument out means."""
    return schema.get("default")


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_nothing_that_changes_the_meaning_is_lost(name: str) -> None:
    before, after = both(TOOLS[name])
    whole = {path: (schema, required) for path, schema, required in arguments(before)}
    slim = {path: (schema, required) for path, schema, required in arguments(after)}
    assert whole.keys() == slim.keys()
    for path, (old, required) in whole.items():
        new = slim[path][0]
        assert slim[path][1] == required, path
        assert new.get("description") == old.get("description") or "description" not in old, path
        assert default(new) == default(old), path
        accepts, still = Draft202012Validator(old), Draft202012Validator(new)
        for value in values(old):
            assert accepts.is_valid(value) == still.is_valid(value), (path, value)
        if default(old) is not None or required:
            assert accepts.is_valid(None) == still.is_valid(None), path


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_the_description_and_the_name_stay(name: str) -> None:
    before, after = convert_to_openai_tool(TOOLS[name]), compact(TOOLS[name])
    assert {**after["function"], "parameters": 0} == {**before["function"], "parameters": 0}
    assert (after["type"], after["function"]["name"]) == ("function", name)


def test_it_is_worth_it() -> None:
    before, after = (sum(len(json.dumps(both(offered)[at])) for offered in TOOLS.values()) for at in (0, 1))
    assert after < 0.65 * before


# single cases


class Deep(BaseModel):
    """A field called as a word of JSON schema is called."""

    title: str = Field(description="what it is called")
    default: str | None = Field(None, description="what stands where nothing is said")
    properties: list[float | None] = Field(default_factory=list, description="prices, some unknown")


@tool
def probe(
    runtime: Runtime, needed: float | None, kind: Literal["sale", "rent"] | None = "sale", price: float | None = None,
    place: str | list[str] | None = None, deep: Deep | None = None, title: str = "",
) -> str:
    """A tool for this test."""
    return ""


def test_an_optional_argument_is_said_in_the_fewest_words() -> None:
    _, found = both(probe)
    assert found["properties"]["price"] == {"type": "number"}
    assert found["properties"]["place"] == {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def test_null_stays_where_it_is_not_what_leaving_out_means() -> None:
    _, found = both(probe)
    assert {"type": "null"} in found["properties"]["needed"]["anyOf"]
    assert found["required"] == ["needed"]
    assert {"type": "null"} in found["properties"]["kind"]["anyOf"]
    assert found["properties"]["kind"]["default"] == "sale"
    assert {"type": "null"} in found["properties"]["deep"]["properties"]["properties"]["items"]["anyOf"]


def test_arguments_called_as_words_of_json_schema_are_arguments() -> None:
    _, found = both(probe)
    assert found["properties"]["title"] == {"default": "", "type": "string"}
    deep = found["properties"]["deep"]
    assert set(deep["properties"]) == {"title", "default", "properties"}
    assert deep["properties"]["title"] == {"description": "what it is called", "type": "string"}
    assert deep["properties"]["default"] == {"description": "what stands where nothing is said", "type": "string"}


def test_what_the_turn_knows_is_not_offered() -> None:
    for offered in TOOLS.values():
        if isinstance(offered, BaseTool):
            assert not {"runtime", "tenant", "tenant_id", "scope"} & set(both(offered)[1]["properties"])


def test_the_tool_itself_is_not_changed() -> None:
    before = json.dumps(convert_to_openai_tool(probe))
    compact(probe)
    assert json.dumps(convert_to_openai_tool(probe)) == before
