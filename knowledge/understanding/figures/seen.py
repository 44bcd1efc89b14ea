"""The figures of one message as the trained reader takes them: each with its words, and what the rules made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.cues import Hit
from knowledge.understanding.deal.asked import named_measures
from knowledge.understanding.deal.exchange import stated_exchange
from knowledge.understanding.deal.figure import Figure
from knowledge.understanding.deal.figures import read_figures
from knowledge.understanding.deal.settle import settle
from knowledge.understanding.roles import Reading
from knowledge.understanding.tokens import Token

#: Kinds of figure that can be part of a return.
KINDS = frozenset({"money", "percent", "other", "years", "months"})
#: Roles that another reading has already placed.
ELSEWHERE = frozenset({"rate_moves", "fx_rate", "lost", "price_per_m2", "fx_pct"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A message's figures (`amounts`, of `KINDS` only) before their roles are decided. `readings` by position, `ruled` by
    first token are what the two sets of rules say; `known` is the return told so far, `hits` the measures named."""

    tokens: list[Token]
    amounts: list[Amount]
    readings: dict[int, Reading]
    ruled: dict[int, Figure]
    known: Mapping[str, Any]
    hits: Sequence[Hit]
    follow_up: bool


def see(
    text: str, tokens: list[Token], amounts: Sequence[Amount], readings: Mapping[int, Reading], known: Mapping[str, Any],
    follow_up: bool,
) -> Seen:
    """`known` is what earlier turns told of the return (`_request`'s `deal`)."""
    hits = named_measures(tokens, text)
    kept = [i for i, a in enumerate(amounts) if a.kind in KINDS]
    plain = [replace(a, role=None) for a in amounts if a.role not in ELSEWHERE]
    exchange = stated_exchange(tokens, plain)
    figures = read_figures(tokens, plain, known, hits, exchange.first if exchange else None)
    asked = list(dict.fromkeys(h.cue.route for h in hits)) or list(known.get("asked") or ())
    settle(figures, {**known, "asked": asked})
    return Seen(
        tokens,
        [replace(amounts[i]) for i in kept],
        {n: readings[i] for n, i in enumerate(kept) if i in readings},
        {f.at: f for f in figures},
        known,
        hits,
        follow_up,
    )
