"""Running one specialist inside the graph: its agent's stream becomes our events, its last message the finding.

One specialist alone streams: its text goes to the screen as it comes, once a tool has answered and the text reads like an
answer. Text of parallel specialists, of the supervisor and of messages that carry tool calls is never shown from here.
Where a language model comes to no answer that may be shown whole, the built-in brain answers with calls of its own: what
the model looked up, and why, nobody can tell.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal

from jinja2 import TemplateError
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from langgraph.config import get_stream_writer
from langgraph.errors import GraphRecursionError

from agents.fence import fence
from agents.playbook import Brief
from agents.specialist import MODEL_CALLS, ModelFailed, Specialist, Written, write
from core.facts import Fact
from core.locale import LOCALES, number
from graphs.context import Agent, GraphContext, Screen
from graphs.grounding import accept, sentences
from graphs.state import Finding

log = logging.getLogger("ladrillo.graph")
#: Steps of an agent's graph around one model call, with room to spare: the limit of model calls is what ends a loop.
_RECURSION = MODEL_CALLS * 8


class _Live:
    """Feeds a model's text to the screen while it is written, holding each message until it reads like an answer.

    Before any tool has answered nothing is fed, and no sentence without a figure is fed alone: that is how a model
    announces what it is about to look up, and a message that carries tool calls is not shown.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._message: str | None = None
        self._held = ""
        self._calls = self._open = False

    def chunk(self, message: AIMessageChunk, facts: list[Fact], *, answered: bool) -> None:
        if message.id != self._message:
            self._message, self._held, self._calls, self._open = message.id, "", False, False
        self._calls = self._calls or bool(message.tool_call_chunks)
        if self._calls or not message.text:
            return
        self._held += message.text
        if not self._open:
            if not answered or not _reads_like_an_answer(self._held):
                return
            self._open = True
            self._screen.stream.restart()
            self._held = ("\n\n" if self._screen.shown else "") + self._held.lstrip()
        self._screen.feed(self._held, facts)
        self._held = ""


def _reads_like_an_answer(text: str) -> bool:
    """Two whole sentences, or one with a figure."""
    whole = [text[start:end] for start, end in sentences(text)[:-1] if text[start:end].strip()]
    return len(whole) > 1 or any(character.isdigit() for character in "".join(whole))


class _Work:
    """One specialist's work in one turn, by one brain or by two after each other."""

    def __init__(self, brief: Brief, stated: list[Fact]) -> None:
        self.question = HumanMessage(brief.question, additional_kwargs={"brief": brief.to_dict()})
        self.messages: list[BaseMessage] = [self.question]
        self.facts = list(stated)
        self.route, self.language = brief.route, brief.language
        self._writer = get_stream_writer()

    async def run(
        self, agent: Agent, messages: list[BaseMessage], context: GraphContext, live: _Live | None = None
    ) -> None:
        modes: list[Literal["messages", "updates"]] = ["messages", "updates"] if live else ["updates"]
        part: Any
        async for mode, part in agent.astream(
            {"messages": messages}, context=context, config={"recursion_limit": _RECURSION}, stream_mode=modes
        ):
            if mode == "messages":
                chunk, _ = part
                if live is not None and isinstance(chunk, AIMessageChunk):
                    live.chunk(chunk, self.facts, answered=any(isinstance(m, ToolMessage) for m in self.messages))
                continue
            for update in part.values():
                self._take((update or {}).get("messages", ()))

    def _take(self, messages: list[BaseMessage]) -> None:
        if any(isinstance(message, RemoveMessage) for message in messages):
            messages = messages[-1:]  # the whole history, repaired; the last is what the model wrote now
        for message in messages:
            self.messages.append(message)
            if isinstance(message, AIMessage):
                for call in message.tool_calls:
                    self._writer({"type": "tool_call", "id": f"{self.route}:{call['id']}", "name": call["name"],
                                  "args": call["args"]})
            elif isinstance(message, ToolMessage):
                artifact = message.artifact or {}
                self.facts += [Fact.from_dict(f) for f in artifact.get("facts", ())]
                self._writer({"type": "tool_result", "id": f"{self.route}:{message.tool_call_id}",
                              "content": message.text, "ok": message.status != "error"})
        self._in_order()

    def _in_order(self) -> None:
        """Results of calls made at once come as they finish; they are kept in the order of the calls."""
        asked = next((at for at in reversed(range(len(self.messages))) if isinstance(self.messages[at], AIMessage)), 0)
        if isinstance(message := self.messages[asked], AIMessage):
            rank = {call["id"]: at for at, call in enumerate(message.tool_calls)}
            self.messages[asked + 1 :] = sorted(
                self.messages[asked + 1 :], key=lambda m: rank.get(getattr(m, "tool_call_id", None), len(rank))
            )

    @property
    def text(self) -> str:
        """The answer; empty where the last message is none."""
        last = self.messages[-1]
        if not isinstance(last, AIMessage) or last.tool_calls or last.invalid_tool_calls:
            return ""
        return last.text.strip()

    @property
    def results(self) -> list[ToolMessage]:
        return [message for message in self.messages if isinstance(message, ToolMessage)]

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The tool calls that came to a result, in their order."""
        args = {call["id"]: call["args"] for m in self.messages if isinstance(m, AIMessage) for call in m.tool_calls}
        return [
            {"name": m.name, "args": args.get(m.tool_call_id, {}), "ok": m.status != "error"} for m in self.results
        ]


async def run_specialist(
    brief: Brief, history: list[BaseMessage], stated: list[Fact], context: GraphContext, *, alone: bool
) -> Finding:
    """Runs the agent to its end. `stated` are the investor's own figures. Raises only what ends a turn (a lost database)."""
    assert context.staff is not None
    staff = context.staff
    specialist = staff.specialist(brief.route)
    tried: _Work | None = None
    if staff.model is not None and not context.patience.lost:
        tried = _Work(brief, stated)
        live = _Live(context.screen) if alone and context.screen is not None else None
        ended = await _with_patience(tried, [*history, _with_brief_text(tried.question, brief)], context, live)
        if ended and _may_be_shown(tried, brief, context):
            return _finding(brief, tried, _notes(specialist, tried))
    work = _Work(brief, stated)
    builtin = staff.agent(brief.route, brief.language) if staff.model is None else staff.substitute(brief.route)
    await work.run(builtin, [work.question], context)
    finding = _finding(brief, work, write(specialist, work.messages))
    if tried is not None:
        finding["tool_calls"] = [*tried.calls, *finding["tool_calls"]]
        if alone and context.screen is not None and context.screen.shown:  # what was shown keeps its sources
            kept = [message.artifact or {} for message in tried.results]
            finding["artifacts"] = [
                *({name: artifact.get(name, []) for name in ("facts", "citations")} for artifact in kept),
                *finding["artifacts"],
            ]
    return finding


async def _with_patience(
    work: _Work, messages: list[BaseMessage], context: GraphContext, live: _Live | None
) -> bool:
    """Let the language model work; False where it failed, went round in circles, or its time was up."""
    assert context.staff is not None
    limit = asyncio.timeout_at(context.patience.until)
    try:
        async with limit:
            await work.run(context.staff.agent(work.route, work.language), messages, context, live)
        return True
    except TimeoutError:
        if not limit.expired():
            raise
        why, context.patience.lost = "its time is up", True
    except ModelFailed as error:
        why, context.patience.lost = str(error), True
    except (ModelCallLimitExceededError, GraphRecursionError):
        why = "it goes round in circles"
    log.warning("the model of %s gave no answer (%s); the built-in one does", work.route, why)
    return False


def _may_be_shown(work: _Work, brief: Brief, context: GraphContext) -> bool:
    """True for an answer in which everything binds."""
    hosts = context.resources.settings.linkable
    offender = accept(work.text, work.facts, LOCALES[brief.locale], context.user_words, hosts=hosts).offender
    if offender is not None:
        log.warning("not bound to a fact: %r in %r", offender.shown, offender.sentence)
    return bool(work.text) and offender is None


def _with_brief_text(question: HumanMessage, brief: Brief) -> HumanMessage:
    """What a language model reads: the question, what is known, and for whom it writes, all of it as data."""
    known = "; ".join(f"{name}={value!r}" for name, value in brief.slots.items() if not name.startswith("_"))
    listings = "\n".join(f"{i}. {row['title']} (id {row['id']})" for i, row in enumerate(brief.shown, 1))
    locale = LOCALES[brief.locale]
    reader = f"locale {locale.code}; register {brief.register}; numbers like {number(1234.56, locale, 2)}"
    parts = {
        "question": brief.question, "known": known, "listings_shown_before": listings,
        "outside_the_markets": ", ".join(brief.uncovered), "reader": reader,
    }
    text = "\n".join(fence(tag, body) for tag, body in parts.items() if body)
    return HumanMessage(text, additional_kwargs=question.additional_kwargs)


def _finding(brief: Brief, work: _Work, written: Written) -> Finding:
    text = work.text or written.text
    return Finding(
        route=brief.route,
        text=text,
        artifacts=[message.artifact or {} for message in work.results],
        tool_calls=work.calls,
        failed=not text or (bool(work.results) and all(message.status == "error" for message in work.results)),
        suggestions=list(written.suggestions),
        asks=written.asks,
    )


def _notes(specialist: Specialist, work: _Work) -> Written:
    """What the playbook would ask and suggest after the same results. The text stays the model's, and a model's choice of
    tools may leave the template without what it needs: then it asks and suggests nothing.
    """
    try:
        return write(specialist, work.messages)
    except (TemplateError, LookupError, TypeError, AttributeError):
        log.exception("the template of %s cannot be written from what the model looked up", specialist.name)
        return Written("", None, ())
