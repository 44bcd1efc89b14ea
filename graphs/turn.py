"""What every node looks up in a turn's state: its surroundings, the reader's locale, the findings in order, their facts."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agents.supervisor import SPECIALISTS
from core.facts import Fact
from core.locale import LOCALES, Locale
from graphs import references
from graphs.context import GraphContext
from graphs.evidence import artifacts_of, facts_of, stated_facts
from graphs.state import Finding, TurnState


def context_of(runtime: Runtime[GraphContext]) -> GraphContext:
    """The turn's surroundings. Raises `TypeError` for a graph that was run without them."""
    if not isinstance(runtime.context, GraphContext):
        raise TypeError("the conversation graph needs a GraphContext; run it through graphs/runner.py or graphs/studio.py")
    return runtime.context


def locale_of(state: TurnState) -> Locale:
    """How to write for this reader."""
    return LOCALES[state["understanding"]["locale"]]


def meant(state: TurnState) -> list[references.Row]:
    """The listings that the message is about."""
    return references.meant(
        state["understanding"], state["decision"]["routes"], state.get("shown") or (), state.get("spoken_of") or ()
    )


def in_order(state: TurnState) -> list[Finding]:
    """The findings in the order of the specialists, however they came."""
    return sorted(state.get("findings") or [], key=lambda f: SPECIALISTS.index(f["route"]))


def all_facts(state: TurnState, context: GraphContext) -> list[Fact]:
    """Every fact that the answer may show: of the findings, of the investor's own words, of what is remembered of them."""
    found = facts_of(artifacts_of(in_order(state)))
    stated = stated_facts(state["understanding"], context.message_id)
    said = state.get("memory_said")
    remembered = [Fact.from_dict(body) for body in said["facts"]] if said else []
    return list({fact.id: fact for fact in (*found, *stated, *remembered)}.values())
