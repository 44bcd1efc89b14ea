"""The supervisor: one structured decision about a message. An LLM makes it with the built-in decision as its fallback.

What the built-in understanding read (amounts, places, a request for a person, an injection) guards the LLM's decision:
figures and contact data are taken from understanding, never from the model.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, Field

from agents.abilities import Unable
from agents.builtin import BuiltinModel
from agents.privacy import Veil
from agents.prompts import told
from core.fence import fence
from core.retry import is_model_fault, is_outage

if TYPE_CHECKING:
    from agents.endpoint import Endpoint

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


def surely(understanding: dict[str, Any], threshold: float) -> bool:
    """Whether the built-in reading stands without a router: its calibrated confidence in the routes reaches the threshold, or
    what was read decides by itself (a request for a person, an attempt to give orders)."""
    if understanding.get("human_reason") or understanding.get("injection"):
        return True
    return threshold < 1 and understanding["confidence"] >= threshold


def plans_itself(decision: Decided, understanding: dict[str, Any], threshold: float) -> bool:
    """Whether the playbooks look things up and a model only writes: routes and figures were surely understood, or a model
    reads the routes alike."""
    if threshold >= 1 or understanding["figures_confidence"] < threshold:
        return False
    return not decision.by_llm or set(decision.decision.routes) == set(understanding["routes"])


async def decide(
    model: Endpoint | None, question: str, earlier: str, understanding: dict[str, Any], veil: Veil
) -> Decided:
    """The language model's decision; the built-in one where there is none, or where it failed or said nothing usable."""
    builtin = BuiltinModel(role="supervisor", think=think).with_structured_output(RoutingDecision)
    last = HumanMessage(question, additional_kwargs={"understanding": understanding})
    outage = False
    if model is not None:
        text = "\n".join(fence(tag, veil.cover(part)) for tag, part in (("earlier", earlier), ("question", question)) if part)
        messages = [SystemMessage(told(understanding["answer_language"], "supervisor")), HumanMessage(text)]
        try:
            answer = await _structured(model, messages)
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


async def _structured(model: Endpoint, messages: list[BaseMessage]) -> Any:
    """One call, in one piece, since half a decision is of no use: by the schema, where the endpoint lacks that as a tool
    call, and where it lacks that too as plain JSON."""
    config: RunnableConfig = {"tags": ["nostream"]}
    for ability, method in (("json_schema", "json_schema"), ("tools", "function_calling")):
        if model.abilities.may(ability):
            try:
                asked = model.with_structured_output(RoutingDecision, method=method, stream=False)  # type: ignore[arg-type]
                return await asked.ainvoke(messages, config=config)
            except Unable:
                continue
    fields = RoutingDecision.model_json_schema()["properties"]
    wish = f"JSON: {json.dumps({name: field.get('description', '') for name, field in fields.items()}, ensure_ascii=False)}"
    answer = await model.ainvoke([*messages, HumanMessage(wish)], config=config, stream=False)
    found = re.search(r"\{.*\}", answer.text, re.DOTALL)
    return RoutingDecision.model_validate_json(found.group()) if found else None


#: From this calibrated confidence on a model's word that nobody is asked for does not count.
_SURE = 0.9
#: Whose finding a specialist needs where the investor did not tell it: the return on a home whose price is what it is worth.
WAITS_FOR: dict[str, tuple[str, str]] = {"roi": ("price_prediction", "price")}


def waited_for(route: str, routes: Sequence[str], slots: dict[str, Any]) -> str | None:
    """The other specialist of this turn that `route` has to wait for; None where it can begin."""
    other, slot = WAITS_FOR.get(route, (None, ""))
    return other if other in routes and slots.get(slot) is None else None


def settle(decision: RoutingDecision, understanding: dict[str, Any]) -> list[str]:
    """The routes that count. A request for a person found in the words always wins; `none` and `human` stand alone. A model
    that calls for a person whom nothing in the words asks for opens no case: a person is offered (`offers_a_person`)."""
    if understanding.get("human_reason"):
        return ["human"]
    if understanding.get("small_talk") == "memory":
        return ["none"]
    routes = list(dict.fromkeys(decision.routes))
    if "human" in routes:
        routes = list(understanding["routes"])
    if "human" in routes:
        return ["human"]
    chosen = [route for route in SPECIALISTS if route in routes]
    if not chosen and understanding["confidence"] >= _SURE:  # nobody, where specialists are surely asked for
        chosen = [route for route in SPECIALISTS if route in understanding["routes"]]
    return list(chosen) or ["none"]


def offers_a_person(decision: RoutingDecision, routes: Sequence[str]) -> bool:
    """Whether a model called for a person, and nobody was."""
    return "human" in decision.routes and list(routes) != ["human"]
