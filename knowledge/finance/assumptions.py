"""Working assumptions for what an investor did not say (`data/assumptions.toml`), each to be shown and changed.

An assumption is not a rule: nobody published it as such. Where its source gives a range the costly end is used, so
that a net yield errs on the low side, and the range travels with it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from knowledge.finance.rule_files import DATA
from knowledge.understanding.text import fold


@dataclass(frozen=True, slots=True)
class Assumption:
    """`low` to `high` percent of `base` (rent of a year, price) or a plain figure (base none); equal if one value."""

    key: str
    country: str
    low: float
    high: float
    base: str
    label_es: str
    label_en: str
    note_es: str
    note_en: str
    source: str
    figures: int = 0

    @property
    def value(self) -> float:
        """The costly end of the range."""
        return self.high

    def of(self, base: float, share: float | None = None) -> float:
        """This share (or `share`) of a base amount, rounded to `figures` significant figures where the data says so."""
        amount = round(base * (self.value if share is None else share) / 100, 6)  # 0.56 % of 450e6 without float dust
        return significant(amount, self.figures) if self.figures else amount


def assumption(key: str, country: str | None) -> Assumption | None:
    """The country's assumption, else the one that holds everywhere, else None."""
    table = _table()[0]
    return table.get((key, country or "*")) or table.get((key, "*"))


def cost_kind(label: str) -> str | None:
    """The assumption that a stated cost stands for, by its words: "cuota de administración" -> administration_pct."""
    words = f" {fold(label)} "
    return next((key for word, key in _table()[1] if f" {word} " in words), None)


def significant(value: float, figures: int) -> float:
    """`345000` to 2 figures -> `350000`; halves go up, as people round."""
    if not value:
        return 0.0
    exact = Decimal(repr(value))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - figures + 1), rounding=ROUND_HALF_UP))


@lru_cache
def _table() -> tuple[dict[tuple[str, str], Assumption], list[tuple[str, str]]]:
    with (DATA / "assumptions.toml").open("rb") as handle:
        rows: list[dict[str, Any]] = tomllib.load(handle)["assumption"]
    words: list[tuple[str, str]] = []
    table: dict[tuple[str, str], Assumption] = {}
    for row in rows:
        words += [(word, row["key"]) for word in row.pop("words", ())]
        if "value" in row:
            row["low"] = row["high"] = row.pop("value")
        table[row["key"], row["country"]] = Assumption(**row)
    # longer names first: "impuesto predial" before "predial"
    return table, sorted(words, key=lambda pair: -len(pair[0]))
