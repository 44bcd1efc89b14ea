"""The supervisor: one structured decision about a message. An LLM makes it with the built-in decision as its fallback.

What the built-in understanding read (amounts, places, a request for a person, an injection) guards the LLM's decision:
figures and contact data are taken from understanding, never from the model.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from agents.builtin import BuiltinModel
from core.retry import is_model_fault, is_outage
from core.words import PROMPTS

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


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision; `by_llm` says who made it, `outage` that the endpoint does not serve: ask it no more in this turn."""

    decision: RoutingDecision
    by_llm: bool
    outage: bool = False


async def decide(
    model: BaseChatModel | None, question: str, history: Sequence[BaseMessage], understanding: dict[str, Any]
) -> Decided:
    """The language model's decision; the built-in one where there is none, or where it failed or said nothing usable."""
    builtin = BuiltinModel(role="supervisor", think=think).with_structured_output(RoutingDecision)
    last = HumanMessage(question, additional_kwargs={"understanding": understanding})
    outage = False
    if model is not None:
        system = (PROMPTS / "agents" / f"supervisor.{understanding['answer_language']}.md").read_text("utf-8")
        try:
            # in one piece: half a decision is of no use
            answer = await model.with_structured_output(RoutingDecision, stream=False).ainvoke(
                [SystemMessage(system), *history, HumanMessage(question)], config={"tags": ["nostream"]}
            )
        except Exception as error:
            if not is_model_fault(error):
                raise
            outage = is_outage(error)
            log.warning("the router model failed (%s); the built-in one decides", type(error).__name__)
        else:
            if isinstance(answer, RoutingDecision) and answer.routes:
                return Decided(answer, by_llm=True)
            log.warning("the router model gave no decision; the built-in one decides")
    decision = await builtin.ainvoke([last])
    assert isinstance(decision, RoutingDecision)
    return Decided(decision, by_llm=False, outage=outage)


def settle(decision: RoutingDecision, understanding: dict[str, Any]) -> list[str]:
    """The routes that count. A request for a person found in the words always wins; `none` and `human` stand alone."""
    if understanding.get("human_reason"):
        return ["human"]
    if understanding.get("small_talk") == "memory":
        return ["none"]
    routes = list(dict.fromkeys(decision.routes))
    if "human" in routes:
        return ["human"]
    chosen = [route for route in SPECIALISTS if route in routes]
    return list(chosen) or ["none"]
