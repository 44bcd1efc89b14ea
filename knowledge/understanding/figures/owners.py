"""Which of several options each figure is of, by a trained reader.

A figure stays with the option before it, goes on to the next, goes back to the first or to another one, or is of all.

A small network over hashed names, decided from left to right. Trained by `train_figures.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from knowledge.understanding.figures.features import BUCKETS, Vector, add, name_of, places
from knowledge.understanding.figures.history import NOTHING, Past, Told
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.net import Net
from knowledge.understanding.rules.marks import Mark, vocabulary
from knowledge.understanding.tokens import Token

PATH = DATA / "owners.npz"
#: The figure of a floor area, which is of an option and nothing of its return.
AREA = "area"
#: Options that are told apart.
MOST = 6
_BEFORE, _AFTER = 14, 8
#: How far (in tokens) a mark stands after the figure whose option it names.
_BELONGS = 5


@dataclass(slots=True)
class State:
    """What is known of the options while a message is read: the one spoken of, what each was told, what each is called;
    `pending` are the marks that lead to a figure of all, and name the option that comes next."""

    current: int = -1
    filled: list[dict[str, float]] = field(default_factory=list)
    all: dict[str, float] = field(default_factory=dict)
    names: list[set[str]] = field(default_factory=list)
    lead: str = ""
    last: Told | None = None
    pending: list[Mark] = field(default_factory=list)

    @classmethod
    def after(cls, past: Past) -> State:
        state = cls(names=[set(n) for n in past.names])
        for told in past.told:
            state.put(told.role, told.value, told.option)
            state.last = told
        state.last = None
        return state

    def put(self, role: str, value: float, option: int | None) -> None:
        if role == NOTHING:
            return
        if option is None:
            self.all[role] = value
            return
        while len(self.filled) <= option:
            self.filled.append({})
        while len(self.names) <= option:
            self.names.append(set())
        self.filled[option][role] = value
        self.lead = self.lead or role
        self.current = option

    def relation(self, mark: Mark) -> str:
        """Whether what a mark names is the option spoken of, the one after it, the first, another or a new one."""
        target = self.pointed(mark)
        if target is None:
            return "unknown"
        if target >= len(self.filled):
            return "new"
        if target == self.current:
            return "same"
        return "next" if target == self.current + 1 else "first" if target == 0 else "other"

    def pointed(self, mark: Mark) -> int | None:
        """The option that a mark names; the number of options where it is a new one."""
        count = len(self.filled)
        if mark.nth:
            return mark.nth - 1 if mark.nth > 0 else count - 1
        called = identities(mark)
        strong = {name for name in called if name[0] in "lnp"}
        for wanted in (strong, called - strong):
            for option, names in enumerate(self.names[:count]):
                if wanted & names:
                    return option
            if wanted and wanted is strong:
                if mark.label:
                    number = int(mark.label) if mark.label.isdigit() else "abcdef".find(mark.label) + 1
                    return number - 1 if number else None
                return count
        if called:
            return count
        if mark.other and count == 2:
            return 1 - self.current if self.current in (0, 1) else None
        return count if mark.other else None


def identities(mark: Mark) -> set[str]:
    """What a mark calls its option."""
    found = set()
    for sign, value in (
        ("l", mark.label),
        ("n", mark.name),
        ("p", mark.place and mark.place.name),
        ("k", mark.kind),
        ("w", mark.noun),
    ):
        if value:
            found.add(f"{sign}:{value}")
    return found


def counted(seen: Seen, roles: Sequence[str]) -> list[str]:
    """The roles of the figures as options have them: areas are told of one too."""
    return [AREA if a.kind == "area" and r == NOTHING else r for a, r in zip(seen.amounts, roles, strict=True)]


def names_before(seen: Seen, position: int) -> tuple[list[Mark], list[Mark]]:
    """Marks between a figure and the one before it: (those that still name the one before, those that lead to this one)."""
    amount = seen.amounts[position]
    start = seen.amounts[position - 1].last if position else -1
    between = [m for m in seen.marks if start < m.first and m.last < amount.first]
    if position == 0:
        return [], _last_named(seen.tokens, between)
    behind = [m for m in between if belongs(seen.tokens, start, m)]
    return behind, [m for m in between if m not in behind]


def _last_named(tokens: Sequence[Token], marks: list[Mark]) -> list[Mark]:
    """Without the places of earlier sentences where the figure's own names one: "Pereira or Manizales? Flat in Pereira
    280M"."""
    placed = [m for m in marks if m.place]
    if not placed:
        return marks
    begins = max((n for n in range(placed[-1].first + 1) if tokens[n].opens), default=0)
    return [m for m in marks if not m.place or m.first >= begins]


def belongs(tokens: Sequence[Token], figure: int, mark: Mark) -> bool:
    """ "390M in Bogotá": what names the option follows its figure."""
    if mark.label or mark.nth or mark.name or mark.other or mark.item or mark.first - figure > _BELONGS:
        return False
    between = tokens[figure + 1 : mark.first + 1]
    if any(t.opens or t.comma for t in between):
        return False
    return all(t.text in vocabulary()["links"] and t.text not in ("y", "and") for t in between[:-1])


def describe(seen: Seen, position: int, roles: Sequence[str], state: State) -> Vector:
    """What is seen of a figure whose role is `roles[position]`, after `state`."""
    amount, role = seen.amounts[position], roles[position]
    start = seen.amounts[position - 1].last + 1 if position else 0
    end = seen.amounts[position + 1].first if position + 1 < len(seen.amounts) else len(seen.tokens)
    gap = _words(seen, max(start, amount.first - _BEFORE), amount.first)
    after = _words(seen, amount.last + 1, min(end, amount.last + 1 + _AFTER))
    whole = {t.text for t in seen.tokens if t.kind == "word"}
    signs = "".join(dict.fromkeys(c for t in seen.tokens[start : amount.first + 1] for c in t.gap.strip()))
    opened = sum(t.opens for t in seen.tokens[max(1, start) : amount.first + 1])
    lines = any("\n" in t.gap for t in seen.tokens[start : amount.first + 1])
    vector: Vector = {}
    shape = set(_shape(seen, position, roles, state, opened))
    for weight, items in (
        (1.0, {f"g {w}" for w in gap}),
        (0.7, {f"g2 {a} {b}" for a, b in zip(["^", *gap], [*gap, "$"], strict=True)}),
        (0.7, {f"g1 {gap[-1] if gap else '-'}", f"g1 {gap[-1] if gap else '-'} {role}"}),
        (0.7, {f"a {w}" for w in after}),
        (0.5, {f"a2 {a} {b}" for a, b in pairwise(after)}),
        (2.5, shape),
        (1.5, {f"{name} {role}" for name in shape}),
        (2.0, set(_pointed(seen, position, state))),
        (1.0, {f"signs {signs}", f"opened {min(opened, 3)}", f"line {lines}", f"gap {min(len(gap), 6)}"}),
        (0.4, {f"w {w}" for w in whole}),
    ):
        add(vector, weight, items)
    return vector


def _words(seen: Seen, start: int, end: int) -> list[str]:
    return [name_of(seen.tokens[at], at, {}) for at in range(start, end)]


def _shape(seen: Seen, position: int, roles: Sequence[str], state: State, opened: int) -> Iterator[str]:
    amount, role = seen.amounts[position], roles[position]
    current, count = state.current, len(state.filled)
    mine = state.filled[current] if 0 <= current < count else {}
    coming = state.filled[current + 1] if current + 1 < count else None
    first = not any(r != NOTHING for r in roles[:position])
    before = next((r for r in reversed(roles[:position]) if r != NOTHING), "-")
    later = next((r for r in roles[position + 1 :] if r != NOTHING), "-")
    told = state.last
    full = role in mine
    yield f"role {role}"
    yield f"full {full}"
    yield f"options {min(count, 4)}"
    yield f"full {full} options {min(count, 3)} at {min(current, 3)}"
    yield f"coming {'none' if coming is None else role in coming} full {full}"
    yield f"of all {role in state.all} full {full}"
    yield f"lead {role == state.lead} full {full} opened {opened > 0}"
    yield f"first {first} full {full} options {min(count, 3)}"
    yield f"before {before}"
    yield f"before {before} later {later}"
    yield f"later {later} full {full}"
    yield f"last {'-' if told is None else 'all' if told.option is None else 'one'} full {full}"
    if told is not None and told.role == role:
        yield f"row {full} {abs(amount.value - told.value) < 1e-9}"
    if full:
        yield f"same value {abs(mine[role] - amount.value) < 1e-9}"
    others = [values[role] for i, values in enumerate(state.filled) if i != current and role in values]
    yield f"others {min(len(others), 3)} full {full}"
    again = sum(r == role for r in roles)
    yield f"times {min(again, 4)} nth {min(sum(r == role for r in roles[:position]), 4)}"
    yield f"figures {min(len(roles), 8)}"


def _pointed(seen: Seen, position: int, state: State) -> Iterator[str]:
    """What marks before and right behind the figure say."""
    behind, ahead = names_before(seen, position)
    for side, marks in (("m", ahead), ("b", behind)):
        for mark in marks:
            for kind in ("label", "nth", "name", "place", "kind", "noun", "other", "item"):
                if getattr(mark, kind):
                    yield f"{side} {kind}"
                    yield f"{side} {kind} {state.relation(mark)}"
    if not ahead:
        yield "no mark"
    amount = seen.amounts[position]
    end = seen.amounts[position + 1].first if position + 1 < len(seen.amounts) else len(seen.tokens)
    for mark in seen.marks:
        if amount.last < mark.first < end and belongs(seen.tokens, amount.last, mark):
            yield f"follows {'place' if mark.place else 'kind'} {state.relation(mark)}"


def action_of(option: int | None, state: State) -> str:
    """How one gets from the option spoken of to this one."""
    if option is None:
        return "all"
    if option == state.current or (state.current < 0 and option == 0):
        return "same"
    if option == state.current + 1:
        return "next"
    return "first" if option == 0 else "other"


def option_of(action: str, seen: Seen, position: int, roles: Sequence[str], state: State) -> int | None:
    if action == "all":
        return None
    if action == "same":
        return max(state.current, 0)
    if action == "next":
        return min(max(state.current, 0) + 1, MOST - 1)
    if action == "first":
        return 0
    _, ahead = names_before(seen, position)
    for mark in reversed(ahead):
        target = state.pointed(mark)
        if target is not None and target < len(state.filled) and target != state.current:
            return int(target)
    value, role = seen.amounts[position].value, roles[position]
    held = [
        (abs(values[role] - value), i) for i, values in enumerate(state.filled) if i != state.current and role in values
    ]
    return min(held)[1] if held else max(state.current, 0)


def named_option(seen: Seen, position: int, state: State) -> int | None:
    """The option told before that the words before a figure call by its name, number or place."""
    for mark in reversed(names_before(seen, position)[1]):
        if mark.label or mark.name or mark.nth or mark.place:
            target = state.pointed(mark)
            return target if target is not None and target < len(state.filled) > 1 else None
    return None


def settle(seen: Seen, position: int, roles: Sequence[str], option: int | None, state: State) -> None:
    """Notes the decision: what the option was told, and what it is called."""
    amount, role = seen.amounts[position], roles[position]
    behind, ahead = names_before(seen, position)
    if behind and state.last is not None and state.last.option is not None:
        for mark in behind:
            state.names[state.last.option] |= identities(mark)
    state.put(role, amount.value, option)
    if role != NOTHING:
        state.last = Told(role, amount.value, amount.kind, 0, option)
        if option is None:
            state.pending += ahead
        else:
            for mark in (*state.pending, *ahead):
                state.names[option] |= identities(mark)
            state.pending = []


class OwnerReader:
    """Takes the likeliest of the actions."""

    def __init__(self, model: Net) -> None:
        if model.first.shape[0] != BUCKETS:
            raise ValueError(f"{PATH.name} has {model.first.shape[0]} inputs, expected {BUCKETS}: run train_figures again")
        self.model = model

    def action(self, vector: Vector) -> str:
        return self.model.outputs[int(self.model.scores(*places(vector)).argmax())]

    def read(self, seen: Seen, roles: Sequence[str], past: Past) -> tuple[list[int | None], State]:
        """(the option of each figure, None where it is of all; what is known of the options after the message)."""
        roles, state = counted(seen, roles), State.after(past)
        found: list[int | None] = []
        for position, role in enumerate(roles):
            if role == NOTHING:
                found.append(0)
                continue
            action = self.action(describe(seen, position, roles, state))
            option = option_of(action, seen, position, roles, state)
            if option is None and _goes_on(seen, position, roles, state):
                option = state.current
            if option is not None and (named := named_option(seen, position, state)) is not None:
                option = named
            settle(seen, position, roles, option, state)
            found.append(option)
        _lead_on(roles, found)
        return found, state


def _goes_on(seen: Seen, position: int, roles: Sequence[str], state: State) -> bool:
    """Whether a cost that follows another figure of the same option in its sentence is that option's too, since the other
    options have costs of their own: "Flat: 240,000, rent 1,150, charge 90 a month" after a house with its costs."""
    last, costs = state.last, [r for r in roles if r.startswith("cost/")]
    if not roles[position].startswith("cost/") or last is None or last.option is None or len(costs) < 2:
        return False
    others = [filled for i, filled in enumerate(state.filled) if i != state.current]
    start = seen.amounts[position - 1].last + 1
    between = seen.tokens[start : seen.amounts[position].first]
    apart = any(t.opens or t.text in vocabulary()["all"] | vocabulary()["counted_all"] for t in between)
    return not apart and any(role.startswith("cost/") for filled in others for role in filled)


def _lead_on(roles: Sequence[str], found: list[int | None]) -> None:
    """A floor area of an option that has one already is of the figure after it: "a 95 sqm one at 301,000"."""
    for at in range(1, len(roles) - 1):
        mine, following = found[at], found[at + 1]
        told = any(r == AREA and o == mine for r, o in zip(roles[:at], found[:at], strict=True))
        if roles[at] == AREA and told and roles[at + 1] not in (NOTHING, AREA) and following not in (mine, None):
            found[at] = following


@lru_cache(maxsize=1)
def owner_reader() -> OwnerReader:
    """The shipped one, read once."""
    return OwnerReader(Net.load(PATH))
