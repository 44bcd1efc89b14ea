"""Writing answers from templates: every figure goes through `fig`, which formats a fact for the reader's locale.

Templates live in `prompts/answers/<language>/`; regional words (arriendo, alquiler, renta) in `prompts/vocabulary.toml`.
A template never holds a figure of its own: what it prints is a fact's id turned into text, so grounding always binds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core import locale as loc
from core.facts import Fact
from core.locale import Locale
from core.words import PROMPTS, label, word


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PROMPTS / "answers"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # an included part ends its last line
    )


def formal(register: str, locale: Locale) -> bool:
    """Whether Spanish addresses the reader as usted: as they write; else in Colombia, and where no country is known."""
    return register == "usted" or (register != "tu" and locale.code == "es-CO")


def figure(fact: Fact, locale: Locale, decimals: int | None = None) -> str:
    """A fact's value as the reader's country writes it, with its unit."""
    return quantity(fact.value, fact, locale, decimals)


def quantity(value: float | str | None, fact: Fact, locale: Locale, decimals: int | None = None) -> str:
    """`value` (the fact's own, or a bound of its interval) in the fact's unit."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    match fact.unit:
        case "money":
            small = abs(value) < 100 and value != int(value)
            return loc.money(value, fact.currency, locale, decimals if decimals is not None else (2 if small else None))
        case "money_per_m2":
            small = abs(value) < 100 and value != int(value)
            places = decimals if decimals is not None else (2 if small else 0)
            return f"{loc.money(value, fact.currency, locale, places)}/m²"
        case "percent":
            return loc.percent(value, locale, _places(value, 2) if decimals is None else decimals)
        case "m2":
            return f"{loc.number(value, locale, _places(value, 1) if decimals is None else decimals)}\u00a0m²"
        case "km" | "m":
            return f"{loc.number(value, locale, 1 if decimals is None else decimals)}\u00a0{fact.unit}"
        case "years" | "months" | "days":
            places = _places(value, 1) if decimals is None else decimals
            return f"{loc.number(value, locale, places)} {_span(fact.unit, value, locale)}"
        case "year":
            return str(int(value))
        case _:
            return loc.number(value, locale, _places(value, 2) if decimals is None else decimals)


def _places(value: float, most: int) -> int:
    """Digits after the separator that say something: 70 -> 0, 6.1 -> 1, 6.1333 -> `most`."""
    text = f"{round(value, most):.{most}f}".rstrip("0")
    return len(text.partition(".")[2])


def _span(unit: str, value: float, locale: Locale) -> str:
    one = abs(value - 1) < 1e-9
    names = {
        "es": {"years": ("año", "años"), "months": ("mes", "meses"), "days": ("día", "días")},
        "en": {"years": ("year", "years"), "months": ("month", "months"), "days": ("day", "days")},
    }
    return names[locale.language][unit][0 if one else 1]


def when(iso: str | None, locale: Locale) -> str:
    """A date, month, quarter or year of a fact as people say it: `2018-12-31` -> "31 de diciembre de 2018"."""
    if not iso:
        return ""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", iso):
        return loc.day(date.fromisoformat(iso), locale)
    if re.fullmatch(r"\d{4}-\d{2}", iso):
        return loc.month(date.fromisoformat(f"{iso}-01"), locale)
    quarter = re.fullmatch(r"(\d{4})-?Q([1-4])", iso)
    if quarter:
        return f"{'T' if locale.language == 'es' else 'Q'}{quarter[2]} {quarter[1]}"
    return iso


def expression(formula: str, locale: Locale) -> str:
    """A recorded formula with its numbers in the reader's format: `12 × 2300000 ÷ 450000000`."""
    def local(match: re.Match[str]) -> str:
        _, _, fraction = match.group().partition(".")
        value = float(match.group())
        return loc.number(value, locale, min(len(fraction), 2) if value >= 100 else len(fraction))
    return re.sub(r"\d+(?:\.\d+)?", local, formula)


def render(template: str, locale: Locale, facts: Mapping[str, Fact], **values: Any) -> str:
    """The answer's text, trimmed. A name that a template misspells raises (`StrictUndefined`)."""

    def fact_of(ref: str | Fact) -> Fact:
        return ref if isinstance(ref, Fact) else facts[ref]

    text = _environment().get_template(f"{locale.language}/{template}.md.jinja").render(
        fig=lambda ref, decimals=None: figure(fact_of(ref), locale, decimals) if ref else "–",
        low=lambda ref, decimals=None: quantity(fact_of(ref).low, fact_of(ref), locale, decimals),
        high=lambda ref, decimals=None: quantity(fact_of(ref).high, fact_of(ref), locale, decimals),
        level=lambda ref: loc.percent((fact_of(ref).level or 0) * 100, locale, 0),
        val=lambda ref: fact_of(ref).value,
        fact=fact_of,
        formula=lambda ref: expression(fact_of(ref).formula or "", locale),
        when=lambda iso: when(iso, locale),
        w=lambda name: word(name, locale),
        label=lambda key: label(key, locale),
        country=locale.country,
        demo=any(fact.source.demo for fact in facts.values()),
        **values,
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(part.rstrip() for part in text.splitlines())).strip()
