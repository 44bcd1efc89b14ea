"""What the five specialists have in common: a name, tools, a prompt, a playbook, and the agent built from them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ModelCallLimitMiddleware,
    ModelRequest,
    ModelResponse,
    ToolCallLimitMiddleware,
    ToolCallRequest,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from agents import playbook as books
from agents.argument_check import ArgumentCheck
from agents.builtin import BuiltinModel
from agents.playbook import Playbook
from agents.privacy import Veil
from agents.prompts import told
from agents.rendering import formal, render
from agents.result_cache import ResultCache
from agents.speech import Speech
from core.errors import LadrilloError
from core.fence import fence
from core.locale import LOCALES
from core.retry import is_model_fault, retrying_tool
from core.words import meaning
from tools.context import TurnContext

log = logging.getLogger("ladrillo.specialist")
MODEL_CALLS = 8
TOOL_CALLS = 16


@dataclass(frozen=True)
class Specialist:
    """`name` is the route; the prompt is `prompts/agents/<name>.<language>.md`."""

    name: str
    tools: tuple[BaseTool, ...]
    playbook: Playbook


@dataclass(frozen=True)
class Written:
    """An answer from a template: its text, the slot it asks for, and follow-ups that the tools can really do.

    In the template these stand after a line `===`, one a line: `ask: rate_pct`, `try: ¿Y si financio el 70 %?`.
    """

    text: str
    asks: str | None
    suggestions: tuple[str, ...]


def parted(rendered: str) -> Written:
    """What a template gave: the text, and behind the line of signs what it asks and what may be asked next."""
    body, _, tail = rendered.partition("===")
    notes = [line.partition(":") for line in tail.splitlines() if ":" in line]
    asks = [value.strip() for name, _, value in notes if name.strip() == "ask"]
    tries = [value.strip() for name, _, value in notes if name.strip() == "try"]
    return Written(body.strip(), asks[0] if asks else None, tuple(tries))


def write(specialist: Specialist, messages: Sequence[BaseMessage]) -> Written:
    """The built-in answer from whatever the tools found so far."""
    brief, results = books.read(messages)
    if term := brief.request.get("define"):
        return Written(meaning(term, LOCALES[brief.locale]), None, ())
    known = books.known_from(specialist.playbook, brief, results)
    facts = {fact_id: fact for result in results for fact_id, fact in result.facts.items()}
    text = render(
        specialist.playbook.template, LOCALES[brief.locale], facts, known=known, r=known.first, brief=brief,
        slots=brief.slots, request=brief.request, usted=formal(brief.register, LOCALES[brief.locale]),
    )
    return parted(text)


def think(specialist: Specialist, messages: Sequence[BaseMessage], offered: Sequence[dict[str, Any]]) -> AIMessage:
    """The built-in model's next message for a specialist: tool calls, or the answer."""
    brief, results = books.read(messages)
    known = books.known_from(specialist.playbook, brief, results)
    if not brief.request.get("define") and (calls := books.next_calls(specialist.playbook, known)):
        return AIMessage(content="", tool_calls=calls)
    return AIMessage(content=write(specialist, messages).text)


def builtin_for(specialist: Specialist) -> BuiltinModel:
    return BuiltinModel(role=specialist.name, think=partial(think, specialist))


class ModelFailed(Exception):
    """A specialist's language model did not answer; the cause says why. Whoever runs the agent has another brain go on."""


class ModelDoor(AgentMiddleware[Any, Any]):
    """What goes to the language model and what comes back: tool results as data between tags, contact data under names of
    its own, calls with an id each, faults as `ModelFailed`.

    LangChain's own fallback would ask a dead endpoint again before every step, and have the built-in brain finish a plan
    that is not its own.
    """

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        veil: Veil = getattr(request.runtime.context, "veil", None) or Veil()
        try:
            response = await handler(request.override(messages=[_as_data(message, veil) for message in request.messages]))
        except Exception as error:
            if not is_model_fault(error):
                raise
            raise ModelFailed(f"{type(error).__name__}: {error}") from error
        taken = {call["id"] for message in request.messages if isinstance(message, AIMessage) for call in message.tool_calls}
        return replace(response, result=[_own_ids(message, taken, veil) for message in response.result])


def _as_data(message: Any, veil: Veil) -> Any:
    if isinstance(message, AIMessage) and message.tool_calls:
        return message.model_copy(update={"tool_calls": veil.cover_within(message.tool_calls)})
    if not isinstance(message, ToolMessage):
        return message
    return message.model_copy(update={"content": veil.cover(fence("tool_data", message.text, keeping="passage"))})


def _own_ids(message: BaseMessage, taken: set[str | None], veil: Veil) -> BaseMessage:
    """What the model says without what it thinks aloud, and each call under an id that no other has: results are put to
    calls by it."""
    if not isinstance(message, AIMessage):
        return message
    if isinstance(message.content, str) and "<" in message.content:
        message = message.model_copy(update={"content": Speech.answer(message.content)})
    if not message.tool_calls:
        return message
    calls = []
    for call in message.tool_calls:
        own, count = call["id"] or "call", 1
        while own in taken:
            count += 1
            own = f"{call['id'] or 'call'}~{count}"
        taken.add(own)
        calls.append(call | {"id": own, "args": veil.lift(call["args"])})
    return message.model_copy(update={"tool_calls": calls})


class ToolErrors(AgentMiddleware[Any, Any]):
    """A tool is asked again where that may help; one that fails tells the model so, in a sentence. Only a lost database ends
    the turn."""

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        try:
            return await retrying_tool()(handler, request)
        except LadrilloError as error:
            if error.code == "database_unavailable":
                raise
            code, sentence = error.code, error.en
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # arguments that a model wrote reached code that did not expect them: a defect, and no reason to end the turn
            log.exception("tool %s with %s", request.tool_call["name"], request.tool_call["args"])
            code, sentence = "tool_failed", f"The tool could not work with these arguments ({type(error).__name__})."
        log.warning("tool %s: %s", request.tool_call["name"], sentence)
        return ToolMessage(
            content=sentence, name=request.tool_call["name"], tool_call_id=request.tool_call["id"] or "",
            status="error", artifact={"gaps": [{"code": code}], "evidence": {"failed": True}},
        )


def prompts_of(route: str) -> tuple[str, str]:
    """The prompts of a specialist: what all share comes first."""
    return "house_rules", route


def build(
    specialist: Specialist, model: BaseChatModel | None, language: str
) -> CompiledStateGraph[Any, TurnContext, Any, Any]:
    """The agent. `model` None thinks with the built-in one.

    Its runs raise `ModelFailed`, and `ModelCallLimitExceededError` where the model never comes to an answer.
    """
    middleware: list[AgentMiddleware[Any, Any]] = [
        ModelCallLimitMiddleware(run_limit=MODEL_CALLS, exit_behavior="error"),
        ToolCallLimitMiddleware(run_limit=TOOL_CALLS, exit_behavior="continue"),
        ToolErrors(),
        ResultCache(),
    ]
    if model is not None:
        middleware.insert(0, ModelDoor())
        middleware.insert(-1, ArgumentCheck())
    return create_agent(
        model or builtin_for(specialist),
        list(specialist.tools),
        system_prompt=told(language, *prompts_of(specialist.name)) if model is not None else None,
        middleware=middleware,
        context_schema=TurnContext,
        checkpointer=False,
        name=specialist.name,
    )
