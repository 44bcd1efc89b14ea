"""Reads the files of rules, one folder a country, and refuses what would compute nonsense.

Whatever is wrong is found when the files are first read, not when a person asks: a band that is missing, dates that cross, a
source that is not named. The error says in which file and rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from core import data_files
from core.errors import Misconfigured
from knowledge.finance import brackets
from knowledge.finance.rule import KINDS, Kind, LeftOut, Rule

DATA = Path(__file__).parent / "data"
_UNITS = ("percent", "money", "count", "table")


class _Omitted(data_files.Shape):
    kind: Kind
    es: str
    en: str


class _File(data_files.Shape):
    """A file of rules; what a single rule must hold is `_check`."""

    country: Literal["CO", "ES", "MX"]
    currency: str
    rule: list[dict[str, Any]] = Field([])
    left_out: list[_Omitted] = Field([])


@lru_cache
def read(country: str, folder: Path = DATA / "rules") -> tuple[tuple[Rule, ...], dict[str, tuple[LeftOut, ...]]]:
    """All rules of a country by file and order, and what sums of a kind leave out. Raises `Misconfigured`."""
    rules: dict[str, Rule] = {}
    omitted: dict[str, tuple[LeftOut, ...]] = {}
    for path in sorted((folder / country.lower()).glob("*.toml")):
        file = data_files.read(path, _File)
        for raw in file.rule:
            rule = _rule(raw, file, path)
            if rule.id in rules:
                raise _wrong(path, rule.key, f"{rule.id} stands twice")
            rules[rule.id] = rule
        for item in file.left_out:
            omitted[item.kind] = (*omitted.get(item.kind, ()), LeftOut(item.es, item.en))
    return tuple(rules.values()), omitted


def _rule(raw: Mapping[str, Any], file: _File, path: Path) -> Rule:
    name = str(raw.get("key", "?"))
    body: dict[str, Any] = {"country": file.country, "currency": file.currency} | dict(raw)
    rows, method = body.pop("bands", None), body.pop("method", "marginal")
    try:
        if rows is not None:
            body["table"] = brackets.table(method, body.pop("band_unit", body["currency"]), rows)
            body["low"], body["high"] = body["table"].rates
            body["unit"] = "table"
        elif "value" in body:
            body["low"] = body["high"] = body.pop("value")
        unknown = set(body) - {f.name for f in fields(Rule)}
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}")
        rule = Rule(**body)
    except (TypeError, ValueError) as error:
        raise _wrong(path, name, str(error)) from error
    _check(rule, path)
    return rule


def _check(rule: Rule, path: Path) -> None:
    dates = [d for d in (rule.valid_from, rule.valid_to, rule.verified_on) if d is not None]
    figures = [rule.low, rule.high]
    problem = next((text for text, wrong in (
        ("it has no source", not rule.source.strip()),
        ("it needs a label in both languages", not (rule.label_es.strip() and rule.label_en.strip())),
        ("a note needs both languages", bool(rule.note_es) != bool(rule.note_en)),
        (f"the kind {rule.kind!r} is none of {', '.join(KINDS)}", rule.kind not in KINDS),
        (f"the unit {rule.unit!r} is none of {', '.join(_UNITS)}", rule.unit not in _UNITS),
        ("its dates must be dates (2026-01-31)", not all(type(d) is date for d in dates)),
        ("its values must be numbers, the low one first",
         not all(isinstance(v, (int, float)) and math.isfinite(v) for v in figures) or not 0 <= rule.low <= rule.high),
        ("it ends before it starts", rule.valid_to is not None and rule.valid_to < rule.valid_from),
        ("a rate cannot be above 100 %", rule.unit == "percent" and rule.high > 100),
    ) if wrong), None)
    if problem:
        raise _wrong(path, rule.key, problem)


def _wrong(path: Path, key: str, problem: str) -> Misconfigured:
    name = f"{path.parent.name}/{path.name}: {key}"
    return Misconfigured(
        f"The rule {name} cannot be used ({problem}): expected what docs/rules.md describes. Correct the file.",
        f"No se puede usar la regla {name} ({problem}): se espera lo que describe docs/rules.md. Corrija el archivo.",
    )
