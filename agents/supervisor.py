"""The supervisor: one structured decision about a message. An LLM makes it with the built-in decision as its fallback.

What the built-in understanding read (amounts, places, a request for a person, an injection) guards the LLM's decision:
figures and contact data are taken from understanding, never from the model.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from agents.builtin import BuiltinModel
from agents.rendering import PROMPTS
from core.retry import is_model_fault, retrying

log = logging.getLogger("ladrillo.supervisor")

Route = Literal[
    "market_research", "price_prediction", "roi", "lead_qualification", "comparison", "none", "human"
]
SPECIALISTS: tuple[Route, ...] = ("market_research", "price_prediction", "roi", "lead_qualification", "comparison")


class RoutingDecision(BaseModel):
    """Who should answer the investor's last message."""

    routes: list[Route] = Field(description="every specialist that must take part; 'none' and 'human' stand alone")
    language: Literal["es", "en"] = Field(description="language to answer in: the language of the last message")
    confidence: float = Field(ge=0, le=1, description="how sure the routing is")
    missing: list[str] = Field(default_factory=list, description="slots that the question needs and does not give")


def think(messages: Sequence[BaseMessage], offered: Sequence[dict[str, Any]]) -> AIMessage:
    """The built-in decision: what understanding already found, as the call of the offered schema."""
    understood = next(
        m.additional_kwargs["understanding"] for m in reversed(messages) if "understanding" in m.additional_kwargs
    )
    name = offered[0]["function"]["name"] if offered else RoutingDecision.__name__
    args = {
        "routes": list(understood["routes"]), "language": understood["answer_language"],
        "confidence": understood["confidence"], "missing": [],
    }
    return AIMessage(content="", tool_calls=[{"name": name, "args": args, "id": "decision/0", "type": "tool_call"}])


async def decide(
    model: BaseChatModel | None, question: str, history: Sequence[BaseMessage], understanding: dict[str, Any]
) -> tuple[RoutingDecision, bool]:
    """The decision, and whether the language model made it (False: the built-in one did, or took over)."""
    builtin = BuiltinModel(role="supervisor", think=think).with_structured_output(RoutingDecision)
    last = HumanMessage(question, additional_kwargs={"understanding": understanding})
    if model is not None:
        system = (PROMPTS / "agents" / f"supervisor.{understanding['answer_language']}.md").read_text("utf-8")
        try:
            async for attempt in retrying():
                with attempt:
                    answer = await model.with_structured_output(RoutingDecision).ainvoke(
                        [SystemMessage(system), *history, HumanMessage(question)], config={"tags": ["nostream"]}
                    )
            if isinstance(answer, RoutingDecision) and answer.routes:
                return answer, True
            log.warning("the router model gave no decision; the built-in one decides")
        except Exception as error:
            if not is_model_fault(error):
                raise
            log.warning("the router model failed (%s); the built-in one decides", type(error).__name__)
    decision = await builtin.ainvoke([last])
    assert isinstance(decision, RoutingDecision)
    return decision, False


def settle(decision: RoutingDecision, understanding: dict[str, Any]) -> list[str]:
    """The routes that count. A request for a person found in the words always wins; `none` and `human` stand alone."""
    if understanding.get("human_reason"):
        return ["human"]
    routes = list(dict.fromkeys(decision.routes))
    if "human" in routes:
        return ["human"]
    chosen = [route for route in SPECIALISTS if route in routes]
    return list(chosen) or ["none"]
