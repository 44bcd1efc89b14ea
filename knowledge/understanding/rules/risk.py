"""Whether a message asks what may go otherwise with a purchase, and with which input of it.

No trained reader knows this question: its words, in `data/returns.toml`, ask for it. A supposition that names its own figure
("and if the rate rises two points?") is a calculation with that figure, not a question of risk.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from knowledge.understanding.cues import Hit
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token

#: A stretch of time tells how much of it: "¿y si queda un mes vacío?" is a calculation.
_SPANS = words("weeks_and_months")
#: One input, told by its own phrases; the first that is found is meant.
_FOCUSES = ("vacancy", "rent", "rate", "growth")


def asked_risk(tokens: Sequence[Token], figures: Collection[int]) -> str | None:
    """What the risk is asked of (an input, `scenarios`, `sensitivity` or `all`); None where it is not. `figures`: the first
    tokens of the figures told; one in the sentence of the supposition makes it a calculation, one before it does not."""
    for name in _FOCUSES:
        if any(not _tells(tokens, hit, figures) for hit in said(tokens, f"risk_{name}")):
            return name
    for name in ("scenarios", "sensitivity"):
        if said(tokens, f"risk_{name}"):
            return name
    return "all" if said(tokens, "risk") else None


def _tells(tokens: Sequence[Token], supposed: Hit, figures: Collection[int]) -> bool:
    """Whether the sentence of a supposition, from its first word on, tells how much or for how long."""
    end = supposed.start + 1
    while end < len(tokens) and not tokens[end].opens:
        end += 1
    return any(at in figures or tokens[at].text in _SPANS for at in range(supposed.start, end))
