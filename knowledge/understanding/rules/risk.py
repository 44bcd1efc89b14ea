"""Whether a message asks what may go otherwise with a purchase, and with which input of it.

No trained reader knows this question: its words, in `data/returns.toml`, ask for it. A supposition that names its own figure
("and if the rate rises two points?") is a calculation with that figure, not a question of risk.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.rules.vocabulary import said
from knowledge.understanding.tokens import Token

#: One input, told by its own phrases; the first that is found is meant.
_FOCUSES = ("vacancy", "rent", "rate", "growth")


def asked_risk(tokens: Sequence[Token], *, figures: bool) -> str | None:
    """What the risk is asked of (an input, `scenarios`, `sensitivity` or `all`); None where it is not. `figures`: whether the
    message tells any."""
    if not figures:
        for name in _FOCUSES:
            if said(tokens, f"risk_{name}"):
                return name
    for name in ("scenarios", "sensitivity"):
        if said(tokens, f"risk_{name}"):
            return name
    return "all" if said(tokens, "risk") else None
