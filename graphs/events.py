"""From what nodes tell to AG-UI events in the conversation's log.

`Translator` is pure: parts in, log entries out; step names are made unique within a run (`roi`, `roi:2`) and whatever is
open is closed before the end. `Writer` puts entries into the log: text is coalesced (64 characters or 50 ms an event), a
batch is one statement, and nothing reaches a reader that is not in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.rendering import when
from core.database import Database
from core.facts import Fact
from core.locale import LOCALES, Locale
from core.scope import Scope
from core.words import label
from knowledge.records import event_log
from knowledge.records.event_log import Entry, custom

TEXT_CHARS = 64
TEXT_DELAY, STEP_DELAY = 0.05, 0.01
_RESULT_CHARS = 400


class Translator:
    """One run's events. `message_id` is the answer's, the same in the log and in the transcript."""

    def __init__(self, conversation_id: str, run_id: str, message_id: str) -> None:
        self.conversation_id, self.run_id, self.message_id = conversation_id, run_id, message_id
        self._steps: list[str] = []
        self._open: dict[str, str] = {}
        self._calls: set[str] = set()
        self._writing = False

    def start(self) -> list[Entry]:
        return [("RUN_STARTED", {"threadId": self.conversation_id, "runId": self.run_id})]

    def speaks(self, language: str) -> list[Entry]:
        """The language of the answer, known as soon as the message is read: what frames the answer follows it."""
        return [("STATE_DELTA", {"delta": [{"op": "add", "path": "/language", "value": language}]})]

    def part(self, part: Mapping[str, Any]) -> list[Entry]:
        """One thing a node told: step, step_end, tool_call, tool_result or text."""
        match part["type"]:
            case "step":
                count = sum(step == part["name"] for step in self._steps)
                self._steps.append(part["name"])
                name = part["name"] if not count else f"{part['name']}:{count + 1}"
                self._open[part["name"]] = name
                return [("STEP_STARTED", {"stepName": name})]
            case "step_end":
                closed = self._open.pop(part["name"], None)
                return [("STEP_FINISHED", {"stepName": closed})] if closed else []
            case "tool_call":
                call = f"{self.run_id}:{part['id']}"
                if call in self._calls:
                    return []
                self._calls.add(call)
                args = json.dumps(part["args"], ensure_ascii=False)
                return [
                    ("TOOL_CALL_START", {"toolCallId": call, "toolCallName": part["name"]}),
                    ("TOOL_CALL_ARGS", {"toolCallId": call, "delta": args}),
                    ("TOOL_CALL_END", {"toolCallId": call}),
                ]
            case "tool_result":
                call = f"{self.run_id}:{part['id']}"
                return [
                    (
                        "TOOL_CALL_RESULT",
                        {"messageId": f"{call}:result", "toolCallId": call, "content": part["content"], "role": "tool"},
                    )
                ]
            case "text":
                return self.text(part["text"])
            case other:
                raise ValueError(f"a node told something unknown: {other!r}")

    def text(self, piece: str) -> list[Entry]:
        entries: list[Entry] = []
        if not self._writing:
            self._writing = True
            entries.append(("TEXT_MESSAGE_START", {"messageId": self.message_id, "role": "assistant"}))
        for i in range(0, len(piece), TEXT_CHARS):
            entries.append(
                ("TEXT_MESSAGE_CONTENT", {"messageId": self.message_id, "delta": piece[i : i + TEXT_CHARS]})
            )
        return entries

    def close(self) -> list[Entry]:
        """End the message and the steps that are still open."""
        entries: list[Entry] = []
        if self._writing:
            self._writing = False
            entries.append(("TEXT_MESSAGE_END", {"messageId": self.message_id}))
        entries += [("STEP_FINISHED", {"stepName": name}) for name in reversed(self._open.values())]
        self._open.clear()
        return entries

    def finished(self, outcome: Mapping[str, Any], extras: Sequence[Entry]) -> list[Entry]:
        """What follows the text (figures' sources, cards, …), and the end of the run."""
        result = {name: outcome.get(name) for name in ("routes", "action", "confidence", "escalated", "language")}
        return [
            *self.close(),
            *extras,
            ("STATE_DELTA", {"delta": [{"op": "add", "path": "/slots", "value": outcome["slots"]}]}),
            (
                "RUN_FINISHED",
                {"threadId": self.conversation_id, "runId": self.run_id, "outcome": {"type": "success"}, "result": result},
            ),
        ]


def beside(outcome: Mapping[str, Any], message_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Name and value of everything that stands beside the text, for the log and for the transcript's details."""
    locale = LOCALES[outcome["locale"]]
    frames: list[tuple[str, dict[str, Any]]] = [("facts", {"facts": sources(outcome, locale), "message_id": message_id})]
    frames += [("card", card) for card in outcome["cards"]]
    frames += [("table", table) for table in outcome["tables"]]
    frames += [("chart", chart) for chart in outcome["charts"]]
    if outcome["citations"]:
        frames.append(("citations", {"citations": outcome["citations"]}))
    frames.append(
        ("confidence", {"value": outcome["confidence"], "level": outcome["level"], "reasons": outcome["why"]})
    )
    if outcome["consent"]:
        frames.append(("consent.request", outcome["consent"]))
    if outcome["offer"]:
        frames.append(("offer", {"reason": outcome["offer"]["reason"], "message": ""}))
    if outcome["case"]:
        case = outcome["case"]
        frames.append(("case.opened", {"case": case["case"], "reason": case["reason"], "message": case["message"]}))
    if outcome["suggestions"]:
        frames.append(("suggestions", {"suggestions": outcome["suggestions"]}))
    return frames


def log_entries(frames: Iterable[tuple[str, dict[str, Any]]]) -> list[Entry]:
    return [("CUSTOM", custom(f"ladrillo.{name}", value)) for name, value in frames]


def details(outcome: Mapping[str, Any], frames: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """What the transcript keeps beside the answer, so that a reload draws the same."""
    kept: dict[str, Any] = {"cards": [], "tables": [], "charts": []}
    for name, value in frames:
        if name in ("card", "table", "chart"):
            kept[f"{name}s"].append(value)
        elif name in ("facts", "citations", "suggestions"):
            kept[name] = value[name]
        else:
            kept[name.replace(".opened", "")] = value
    return kept | {"routes": outcome["routes"], "language": outcome["language"]}


def sources(outcome: Mapping[str, Any], locale: Locale) -> list[dict[str, Any]]:
    """The facts that the answer shows, each with its name for people and the strings it is shown as."""
    shown: dict[str, list[str]] = {}
    for binding in outcome["bindings"]:
        strings = shown.setdefault(binding["fact_id"], [])
        if binding["shown"] not in strings:
            strings.append(binding["shown"])
    facts = {body["id"]: body for body in outcome["facts"]}
    return [
        facts[fact_id] | {
            "label": label(facts[fact_id]["key"], locale),
            "shown_as": strings,
            "as_of_text": when(facts[fact_id]["as_of"], locale),
        }
        for fact_id, strings in shown.items()
    ]


def fact_rows(outcome: Mapping[str, Any]) -> list[tuple[Fact, bool]]:
    """Every fact of the turn once, and whether the answer shows it."""
    shown = set(outcome["shown_facts"])
    return [(Fact.from_dict(body), body["id"] in shown) for body in outcome["facts"]]


def for_visitor(payload: dict[str, Any]) -> dict[str, Any]:
    """A visitor sees a tool's result shortened; staff see it whole."""
    if payload["type"] == "TOOL_CALL_RESULT" and len(payload["content"]) > _RESULT_CHARS:
        return payload | {"content": payload["content"][:_RESULT_CHARS] + "…"}
    return payload


class Writer:
    """Writes one run's entries in order from a task of its own; `put` never blocks the graph.

    A failed write ends the task; `failed` is set so that the runner stops the graph, and `close` raises the error.
    """

    def __init__(self, database: Database, scope: Scope, conversation_id: str, run_id: str, epoch: int) -> None:
        self._database, self._scope = database, scope
        self._conversation, self._run, self._epoch = conversation_id, run_id, epoch
        self._pending: list[Entry] = []
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._closing = self._resting = False
        self._task = asyncio.create_task(self._loop(), name=f"events-{run_id}")

    @property
    def task(self) -> asyncio.Task[None]:
        return self._task

    def put(self, entries: Iterable[Entry]) -> None:
        for kind, payload in entries:
            last = self._pending[-1] if self._pending else None
            if (
                kind == "TEXT_MESSAGE_CONTENT" and last is not None and last[0] == kind
                and len(last[1]["delta"]) + len(payload["delta"]) <= TEXT_CHARS
            ):
                self._pending[-1] = (kind, {**payload, "delta": last[1]["delta"] + payload["delta"]})
            else:
                self._pending.append((kind, payload))
        if len(self._pending) > 1 and self._pending[-1][0] == "TEXT_MESSAGE_CONTENT":
            self._hurry.set()
        self._wake.set()

    async def close(self) -> None:
        """Write what is pending and end. Raises what a write raised (`Fenced`, `Unavailable`)."""
        self._closing = True
        await self._ended()

    async def rest(self) -> list[Entry]:
        """End; what is still to be written, for whoever writes it with the end of the run. Raises what a write raised."""
        self._resting = True
        await self._ended()
        rest, self._pending = self._pending, []
        return rest

    async def _ended(self) -> None:
        self._hurry.set()
        self._wake.set()
        await self._task

    async def _loop(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if delay := self._delay():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), delay)
            self._hurry.clear()
            if self._resting:
                return
            batch, self._pending = self._pending, []
            if batch:
                relaxed = all(kind == "TEXT_MESSAGE_CONTENT" for kind, _ in batch)
                await event_log.append(
                    self._database, self._scope, self._conversation, self._run, self._epoch, batch, relaxed=relaxed
                )
            if self._resting or (self._closing and not self._pending):
                return

    def _delay(self) -> float:
        """How long to gather more: text that has begun comes in pieces, steps and calls follow each other closely."""
        if self._closing or self._resting or not self._pending:
            return 0.0
        kind, payload = self._pending[-1]
        if kind != "TEXT_MESSAGE_CONTENT":
            return STEP_DELAY
        return TEXT_DELAY if len(self._pending) == 1 and len(payload["delta"]) < TEXT_CHARS else 0.0
