"""The rules as a table that people can read: what each says, where and since when, and whether somebody checked it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.errors import Language
from knowledge.finance import rules
from knowledge.finance.brackets import Table
from knowledge.finance.rule import Rule

_HEAD = {
    "en": ("Rule", "Where", "Says", "Holds", "Verified", "Source"),
    "es": ("Regla", "Dónde", "Dice", "Vigencia", "Verificada", "Fuente"),
}
_WORDS = {
    "en": {"of": "of", "from": "from", "to": "to", "no": "no", "above": " or more", "country": "whole country", "on": "above"},
    "es": {"of": "de", "from": "desde", "to": "hasta", "no": "no", "above": " o más", "country": "todo el país", "on": "sobre"},
}


def table(country: str, language: Language = "en") -> str:
    """All rules of a country, expired ones too, as Markdown, by kind and key. Raises `BadInput` for a country without rules."""
    words = _WORDS[language]
    rows = [_HEAD[language], tuple("---" for _ in _HEAD[language])]
    for rule in sorted(rules.load(country), key=lambda r: (r.kind, r.key, r.region, r.valid_from, r.low)):
        until = f" {words['to']} {rule.valid_to.isoformat()}" if rule.valid_to else ""
        label = rule.label_es if language == "es" else rule.label_en
        rows.append((
            f"{label} (`{rule.kind}/{rule.key}`)",
            words["country"] if rule.region == "*" else rule.region,
            says(rule, language),
            f"{words['from']} {rule.valid_from.isoformat()}{until}",
            rule.verified_on.isoformat() if rule.verified_on else words["no"],
            rule.source,
        ))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def says(rule: Rule, language: Language = "en") -> str:
    """A rule's value in one line: a figure, a range, or its bands."""
    words = _WORDS[language]
    if rule.table is not None:
        return _bands(rule.table, words["on"])
    unit = {"percent": " %", "money": f" {rule.currency}", "count": ""}[rule.unit]
    value = f"{rule.low:,.10g}" if rule.low == rule.high else f"{rule.low:,.10g}–{rule.high:,.10g}"
    base = f" {words['of']} {rule.base}" if rule.base not in ("unit", "fixed") else ""
    limits = [f"{rule.price_from:,.0f}" if rule.price_from else "", f"{rule.price_to:,.0f}" if rule.price_to else ""]
    band = f" ({limits[0]}–{limits[1]} {rule.price_unit})" if any(limits) else ""
    return f"{value}{unit}{words['above'] if rule.open_above else ''}{base}{band}"


def _bands(scale: Table, above: str) -> str:
    parts: Sequence[str] = [
        (f"{band.fixed:,.10g} + " if scale.method == "fixed" and band.fixed else "")
        + f"{band.rate:g}{'' if scale.method == 'lookup' else ' %'}"
        + ("" if band.low < 1 else f" {above} {band.low:,.10g}")
        for band in scale.bands
    ]
    last = scale.bands[-1]
    assert last.high == math.inf
    return f"{scale.method}, {scale.unit}: " + "; ".join(parts)
