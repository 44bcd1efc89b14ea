"""The figures of a message: what each is and which option it is of, and what later messages need to know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from knowledge.understanding.figures.history import NOTHING, REMEMBERED, Past, Told
from knowledge.understanding.figures.owners import State, counted, owner_reader
from knowledge.understanding.figures.owners import settle as settle_owner
from knowledge.understanding.figures.reader import Meaning, reader
from knowledge.understanding.figures.seen import Seen


def read_message(seen: Seen, past: Past) -> tuple[list[Meaning], Past]:
    """(the meaning of each of `seen.amounts`, what is told after the message), as the shipped readers have it."""
    if not seen.amounts:
        return [], later(past, [])
    meanings = reader().read(seen, past.told)
    options, state = owner_reader().read(seen, [m.label for m in meanings], past)
    if not past.several and not told_apart(state):
        options, state = [0] * len(meanings), State.after(past)
        for position, role in enumerate(roles := counted(seen, [m.label for m in meanings])):
            settle_owner(seen, position, roles, 0, state) if role != NOTHING else None
    owned = [replace(m, option=o) for m, o in zip(meanings, options, strict=True)]
    return owned, after(seen, owned, past, state)


def told_apart(state: State) -> bool:
    """Whether two options were told the same kind of figure: only then are there options."""
    roles = [role for filled in state.filled for role in filled]
    return len(set(roles)) < len(roles)


def as_given(seen: Seen, meanings: Sequence[Meaning], past: Past) -> Past:
    """What is told after a message whose figures mean this."""
    state = State.after(past)
    roles = counted(seen, [m.label for m in meanings])
    for position, meaning in enumerate(meanings):
        if roles[position] != NOTHING:
            settle_owner(seen, position, roles, meaning.option, state)
    return after(seen, meanings, past, state)


def after(seen: Seen, meanings: Sequence[Meaning], past: Past, state: State) -> Past:
    roles = counted(seen, [m.label for m in meanings])
    new = [Told(r, a.value, a.kind, 0, m.option) for r, a, m in zip(roles, seen.amounts, meanings, strict=True)]
    return Past(later(Past((*past.told, *new), past.names), []).told, [frozenset(n) for n in state.names])


def later(past: Past, new: Sequence[Told]) -> Past:
    """The same one message older."""
    older = [Told(t.role, t.value, t.kind, t.ago + 1, t.option) for t in (*past.told, *new)]
    return Past([t for t in older if t.role != NOTHING or t.ago <= 1][-REMEMBERED:], past.names)


def to_slots(past: Past) -> dict[str, Any]:
    """As plain lists, to be kept with a conversation."""
    return {
        "told": [[t.role, t.value, t.kind, t.ago, t.option] for t in past.told],
        "names": [sorted(n) for n in past.names],
    }


def from_slots(kept: Mapping[str, Any] | None) -> Past:
    return Past([Told(*entry) for entry in (kept or {}).get("told", ())], [frozenset(n) for n in (kept or {}).get("names", ())])
