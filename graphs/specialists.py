"""Running one specialist inside the graph: its agent's stream becomes our events, its last message the finding.

One specialist alone streams: its text goes to the screen as it comes, once its first sentence is complete and no tool call
has started in that message. Text of parallel specialists, of the supervisor and of messages that carry tool calls is
never shown from here.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langgraph.config import get_stream_writer

from agents.playbook import Brief
from agents.specialist import Specialist, write
from core.facts import Fact
from graphs.context import GraphContext, Screen
from graphs.state import Finding

log = logging.getLogger("ladrillo.graph")
_RECURSION = 40


class _Live:
    """Feeds one model message's text to the screen, holding it until it is known not to carry tool calls."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._message: str | None = None
        self._held = ""
        self._closed = False

    def chunk(self, message: AIMessageChunk, facts: list[Fact]) -> None:
        if self._message is not None and message.id != self._message and self._screen.shown:
            return  # another model took over in mid-stream: the node continues after what was shown
        if message.id != self._message:
            self._message, self._held, self._closed = message.id, "", False
        if message.tool_call_chunks:
            self._closed = True
        if self._closed or not message.text:
            return
        self._held += message.text
        if self._screen.shown or any(end in self._held for end in (". ", ".\n", "? ", "! ", "\n\n")):
            self._screen.feed(self._held, facts)
            self._held = ""


async def run_specialist(
    brief: Brief, history: list[BaseMessage], context: GraphContext, *, alone: bool
) -> Finding:
    """Runs the agent to its end. Raises only what ends a turn (a lost database)."""
    assert context.staff is not None
    writer = get_stream_writer()
    staff = context.staff
    specialist = staff.specialist(brief.route)
    agent = staff.agent(brief.route, brief.language)
    question = HumanMessage(brief.question, additional_kwargs={"brief": brief.to_dict()})
    messages: list[BaseMessage] = [question]
    facts: list[Fact] = []
    live = _Live(context.screen) if alone and staff.model is not None and context.screen is not None else None
    modes: list[Literal["messages", "updates"]] = ["messages", "updates"] if live else ["updates"]
    part: Any
    async for mode, part in agent.astream(
        {"messages": [*history, _with_brief_text(question, brief) if staff.model else question]},
        context=context,
        config={"recursion_limit": _RECURSION},
        stream_mode=modes,
    ):
        if mode == "messages":
            chunk, _ = part
            if live is not None and isinstance(chunk, AIMessageChunk):
                live.chunk(chunk, facts)
            continue
        for update in part.values():
            for message in (update or {}).get("messages", ()):
                messages.append(message)
                if isinstance(message, AIMessage):
                    for call in message.tool_calls:
                        writer({"type": "tool_call", "id": f"{brief.route}:{call['id']}", "name": call["name"],
                                "args": call["args"]})
                elif isinstance(message, ToolMessage):
                    artifact = message.artifact or {}
                    facts += [Fact.from_dict(f) for f in artifact.get("facts", ())]
                    writer({"type": "tool_result", "id": f"{brief.route}:{message.tool_call_id}",
                            "content": message.text, "ok": message.status != "error"})
    return _finding(specialist, brief, messages)


def _with_brief_text(question: HumanMessage, brief: Brief) -> HumanMessage:
    """What a language model reads: the question and the slots, as data."""
    known = "; ".join(f"{name}={value!r}" for name, value in brief.slots.items() if not name.startswith("_"))
    listings = "; ".join(f"{i}. {row['title']} (id {row['id']})" for i, row in enumerate(brief.shown, 1))
    outside = ", ".join(brief.uncovered)
    text = (
        f"<question>\n{brief.question}\n</question>\n<known>{known}</known>\n"
        f"<listings_shown_before>{listings}</listings_shown_before>\n<outside_the_markets>{outside}</outside_the_markets>"
    )
    return HumanMessage(text, additional_kwargs=question.additional_kwargs)


def _finding(specialist: Specialist, brief: Brief, messages: list[BaseMessage]) -> Finding:
    written = write(specialist, messages)
    last = messages[-1]
    text = last.text.strip() if isinstance(last, AIMessage) and not last.tool_calls else ""
    calls = {call["id"]: call for m in messages if isinstance(m, AIMessage) for call in m.tool_calls}
    results = [m for m in messages if isinstance(m, ToolMessage)]
    return Finding(
        route=brief.route,
        text=text or written.text,
        fallback=written.text,
        artifacts=[m.artifact or {} for m in results],
        tool_calls=[
            {"name": m.name, "args": calls[m.tool_call_id]["args"] if m.tool_call_id in calls else {},
             "ok": m.status != "error"}
            for m in results
        ],
        failed=not (text or written.text) or (bool(results) and all(m.status == "error" for m in results)),
        suggestions=list(written.suggestions),
        asks=written.asks,
    )
