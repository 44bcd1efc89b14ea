"""The conversation graph: screen, supervisor, specialists in parallel, compose (`answering`), ground and decide (`closing`).

Nodes read the turn's surroundings from the runtime context and tell progress through the stream writer; what a reader
sees is decided in `ground` and `decide` alone. A run always ends: a case is a row, never an interrupted graph.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Checkpointer, Send

from agents import supervisor
from agents.playbook import Brief
from agents.rendering import formal, render
from agents.specialist import parted
from agents.supervisor import SPECIALISTS
from core.errors import LadrilloError
from core.facts import Fact
from core.locale import LOCALES, locale_for
from graphs import memory, policy, preferences, remembering
from graphs.answering import compose
from graphs.closing import decide, ground
from graphs.context import GraphContext
from graphs.evidence import artifacts_of, facts_of, stated_facts
from graphs.specialists import Talk, run_specialist
from graphs.state import Finding, TurnState
from graphs.transcript import earlier
from graphs.turn import context_of, locale_of, meant
from knowledge.records import cases, leads
from knowledge.understanding.understand import understand

log = logging.getLogger("ladrillo.graph")
RECURSION_LIMIT = 25


async def screen(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """Understand the message: language, amounts, places, intent, injection. Empties the per-turn channels."""
    context = context_of(runtime)
    writer = get_stream_writer()
    writer({"type": "step", "name": "supervisor"})
    found = understand(
        state["question"],
        places=await context.resources.places(),
        previous_slots=(state.get("slots") or {}) | ({"_shown": True} if state.get("shown") else {}),
        previous_routes=state.get("routes") or (),
        previous_language=state.get("language"),
        open_question=_open_question(state),
        country_hint=state.get("country"),
    )
    manner = memory.manner(found, state)
    understanding = asdict(found) | manner | {"locale": locale_for(found.answer_language, manner["country"]).code}
    understanding = remembering.heard(understanding, context, asked=bool(state.get("memory_asked")))
    if context.screen is not None:
        context.screen.stream.locale = LOCALES[understanding["locale"]]
    context.veil.know(found.slots.get("phone"))
    return {"understanding": understanding, "findings": None, "draft": "", "outcome": {}, "memory_said": None}


def _open_question(state: TurnState) -> str | None:
    """What a bare "yes" answers: consent that was asked for before an offer of a person."""
    asked = state.get("open_question")
    return "human" if state.get("offered") and asked != "consent" else asked


async def supervise(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """One structured decision: who answers, and whether the playbooks or a language model plan the look-ups."""
    context = context_of(runtime)
    writer = get_stream_writer()
    assert context.staff is not None
    staff, understood = context.staff, state["understanding"]
    model = None if staff.models is None or supervisor.surely(understood, staff.threshold) else staff.models.router
    decided = await supervisor.decide(
        model, state["question"], earlier(state.get("history") or ()), understood, context.veil
    )
    context.patience.lost = staff.models is None or (decided.outage and not staff.models.others_serve(staff.models.router))
    plans = context.patience.lost or supervisor.plans_itself(decided, understood, staff.threshold)
    routes = supervisor.settle(decided.decision, understood)
    reason = understood.get("human_reason")
    if routes == ["human"] and state.get("offered") and understood["request"].get("accepts"):
        reason = "accepted_offer"
    writer({"type": "step_end", "name": "supervisor"})
    return {
        "decision": {
            "routes": routes, "reason": reason or ("asked_person" if routes == ["human"] else None),
            "confidence": policy.routing_confidence(routes, understood), "by_llm": decided.by_llm,
            "plan": "builtin" if plans else "model", "offers": supervisor.offers_a_person(decided.decision, routes),
        }
    }


def dispatch(state: TurnState) -> list[Send] | str:
    """To the specialists of the decision in parallel, or straight to the reply."""
    routes = state["decision"]["routes"]
    if routes[0] not in SPECIALISTS:
        return "reply"
    slots = state["understanding"]["slots"]
    return [_sent(state, route) for route in routes if supervisor.waited_for(route, routes, slots) is None]


def _sent(state: TurnState, route: str, findings: Sequence[Finding] = ()) -> Send:
    """The work of one specialist, with what it waited for."""
    shared = {
        "question": state["question"], "history": state.get("history") or [], "decision": state["decision"],
        "understanding": state["understanding"], "findings": list(findings),
    }
    return Send(route, shared | {"brief": _brief(state, route, findings).to_dict()})


def _then(route: str) -> Callable[[TurnState], list[Send] | str]:
    """After a specialist: those who waited for it, else the answer."""
    def follow(state: TurnState) -> list[Send] | str:
        routes, slots = state["decision"]["routes"], state["understanding"]["slots"]
        waiting = [other for other in routes if supervisor.waited_for(other, routes, slots) == route]
        found = [finding for finding in state.get("findings") or () if finding["route"] == route]
        return [_sent(state, other, found) for other in waiting] or "compose"

    return follow


def _brief(state: TurnState, route: str, findings: Sequence[Finding] = ()) -> Brief:
    understood = state["understanding"]
    return Brief(
        route=route, question=state["question"], language=understood["answer_language"], locale=understood["locale"],
        register=understood["register"], routes=tuple(state["decision"]["routes"]), slots=dict(understood["slots"]),
        turn_slots=dict(understood["turn_slots"]), request=dict(understood["request"]),
        uncovered=tuple(understood["uncovered"]), shown=tuple(state.get("shown") or ()),
        references=tuple(dict(row) for row in meant(state)),
        found=tuple(fact.to_dict() for fact in facts_of(artifacts_of(findings))),
        message_id=understood.get("message_id", ""),
    )


def _specialist_node(route: str) -> Any:
    async def node(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
        context = context_of(runtime)
        writer = get_stream_writer()
        remembered = context.investor.elsewhere(context.conversation_id) if context.investor else {}
        brief, used = preferences.recalled(Brief.from_dict(state["brief"]), remembered)
        recalled = preferences.facts_of(used, LOCALES[brief.locale])
        found = tuple(Fact.from_dict(body) for body in brief.found)
        context = replace(context, locale=LOCALES[brief.locale], slots=brief.slots, found=found, remembered=recalled,
                          intents=tuple(state["understanding"]["routes"]))
        writer({"type": "step", "name": route})
        alone = len(brief.routes) == 1
        try:
            stated = stated_facts(state["understanding"], context.message_id)
            stated += recalled.values()
            others = "\n\n".join(finding["text"] for finding in state.get("findings") or ())
            talk = Talk(earlier(state.get("history") or ()), others)
            finding = await run_specialist(brief, talk, stated, context, plan=state["decision"]["plan"], alone=alone)
            finding = preferences.with_recalled(finding, used, context.locale)
        except LadrilloError:
            raise
        except Exception:
            # a defect of one specialist: the others' answers stand, and the reader is told what is missing
            log.exception("the specialist %s failed", route)
            text = render("notes", context.locale, {}, note="failed", usted=formal(brief.register, context.locale))
            finding = Finding(
                route=route, text=text, artifacts=[{"evidence": {"failed": True}}], tool_calls=[],
                failed=True, suggestions=[], asks=None, by="builtin",
            )
        finally:
            writer({"type": "step_end", "name": route})
        return {"findings": [finding]}

    node.__name__ = route
    return node


async def reply(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """No specialist: small talk, out of scope, or a request for a person (whose words `decide` adds, once a case is real)."""
    understood = state["understanding"]
    if state["decision"]["routes"] == ["human"]:
        return {"draft": ""}
    kind = understood.get("small_talk") or "out_of_scope"
    if kind == "memory":
        said = await remembering.answer(understood, context_of(runtime))
        return {"draft": said["text"], "memory_said": said}
    text = render(
        "small_talk", locale_of(state), {}, kind=kind, **(await _status(context_of(runtime)) if kind == "status" else {}),
        uncovered=list(understood["uncovered"]), usted=formal(understood["register"], locale_of(state)),
        city=_one_city(state), market=understood["country"],
    )
    written = parted(text)
    return {"draft": written.text, "tries": list(written.suggestions)}


def _one_city(state: TurnState) -> str | None:
    """The city that the talk is about, where it is about one."""
    city = (state.get("slots") or {}).get("city")
    return city if isinstance(city, str) else None


async def _status(context: GraphContext) -> dict[str, Any]:
    """What became of the conversation's case, and whether an adviser can reach its visitor."""
    async with context.resources.database.session(context.scope) as session:
        case = await cases.latest(session, context.conversation_id)
        lead = await leads.of_conversation(session, context.conversation_id)
    return {"case": cases.label(case) if case else None, "state": case.status if case else None,
            "reachable": bool(lead and (lead.email or lead.phone))}


def build(checkpointer: Checkpointer = None) -> CompiledStateGraph[TurnState, GraphContext, Any, Any]:
    """The compiled graph. Run it through `graphs/runner.py`, which gives it its context."""
    graph = StateGraph(TurnState, context_schema=GraphContext)
    graph.add_node("screen", screen)
    graph.add_node("supervisor", supervise)
    for route in SPECIALISTS:
        graph.add_node(route, _specialist_node(route))
        if awaited := [other for other, (first, _) in supervisor.WAITS_FOR.items() if first == route]:
            graph.add_conditional_edges(route, _then(route), [*awaited, "compose"])
        else:
            graph.add_edge(route, "compose")
    graph.add_node("reply", reply)
    graph.add_node("compose", compose, defer=True)  # once, when nobody works any more
    graph.add_node("ground", ground)
    graph.add_node("decide", decide)
    graph.add_edge(START, "screen")
    graph.add_edge("screen", "supervisor")
    graph.add_conditional_edges("supervisor", dispatch, [*SPECIALISTS, "reply"])
    graph.add_edge("reply", "ground")
    graph.add_edge("compose", "ground")
    graph.add_edge("ground", "decide")
    graph.add_edge("decide", END)
    return graph.compile(checkpointer=checkpointer, name="ladrillo")
