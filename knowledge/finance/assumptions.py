"""Working assumptions for what an investor did not say (`data/assumptions.toml`), each to be shown and changed.

An assumption is not a rule: nobody published it as such. Where its source gives a range the costly end is used, so
that a net yield errs on the low side, and the range travels with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from core.data_files import Shape, read
from core.invalid import Expected
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


class _Row(Shape):
    key: str = Field(min_length=1)
    country: Literal["CO", "ES", "MX", "*"]
    value: float | None = Field(None, ge=0)
    low: float | None = Field(None, ge=0)
    high: float | None = Field(None, ge=0)
    base: Literal["rent", "price", "none"]
    figures: int = Field(0, ge=0, le=6)
    label_es: str = Field(min_length=1)
    label_en: str = Field(min_length=1)
    note_es: str
    note_en: str
    source: str = Field(min_length=1)
    words: list[str] = Field([])

    @model_validator(mode="after")
    def _one_value(self) -> _Row:
        told = f"value {self.value}, low {self.low}, high {self.high}"
        if (self.value is None) == (self.low is None) or (self.low is None) != (self.high is None):
            raise Expected(f"{self.key} has {told}, expected a value alone or both ends",
                           f"{self.key} tiene {told}; se espera solo un valor o los dos extremos")
        low, high = self.ends
        if low > high:
            raise Expected(f"{self.key} has {told}, expected the low end first",
                           f"{self.key} tiene {told}; se espera primero el extremo menor")
        if self.key.endswith("_pct") and high > 100:
            raise Expected(f"{self.key} is {high:g}, expected at most 100 %", f"{self.key} es {high:g} y se espera hasta 100 %")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high; what was not told is nothing here, and never stands once the row is checked."""
        low, high = (self.low, self.high) if self.value is None else (self.value, self.value)
        return low or 0.0, high or 0.0


class _File(Shape):
    """`assumptions.toml`."""

    assumption: list[_Row] = Field(min_length=1)


@lru_cache
def _table(path: Path = DATA / "assumptions.toml") -> tuple[dict[tuple[str, str], Assumption], list[tuple[str, str]]]:
    words: list[tuple[str, str]] = []
    table: dict[tuple[str, str], Assumption] = {}
    for row in read(path, _File).assumption:
        words += [(word, row.key) for word in row.words]
        low, high = row.ends
        table[row.key, row.country] = Assumption(row.key, row.country, low, high, row.base, row.label_es, row.label_en,
                                                 row.note_es, row.note_en, row.source, row.figures)
    # longer names first: "impuesto predial" before "predial"
    return table, sorted(words, key=lambda pair: -len(pair[0]))
