"""Whether a size is meant as the least, the most or just so: "al menos 2 habitaciones", "up to 60 m²", "3+ beds".

The phrases are data: `least_before`, `least_after`, `most_before`, `most_after` in `data/lexicon.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import phrases
from knowledge.understanding.tokens import Token, words_at

Bound = Literal["min", "max", "as_said"]
SIZES = ("area_m2", "bedrooms", "bathrooms")
_BEFORE: tuple[tuple[Bound, str], ...] = (("min", "least_before"), ("max", "most_before"))
_AFTER: tuple[tuple[Bound, str], ...] = (("min", "least_after"), ("max", "most_after"))
#: Phrases that may stand before or after their figure.
_EITHER = frozenset({*phrases("least_after"), *phrases("most_after")} & {*phrases("least_before"), *phrases("most_before")})


def size_bounds(tokens: Sequence[Token], amounts: Sequence[Amount]) -> dict[str, Bound]:
    """The bound of each size that the message gives; two figures of one size are a range, and so `as_said`."""
    found: dict[str, Bound] = {}
    opens = {a.first for a in amounts}
    for amount in amounts:
        if amount.role in SIZES:
            found[amount.role] = "as_said" if amount.role in found else _bound(list(tokens), amount, opens)
    return found


def _bound(tokens: list[Token], amount: Amount, opens: set[int]) -> Bound:
    after = amount.last + 1
    gaps = [t.gap for t in tokens[amount.first + 1 : after + 1]]
    if tokens[amount.first].gap.endswith("+") or any(gap.startswith("+") for gap in gaps):
        return "min"
    best: tuple[int, Bound] = (0, "as_said")
    for bound, name in _BEFORE:
        for phrase in phrases(name):
            at = amount.first - len(phrase)
            unbroken = not any(t.opens for t in tokens[at + 1 : amount.first + 1])
            if len(phrase) > best[0] and at >= 0 and unbroken and words_at(tokens, at, len(phrase)) == phrase:
                best = len(phrase), bound
    if best[0] or after >= len(tokens) or tokens[after].comma or tokens[after].opens:
        return best[1]
    for bound, name in _AFTER:
        for phrase in phrases(name):
            if len(phrase) > best[0] and words_at(tokens, after, len(phrase)) == phrase:
                ends = after + len(phrase)
                # "3 habitaciones máximo 200.000": it is said of the figure that follows
                joint = ends + (tokens[ends : ends + 1] != [] and tokens[ends].text in ("de", "of"))
                of_next = joint in opens and not tokens[ends].comma and phrase in _EITHER
                best = best if of_next else (len(phrase), bound)
    return best[1]
