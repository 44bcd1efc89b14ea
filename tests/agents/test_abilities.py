"""What an endpoint can do, as it is declared or as its refusals tell. The refusals are in the servers' own words."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from agents.abilities import Abilities, Unable
from core.model_settings import CAPABILITIES
from core.retry import is_model_fault, is_outage

ALL = frozenset(CAPABILITIES)
ROUTER, SPECIALIST = frozenset({"json_schema"}), frozenset({"stream_usage", "tools"})
_CLIENT = openai.OpenAI(api_key="x", base_url="http://endpoint.test/v1")


def refusal(status: int, body: Any) -> openai.APIStatusError:
    """As the client raises it."""
    request = httpx.Request("POST", "http://endpoint.test/v1/chat/completions")
    return _CLIENT._make_status_error_from_response(httpx.Response(status, json=body, request=request))


def openais(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


REFUSALS = [
    # Ollama
    (SPECIALIST, "tools", 400, {"error": {"message": "registry.ollama.ai/library/gemma:2b does not support tools",
                                          "type": "api_error", "param": None, "code": None}}),
    # vLLM
    (SPECIALIST, "tools", 400, {
        "object": "error", "code": 400, "type": "BadRequestError", "param": None,
        "message": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'}),
    # llama.cpp's server
    (SPECIALIST, "tools", 500, {
        "error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}}),
    (SPECIALIST, "tools", 500, {"error": {"code": 500, "message": "Unsupported param: tools", "type": "server_error"}}),
    # LM Studio
    (ROUTER, "json_schema", 400, {"error": "'response_format.type' must be 'json_schema' or 'text'"}),
    # OpenRouter
    (SPECIALIST, "tools", 404, {"error": {"code": 404, "message":
        "No endpoints found that support tool use. To learn more about provider routing, visit: "
        "https://openrouter.ai/docs/provider-routing"}}),
    # Azure
    (ROUTER, "json_schema", 400, openais(
        "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
        "response_format")),
    (ALL, "stream_usage", 400, openais("Unknown parameter: 'stream_options'.", "stream_options", "unknown_parameter")),
    (ALL, "parallel_calls", 400, openais("Unrecognized request argument supplied: parallel_tool_calls. Please contact us "
                                         "through an Azure support request")),
    # OpenAI
    (ROUTER, "json_schema", 400, openais("Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
                                         "this model.", "response_format")),
    (ALL, "parallel_calls", 400, openais("Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
                                         "parallel_tool_calls", "unsupported_parameter")),
    # DeepSeek
    (ROUTER, "json_schema", 400, openais("This response_format type is unavailable now")),
    (SPECIALIST, "tools", 400, openais("deepseek-reasoner does not support Function Calling")),
    # Mistral
    (ALL, "stream_usage", 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"],
                                            "msg": "Extra inputs are not permitted"}]}),
]
OTHERS = [
    (400, openais("This model's maximum context length is 8192 tokens. However, you requested 9455 tokens (2426 in the "
                  "messages, 2933 in the functions, and 4096 in the completion). Please reduce the length of the messages, "
                  "functions, or completion.", "messages", "context_length_exceeded")),
    (400, openais("An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
                  "The following tool_call_ids did not have response messages: call_1", "messages.[3].role")),
    (400, openais("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                  "'tool_calls'.")),
    (400, openais("Invalid schema for function 'analyse_returns': None is not of type 'string'.",
                  "tools[0].function.parameters", "invalid_function_parameters")),
    (400, openais("Invalid 'tools[0].function.name': string does not match pattern.", "tools[0].function.name",
                  "invalid_value")),
    (400, openais("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature",
                  "unsupported_value")),
    (404, openais("The model `gpt-9` does not exist or you do not have access to it.", None, "model_not_found")),
    (404, {"error": {"message": 'model "gemma" not found, try pulling it first', "type": "api_error"}}),
    (500, {"error": {"code": 500, "message": "Failed to parse tool call arguments as JSON", "type": "server_error"}}),
    (503, {"error": {"message": "tools are overloaded"}}),
    (401, openais("Incorrect API key provided: tools***. You can find your API key at https://…", None, "invalid_api_key")),
    (429, openais("Rate limit reached for requests with tools")),
]


# declared


@pytest.mark.parametrize("declared", [None, "auto"])
def test_undeclared_everything_is_tried(declared: str | None) -> None:
    assert all(Abilities(declared).may(name) for name in CAPABILITIES)


def test_what_is_declared_is_all_that_is_tried() -> None:
    found = Abilities("tools,stream_usage")
    assert [name for name in CAPABILITIES if found.may(name)] == ["tools", "stream_usage"]
    assert not any(Abilities("none").may(name) for name in CAPABILITIES)


# found out


def named(value: object) -> str:
    return str(sorted(value) if isinstance(value, frozenset) else value)[:50]


@pytest.mark.parametrize(("used", "name", "status", "body"), REFUSALS, ids=named)
def test_a_refusal_tells_what_is_missing(used: frozenset[str], name: str, status: int, body: dict[str, Any]) -> None:
    found = Abilities("auto")
    assert found.learn(refusal(status, body), used) == name
    assert [missing for missing in CAPABILITIES if not found.may(missing)] == [name]
    assert found.learn(refusal(status, body), used) == name  # of a request that was under way at the same time
    assert [missing for missing in CAPABILITIES if not found.may(missing)] == [name]


@pytest.mark.parametrize(("status", "body"), OTHERS, ids=lambda value: str(value)[:70])
def test_a_request_that_is_wrong_for_its_own_sake_tells_nothing(status: int, body: dict[str, Any]) -> None:
    found = Abilities("auto")
    assert found.learn(refusal(status, body), SPECIALIST) is None
    assert all(found.may(name) for name in CAPABILITIES)


@pytest.mark.parametrize(
    ("status", "message"),
    [(400, "Invalid tool_choice type: 'object'. Supported string values: none, auto, required"),  # LM Studio
     (404, "No endpoints found that support the provided 'tool_choice' value.")],  # OpenRouter
)
def test_an_endpoint_that_cannot_be_made_to_call_one_tool_may_still_be_offered_tools(status: int, message: str) -> None:
    found = Abilities("auto")
    assert found.learn(refusal(status, {"error": message}), SPECIALIST) == "tools"
    assert found.may("tools")


def test_only_what_the_request_used_can_have_been_refused() -> None:
    found = Abilities("auto")
    error = refusal(400, openais("Unknown parameter: 'stream_options'.", "stream_options", "unknown_parameter"))
    assert found.learn(error, frozenset({"tools", "json_schema"})) is None
    assert all(found.may(name) for name in CAPABILITIES)


@pytest.mark.parametrize("error", [ValueError("tools"), TimeoutError("tools"), openai.OpenAIError("tools")], ids=repr)
def test_a_fault_without_a_status_tells_nothing(error: Exception) -> None:
    assert Abilities("auto").learn(error, ALL) is None


def test_a_missing_ability_is_no_outage() -> None:
    error = Unable("tools")
    assert (error.name, is_model_fault(error), is_outage(error)) == ("tools", True, False)
    assert "tools" in str(error)
