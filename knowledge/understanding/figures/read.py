"""The figures of a message: what each is and which option it is of, and what later messages need to know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from knowledge.understanding.figures.history import NOTHING, REMEMBERED, Past, Told
from knowledge.understanding.figures.owners import State, counted, identities, owner_reader
from knowledge.understanding.figures.owners import settle as settle_owner
from knowledge.understanding.figures.plausible import plausible
from knowledge.understanding.figures.reader import Meaning, reader
from knowledge.understanding.figures.repeats import rows
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.rooms import taken_together

#: Kinds of figure of which a choice is offered, and the words of a choice.
_CHOSEN = frozenset({"term", "rate", "down", "financed"})
#: Kinds of figure of which one property has several, and the names (letter or number, bank, place) that only options have.
_MANIFOLD = frozenset({"cost", "once", "works", "flow", "room", "savings"})
_OWN_NAMES, _LABELS = frozenset("lnp"), frozenset("ln")
_RENTED = frozenset({"rent/month", "rent/year", "netrent/month", "netrent/year"})
_OR, _CHOICE_AWAY = frozenset({"o", "u", "or"}), 3


def read_message(seen: Seen, past: Past) -> tuple[list[Meaning], Past]:
    """(the meaning of each of `seen.amounts`, what is told after the message), as the shipped readers have it."""
    if not seen.amounts:
        return [], later(past)
    meanings = plausible(seen, reader().read(seen, past.told), past)
    options, state = owner_reader().read(seen, [m.label for m in meanings], past)
    if (listed := _in_order(seen, meanings, options, past)) is not None:
        options, state = listed, _settled(seen, counted(seen, [m.label for m in meanings]), listed, past)
    roles = counted(seen, [m.label for m in meanings])
    if not past.several and taken_together(seen.tokens):
        options = [0] * len(meanings)
        state = _settled(seen, roles, options, past)
    if (seasonal := _of_seasons(seen, meanings, options, past)) is not None:
        options, state = seasonal, _settled(seen, roles, seasonal, past)
    if not past.several and (named := _of_another_name(seen, options, past)):
        options, state = named, _settled(seen, roles, named, past)
    if not past.several and (choice := _choice(seen, roles)):
        options, state = choice, _settled(seen, roles, choice, past)
    elif not past.several and not told_apart(state):
        options = [0] * len(meanings)
        state = _settled(seen, roles, options, past)
    elif not past.several and past.told and not seen.marks and _changes(options, roles):
        options = [0 if option == 1 else option for option in options]  # another rent of the same property
        state = _settled(seen, roles, options, past)
    elif not past.several and not seen.compares and _new_alone(options, roles):
        # nothing is set against the property before: it is another one, or the same with a changed figure
        past = Past() if _whole(roles) else past
        options = [0] * len(meanings)
        state = _settled(seen, roles, options, past)
    owned = [replace(m, option=o) for m, o in zip(meanings, options, strict=True)]
    return owned, after(seen, owned, past, state)


def _in_order(
    seen: Seen, meanings: Sequence[Meaning], options: Sequence[int | None], past: Past
) -> list[int | None] | None:
    """As many figures of one kind in a row as options were told are of one each: "los cánones: 1.6, 2.05 y 2.3 millones"."""
    told = {t.option for t in past.told if t.option is not None}
    for start, end in rows(seen.tokens, seen.amounts):
        label = meanings[start].label
        alike = end - start == len(told) > 1 and label != NOTHING and all(m.label == label for m in meanings[start:end])
        if alike and not any(t.role == label for t in past.told):
            return [*options[:start], *sorted(told), *options[end:]]
    return None


def _of_seasons(
    seen: Seen, meanings: Sequence[Meaning], options: Sequence[int | None], past: Past
) -> list[int | None] | None:
    """Rents of the seasons of one year are of one property: "nine months at 850 and two at 1,600"."""
    one = not past.several and sum(m.role == "price" for m in meanings) < 2
    let = seen.seasons if one else ()
    return [0] * len(options) if let and all(meanings[n].label in _RENTED for n in let) else None


def _of_another_name(seen: Seen, options: Sequence[int | None], past: Past) -> list[int | None] | None:
    """ "BBVA quotes 2.95%" after what Santander quoted: figures behind another letter or bank than that of the only option."""
    known = {name for name in (past.names[0] if len(past.names) == 1 else ()) if name[0] in _LABELS}
    marks = [(m.first, {n for n in identities(m) if n[0] in _LABELS}) for m in seen.marks]
    other = [at for at, called in marks if called and not called & known and {n[0] for n in called} & {n[0] for n in known}]
    if not other or any(called & known for _, called in marks):
        return None
    return [1 if o == 0 and a.first > other[0] else o for a, o in zip(seen.amounts, options, strict=True)]


def _settled(seen: Seen, roles: Sequence[str], options: Sequence[int | None], past: Past) -> State:
    state = State.after(past)
    for position, option in enumerate(options):
        if roles[position] != NOTHING:
            settle_owner(seen, position, roles, option, state)
    return state


def _choice(seen: Seen, roles: Sequence[str]) -> list[int | None] | None:
    """Two figures of one kind with "o" between them are a choice, and all else is of both: "180.000 al 3 % a 20 o 30 años"."""
    for at in range(len(roles) - 1):
        between = [t.text for t in seen.tokens[seen.amounts[at].last + 1 : seen.amounts[at + 1].first]]
        once = roles.count(roles[at]) == 2
        if roles[at] == roles[at + 1] in _CHOSEN and once and between and between[0] in _OR and len(between) <= _CHOICE_AWAY:
            return [0 if i == at else 1 if i == at + 1 else None for i in range(len(roles))]
    return None


def _new_alone(options: Sequence[int | None], roles: Sequence[str]) -> bool:
    """Whether all that is told is of one new option."""
    return {o for o, r in zip(options, roles, strict=True) if r != NOTHING} == {1}


def _changes(options: Sequence[int | None], roles: Sequence[str]) -> bool:
    """Whether a second option has nothing but a rent of its own."""
    own = {r for o, r in zip(options, roles, strict=True) if o == 1 and r != NOTHING}
    return bool(own) and max((o or 0 for o in options), default=0) == 1 and own <= _RENTED


def _whole(roles: Sequence[str]) -> bool:
    """Whether a price and its rent are told."""
    return "price" in roles and any(r.startswith(("rent", "netrent")) for r in roles)


def told_apart(state: State) -> bool:
    """Whether two options were told the same kind of figure, other than what one property has several of: only then are there
    options. Names of their own tell them apart by any kind."""
    named = sum(any(name[0] in _OWN_NAMES for name in names) for names in state.names) > 1
    roles = [role for filled in state.filled for role in filled if named or role.partition("/")[0] not in _MANIFOLD]
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
    return Past(later(Past((*past.told, *new), past.names)).told, [frozenset(n) for n in state.names])


def later(past: Past) -> Past:
    """The same one message older."""
    older = [Told(t.role, t.value, t.kind, t.ago + 1, t.option) for t in past.told]
    return Past([t for t in older if t.role != NOTHING or t.ago <= 1][-REMEMBERED:], past.names)


def to_slots(past: Past) -> dict[str, Any]:
    """As plain lists, to be kept with a conversation."""
    return {
        "told": [[t.role, t.value, t.kind, t.ago, t.option] for t in past.told],
        "names": [sorted(n) for n in past.names],
    }


def from_slots(kept: Mapping[str, Any] | None) -> Past:
    return Past(
        [Told(*entry) for entry in (kept or {}).get("told", ())], [frozenset(n) for n in (kept or {}).get("names", ())]
    )
