"""Rates that follow an index: "euríbor + 0,75, con el euríbor en 2,15" is 2.9 %, and in a later message "¿y con el euríbor en
3,5?" 4.25 %.

The names of indices and margins are data: `rate_indices`, `rate_margins` in `data/lexicon.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from knowledge.understanding.amounts import HIGHEST_RATE, Amount
from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import Token, to_break

_INDICES, _MARGINS = words("rate_indices"), words("rate_margins")
_PLUS, _AT = words("plus_words"), words("level_words")
#: How far (in tokens) an index stands before its level, and a margin's name before or behind its figure.
_LEVEL_AWAY, _NAME_AWAY = 7, 3
#: What a bare figure may have been read as: that of "la TIIE en 8, a 15 años" as years.
_KINDS = frozenset({"percent", "other", "years"})


def with_margin(
    tokens: Sequence[Token], amounts: Sequence[Amount], known: float | None
) -> tuple[list[Amount], float | None]:
    """The amounts with the level of an index raised by its margin, told here or before (`known`), and the margin, which alone
    is no rate."""
    indices = [n for n, t in enumerate(tokens) if t.text in _INDICES]
    if not indices:
        return list(amounts), known
    bare = (a for a in amounts if a.kind in _KINDS and a.literal and tokens[a.last].kind == "num")
    rates = [a for a in bare if 0 <= a.value < HIGHEST_RATE]
    added = next((a for a in rates if _is_margin(tokens, a, indices)), None)
    margin = added.value if added is not None else known
    level = next((a for a in rates if a is not added and _is_level(tokens, a, indices)), None)
    if level is None and added is not None:  # "euríbor 2,4 + 0,8"
        level = next((a for a in rates if a.first - 1 in indices and a.last < added.first), None)
    found = [a for a in amounts if a is not added]
    if level is None or margin is None:
        return found, margin
    rate = replace(level, kind="percent", value=round(level.value + margin, 4))
    return [rate if a is level else a for a in found], margin


def _is_margin(tokens: Sequence[Token], amount: Amount, indices: Sequence[int]) -> bool:
    """ "euríbor + 0,75", "TIIE más 3", "diferencial del 0,75"."""
    behind = to_break(tokens[amount.last + 1 : amount.last + 1 + _NAME_AWAY])
    named = {t.text for t in (*tokens[max(0, amount.first - _NAME_AWAY) : amount.first], *behind)} & _MARGINS
    before = next((n for n in reversed(indices) if n < amount.first), None)
    if before is None:
        return bool(named)
    between = [t.text for t in tokens[before + 1 : amount.first]]
    signed = any("+" in t.gap for t in tokens[before + 1 : amount.first + 1])
    return bool(named) or (len(between) <= 1 and (signed or bool(set(between) & _PLUS)))


def _is_level(tokens: Sequence[Token], amount: Amount, indices: Sequence[int]) -> bool:
    """ "con el euríbor en 2,15"."""
    before = next((n for n in reversed(indices) if n < amount.first), None)
    if before is None or amount.first - before > _LEVEL_AWAY:
        return False
    between = tokens[before + 1 : amount.first]
    return not any(t.opens for t in between) and bool({t.text for t in between} & _AT)
