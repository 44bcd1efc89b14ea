"""What was told before a figure, in its message and in earlier ones: the pattern that it goes on with ("198/990, 310/…")
and the figures that it may take the place of ("and at 25?")."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.understanding.amounts import Amount

#: Role of a figure that is nothing of a return.
NOTHING = "x"
#: Earlier figures that are looked at.
REMEMBERED = 40
_FAMILY = {"money": "m", "other": "o", "percent": "p", "years": "y", "months": "y", "area": "a"}
#: Roles whose size says what another amount can be.
_SIZES = ("price", "rent/month", "rent/year", "loan", "own", "cost/month", "value", "instalment/month", "sale")


@dataclass(frozen=True, slots=True)
class Told:
    """A figure whose role is decided, how many messages ago, and the option that it is of (None: of all)."""

    role: str
    value: float
    kind: str
    ago: int
    option: int | None = 0


def history(amount: Amount, past: Sequence[Told]) -> Iterator[str]:
    """Names of what holds for a figure after `past`, the oldest first."""
    yield from _pattern(amount, past)
    last = {t.role: t for t in past if t.role != NOTHING}
    for role, told in last.items():
        yield f"seen {role}"
        yield f"seen {role} {amount.kind}"
        yield f"seen {role} now {told.ago == 0}"
    yield from _nearest(amount, last)
    if amount.kind in ("money", "other"):
        for role in _SIZES:
            if role in last:
                yield f"size {role} {_ratio(amount.value, last[role].value)}"


def _pattern(amount: Amount, past: Sequence[Told]) -> Iterator[str]:
    """The roles just before, and what followed when the last of them stood before."""
    here = [t for t in past if t.ago == 0]
    real = [t.role for t in past if t.role != NOTHING]
    before = here[-1].role if here else f"earlier {real[-1] if real else '-'}"
    second = here[-2].role if len(here) > 1 else "-"
    yield f"before {before}"
    yield f"before {before} {amount.kind}"
    yield f"two {second} {before}"
    yield f"two {second} {amount.kind}"
    if here:
        again = next((at for at in range(len(past) - 2, -1, -1) if past[at].role == before), None)
        if again is not None:
            followed = past[again + 1]
            alike = abs(_ratio(amount.value, followed.value)) < 2
            yield f"goes on {followed.role}"
            yield f"goes on {followed.role} {followed.kind == amount.kind} {alike}"
    elif real:
        yield f"began {real[0]}"
        previous = [t for t in past if t.ago == 1]
        if previous:
            yield f"turn began {previous[0].role} {amount.kind}"


def _nearest(amount: Amount, last: dict[str, Told]) -> Iterator[str]:
    """The earlier figures that it is closest to in size; a bare one also in thousands and millions."""
    mine = _FAMILY[amount.kind]
    bare = amount.literal and not amount.scaled and not amount.currency
    away = []
    for role, told in last.items():
        theirs = _FAMILY[told.kind]
        if (mine != theirs and "o" not in (mine, theirs)) or amount.value <= 0 or told.value <= 0:
            continue
        for size in (1.0, 1e3, 1e6) if bare and theirs == "m" else (1.0,):
            away.append((abs(math.log(amount.value * size / told.value)), role, size, told.ago))
    if not away:
        return
    away.sort()
    distance, role, size, ago = away[0]
    near = 0 if distance < 0.1 else 1 if distance < 0.4 else 2 if distance < 1 else 3
    yield f"near {role}"
    yield f"near {role} {near}"
    yield f"near {role} x{size:g}"
    yield f"near {role} {near} {ago == 0}"
    if len(away) > 1 and away[1][1] != role:
        yield f"then {away[1][1]}"


def _ratio(a: float, b: float) -> int:
    """By which power of three one is larger."""
    if a <= 0 or b <= 0:
        return 9
    return max(-9, min(9, round(math.log(a / b) / math.log(3))))


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier messages told: figures, the oldest first, and what each option is called (see `owners.identities`)."""

    told: Sequence[Told] = ()
    names: Sequence[frozenset[str]] = ()

    @property
    def several(self) -> bool:
        """Whether more than one option was told of."""
        return any(t.option not in (None, 0) for t in self.told)
