"""The figures of a message: what each is and which option it is of, and what later messages need to know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.history import NOTHING, REMEMBERED, Past, Told
from knowledge.understanding.figures.owners import State, counted, owner_reader
from knowledge.understanding.figures.owners import settle as settle_owner
from knowledge.understanding.figures.reader import Meaning, reader
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import contexts, years_of
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.tokens import Token

#: A rent is no larger than so many times another; smaller figures may stand in thousands or millions.
_MOST_RENTS, _LEAST_BARE = 40.0, 100.0
#: Months of rent that a price comes to, at least and at most, where the one follows the other.
_MONTHS, _MOST_MONTHS = 80.0, 600.0
#: Kinds of figure of which a choice is offered, and the words of a choice.
_CHOSEN = frozenset({"term", "rate", "down", "financed"})
#: Kinds of figure of which one property has several, and the names (letter or number, bank, place) that only options have.
_MANIFOLD = frozenset({"cost", "once", "works", "flow", "room", "savings"})
_OWN_NAMES = frozenset("lnp")
#: Kinds of figure of which a property has one, and the words of one that goes from so much to so much.
_ONE = frozenset({"price", "rent", "netrent", "value", "loan", "instalment", "own", "sale", "savings"})
_SAVED = words("saved")
_FROM, _TO, _MOVES, _MOVES_BEFORE = words("goes_from"), words("goes_to"), tuple(words("moves")), 6
_OR, _CHOICE_AWAY = frozenset({"o", "u", "or"}), 3


def read_message(seen: Seen, past: Past) -> tuple[list[Meaning], Past]:
    """(the meaning of each of `seen.amounts`, what is told after the message), as the shipped readers have it."""
    if not seen.amounts:
        return [], later(past)
    meanings = _plausible(seen, reader().read(seen, past.told), past)
    options, state = owner_reader().read(seen, [m.label for m in meanings], past)
    roles = counted(seen, [m.label for m in meanings])
    if not past.several and (choice := _choice(seen, roles)):
        options, state = choice, _settled(seen, roles, choice, past)
    elif not past.several and not told_apart(state):
        options = [0] * len(meanings)
        state = _settled(seen, roles, options, past)
    elif not past.several and not seen.compares and _new_alone(options, roles):
        # nothing is set against the property before: it is another one, or the same with a changed figure
        past = Past() if _whole(roles) else past
        options = [0] * len(meanings)
        state = _settled(seen, roles, options, past)
    owned = [replace(m, option=o) for m, o in zip(meanings, options, strict=True)]
    return owned, after(seen, owned, past, state)


def _plausible(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A month's rent that is many times another one is a price, whatever its words, and what follows a price and is a hundredth
    of it is its rent."""
    rents = [t.value for t in past.told if t.role == "rent/month"]
    rents += [a.value for a, m in zip(seen.amounts, meanings, strict=True) if m.label == "rent/month"]
    found: list[Meaning] = []
    price = 0.0
    meanings = _own_money(seen, _that_hold(seen, meanings, past), past)
    flows = any(m.role == "flow" for m in meanings)
    around = contexts(seen.tokens, seen.amounts)
    for amount, meaning, context in zip(seen.amounts, meanings, around, strict=True):
        if flows and meaning.role == "hold" and amount.kind == "other" and len(years_of(seen.tokens, context)) == 1:
            meaning = meaning.instead("flow", meaning.probability)  # "el segundo 7 y el tercero 8": what the third year brings
        if amount.kind == "area":
            meaning = meaning.instead(NOTHING, meaning.probability)
        its_rent = amount.value >= _LEAST_BARE and price / _MOST_MONTHS <= amount.value <= price / _MONTHS
        if meaning.label == "rent/month" and not its_rent and _too_much(amount.value, rents):
            meaning = meaning.instead("price", meaning.probability)
        elif meaning.label == "price" and its_rent:
            meaning = meaning.instead("rent/month", meaning.probability)
        price = amount.value if meaning.label == "price" else 0.0
        found.append(meaning)
    return found


def _that_hold(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """What no longer holds is nothing: the first of "ha bajado de 249.000 a 231.000", and the figure told before of "el alquiler es
    de 790, los 760 eran del inquilino anterior"."""
    found = list(meanings)
    before = {(t.role, t.value) for t in past.told}
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        again = [n for n, other in enumerate(meanings) if n != at and other.label == meaning.label != NOTHING]
        if len(again) != 1 or seen.compares or amount.kind not in ("money", "other"):
            continue
        changed = again[0] == at + 1 and _goes_to(seen.tokens, amount, seen.amounts[at + 1])
        corrected = (meaning.label, amount.value) in before and (meaning.label, seen.amounts[again[0]].value) not in before
        if changed or (corrected and meaning.role in _ONE):
            found[at] = meaning.instead(NOTHING, meaning.probability)
    return found


def _own_money(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """Of two amounts of own money in one property without a price the larger is its price ("equity of 120k in a 300k building"),
    a price below zero among flows is money put in, and "30.000 ahorrados" are savings."""
    found = list(meanings)
    priced = any(m.role in ("price", "value") for m in meanings) or any(t.role in ("price", "value") for t in past.told)
    owns = [at for at, m in enumerate(meanings) if m.role == "own"]
    if len(owns) == 2 and not priced and not seen.compares:
        largest = max(owns, key=lambda at: seen.amounts[at].value)
        found[largest] = meanings[largest].instead("price", meanings[largest].probability)
    flows = any(m.role in ("flow", "sale") for m in meanings)
    for at, (amount, meaning) in enumerate(zip(seen.amounts, found, strict=True)):
        after = seen.tokens[amount.last + 1] if amount.last + 1 < len(seen.tokens) else None
        if meaning.role == "price" and amount.below and flows:
            found[at] = meaning.instead("own", meaning.probability)
        elif meaning.role == "own" and after is not None and not after.opens and after.text in _SAVED:
            found[at] = meaning.instead("savings", meaning.probability)
    return found


def _goes_to(tokens: Sequence[Token], amount: Amount, following: Amount) -> bool:
    """Whether a figure goes from one to the following: "de 249.000 a 231.000", "from 310k down to 285k"."""
    opened = amount.first and tokens[amount.first - 1].text in _FROM
    between = [t.text for t in tokens[amount.last + 1 : following.first]]
    moves = {t.text for t in tokens[max(0, amount.first - _MOVES_BEFORE) : amount.first]}
    return bool(opened and between and len(between) <= 2 and between[-1] in _TO and any(m.startswith(_MOVES) for m in moves))


def _too_much(rent: float, others: Sequence[float]) -> bool:
    return any(_LEAST_BARE <= other <= rent / _MOST_RENTS for other in others)


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
