"""What is known after the turn, against what the conversation gave. A slot that was not expected is no error."""

from __future__ import annotations

from typing import Any, NamedTuple

from knowledge.understanding.text import fold


class SlotCount(NamedTuple):
    """`wrong` values count twice in F1: as found and false, and as missing."""

    right: int
    wrong: int
    missing: int


def count(expected: dict[str, Any], found: dict[str, Any]) -> SlotCount:
    right = sum(same(value, found.get(name)) for name, value in expected.items())
    wrong = sum(found.get(name) is not None and not same(value, found.get(name)) for name, value in expected.items())
    return SlotCount(right, wrong, len(expected) - right)


def same(expected: Any, found: Any) -> bool:
    """Lists in any order, numbers to a millionth, texts without case and accents, e-mails and telephones as they are."""
    if isinstance(expected, list) or isinstance(found, list):
        one = expected if isinstance(expected, list) else [expected]
        other = found if isinstance(found, list) else [found]
        return len(one) == len(other) and all(any(same(e, f) for f in other) for e in one) and all(
            any(same(e, f) for e in one) for f in other
        )
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return abs(expected - found) <= 1e-6 * max(1.0, abs(expected))
    if expected is None or found is None:
        return False
    wanted, got = str(expected).strip(), str(found).strip()
    if "@" in wanted or wanted.startswith("+"):  # every sign of an address or a number counts
        return wanted.lower() == got.lower()
    return fold(wanted) == fold(got) and (fold(wanted) != "" or wanted == got)
