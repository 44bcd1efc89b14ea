"""The end of a turn: what may be shown is shown, and it is decided whether it is an answer, a question, an offer or a case."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime

from agents.rendering import formal, render
from core import metering
from core.facts import Fact, rests_on_demo
from graphs import memory, policy, preferences, references, remembering
from graphs.context import GraphContext
from graphs.evidence import artifacts_of, presentable
from graphs.grounding import bound
from graphs.state import Finding, TurnState
from graphs.turn import all_facts, context_of, in_order, locale_of, meant
from knowledge.records import cases
from knowledge.understanding.text import fold

log = logging.getLogger("ladrillo.graph")


async def ground(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """Show what binds. Where what compose wrote, or a template, does not bind, the findings' sentences that do take over."""
    context = context_of(runtime)
    writer = get_stream_writer()
    if state["decision"]["routes"] == ["human"]:
        return {}
    writer({"type": "step", "name": "grounding"})
    assert context.screen is not None
    facts = all_facts(state, context)
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
        rest = "\n\n".join(f["text"] for f in in_order(state))
        kept, dropped = bound(rest, facts, locale_of(state), context.user_words, hosts=screen_.stream.hosts)
        for lost in dropped:
            log.warning("a template's figure does not bind: %r in %r", lost.shown, lost.sentence)
        screen_.go_on(kept, facts)
    writer({"type": "step_end", "name": "grounding"})
    return {"draft": screen_.shown}


async def decide(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """Answer, question, offer or case; what the conversation remembers; what the reader gets beside the text."""
    context = context_of(runtime)
    assert context.screen is not None
    understood, decision = state["understanding"], state["decision"]
    locale = locale_of(state)
    findings = in_order(state)
    artifacts = artifacts_of(findings)
    facts = all_facts(state, context)
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
            understood, meant(state), extras["references"], state.get("spoken_of") or ()
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
