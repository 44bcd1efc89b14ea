"""Small grammar shared by adverts, projects and documents: contractions, articles of place names, lists, capitals.

Names of places are stored as a Spanish speaker says them ("el Parque de la 93"), so Spanish contracts "de el" and
English drops the article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.locale import Language

_CONTRACTION = re.compile(r"\b([Dd]e|[Aa]) el (?=\S)")
_ARTICLE = re.compile(r"^(el|la|los|las) ")
_SPACES = re.compile(r"[ \t]{2,}")


def contract(text: str, language: Language) -> str:
    """`cerca de el Parque` -> `cerca del Parque`; an article that is part of a name (`El Poblado`) stays."""
    text = _SPACES.sub(" ", text).strip()
    if language == "es":
        text = _CONTRACTION.sub(r"\1l ", text)
    return text


def landmark(name: str, language: Language) -> str:
    """A place name inside a sentence: `la plaza de Bolívar` in Spanish, `Plaza de Bolívar` in English."""
    return capital(_ARTICLE.sub("", name)) if language == "en" else name


def capital(text: str) -> str:
    """First letter upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


def listing_of(items: Sequence[str], language: Language) -> str:
    """`a, b y c` / `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {'y' if language == 'es' else 'and'} {items[-1]}"
