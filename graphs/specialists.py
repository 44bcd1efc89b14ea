"""Running one specialist inside the graph: its agent's stream becomes our events, its last message the finding.

One specialist alone streams: its text goes to the screen as it comes, once a tool has answered and the text reads like an
answer. Text of parallel specialists, of the supervisor and of messages that carry tool calls is never shown from here.
Where a language model comes to no answer that may be shown whole, the built-in brain answers with calls of its own: what
the model looked up, and why, nobody can tell.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import TemplateError
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from langgraph.config import get_stream_writer
from langgraph.errors import GraphRecursionError

from agents.playbook import Brief
from agents.prompts import told
from agents.specialist import MODEL_CALLS, ModelFailed, Specialist, Written, prompts_of, write
from core.errors import LadrilloError
from core.facts import Fact
from core.locale import LOCALES, Language
from graphs.context import Agent, GraphContext
from graphs.drafts import Drafting, names_of
from graphs.grounding import accept
from graphs.live import Live
from graphs.sentences import sentences
from graphs.state import Finding
from graphs.writing import brief_text, repair, resume, task

log = logging.getLogger("ladrillo.graph")
Plan = Literal["builtin", "model"]
#: The language models of a specialist, in the order in which they are asked.
ROLES: tuple[Literal["specialist", "fallback"], ...] = ("specialist", "fallback")
#: Steps of an agent's graph around one model call, with room to spare: the limit of model calls is what ends a loop.
_RECURSION = MODEL_CALLS * 8


@dataclass(frozen=True)
class Talk:
    """What a specialist's model is told besides the brief: the talk so far in short, and what others found for it."""

    earlier: str = ""
    findings: str = ""


class _Work:
    """One specialist's work in one turn, by one brain or by two after each other."""

    def __init__(self, brief: Brief, stated: list[Fact]) -> None:
        self.question = HumanMessage(brief.question, additional_kwargs={"brief": brief.to_dict()})
        self.messages: list[BaseMessage] = [self.question]
        self.facts = list(stated)
        self.route, self.language, self._register = brief.route, brief.language, brief.register
        self._writer = get_stream_writer()

    async def run(
        self, agent: Agent, messages: list[BaseMessage], context: GraphContext, live: Live | None = None
    ) -> None:
        modes: list[Literal["messages", "updates"]] = ["messages", "updates"] if live else ["updates"]
        part: Any
        stream: Any = agent.astream(
            {"messages": messages}, context=context, config={"recursion_limit": _RECURSION}, stream_mode=modes
        )
        async for mode, part in stream:
            if mode == "messages":
                chunk, _ = part
                if live is not None and isinstance(chunk, AIMessageChunk):
                    live.chunk(chunk, self.facts, answered=self.found_something)
                    if live.stopped:  # what may not be shown is not waited for
                        await stream.aclose()
                        return
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
    def found_something(self) -> bool:
        """Whether a tool came to a result."""
        return any(message.status != "error" for message in self.results)

    @property
    def answered(self) -> list[BaseMessage]:
        """The calls made so far with their results, for another model to go on from."""
        last = max((at for at, message in enumerate(self.messages) if isinstance(message, ToolMessage)), default=0)
        return self.messages[1 : last + 1]

    def task(self, talk: Talk, context: GraphContext) -> list[BaseMessage]:
        """What was asked and what the tools said, for a model that goes on after what was shown."""
        said = "\n".join(message.text for message in self.results)
        return task(str(self.question.content), talk.earlier, said, self.facts, context.locale, self._register, context.veil)

    def drafting(self, language: Language) -> Drafting:
        """What looks at the answer while it is written; what the tools say is read when it is asked for."""
        return Drafting(language, expected=False, found=lambda: "\n".join(message.text for message in self.results))

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
    brief: Brief, talk: Talk, stated: list[Fact], context: GraphContext, *, plan: Plan, alone: bool
) -> Finding:
    """Runs the agent to its end. `stated` are the investor's own figures; with `plan` `builtin` the playbook looks things up.
    Raises only what ends a turn (a lost database).
    """
    assert context.staff is not None
    staff = context.staff
    specialist = staff.specialist(brief.route)
    tried: _Work | None = None
    if plan == "model" and staff.models is not None and not context.patience.lost:
        tried = _Work(brief, stated)
        if await _thought(tried, brief, talk, context, alone=alone):
            return _finding(brief, tried, _notes(specialist, tried), by="llm")
    work = _Work(brief, stated)
    await work.run(staff.agent(brief.route), [work.question], context)
    finding = _finding(brief, work, write(specialist, work.messages), by="builtin" if tried is None else "rescue")
    if tried is not None:
        finding["tool_calls"] = [*tried.calls, *finding["tool_calls"]]
        if alone and context.screen is not None and context.screen.shown:  # what was shown keeps its sources
            kept = [message.artifact or {} for message in tried.results]
            finding["artifacts"] = [
                *({name: artifact.get(name, []) for name in ("facts", "citations")} for artifact in kept),
                *finding["artifacts"],
            ]
    return finding


async def _thought(work: _Work, brief: Brief, talk: Talk, context: GraphContext, *, alone: bool) -> bool:
    """Have a language model look things up and answer: the specialists' own, or the second where that fails. True where
    the answer may be shown whole, or stands on the screen."""
    assert context.staff is not None
    assert context.staff.models is not None
    screen = context.screen if alone else None
    text = brief_text(brief, talk.earlier, talk.findings, context.veil)
    asked = HumanMessage(text, additional_kwargs=work.question.additional_kwargs)
    for role in ROLES:
        agent = context.staff.thinker(brief.route, brief.language, role)
        if agent is None:
            continue
        told(brief.language, *prompts_of(brief.route))
        model = getattr(context.staff.models, role)
        if screen is not None and screen.shown:  # the first was cut in the middle of its answer
            return await resume(model, work.task(talk, context), work.facts, context)
        live = Live(screen, model.abilities) if screen is not None else None
        ended = await _with_patience(work, agent, [asked, *work.answered], context, live)
        if ended == "circles":
            return False
        if ended == "failed":
            continue
        if not work.found_something and (work.results or not work.text.endswith("?")):
            log.warning("the model of %s found nothing; the built-in one looks things up itself", brief.route)
            return False
        if screen is None:
            return _may_be_shown(work, brief, context)
        if (offender := screen.stream.offender) is not None:
            if not work.results:  # made up without looking anything up: there is nothing to mend it from
                return False
            return await repair(model, work.task(talk, context), offender, work.facts, context)
        return bool(work.text)
    context.patience.lost = True
    return False


async def _with_patience(
    work: _Work, agent: Agent, messages: list[BaseMessage], context: GraphContext, live: Live | None
) -> Literal["done", "circles", "failed"]:
    """Let a language model work: to its answer or to what may not be shown, round in circles, or until it fails."""
    limit = asyncio.timeout_at(context.patience.until)
    drafting = context.screen.stream if live is not None and context.screen is not None else None
    try:
        async with limit:
            if drafting is not None:
                drafting.drafting = work.drafting(drafting.locale.language)
            await work.run(agent, messages, context, live)
        if live is not None and (work.found_something or work.text.endswith("?")):
            live.end(work.text, work.facts)
        return "done"
    except TimeoutError:
        if not limit.expired():
            raise
        why, context.patience.lost = "its time is up", True
        log.warning("the model of %s gave no answer (%s)", work.route, why)
        return "circles"
    except ModelFailed as error:
        log.warning("the model of %s gave no answer (%s)", work.route, error)
        return "failed"
    except (ModelCallLimitExceededError, GraphRecursionError):
        log.warning("the model of %s gave no answer (it goes round in circles)", work.route)
        return "circles"
    except LadrilloError:
        raise
    except Exception:
        # what an endpoint sends may break anything on its way: the built-in brain has not read it
        log.exception("the model of %s broke something", work.route)
        return "circles"
    finally:
        if drafting is not None:
            drafting.drafting = None


def _may_be_shown(work: _Work, brief: Brief, context: GraphContext) -> bool:
    """True for an answer in which everything binds, in the reader's language."""
    text, locale = work.text, LOCALES[brief.locale]
    parts = [text[start:end] for start, end in sentences(text)]
    hosts = context.resources.settings.linkable
    drafting = work.drafting(locale.language)
    objection = drafting.objection(parts, bound=0, names=names_of(work.facts))
    if objection is not None:  # before its figures are looked at: it may be of any length
        log.warning("the answer of the model of %s is none: %s", work.route, objection)
        return False
    offender = accept(text, work.facts, locale, context.user_words, hosts=hosts, found=drafting.found).offender
    if offender is not None:
        log.warning("not bound to a fact: %r in %r", offender.shown, offender.sentence)
    return bool(text) and offender is None


def _finding(brief: Brief, work: _Work, written: Written, *, by: Literal["builtin", "llm", "rescue"]) -> Finding:
    text = work.text or written.text
    return Finding(
        route=brief.route,
        text=text,
        artifacts=[message.artifact or {} for message in work.results],
        tool_calls=work.calls,
        failed=not text or (bool(work.results) and all(message.status == "error" for message in work.results)),
        suggestions=list(written.suggestions),
        asks=written.asks,
        by=by,
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
