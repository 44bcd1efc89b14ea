"""The graph's state: what a conversation remembers between turns, and what one turn passes along.

Only the first group is saved. Per-turn channels are untracked (never in a checkpoint) or emptied on entry and exit; all
values are plain types, because a checkpoint gives Pydantic objects back as dicts.
"""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from langgraph.channels import UntrackedValue


class Finding(TypedDict):
    """What a specialist hands back. `artifacts` are its tools' artifacts in order; `failed` says that it gave no answer or
    that every tool failed; `by` who wrote the text: `llm`, `builtin`, or `rescue`, the built-in brain in place of
    a model that gave no answer."""

    route: str
    text: str
    artifacts: list[dict[str, Any]]
    tool_calls: list[dict[str, Any]]
    failed: bool
    suggestions: list[str]
    asks: str | None
    by: str


class MemorySaid(TypedDict):
    """What was answered about being remembered, its figures, and whether consent was asked for."""

    text: str
    facts: list[dict[str, Any]]
    asks: bool


def gather(old: list[Finding] | None, new: list[Finding] | None) -> list[Finding]:
    """Findings of parallel specialists add up; None empties the channel at the borders of a turn."""
    return [] if new is None else [*(old or []), *new]


class Memory(TypedDict, total=False):
    """Kept between turns: slots with the request so far, listings shown and those spoken of, last routes, open question,
    failures in a row, the reason of an offer that waits for an answer, the language and register of the talk; of an investor's
    conversation the stable preferences told in it, and whether consent to remember them was just asked for."""

    slots: dict[str, Any]
    shown: list[dict[str, Any]]
    spoken_of: list[dict[str, Any]]
    routes: list[str]
    open_question: str | None
    failures: int
    offered: str | None
    language: str | None
    register: str | None
    country: str | None
    wants: dict[str, Any]
    memory_asked: bool


class TurnState(Memory, total=False):
    """Memory and the turn's own channels."""

    question: Annotated[str, UntrackedValue]
    history: Annotated[list[dict[str, str]], UntrackedValue]
    understanding: Annotated[dict[str, Any], UntrackedValue]
    brief: Annotated[dict[str, Any], UntrackedValue]
    decision: Annotated[dict[str, Any], UntrackedValue]
    findings: Annotated[list[Finding], gather]
    draft: Annotated[str, UntrackedValue]
    tries: Annotated[list[str], UntrackedValue]
    outcome: Annotated[dict[str, Any], UntrackedValue]
    memory_said: Annotated[MemorySaid | None, UntrackedValue]
