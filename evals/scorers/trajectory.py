"""Which tools were called, against the calls a case expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

Match = Literal["strict", "unordered", "subset", "superset"]


def follows(match: Match, calls: Sequence[Mapping[str, Any]], called: Sequence[Mapping[str, Any]]) -> bool:
    """`strict`: these calls in this order; `unordered`: these, in any order; `superset`: these, and maybe others;
    `subset`: no other than these. An expected call `{"name", "args"?}` fits a call of its name that has (at least) its
    arguments; each call fits one expectation.
    """
    if match == "strict":
        return len(calls) == len(called) and all(_fits(e, c) for e, c in zip(calls, called, strict=True))
    if match == "unordered":
        return len(calls) == len(called) and _paired(calls, called, _fits) == len(calls)
    if match == "superset":
        return _paired(calls, called, _fits) == len(calls)
    return _paired(calls, called, _fits) == len(called)


def _fits(expected: Mapping[str, Any], call: Mapping[str, Any]) -> bool:
    wanted, given = expected.get("args") or {}, call.get("args") or {}
    return expected["name"] == call["name"] and all(given.get(name) == value for name, value in wanted.items())


def _paired(
    expected: Sequence[Mapping[str, Any]],
    called: Sequence[Mapping[str, Any]],
    fits: Callable[[Mapping[str, Any], Mapping[str, Any]], bool],
) -> int:
    """How many expectations can each have a call of their own (augmenting paths: the largest such pairing)."""
    taken: dict[int, int] = {}

    def place(at: int, tried: set[int]) -> bool:
        for number, call in enumerate(called):
            if number in tried or not fits(expected[at], call):
                continue
            tried.add(number)
            if number not in taken or place(taken[number], tried):
                taken[number] = at
                return True
        return False

    return sum(place(at, set()) for at in range(len(expected)))
