"""Reading figures: each number of a sentence with its value, the digits it shows, its unit and its currency.

Beside them the numbers that are no figures: dates and years of the calendar, ordinals, list numbers, article and law
numbers, phone numbers, case codes, citation marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.facts import Unit
from core.locale import CURRENCY_OF, Locale

_NBSP = "\u00a0\u202f"
_GAP = f"[ {_NBSP}]?"
_SCALES: dict[str, float] = {
    "billones": 1e12, "billón": 1e12, "billon": 1e12, "trillion": 1e12, "trillions": 1e12, "tn": 1e12,
    "mil millones": 1e9, "miles de millones": 1e9, "millardos": 1e9, "millardo": 1e9, "billion": 1e9, "billions": 1e9,
    "bn": 1e9, "b": 1e9, "millones": 1e6, "millon": 1e6, "millón": 1e6, "million": 1e6, "millions": 1e6, "mill": 1e6,
    "mills": 1e6, "mlls": 1e6, "mdp": 1e6, "mdd": 1e6, "mdd.": 1e6, "mm": 1e6, "mil": 1e3, "thousand": 1e3, "thousands": 1e3,
    "k": 1e3, "m": 1e6,
}
_CURRENCIES = {"€": "EUR", "eur": "EUR", "euros": "EUR", "euro": "EUR", "cop": "COP", "mxn": "MXN", "usd": "USD",
               "us$": "USD", "us": "USD", "£": "GBP", "r": "BRL", "dólares": "USD", "dolares": "USD",
               "dollars": "USD", "mdp": "MXN", "mdd": "USD"}
_PESOS = {"COP", "MXN"}
_WORD_NUMBERS = (
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci[a-zé]+|veinti[a-zúóé]+|veinte|treinta|"
    "cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien|ciento|doscientos|trescientos|cuatrocientos|quinientos|seiscientos|"
    "setecientos|ochocientos|novecientos|medio|un|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    "fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a|half a|"
    "a hundred|hundred"
)
#: A measure of surface behind an amount: a square metre, or one that no fact is in.
_EACH = rf"(?:{_GAP}/{_GAP}| (?:por|per|a|cada|each) )"
_PER_M2 = (
    rf"(?:{_EACH}(?:m(?:²|2)(?!\w)|metro(?: cuadrado)?\b|square met(?:re|er)\b|sqm\b|mts?2\b)|"
    r" (?:el|la) (?:m(?:²|2)(?!\w)|metro cuadrado\b))"
)
_OTHER_SURFACE = (
    r"(?:ft(?:²|2)|sq\.? ?ft\b|square (?:foot|feet)\b|pies? cuadrados?\b|hect[aá]reas?\b|hectares?\b|acres?\b)"
)
_MONEY = r"(?:(?:de )?(?i:euros?|pesos?|d[oó]lares|dollars)\b|€|£|(?:US)?\$(?!\d)|(?:COP|EUR|MXN|USD)\b)"
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.,])[-−–+])?"
    r"(?P<prefix>(?:US\$|R\$|[$€£]|\b(?:COP|EUR|MXN|USD)\b\$?)" + _GAP + r")?"
    rf"(?P<digits>\d{{1,3}}(?:[ {_NBSP}]\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d|[.,]\d)|\d+(?:['’.,]\d{{3}}(?!\d))*(?:[.,]\d+)?|\d+)"
    rf"(?P<scale>{_GAP}(?:(?i:miles de millones|mil millones|millardos?|billones|bill[oó]n|trillions?|millones|mill[oó]n|"
    rf"millions?|billions?|thousands?|mlls|mills?|mdp|mdd|bn|mil)(?![^\W\d_])|MM(?!\w)|[kKM](?![\w²2])|(?<=\d)B(?!\w)|"
    rf"(?(prefix)(?<=\d)[mb](?![\w²2])|(?!))))?"
    rf"(?P<unit>(?:{_GAP}{_MONEY})?(?i:{_EACH}{_OTHER_SURFACE}|{_PER_M2})|"
    rf"{_GAP}(?:%|{_MONEY}|m(?:²|2)(?!\w)|(?i:por ciento|per ?cent\b|p\.p\.|pp\b|puntos? porcentual(?:es)?|percentage points?|"
    rf"puntos? b[aá]sicos?|basis points?|bps\b|{_OTHER_SURFACE}|metros?(?: cuadrados?)?\b|sqm\b|square met(?:re|er)s?\b|km\b|"
    r"years?\b|años?\b|months?\b|mes(?:es)?\b|d[ií]as?\b|days?\b|semanas?\b|weeks?\b|horas?\b|hours?\b|millas?\b|x\b|"
    r"veces\b|times\b)))?",
)
WORDED = re.compile(
    rf"\b(?:{_WORD_NUMBERS})(?: (?:y )?(?:{_WORD_NUMBERS}))* (?:mil|millones|mill[oó]n|millions?|thousand|billions?|"
    r"billones|bill[oó]n|trillions?|hundred|por ciento|percent|per cent)\b|\d?[¼½¾⅓⅔⅛⅜⅝⅞]",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|january|"
    r"february|march|april|may|june|july|august|september|october|november|december|ene|feb|mar|abr|jun|jul|ago|sep|sept|"
    r"oct|nov|dic|jan|apr|aug|dec)\.?"
)
_YEAR = r"(?:19|20)\d{2}"
#: The marks of citations: `[1]`, `[1, 3]`. Whether they lead somewhere is asked apart.
MARK = re.compile(r"\[\d{1,3}(?:, ?\d{1,3})*\]")
_NO_AMOUNT = rf"(?!{_GAP}(?:%|{_MONEY}))"
EXEMPT = re.compile(
    "|".join(
        (
            rf"\b\d{{1,2}}(?: de|º|\.º|st|nd|rd|th)? {_MONTH}(?:,? (?:de |del )?{_YEAR})?",
            rf"\b{_MONTH} (?:de |del )?\d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}",
            rf"\b{_MONTH}(?: de| del|,)? {_YEAR}",
            rf"\b{_YEAR}-\d{{2}}(?:-\d{{2}})?\b",
            r"\b\d{1,2}/\d{1,2}/\d{2,4}\b",
            rf"\b{_YEAR}\s?[TQ][1-4]\b|\b[TQ][1-4](?: de| of)? {_YEAR}\b|\b[TQ][1-4]\b",
            rf"(?<![\d.,$€])\b{_YEAR}(?:[-–/]{_YEAR}|[-–/]\d{{2}})?\b(?![.,]\d|{_GAP}(?:%|€|m²|m2|mil|euros|pesos|COP|EUR|MXN|USD))",
            r"\b\d{1,3}(?:\.ª|\.º|ª|º|er|ra|ro|do|da|to|ta|st|nd|rd|th)(?!\w)",
            MARK.pattern,
            r"\b[A-Z]{1,3}-\d+\b",
            r"\b(?:art(?:ículo|icle|\.)?s?|ley|law|act|decreto|decree|resolución|resolution|res\.|rdl|lisr|capítulo|"
            r"chapter|section|sección|n\.º|no\.|núm\.)\s*(?:n\.º )?\d+(?:[./-]\d+)*(?: (?:de|of) \d{4})?",
            rf"\+\d[\d \-]{{7,}}\d\b{_NO_AMOUNT}",
            rf"(?<![$€£])\b(?:\d{{3}} \d{{3}} \d{{4}}|[6-9]\d{{2}} \d{{3}} (?!000)\d{{3}})\b{_NO_AMOUNT}",
            r"https?://\S+",
            r"\S+@\S+",
        )
    ),
    re.IGNORECASE,
)
DIGIT = re.compile(r"\d")
_BASIS = re.compile(r"puntos? b|basis|bps")
_EACH_OF = re.compile(r"/|(?:^| )(?:por|per|a|cada|each|el|la) ")
LIST_NUMBER = re.compile(r"(?m)^\s*(?:#+ )?\d{1,2}[.)](?=\s|$)")
OUT_OF_TEN = re.compile(r"\b(\d{1,2}) (?:de cada|out of(?: every)?|in(?: every)?) (10|100)\b", re.IGNORECASE)
_UNITS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"ft|foot|feet|pies? cuad|hect|acre|semana|week|hora|hour|milla", "other"),
        (r"pp|p\.p|punto|point|bps", "points"),
        (r"%|por ciento|per ?cent", "percent"),
        (r"(?:/|\b(?:por|per|a|cada|each|el|la)) ?(?:m|sq)", "money_per_m2"),
        (r"[€£$]|cop|eur|mxn|usd|peso|d[oó]lar|dollar|mdp|mdd", "money"),
        (r"m²|m2|metro|sqm|square", "m2"),
        (r"km", "km"),
        (r"año|year", "years"),
        (r"mes|month", "months"),
        (r"d[ií]a|day", "days"),
        (r"x|veces|times", "ratio"),
    )
)
COMPATIBLE: dict[str, frozenset[Unit]] = {
    "percent": frozenset({"percent", "rate"}),
    "money": frozenset({"money"}),
    "money_per_m2": frozenset({"money_per_m2"}),
    "m2": frozenset({"m2"}),
    "km": frozenset({"km"}),
    "years": frozenset({"years"}),
    "months": frozenset({"months"}),
    "days": frozenset({"days"}),
    "ratio": frozenset({"ratio", "years", "count"}),
    "points": frozenset({"percent", "count", "ratio"}),
    "other": frozenset(),  # weeks, square feet, acres: no fact is in them
}
#: A number without a unit of its own may be anything but a percentage: table cells, counts, indices.
BARE: frozenset[Unit] = frozenset(
    {"money", "money_per_m2", "m2", "count", "years", "months", "days", "ratio", "index", "km", "m", "rate", "score",
     "year"}
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it stands in a text. `unit` is the kind of its unit (None: bare), `currencies` what its sign may mean,
    `plus` whether it says that it is a rise."""

    start: int
    end: int
    shown: str
    value: float
    tolerance: float
    unit: str | None
    currencies: frozenset[str] | None
    plus: bool = False


def read_figures(sentence: str, locale: Locale) -> list[Figure]:
    """The numbers of a sentence in its order, those inside words (`B2B`) left out."""
    found = []
    for match in _NUMBER.finditer(sentence):
        before = sentence[match.start() - 1 : match.start()] if match.start() else ""
        digits_at = match.start("digits")
        if (before.isalpha() or before == "_") and digits_at == match.start():
            continue  # part of a word: B2B, m2 already taken, h3
        value, decimals, zeros = _read(match["digits"], locale)
        scale = _SCALES[match["scale"].strip(f" {_NBSP}").lower()] if match["scale"] else 1.0
        prefix = (match["prefix"] or "").strip(f" {_NBSP}").lower()
        unit = (match["unit"] or "").strip(f" {_NBSP}").lower()
        if (of := (match["scale"] or "").strip(f" {_NBSP}").lower()) in ("mdp", "mdd"):
            unit = unit or of
        if _BASIS.match(unit):
            scale *= 0.01
        step = 10.0**zeros if zeros and decimals == 0 else 10.0**-decimals
        sign = -1.0 if match["sign"] in ("-", "−", "–") else 1.0
        found.append(
            Figure(
                start=match.start(), end=match.end(), shown=match.group().strip(), value=sign * value * scale,
                tolerance=step * scale * 0.5000001, unit=_unit(prefix, unit), currencies=_currency(prefix, unit, locale),
                plus=match["sign"] == "+",
            )
        )
    return found


def _read(digits: str, locale: Locale) -> tuple[float, int, int]:
    """Value, digits after the decimal sign, and trailing zeros that may be rounding (three leading digits are kept).

    The locale's reading wins where it is well formed; else the other convention's.
    """
    digits, spaced = re.subn(rf"[ {_NBSP}]", "", digits)
    if spaced:
        digits = digits.replace(".", locale.decimal).replace(",", locale.decimal)
    for group, decimal in ((locale.group, locale.decimal), (locale.decimal, locale.group)):
        g, d = re.escape(group), re.escape(decimal)
        if re.fullmatch(rf"(?:\d{{1,3}}(?:[{g}'’]\d{{3}})+|\d+)(?:{d}\d+)?", digits):
            plain = re.sub(rf"[{g}'’]", "", digits).replace(decimal, ".")
            decimals = len(plain.partition(".")[2])
            whole = plain.partition(".")[0].lstrip("0")
            zeros = len(whole) - len(whole.rstrip("0")) if not decimals else 0
            return float(plain), decimals, max(0, min(zeros, len(whole) - 3))
    return float(re.sub(r"\D", "", digits)), 0, 0


def _unit(prefix: str, unit: str) -> str | None:
    for pattern, kind in _UNITS:
        if unit and pattern.search(unit):
            return kind
    return "money" if prefix else None


def unit_of(noun: str) -> str | None:
    """The kind of unit that a noun behind a number stands for; None for what is only counted."""
    return _unit("", noun)


def _currency(prefix: str, unit: str, locale: Locale) -> frozenset[str] | None:
    """The currency that the sign stands for; None where the text names none. `$` is the reader's own peso, else the dollar."""
    own = CURRENCY_OF[locale.country] if locale.country else "USD"
    for mark in (prefix.rstrip("$") or prefix, _EACH_OF.split(unit.removeprefix("de "))[0].strip()):
        if mark in _CURRENCIES:
            return frozenset({_CURRENCIES[mark]})
        if mark == "$":
            return frozenset({own if own in _PESOS else "USD"})
        if mark.startswith("peso"):
            return frozenset({own} if own in _PESOS else _PESOS)
    return None


def close(figure: Figure, value: float) -> bool:
    return abs(figure.value - value) <= figure.tolerance + 1e-9 * abs(value)
