"""The conversation graph for LangGraph Studio: the same nodes, with a context of their own for each run.

Studio gives no `GraphContext`, so one node is put around the graph that opens the process's resources once and runs it
with them, each question in a conversation of its own. Input is `{"question": "…"}`; the answer is in `outcome`.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from core.locale import LOCALES
from core.scope import Scope
from core.settings import get_settings
from graphs import conversation
from graphs.context import GraphContext, Screen, Staff
from graphs.streaming import Stream
from knowledge.records import conversations
from knowledge.resources import Resources

_guard = asyncio.Lock()
_held: dict[str, Any] = {}


class Talk(TypedDict, total=False):
    """What Studio shows: the question that goes in, the answer and all that comes with it."""

    question: str
    outcome: dict[str, Any]


async def _held_open() -> tuple[Resources, Staff]:
    async with _guard:
        if not _held:
            settings = get_settings()
            _held["resources"] = await Resources.open(settings)
            _held["staff"] = Staff(settings)
    return _held["resources"], _held["staff"]


def graph() -> CompiledStateGraph[Talk, Any, Any, Any]:
    """What `langgraph.json` names."""
    inner = conversation.build()

    async def ladrillo(state: Talk, config: RunnableConfig) -> Talk:
        resources, staff = await _held_open()
        locale = LOCALES["es-CO"]
        scope = Scope(role="visitor", subject="studio")
        async with resources.database.session(scope) as session:
            conversation_row, _ = await conversations.create(session, scope, visitor="studio", channel="studio")
        context = GraphContext(
            resources=resources, scope=scope, conversation_id=conversation_row.id, locale=locale,
            user_words=(state["question"],), staff=staff,
            screen=Screen(Stream(locale, (state["question"],), resources.settings.linkable)),
        )
        result = await inner.ainvoke({"question": state["question"], "history": []}, config, context=context)
        return {"outcome": result["outcome"]}

    outer = StateGraph(Talk)
    outer.add_node("ladrillo", ladrillo)
    outer.add_edge(START, "ladrillo")
    outer.add_edge("ladrillo", END)
    return outer.compile(name="ladrillo")
