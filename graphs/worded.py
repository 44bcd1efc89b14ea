"""Figures that a language model tells in words: `diecisiete años`, `three months`, `a third`, `el doble`, `XV €`.

Read as the figures they are, so that they bind as digits do. Asked of a model's text only: the templates write what they
know in digits. A count of one, and of things listed (`dos opciones`, `los dos primeros`), is no figure; neither is half of the
adverts, which is how a median is explained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphs.figures import Figure, unit_of
from knowledge.understanding.text import strip_accents

_UNITS = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho "
    "diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve"
).split()
_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_HUNDREDS = "doscient trescient cuatrocient quinient seiscient setecient ochocient novecient".split()
_NUMBERS: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS) if value > 1},
    **{word: value for value, word in enumerate(_ENGLISH)},
    **{word: 30 + 10 * at for at, word in enumerate(_TENS)},
    **{word: 20 + 10 * at for at, word in enumerate(_ENGLISH_TENS)},
    **{word + end: 200 + 100 * at for at, word in enumerate(_HUNDREDS) for end in ("os", "as")},
    "cien": 100, "ciento": 100, "veintiun": 21, "hundred": 100,
}
_WORD = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_NOUN = (
    r"(?:anos?|mes(?:es)?|semanas?|dias?|horas?|years?|months?|weeks?|days?|hours?|euros?|pesos?|dolares|dollars?|metros?|"
    r"square met(?:re|er)s?|m2|m²|km|puntos?|points?|veces|times|%|por ciento|per ?cent|habitaci(?:on|ones)|alcobas?|"
    r"dormitorios?|recamaras?|banos?|bedrooms?|bathrooms?|rooms?)"
)
_COUNTED = re.compile(
    rf"\b(?P<number>(?:{_WORD})(?:(?: y | and |[ -])(?:{_WORD}|un[oa]?))*) (?P<noun>(?:de )?{_NOUN})(?!\w)")
_OUT_OF = re.compile(
    rf"\b(?P<part>{_WORD})(?: times)? (?:de cada|out of(?: every)?|in(?: every)?) (?P<whole>diez|cien|ten|a hundred|hundred)\b")
_DOZENS = re.compile(r"\b(?:una?|a) (?P<many>docena|dozen|decena|centenar|veintena|treintena)\b")
_MANY = {"docena": 12, "dozen": 12, "decena": 10, "centenar": 100, "veintena": 20, "treintena": 30}
_FRACTIONS: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(pattern), value) for pattern, value in (
        (r"\b(?:dos tercios|two[- ]thirds)\b", 200 / 3),
        (r"\b(?:un tercio|one[- ]third|a third (?:of|less|more|higher|lower)|la tercera parte)\b", 100 / 3),
        (r"\b(?:tres cuartas partes|three[- ]quarters of)\b", 75.0),
        (r"\b(?:la cuarta parte|a quarter of|un cuarto (?:del?|de la|de los|de las) (?:precio|valor|arriendo|renta))\b", 25.0),
        (r"\b(?:la mitad|half (?:of|the|as|a million)|by half)\b", 50.0),
        (r"\b(?:el doble|twice (?:as|the|its|what|that)|double (?:the|its|what|that)|(?:will|would) double|doubles|doubled"
         r"|se duplica\w*|duplicara\w*)\b", 200.0),
        (r"\b(?:el triple|triple (?:the|its|what|that)|(?:will|would) triple|triples|tripled|se triplica\w*"
         r"|triplicara\w*)\b", 300.0),
    )
)
#: The half that a median or an interval speaks of, and halves of time.
_HALF_OF_ADVERTS = re.compile(
    r"central|middle|anunci|avis|oferta|advert|listing|inmueble|ask\b|piden?\b|are sold|"
    r"se (?:vende|arrienda|alquila|renta|retira)|del rango|of the range|de las veces|of the time|casos|cases|"
    r"de los precios|of (?:the )?prices|del ano|del mes|of the year|of 20|de 20")
_ROMAN = re.compile(
    r"(?:[€$£] ?(?P<after>[IVXLCDM]+)(?!\w)|(?<![\w.])(?<!\d )(?P<before>[IVXLCDM]{2,}) ?(?:€|%|(?:euros?|pesos|"
    r"d[oó]lares|EUR|COP|MXN|USD|millones|million|años|years)\b))")
_VALID_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


@dataclass(frozen=True, slots=True)
class Worded:
    """A figure in words. `readings` are the figures that it may be; `share` is a percentage that an interval's level may have.
    Neither stands for what binds to nothing."""

    start: int
    end: int
    shown: str
    readings: tuple[Figure, ...] = ()
    share: float | None = None


def worded_figures(sentence: str) -> Iterator[Worded]:
    """The figures that are told in words, in no order."""
    plain = _level(sentence)
    shares = [match.span() for match in _OUT_OF.finditer(plain)]
    for match in _COUNTED.finditer(plain):
        value = _value(match["number"])
        if value != 1 and not any(a <= match.start() < b for a, b in shares):
            yield _read(sentence, match, (value, unit_of(match["noun"].removeprefix("de ").replace("ano", "año", 1))))
    for match in _OUT_OF.finditer(plain):
        whole = 100 if "hun" in match["whole"] or match["whole"] == "cien" else 10
        start, end = match.span()
        yield Worded(start, end, sentence[start:end], share=_NUMBERS[match["part"]] / whole * 100)
    for match in _DOZENS.finditer(plain):
        yield _read(sentence, match, (_MANY[match["many"]], None))
    for pattern, share in _FRACTIONS:
        for match in pattern.finditer(plain):
            if share == 50 and _HALF_OF_ADVERTS.search(plain, match.start(), match.end() + 45):
                continue
            more = ((share - 100, "percent"),) if share > 100 else ()
            yield _read(sentence, match, (share, "percent"), (share / 100, "ratio"), *more, about=0.02)
    for match in _ROMAN.finditer(sentence):
        if _VALID_ROMAN.fullmatch(match["after"] or match["before"]) and match["before"] != "MM":
            yield Worded(match.start(), match.end(), match.group())


def _read(sentence: str, match: re.Match[str], *readings: tuple[float, str | None], about: float = 1e-6) -> Worded:
    start, end = match.span()
    shown = sentence[start:end]
    return Worded(start, end, shown, tuple(
        Figure(start, end, shown, value, abs(value) * about, unit, None) for value, unit in readings))


def _value(words: str) -> float:
    """`ciento veinte` -> 120, `twenty-one` -> 21, `two hundred` -> 200."""
    total = 0
    for word in re.split(r"[ -]", words):
        if word == "hundred":
            total = max(total, 1) * 100
        elif word not in ("y", "and"):
            total += 1 if word in ("un", "uno", "una") else _NUMBERS[word]
    return float(total)


def _level(text: str) -> str:
    """Small letters without accents, one for one."""
    plain = "".join(strip_accents(char)[:1].lower()[:1] or " " for char in text)
    return plain.replace("\u00a0", " ").replace("\u202f", " ")
