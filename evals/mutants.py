"""Altered answers: what a wrong figure may look like, one alteration at a time, and rewrites that change nothing.

Each alteration is of a kind: a digit, two digits swapped, the scale, the unit, the currency, the sign, how often the figure
counts (`al mes`), the entity named in the figure's sentence, or the figure of another entity in its place. Choices are drawn
with the generator that is passed, so a seed gives the same mutants again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from core.facts import Fact
from core.locale import CURRENCY_OF, Locale, number
from core.measures import frequency_of
from graphs.figures import Figure, read_figures

KINDS = ("digit", "swap", "scale", "unit", "currency", "sign", "often", "entity", "borrowed")
REWRITES = ("spacing", "bold", "fewer digits", "line break")
#: Of each kind, at most so many mutants of one figure.
PER_FIGURE = 2

_PIECES = re.compile(
    r"(?P<sign>[-−–+]?)(?P<prefix>[^\d]*?)(?P<digits>\d+(?:[.,'’]\d+)*)"
    r"(?P<scale>[ \u00a0\u202f]?(?:mil millones|millones|millón|millon|million|billion|thousand|mdp|bn|mil|[kKM](?![\w²])))?"
    r"(?P<unit>.*)",
    re.DOTALL,
)
_NBSP = "\u00a0"
_UNITS = {
    "percent": ("%",), "m2": ("m²",), "years": ("años", "years"), "months": ("meses", "months"), "km": ("km",),
    "days": ("días", "days"),
}
#: Ways of saying how often, of which one may stand in another's place.
_FREQUENCIES = {
    "es": (("al mes", "al año", "por noche"), ("mensual", "anual"), ("mensuales", "anuales")),
    "en": (("a month", "a year", "a night"), ("monthly", "yearly")),
}
_OFTEN = re.compile(
    r"[\s*]*(?:(?:brut[oa]|net[oa]|gross|net)[\s*]+)?"
    rf"(?P<words>{'|'.join(w for ways in _FREQUENCIES.values() for words in ways for w in sorted(words, reverse=True))})(?!\w)"
)
_OPERATOR_BEFORE = re.compile(r"[×÷−+^][ \u00a0(*$€A-Z]*$")
_OPERATOR_AFTER = re.compile(r"^[ \u00a0)*]*[×÷^]")


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of an answer and the fact it was bound to; `operand` where it stands in a formula written out."""

    figure: Figure
    fact: Fact
    operand: bool


@dataclass(frozen=True, slots=True)
class Mutant:
    """An altered answer. `figure` is the altered figure as it reads now; `entity` whom the sentence names now, `often` how
    often the figure is said to count."""

    kind: str
    text: str
    origin: Shown
    figure: Figure | None
    entity: str | None = None
    often: str | None = None


def is_operand(text: str, figure: Figure) -> bool:
    """Whether the figure stands beside a sign of a formula."""
    before, after = text[max(0, figure.start - 12) : figure.start], text[figure.end : figure.end + 6]
    return bool(_OPERATOR_BEFORE.search(before) or _OPERATOR_AFTER.match(after))


def of_figure(text: str, shown: Shown, facts: Sequence[Fact], locale: Locale, rng: Random) -> Iterator[Mutant]:
    """Every kind that alters the figure itself."""
    figure = shown.figure
    pieces = _PIECES.fullmatch(figure.shown)
    if pieces is None:
        return
    for kind, words in (
        ("digit", _digits(pieces, rng)), ("swap", _swaps(pieces, rng)), ("scale", _scales(pieces, figure, locale)),
        ("unit", _other_units(pieces, figure, locale)), ("currency", _other_currencies(pieces, figure, shown.fact, locale)),
        ("sign", _signs(pieces, figure)), ("borrowed", _borrowed(pieces, shown, facts, locale)),
    ):
        different = [word for word in dict.fromkeys(words) if word != figure.shown]
        for word in different if kind == "sign" else rng.sample(different, min(PER_FIGURE, len(different))):
            start = figure.start + text[figure.start : figure.end].index(figure.shown)
            altered = text[:start] + word + text[start + len(figure.shown) :]
            yield Mutant(kind, altered, shown, _read_at(altered, start, len(word), locale))
    yield from _otherwise_often(text, shown, locale, rng)


def _otherwise_often(text: str, shown: Shown, locale: Locale, rng: Random) -> Iterator[Mutant]:
    """The frequency that stands right behind the figure, changed: a month's for a year's."""
    behind = _OFTEN.match(text, shown.figure.end)
    if behind is None or frequency_of(shown.fact.key) is None:
        return
    words = next(words for words in _FREQUENCIES[locale.language] if behind["words"] in words)
    word = rng.choice([other for other in words if other != behind["words"]])
    altered = text[: behind.start("words")] + word + text[behind.end("words") :]
    yield Mutant("often", altered, shown, _read_at(altered, shown.figure.start, len(shown.figure.shown), locale), often=word)


def _read_at(text: str, start: int, length: int, locale: Locale) -> Figure | None:
    line = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    sentence = text[line : end if end >= 0 else len(text)]
    for figure in read_figures(sentence, locale):
        if figure.start + line < start + length and figure.end + line > start:
            return figure
    return None


def _with(pieces: re.Match[str], **changed: str) -> str:
    return "".join(changed.get(name, pieces[name] or "") for name in ("sign", "prefix", "digits", "scale", "unit"))


def _digits(pieces: re.Match[str], rng: Random) -> Iterator[str]:
    digits = pieces["digits"]
    for at, char in enumerate(digits):
        if char.isdigit():
            others = [d for d in "0123456789" if d != char and not (d == "0" and at == 0 and len(digits) > 1)]
            yield _with(pieces, digits=digits[:at] + rng.choice(others) + digits[at + 1 :])


def _swaps(pieces: re.Match[str], rng: Random) -> Iterator[str]:
    digits = pieces["digits"]
    places = [at for at, char in enumerate(digits) if char.isdigit()]
    for a, b in pairwise(places):
        if not (a == 0 and digits[b] == "0"):
            swapped = list(digits)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            yield _with(pieces, digits="".join(swapped))


def _scales(pieces: re.Match[str], figure: Figure, locale: Locale) -> Iterator[str]:
    plain = read_figures(pieces["digits"], locale)
    if not plain:
        return
    value, decimals = plain[0].value, _decimals(pieces["digits"], locale)
    yield _with(pieces, digits=number(value * 10, locale, decimals))
    yield _with(pieces, digits=number(value / 10, locale, decimals if decimals or value % 10 == 0 else 1))
    yield _with(pieces, digits=number(value * 1000, locale, decimals))
    thousand, millions = ("mil", "millones") if locale.language == "es" else ("thousand", "million")
    word = (pieces["scale"] or "").strip(f" {_NBSP}")
    if word:
        yield _with(pieces, scale="")
        yield _with(pieces, scale=f" {thousand if word.startswith(('mill', 'M', 'mdp')) else millions}")
    elif figure.unit in ("money", "money_per_m2"):
        yield _with(pieces, scale=f" {thousand}")
        yield _with(pieces, scale=f" {millions}")


def _decimals(digits: str, locale: Locale) -> int:
    tail = re.search(rf"{re.escape(locale.decimal)}(\d+)$", digits)
    return len(tail[1]) if tail and locale.decimal in digits else 0


def _other_units(pieces: re.Match[str], figure: Figure, locale: Locale) -> Iterator[str]:
    if figure.unit is None:
        return
    unit = pieces["unit"]
    if figure.unit == "money":
        yield _with(pieces, unit=f"{unit}/m²" if unit else "/m²")
    if figure.unit == "money_per_m2":
        yield _with(pieces, unit=re.sub(r"/m[²2]", "", unit))
    for kind, words in _UNITS.items():
        if kind != figure.unit:
            word = words[0] if locale.language == "es" or len(words) == 1 else words[1]
            yield _with(pieces, prefix="", unit=f"{_NBSP}{word}")
    if figure.unit not in ("money", "money_per_m2"):
        yield _with(pieces, unit=f"{_NBSP}€")
        yield _with(pieces, unit=f"{_NBSP}€/m²")


def dollar(locale: Locale) -> str:
    """Whose `$` the reader takes it for."""
    return CURRENCY_OF[locale.country] if locale.country in ("CO", "MX") else "USD"


def _other_currencies(pieces: re.Match[str], figure: Figure, fact: Fact, locale: Locale) -> Iterator[str]:
    if figure.currencies is None:
        return
    per = "/m²" if figure.unit == "money_per_m2" else ""
    for code in ("COP", "EUR", "MXN", "USD"):
        if code == fact.currency:
            continue
        yield _with(pieces, prefix=f"{code}{_NBSP}", unit=per)
        if code == "EUR":
            yield _with(pieces, prefix="", unit=f"{_NBSP}€{per}")
        if code == dollar(locale):
            yield _with(pieces, prefix="$", unit=per)
    if fact.currency not in ("COP", "MXN") and not per:
        yield _with(pieces, prefix="", unit=" pesos")


def _signs(pieces: re.Match[str], figure: Figure) -> Iterator[str]:
    if pieces["sign"] in ("-", "−", "–"):
        yield _with(pieces, sign="")
        yield _with(pieces, sign="+")
    elif pieces["sign"] == "+" or figure.unit == "percent":
        yield _with(pieces, sign="-")


def _borrowed(pieces: re.Match[str], shown: Shown, facts: Sequence[Fact], locale: Locale) -> Iterator[str]:
    """The figures of other entities, of the same unit and currency, written as this one."""
    decimals = _decimals(pieces["digits"], locale)
    if pieces["scale"] or not shown.fact.entity:
        return
    for fact in facts:
        same_kind = fact.unit == shown.fact.unit and fact.currency == shown.fact.currency
        if same_kind and fact.entity and fact.entity != shown.fact.entity and isinstance(fact.value, (int, float)):
            yield _with(pieces, sign="-" if fact.value < 0 else "", digits=number(abs(fact.value), locale, decimals))


def of_entities(
    text: str, spans: Sequence[tuple[int, int]], shown: Sequence[Shown], facts: Sequence[Fact], rng: Random
) -> Iterator[Mutant]:
    """In each sentence, another entity's name in the place of one whose figures it gives."""
    entities = sorted({fact.entity for fact in facts if fact.entity and fact.unit != "text"})
    for start, end in spans:
        inside = [one for one in shown if start <= one.figure.start < end and one.fact.entity and not one.operand]
        for entity in sorted({one.fact.entity for one in inside}):
            name = _name_in(text[start:end], entity)
            others = [other for other in entities if other != entity and name and not _overlap(name, entity, other)]
            if name is None or not others:
                continue
            for other in rng.sample(others, min(PER_FIGURE, len(others))):
                new = other if name == entity else other.split(",")[0]
                altered = text[:start] + text[start:end].replace(name, new) + text[end:]
                origin = next(one for one in inside if one.fact.entity == entity)
                yield Mutant("entity", altered, origin, None, entity=other)


def _name_in(sentence: str, entity: str) -> str | None:
    """The whole name if it stands there, else its first part."""
    first = entity.split(",")[0].strip()
    return entity if entity in sentence else first if len(first) > 2 and first in sentence else None


def _overlap(name: str, entity: str, other: str) -> bool:
    """Two names that the sentence could not tell apart once one is in the place of the other."""
    return (other if name == entity else other.split(",")[0]) == name


def rewrites(text: str, shown: Sequence[Shown], locale: Locale, rng: Random) -> Iterator[tuple[str, str]]:
    """(kind, text) that say the same: no reader would call any figure of them wrong."""
    for one in shown:
        figure, before, after = one.figure, text[: one.figure.start], text[one.figure.end :]
        body = text[figure.start : figure.end]
        if _NBSP in body or " " in body:
            yield "spacing", before + body.replace(" ", "\0").replace(_NBSP, " ").replace("\0", _NBSP) + after
        if before.count("**") % 2 == 0 and not before.endswith("*") and not after.startswith("*"):
            yield "bold", f"{before}**{body}**{after}"
        if (fewer := _fewer(one, body, locale)) is not None:
            yield "fewer digits", before + fewer + after
    if "**" in text:
        yield "bold", text.replace("**", "")
    for pattern in (r"(?<=[a-zé)%€][.]) (?=[A-ZÉ¿])", r"(?<=[a-z]{3}) (?=[a-z]{2})"):
        places = [m.start() for m in re.finditer(pattern, text) if not _in_name_or_table(text, m.start())]
        if places:
            at = rng.choice(places)
            yield "line break", f"{text[:at]}\n{text[at + 1 :]}"


def _in_name_or_table(text: str, at: int) -> bool:
    """A break there would cut a cell, or an advert's title (in bold): that is another text."""
    return text[text.rfind("\n", 0, at) + 1 :].startswith("|") or text[:at].count("**") % 2 == 1


def _fewer(one: Shown, body: str, locale: Locale) -> str | None:
    """One decimal less, or an amount rounded to three digits."""
    pieces = _PIECES.fullmatch(one.figure.shown)
    if pieces is None or pieces["scale"] or not isinstance(one.fact.value, (int, float)):
        return None
    values = [v for v in (one.fact.value, one.fact.low, one.fact.high) if isinstance(v, (int, float))]
    value = min(values, key=lambda v: abs(abs(v) - abs(one.figure.value)))
    decimals = _decimals(pieces["digits"], locale)
    if abs(abs(value) - abs(one.figure.value)) > one.figure.tolerance + 1e-9 * abs(value):
        return None
    if decimals:
        digits = number(abs(value), locale, decimals - 1)
    elif one.fact.unit == "money" and abs(value) >= 10_000:
        step = 10 ** (len(str(int(abs(value)))) - 3)
        digits = number(round(abs(value) / step) * step, locale)
    else:
        return None
    return body.replace(pieces["digits"], digits, 1) if digits.strip("0.,") else None
