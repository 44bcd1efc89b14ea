"""The rules as a table that people can read: what each says, where and since when, and whether somebody checked it.

`page` puts the tables of all countries under the prose of `docs/rules.md`, which people write: everything below its marker.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.errors import BadInput, Language
from core.locale import COUNTRIES, country_name, locale_for, number
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
#: The line of a page below which its tables stand.
MARKER = "<!-- the tables below are written by `ladrillo rules --write docs/rules.md` -->"


def section(country: str, language: Language = "en") -> str:
    """The country's table under its name. Raises `BadInput` for a country without rules."""
    return f"## {country_name(country, language)}\n\n{table(country, language)}\n"


def page(text: str, language: Language = "en") -> str:
    """A page with the tables of today below its marker. Raises `BadInput` for a page that has none."""
    prose, marker, _ = text.partition(MARKER)
    if not marker:
        raise BadInput(f"The page has no line {MARKER!r}; add it where its tables belong.",
                       f"La página no tiene la línea {MARKER!r}; póngala donde van sus tablas.")
    return "\n".join([prose + marker + "\n", *(section(country, language) for country in COUNTRIES)])


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
        return _bands(rule.table, words["on"], language)
    unit = {"percent": " %", "money": f" {rule.currency}", "count": ""}[rule.unit]
    value = "–".join(_figure(end, language) for end in dict.fromkeys((rule.low, rule.high)))
    base = f" {words['of']} {rule.base}" if rule.base not in ("unit", "fixed") else ""
    limits = [_figure(limit, language) if limit else "" for limit in (rule.price_from, rule.price_to)]
    band = f" ({limits[0]}–{limits[1]} {rule.price_unit})" if any(limits) else ""
    return f"{value}{unit}{words['above'] if rule.open_above else ''}{base}{band}"


def _figure(value: float, language: Language) -> str:
    """All digits of a figure, with the separators of the language (those of Colombia and Spain in Spanish)."""
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return number(value, locale_for(language, None), max(0, -int(exponent)))


def _bands(scale: Table, above: str, language: Language) -> str:
    parts: Sequence[str] = [
        (f"{_figure(band.fixed, language)} + " if scale.method == "fixed" and band.fixed else "")
        + f"{_figure(band.rate, language)}{'' if scale.method == 'lookup' else ' %'}"
        + ("" if band.low < 1 else f" {above} {_figure(band.low, language)}")
        for band in scale.bands
    ]
    return f"{scale.method}, {scale.unit}: " + "; ".join(parts)
