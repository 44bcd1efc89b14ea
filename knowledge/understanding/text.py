"""Folding and slugs: the one way names are compared across Spanish and English spellings."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def strip_accents(text: str) -> str:
    """`Bogotá` -> `Bogota`; keeps case and everything else (ñ becomes n)."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def fold(text: str) -> str:
    """`Vila de Gràcia (BCN)` -> `vila de gracia bcn`."""
    return _NOT_WORD.sub(" ", strip_accents(text).lower()).strip()


def slug(text: str) -> str:
    """`Vila de Gràcia` -> `vila-de-gracia`."""
    return fold(text).replace(" ", "-")
