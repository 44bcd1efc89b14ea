"""Playbooks: what a specialist does when no language model thinks for it. Data, read by the built-in model.

A step names a tool, says when it is needed, and binds its arguments from the brief or from earlier results. Steps whose
prerequisites are met are called together; when none is left, the template writes the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage

from core.facts import Fact

Arguments = dict[str, Any]
_REFUSED = ("bad_input", "bad_arguments")


@dataclass(frozen=True)
class Brief:
    """What the supervisor hands a specialist: the question and what is known, never the transcript.

    `slots` are known after this turn, `turn_slots` came with this message; `request` refines the wish (measures, costs,
    options); `shown` are the listings shown so far in order (`{"id", "title"}`), `references` the ones this message
    points at; `uncovered` are places outside the markets. `found` are the facts of findings that this one waited for,
    `remembered` preferences of earlier conversations, in words.
    """

    route: str
    question: str
    language: str
    locale: str
    register: str = "unknown"
    routes: tuple[str, ...] = ()
    slots: dict[str, Any] = field(default_factory=dict)
    turn_slots: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    uncovered: tuple[str, ...] = ()
    shown: tuple[dict[str, Any], ...] = ()
    references: tuple[dict[str, Any], ...] = ()
    found: tuple[dict[str, Any], ...] = ()
    message_id: str = ""
    remembered: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "route": self.route, "question": self.question, "language": self.language, "locale": self.locale,
            "register": self.register, "routes": list(self.routes), "slots": self.slots, "turn_slots": self.turn_slots,
            "request": self.request, "uncovered": list(self.uncovered), "shown": list(self.shown),
            "references": list(self.references), "found": list(self.found), "message_id": self.message_id,
            "remembered": self.remembered,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Brief:
        body = dict(data)
        for name in ("routes", "uncovered", "shown", "references", "found"):
            body[name] = tuple(body.get(name) or ())
        return cls(**body)


@dataclass(frozen=True)
class Result:
    """One tool call's outcome as the playbook sees it. `error` is a sentence when the tool failed."""

    step: str
    tool: str
    args: Arguments
    data: dict[str, Any]
    facts: dict[str, Fact]
    artifact: dict[str, Any]
    error: str | None = None

    @property
    def gaps(self) -> list[dict[str, Any]]:
        gaps: list[dict[str, Any]] = self.artifact.get("gaps", [])
        return gaps

    def gap(self, code: str) -> dict[str, Any] | None:
        return next((gap for gap in self.gaps if gap["code"] == code), None)


@dataclass(frozen=True)
class Known:
    """The brief with the results so far, by step name; a step called several times has several results."""

    brief: Brief
    results: dict[str, list[Result]]

    @property
    def slots(self) -> dict[str, Any]:
        return self.brief.slots

    @property
    def request(self) -> dict[str, Any]:
        return self.brief.request

    def first(self, step: str) -> Result | None:
        found = self.results.get(step)
        return found[0] if found else None

    def wants(self, kind: str, *names: str) -> bool:
        """True if the request's list `kind` names one of these (`wants("measures", "irr")`)."""
        return bool(set(self.request.get(kind) or ()) & set(names))


@dataclass(frozen=True)
class Step:
    """`args` gives one call's arguments, several calls', or nothing to skip the step."""

    name: str
    tool: str
    args: Callable[[Known], Arguments | Sequence[Arguments] | None]
    when: Callable[[Known], bool] = lambda known: True
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Playbook:
    """Steps, and the name of the answer template (`prompts/answers/<language>/<template>.md.jinja`)."""

    template: str
    steps: tuple[Step, ...]


def read(messages: Sequence[BaseMessage]) -> tuple[Brief, list[Result]]:
    """The brief, and the results of the tool calls already made, by whichever brain."""
    brief: Brief | None = None
    results: list[Result] = []
    calls: dict[str, ToolCall] = {}
    for message in messages:
        if isinstance(message, HumanMessage) and "brief" in message.additional_kwargs:
            brief = Brief.from_dict(message.additional_kwargs["brief"])
            results, calls = [], {}
        elif isinstance(message, AIMessage):
            calls |= {call["id"] or "": call for call in message.tool_calls}
        elif isinstance(message, ToolMessage):
            call = calls.get(message.tool_call_id)
            artifact = message.artifact or {}
            results.append(
                Result(
                    step=message.tool_call_id.split("/")[0],
                    tool=message.name or (call["name"] if call else ""),
                    args=dict(call["args"]) if call else {},
                    data=artifact.get("data", {}),
                    facts={f["id"]: Fact.from_dict(f) for f in artifact.get("facts", [])},
                    artifact=artifact,
                    error=str(message.content) if message.status == "error" else None,
                )
            )
    if brief is None:
        raise ValueError("the built-in model needs a brief in the last human message's additional_kwargs")
    return brief, results


def known_from(playbook: Playbook, brief: Brief, results: Sequence[Result]) -> Known:
    """Results by step. A call that another brain made counts for the first step that uses the same tool, once, and only
    if it came to something: figures that the tool refused say nothing of the investor's question."""
    own = {step.name for step in playbook.steps}
    by_tool = {step.tool: step.name for step in reversed(playbook.steps)}
    grouped: dict[str, list[Result]] = {}
    for result in results:
        if result.step in own:
            grouped.setdefault(result.step, []).append(result)
            continue
        name = by_tool.get(result.tool)
        refused = result.error is not None or any(gap["code"] in _REFUSED for gap in result.gaps)
        if name is not None and not refused and all(r.args != result.args for r in grouped.get(name, ())):
            grouped.setdefault(name, []).append(result)
    return Known(brief, grouped)


def next_calls(playbook: Playbook, known: Known) -> list[ToolCall]:
    """The tool calls that can be made now; empty when the answer can be written."""
    calls: list[ToolCall] = []
    skipped: set[str] = set()
    for step in playbook.steps:
        if step.name in known.results:
            continue
        if any(name not in known.results and name not in skipped for name in step.after):
            continue
        arguments = step.args(known) if step.when(known) else None
        if not arguments:
            skipped.add(step.name)
            continue
        several = [arguments] if isinstance(arguments, dict) else list(arguments)
        calls += [
            ToolCall(name=step.tool, args=clean(args), id=f"{step.name}/{i}", type="tool_call")
            for i, args in enumerate(several)
        ]
    return calls


def clean(args: Arguments) -> Arguments:
    return {name: value for name, value in args.items() if value is not None}
