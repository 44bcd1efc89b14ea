"""Questions about what a word means: "¿qué es el cap rate?", "what does LTV mean?"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from core.words import glossary_names
from knowledge.understanding.lexicon import lexicon, phrases
from knowledge.understanding.tokens import Token, words_at

_OPENERS, _CLOSERS = phrases("asks_meaning"), frozenset(phrases("asks_meaning_after"))
_BEHIND = frozenset(phrases("asks_meaning_behind"))
#: A longer message asks for more than a meaning.
LONGEST = 14


@lru_cache(maxsize=1)
def _names() -> dict[tuple[str, ...], tuple[str, str]]:
    return glossary_names()


def asked_term(tokens: Sequence[Token]) -> tuple[str, str] | None:
    """(term, route) where the message asks what a term of the glossary means, and nothing else."""
    words = list(tokens)
    if len(words) > LONGEST or any(t.kind == "num" for t in words):
        return None
    for at in range(len(words)):
        for opener in _OPENERS:
            if words_at(words, at, len(opener)) != opener:
                continue
            start = at + len(opener)
            if opener[0] == "what" and words_at(words, start, 1) == ("the",):
                continue  # "what's the gross yield?" asks for the figure
            while start < len(words) and words[start].text in lexicon().articles | {"un", "una", "a", "an", "por"}:
                start += 1
            for end in range(len(words), start, -1):
                found = _names().get(tuple(t.text for t in words[start:end]))
                rest = tuple(t.text for t in words[end:])
                if found and (not rest or rest in _CLOSERS):
                    return found
    return _named_first(words)


def _named_first(words: list[Token]) -> tuple[str, str] | None:
    """The term where the question follows it: "crédito UVR, ¿cómo funciona?"."""
    start = 1 if words and words[0].text in lexicon().articles | {"un", "una", "a", "an"} else 0
    for end in range(len(words) - 1, start, -1):
        found = _names().get(tuple(t.text for t in words[start:end]))
        if found and tuple(t.text for t in words[end:]) in _BEHIND:
            return found
    return None
