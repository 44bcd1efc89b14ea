"""What a message asks of the memory between conversations, and preferences that no slot holds (`data/memory.toml`).

Words alone decide, and whole sentences of them: nothing here is trained, and a message that holds no such sentence is read as
before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.data_files import read
from knowledge.understanding.cues import CueBook
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.stream import acceptance
from knowledge.understanding.tokens import Token, normalise, tokenise

Kind = Literal["remember", "recall", "forget", "granted", "refused"]
_KINDS: tuple[Kind, ...] = ("forget", "recall", "remember")
#: Words beside such a sentence that ask for nothing.
_POLITE = frozenset({"hola", "buenas", "hello", "hi", "hey", "gracias", "thanks", "ok", "vale", "listo", "perfecto", "bueno"})


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """What is asked; `alone`: the message says nothing else."""

    kind: Kind
    alone: bool


@lru_cache(maxsize=1)
def _books() -> dict[str, dict[str, CueBook]]:
    raw = read(DATA / "memory.toml", dict[str, dict[str, str]])
    return {section: {name: CueBook([f"{name};1;;{' '.join(text.split())}"]) for name, text in entries.items()}
            for section, entries in raw.items()}


def memory_request(text: str, *, asked: bool = False) -> MemoryRequest | None:
    """`asked`: the message may answer our question for consent; only a clear yes or no does."""
    tokens = tokenise(normalise(text))
    answer = acceptance(tokens) if asked else None
    while tokens and tokens[0].text in _POLITE:
        tokens = tokens[1:]
    found = {kind: hits for kind in _KINDS if (hits := _books()["asked"][kind].hits(tokens, every=True))}
    if {"recall", "remember"} <= found.keys():  # "¿recuerda mis preferencias?" asks, without its marks it tells
        found.pop("remember" if "?" in text else "recall")
    for kind, hits in found.items():
        covered = {at for hit in hits for at in range(hit.start, hit.end)}
        return MemoryRequest(kind, all(at in covered or t.text in _POLITE for at, t in enumerate(tokens)))
    return None if answer is None else MemoryRequest("granted" if answer else "refused", True)


def risk_appetite(tokens: list[Token]) -> str | None:
    """`low`, `medium` or `high`, where the investor says which."""
    return next((name for name, book in _books()["risk"].items() if book.hits(tokens, every=True)), None)


def speaks_of_horizon(tokens: list[Token]) -> bool:
    return bool(_books()["horizon"]["said"].hits(tokens, every=True))


def asks_a_count(tokens: list[Token]) -> bool:
    return bool(_books()["counting"]["asked"].hits(tokens, every=True))
