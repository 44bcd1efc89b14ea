"""Words for people, from the data files in `prompts/`: regional vocabulary, and what figures are called.

`prompts` is data that every room may read; a Spanish speaker extends the files without touching code.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from core.data_files import read
from core.locale import Locale

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"


@lru_cache(maxsize=4)
def _table(name: str) -> dict[str, dict[str, str]]:
    return read(PROMPTS / f"{name}.toml", dict[str, dict[str, str]])


def word(name: str, locale: Locale) -> str:
    """A regional word: `word("rent", es-MX)` -> "renta". Unknown names are returned as they are."""
    entry = _table("vocabulary").get(name)
    if entry is None:
        return name.replace("_", " ")
    return entry["en"] if locale.language == "en" else entry[locale.country or "CO"]


def label(key: str, locale: Locale) -> str:
    """What a figure is called (`gross_yield` -> "rentabilidad bruta anual")."""
    entry = _table("labels").get(key)
    if entry is None:
        return key.replace("_", " ")
    return entry.get(locale.country or "", entry[locale.language])


def meaning(term: str, locale: Locale) -> str:
    """What a term of the glossary means, in the reader's language. Raises `KeyError` for a term it does not have."""
    return _table("glossary")[term][locale.language]


def consent(name: str) -> dict[str, str]:
    """What people agree to: `version`, and the text in `es` and `en`."""
    return dict(_table("consent")[name])


def glossary_names() -> dict[tuple[str, ...], tuple[str, str]]:
    """Each way a term is written, as words without accents, with the term and the specialist that explains it."""
    return {
        tuple(name.split()): (term, entry["route"])
        for term, entry in _table("glossary").items() for name in entry["names"].split("|")
    }
