"""Who took part: exact sets, the counts behind micro-F1, refusals."""

from __future__ import annotations

from collections.abc import Sequence

#: These stand alone in `routes`; neither is a specialist.
ALONE = frozenset({"none", "human"})


def exact(expected: Sequence[str], also_ok: Sequence[str], found: Sequence[str]) -> bool:
    """All expected routes took part and no other, apart from those that do no harm."""
    if "none" in also_ok and list(found) == ["none"]:
        return True
    return set(expected) <= set(found) <= set(expected) | set(also_ok)


def counts(expected: Sequence[str], also_ok: Sequence[str], found: Sequence[str]) -> tuple[int, int, int]:
    """(true positives, false positives, false negatives) over the labels; harmless ones count for nothing."""
    must, got = set(expected), set(found)
    if "none" in also_ok and got == {"none"}:
        return len(must), 0, 0
    return len(must & got), len(got - must - set(also_ok)), len(must - got)


def out_of_scope_kept(expected: Sequence[str], found: Sequence[str]) -> bool | None:
    """Where nothing was for a specialist: that none took part. None for other cases."""
    return list(found) == ["none"] if list(expected) == ["none"] else None


def refused_wrongly(expected: Sequence[str], also_ok: Sequence[str], found: Sequence[str]) -> bool | None:
    """Where a specialist was needed: that the answer was a refusal. None where a refusal is right or allowed."""
    if set(expected) & ALONE or "none" in also_ok:
        return None
    return list(found) == ["none"]
