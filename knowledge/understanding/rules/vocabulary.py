"""Loads `data/returns.toml`: what the figures of a return are called and how its measures are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.data_files import read
from knowledge.understanding.cues import CueBook, Hit
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.tokens import Token

#: A phrase that only hints at its role.
_WEAK = 0.2


@dataclass(frozen=True, slots=True)
class Named:
    """A name found at tokens [start, end): role of a figure of this kind; `side` is where the figure may stand."""

    kind: str
    role: str
    side: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    figures: CueBook
    measures: CueBook
    rare: CueBook
    phrases: dict[str, CueBook]
    order: tuple[str, ...]
    words: dict[str, frozenset[str]]
    currencies: dict[str, str]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _rows(kind: str, table: dict[str, Any]) -> list[str]:
    rows = []
    for role, entry in table.items():
        for side, text in entry.items():
            hints = text if side == "weak" else {side: text}
            weight = _WEAK if side == "weak" else 1.0
            rows += [f"{kind}.{role};{weight};side={where};{_flat(phrases)}" for where, phrases in hints.items()]
    return rows


@lru_cache(maxsize=1)
def _vocabulary() -> _Vocabulary:
    raw: dict[str, Any] = read(DATA / "returns.toml", dict[str, dict[str, str | dict[str, str | dict[str, str]]]])
    figures = [row for kind in ("money", "percent", "years", "months") for row in _rows(kind, raw[kind])]
    named = {
        section: [f"{name};1;;{_flat(text)}" for name, text in raw[section].items()]
        for section in ("measures", "rare", "phrases")
    }
    return _Vocabulary(
        CueBook(figures),
        CueBook(named["measures"]),
        CueBook(named["rare"]),
        {name: CueBook([row]) for name, row in zip(raw["phrases"], named["phrases"], strict=True)},
        tuple(raw["measures"]),
        {name: frozenset(text.split()) for name, text in raw["words"].items()},
        {word: code for code, text in raw["currencies"].items() for word in text.split()},
    )


def words(name: str) -> frozenset[str]:
    """A closed list of `returns.toml` by its name."""
    return _vocabulary().words[name]


def outside_currencies() -> dict[str, str]:
    """Word -> code of the currencies that no market of ours has."""
    return _vocabulary().currencies


def names(tokens: Sequence[Token]) -> list[Named]:
    """Every name of a figure that stands in the message."""
    found = []
    for hit in _vocabulary().figures.hits(list(tokens), every=True):
        kind, _, role = hit.cue.route.partition(".")
        found.append(Named(kind, role, dict(hit.cue.says)["side"], hit.start, hit.end, hit.cue.weight))
    return found


def measure_order() -> tuple[str, ...]:
    """The measures, the most particular first."""
    return _vocabulary().order


def measures(tokens: Sequence[Token]) -> list[Hit]:
    """Every name of a measure that stands in the message; the cue's route is its name."""
    return _vocabulary().measures.hits(list(tokens), every=True)


def rare_measures(tokens: Sequence[Token]) -> list[Hit]:
    """Every name of a measure that the trained reader does not know; its words alone ask for it."""
    return _vocabulary().rare.hits(list(tokens), every=True)


def said(tokens: Sequence[Token], name: str) -> list[Hit]:
    """Where one of the closed phrases of this name stands."""
    return _vocabulary().phrases[name].hits(list(tokens), every=True)
