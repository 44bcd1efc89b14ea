"""The conversation graph: screen, supervisor, specialists in parallel, compose, ground, decide.

Nodes read the turn's surroundings from the runtime context and tell progress through the stream writer; what a reader
sees is decided in `ground` and `decide` alone. A run always ends: a case is a row, never an interrupted graph.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
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
from core import metering
from core.errors import LadrilloError
from core.facts import Fact, rests_on_demo
from core.locale import LOCALES, Locale, locale_for
from graphs import memory, policy, preferences, references, remembering, writing
from graphs.context import GraphContext
from graphs.evidence import artifacts_of, facts_of, presentable, stated_facts
from graphs.grounding import bound
from graphs.specialists import Talk, run_specialist
from graphs.state import Finding, TurnState
from graphs.transcript import earlier
from knowledge.records import cases, leads
from knowledge.understanding.text import fold
from knowledge.understanding.understand import understand

log = logging.getLogger("ladrillo.graph")
RECURSION_LIMIT = 25


def _context(runtime: Runtime[GraphContext]) -> GraphContext:
    if not isinstance(runtime.context, GraphContext):
        raise TypeError("the conversation graph needs a GraphContext; run it through graphs/runner.py or graphs/studio.py")
    return runtime.context


def _locale(state: TurnState) -> Locale:
    return LOCALES[state["understanding"]["locale"]]


async def screen(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """Understand the message: language, amounts, places, intent, injection. Empties the per-turn channels."""
    context = _context(runtime)
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
    context = _context(runtime)
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
        references=tuple(dict(row) for row in _meant(state)),
        found=tuple(fact.to_dict() for fact in facts_of(artifacts_of(findings))),
        message_id=understood.get("message_id", ""),
    )


def _meant(state: TurnState) -> list[references.Row]:
    return references.meant(
        state["understanding"], state["decision"]["routes"], state.get("shown") or (), state.get("spoken_of") or ()
    )


def _specialist_node(route: str) -> Any:
    async def node(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
        context = _context(runtime)
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
            talk = Talk(earlier(state.get("history") or ()), others, brief.register)
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
        said = await remembering.answer(understood, _context(runtime))
        return {"draft": said["text"], "memory_said": said}
    text = render(
        "small_talk", _locale(state), {}, kind=kind, **(await _status(_context(runtime)) if kind == "status" else {}),
        uncovered=list(understood["uncovered"]), usted=formal(understood["register"], _locale(state)),
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


async def compose(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """One answer from the findings, written by a language model while it is shown; skipped where one finding is the answer
    already, or must stand as it is."""
    context = _context(runtime)
    writer = get_stream_writer()
    findings = _in_order(state)
    joined = "\n\n".join(finding["text"] for finding in findings if finding["text"])
    assert context.staff is not None
    answered = len(findings) == 1 and findings[0]["by"] != "builtin"
    if answered or context.staff.models is None or context.patience.lost or _as_it_stands(findings):
        return {"draft": joined}
    writer({"type": "step", "name": "compose"})
    facts, talk = _facts(state, context), earlier(state.get("history") or ())
    register = state["understanding"]["register"]
    asked = writing.task(state["question"], talk, joined, facts, _locale(state), register, context.veil)
    try:
        async with asyncio.timeout_at(context.patience.until):
            await writing.write(asked, facts, context)
    except TimeoutError:
        log.warning("the time for language models is up; the findings stand as they are")
    except LadrilloError:
        raise
    except Exception:
        # what an endpoint sends may break anything on its way: the findings have been written without it
        log.exception("the model of compose broke something")
    finally:
        writer({"type": "step_end", "name": "compose"})
    return {"draft": joined}


def _as_it_stands(findings: Sequence[Finding]) -> bool:
    """A permission is asked for word for word, and nothing is made of a failure."""
    return any(finding["failed"] for finding in findings) or any(
        (artifact.get("data") or {}).get("consent_request") for artifact in artifacts_of(findings)
    )


def _in_order(state: TurnState) -> list[Finding]:
    return sorted(state.get("findings") or [], key=lambda f: SPECIALISTS.index(f["route"]))


def _facts(state: TurnState, context: GraphContext) -> list[Fact]:
    found = facts_of(artifacts_of(_in_order(state)))
    stated = stated_facts(state["understanding"], context.message_id)
    said = state.get("memory_said")
    remembered = [Fact.from_dict(body) for body in said["facts"]] if said else []
    return list({fact.id: fact for fact in (*found, *stated, *remembered)}.values())


async def ground(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """Show what binds. Where what compose wrote, or a template, does not bind, the findings' sentences that do take over."""
    context = _context(runtime)
    writer = get_stream_writer()
    if state["decision"]["routes"] == ["human"]:
        return {}
    writer({"type": "step", "name": "grounding"})
    assert context.screen is not None
    facts = _facts(state, context)
    screen_, draft = context.screen, state["draft"]
    fed = screen_.stream.fed.strip()
    if screen_.complete:
        screen_.stream.restart()
    elif not screen_.shown:
        screen_.add(draft, facts)
    elif fed and draft.startswith(fed):
        screen_.feed(draft[len(fed):], facts)
        screen_.finish(facts)
    else:  # another brain finished the answer
        screen_.go_on(draft, facts)
    if (offender := screen_.stream.offender) is not None:
        log.warning("not bound to a fact: %r in %r", offender.shown, offender.sentence)
        rest = "\n\n".join(f["text"] for f in _in_order(state))
        kept, dropped = bound(rest, facts, _locale(state), context.user_words, hosts=screen_.stream.hosts)
        for lost in dropped:
            log.warning("a template's figure does not bind: %r in %r", lost.shown, lost.sentence)
        screen_.go_on(kept, facts)
    writer({"type": "step_end", "name": "grounding"})
    return {"draft": screen_.shown}


async def decide(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """Answer, question, offer or case; what the conversation remembers; what the reader gets beside the text."""
    context = _context(runtime)
    assert context.screen is not None
    understood, decision = state["understanding"], state["decision"]
    locale = _locale(state)
    findings = _in_order(state)
    artifacts = artifacts_of(findings)
    facts = _facts(state, context)
    bound = {b.fact_id for b in context.screen.stream.bindings}
    demo = rests_on_demo(f for f in facts if f.id in bound) or any(
        citation["demo"] for artifact in artifacts for citation in artifact.get("citations") or ()
    )
    found = policy.confidence(
        {"routing": decision["confidence"], "figures": understood["figures_confidence"]}, artifacts, demo=demo
    )
    human = decision["routes"] == ["human"]
    failed = bool(findings) and (found.failed or all(f["failed"] for f in findings))
    failures = 0 if human or not findings else (state.get("failures") or 0) + 1 if failed else 0
    reason = decision["reason"] if human else "repeated_failure" if policy.failed_too_often(failures) else None

    asks = next((f["asks"] for f in findings if f["asks"]), None)

    case: dict[str, Any] | None = None
    words = {"usted": formal(understood["register"], locale)}
    offer = None
    if counted := preferences.counted_in(artifacts):
        kept = preferences.told(counted, locale)
        context.screen.add(render("notes", locale, {}, note="remembered", kept=kept, **words), facts)
    if demo:
        context.screen.add(render("notes", locale, {}, note="demo", **words), facts)
    if findings and (spent := metering.spent()) is not None:
        context.screen.add(render("notes", locale, {}, note="budget", span=spent, **words), facts)
    if reason is not None:
        case = await _open_case(state, context, reason, facts, found)
        context.screen.add(
            render("human", locale, {}, reason=reason, case=case["case"], new=case["new"], **words),
            facts,
        )
        failures = 0
    elif (findings and policy.offers_a_person(found, asking=asks is not None)) or decision["offers"]:
        offer = {"reason": found.reasons[0] if found.reasons else "low_confidence"}
        context.screen.add(render("notes", locale, {}, note="offer", **words), facts)
    said = state.get("memory_said")
    if said is None and understood.get("memory") and not (offer or asks):
        said = await remembering.answer(understood, context)
        facts += [Fact.from_dict(body) for body in said["facts"]]
        context.screen.add(said["text"], facts)
    # a passage is shown by quoting it, which binds no figure
    quoted = {f.id for f in facts if f.unit == "text" and f.source.kind == "document"}
    shown_facts = [f for f in facts if f.id in quoted | {b.fact_id for b in context.screen.stream.bindings}]
    extras = presentable(artifacts, facts, locale)
    outcome = {
        "answer": context.screen.shown,
        "routes": decision["routes"],
        "routing_confidence": decision["confidence"],
        "action": "case" if case else "offer" if offer else "question" if asks else "answer",
        "confidence": found.value,
        "level": found.level,
        "why": policy.why(found.reasons, locale.language),
        "reasons": list(found.reasons),
        "escalated": context.case_open or (case is not None and case["case"] is not None),
        "case": case,
        "offer": offer,
        "language": locale.language,
        "locale": locale.code,
        "slots": _public(understood["slots"]),
        "facts": [f.to_dict() for f in facts],
        "shown_facts": [f.id for f in shown_facts],
        "bindings": [asdict(b) for b in context.screen.stream.bindings],
        "suggestions": _suggestions(state, findings),
        "tool_calls": [call for f in findings for call in f["tool_calls"]],
        "injection": understood["injection"],
        **extras,
    }
    wants: dict[str, Any] = {}
    if context.investor is not None and understood.get("memory") != "forget":
        new = preferences.learned(understood, decision["routes"], state["question"], state.get("open_question"))
        wants = (state.get("wants") or {}) | new
        outcome["learned"] = {"said": new, "known": wants}
    return {
        "outcome": outcome,
        "wants": wants,
        "memory_asked": bool(said and said["asks"]),
        "findings": None,
        "slots": memory.slots_next(understood, state.get("slots") or {}),
        "shown": references.shown_next(extras["references"], state.get("shown") or ()),
        "spoken_of": references.spoken_of_next(
            understood, _meant(state), extras["references"], state.get("spoken_of") or ()
        ),
        "routes": decision["routes"] if findings else state.get("routes") or [],
        "open_question": asks,
        "failures": failures,
        "offered": offer["reason"] if offer else None,
        "language": understood["answer_language"],
        "register": understood["register"],
        "country": understood["country"],
    }


def _suggestions(state: TurnState, findings: Sequence[Finding]) -> list[str]:
    """What the reader may ask next, the first of each specialist first: nothing twice, nothing that was asked already."""
    asked = {fold(state["question"])} | {fold(row["text"]) for row in state.get("history") or () if row["role"] == "user"}
    found: dict[str, str] = {}
    tries = [finding["suggestions"] for finding in findings] or [state.get("tries") or []]
    for rank in zip_longest(*tries):
        for words in rank:
            if words and fold(words) not in asked:
                found.setdefault(fold(words), words)
    return list(found.values())[:3]


def _public(slots: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in slots.items() if not name.startswith("_") and value is not None}


async def _open_case(
    state: TurnState, context: GraphContext, reason: str, facts: Sequence[Fact], found: policy.Confidence
) -> dict[str, Any]:
    """Write the case and tell the truth about it: `case` is None where it could not be written."""
    understood = state["understanding"]
    language = understood["answer_language"]
    evidence = {
        "message": state["question"], "routes": state["decision"]["routes"], "slots": _public(understood["slots"]),
        "confidence": found.value, "reasons": list(found.reasons), "facts": [f.id for f in facts],
    }
    async with context.resources.database.session(context.scope) as session:
        case, new = await cases.open_case(
            session, context.scope, conversation_id=context.conversation_id, run_id=context.run_id or None,
            reason=reason, reason_text=policy.reason_text(reason, "es"), evidence=evidence,
            draft=state.get("draft") or None, language=language, country=understood["country"],
            priority=cases.REASONS[reason],
        )
    return {"case": cases.label(case), "id": case.id, "new": new, "reason": reason,
            "message": policy.reason_text(reason, language)}


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
