"""Locales, number and money formats. One place decides how a figure looks; grounding reads the same tables.

1.234,56 in Spain and Colombia; 1,234.56 in Mexico and in English. Money always carries its currency: a symbol where
the locale's country uses it, else the ISO code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Language = Literal["es", "en"]
Country = Literal["CO", "ES", "MX"]
LocaleCode = Literal["es-CO", "es-ES", "es-MX", "en"]
Currency = Literal["COP", "EUR", "MXN", "USD"]

COUNTRIES: tuple[Country, ...] = ("CO", "ES", "MX")
CURRENCY_OF: dict[str, Currency] = {"CO": "COP", "ES": "EUR", "MX": "MXN"}
COUNTRY_NAMES: dict[str, dict[Language, str]] = {
    "CO": {"es": "Colombia", "en": "Colombia"},
    "ES": {"es": "España", "en": "Spain"},
    "MX": {"es": "México", "en": "Mexico"},
}


def country_name(code: str | None, language: Language) -> str:
    """`MX` -> "México" / "Mexico"; "" for none, the code itself where it is not one of the markets."""
    return COUNTRY_NAMES.get(code, {}).get(language, code) if code else ""


#: Digits after the separator for amounts of this currency.
DECIMALS: dict[str, int] = {"COP": 0, "EUR": 0, "MXN": 0, "USD": 0}

_MONTHS: dict[Language, tuple[str, ...]] = {
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
}


@dataclass(frozen=True, slots=True)
class Locale:
    """How to write for one reader."""

    code: LocaleCode
    language: Language
    country: Country | None
    decimal: str
    group: str


LOCALES: dict[str, Locale] = {
    "es-CO": Locale("es-CO", "es", "CO", ",", "."),
    "es-ES": Locale("es-ES", "es", "ES", ",", "."),
    "es-MX": Locale("es-MX", "es", "MX", ".", ","),
    "en": Locale("en", "en", None, ".", ","),
}


def locale_for(language: Language, country: str | None) -> Locale:
    """English is one locale; Spanish follows the country of the question, Colombia where nothing tells."""
    if language == "en":
        return LOCALES["en"]
    return LOCALES.get(f"es-{country}", LOCALES["es-CO"])


def number(value: float, locale: Locale, decimals: int = 0) -> str:
    """`1234.5` -> "1.234,50" (es-ES, two decimals). Halves round away from zero, as people do."""
    from decimal import ROUND_HALF_UP, Decimal

    quantum = Decimal(1).scaleb(-decimals)
    text = f"{Decimal(repr(float(value))).quantize(quantum, rounding=ROUND_HALF_UP):,f}"
    if text.startswith("-") and not text.strip("-0,."):
        text = text[1:]
    return text.replace(",", "\0").replace(".", locale.decimal).replace("\0", locale.group)


def percent(value: float, locale: Locale, decimals: int = 2) -> str:
    """`6.13` -> "6,13 %" (a no-break space before the sign, in both languages)."""
    return f"{number(value, locale, decimals)}\u00a0%"


def money(value: float, currency: str | None, locale: Locale, decimals: int | None = None) -> str:
    """An amount with its currency: `$450.000.000` to a Colombian, `COP 450,000,000` in English."""
    places = DECIMALS.get(currency or "", 0) if decimals is None else decimals
    sign = "-" if value < 0 else ""
    body = number(abs(value), locale, places)
    if currency is None:
        return sign + body
    if currency == "EUR":
        return f"{sign}€{body}" if locale.language == "en" else f"{sign}{body}\u00a0€"
    if locale.country is not None and CURRENCY_OF[locale.country] == currency:
        return f"{sign}${body}"
    return f"{sign}{currency}\u00a0{body}"


def day(value: date, locale: Locale) -> str:
    """`2024-03-05` -> "5 de marzo de 2024" / "5 March 2024"."""
    name = _MONTHS[locale.language][value.month - 1]
    return f"{value.day} de {name} de {value.year}" if locale.language == "es" else f"{value.day} {name} {value.year}"


def month(value: date, locale: Locale) -> str:
    """`2024-03-01` -> "marzo de 2024" / "March 2024"."""
    name = _MONTHS[locale.language][value.month - 1]
    return f"{name} de {value.year}" if locale.language == "es" else f"{name} {value.year}"
