"""What a conversation knows after a message that no specialist answered.

What such a message tells (a place, a kind, figures, a name) is known in the next turn all the same. Only three leave
everything as it was: an attempt to give orders, one that tells nothing ("gracias"), and a question about something else that
merely names another place than the one spoken of ("¿qué tiempo hace en Cancún?").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import tokenise

_ASKING, _BEFORE_ASKING = words("asking_openers"), words("before_asking")
_PLACE = frozenset({"country", "city", "neighbourhood", "currency"})
_KNOWN_PLACE = ("city", "neighbourhood")


def slots_next(understood: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The slots of the next turn, from those understood now and those of the turn before."""
    kind = understood.get("small_talk")
    if kind and (understood["injection"] or not _tells(understood) or _asks_elsewhere(understood, kind, before)):
        return dict(before)
    return dict(understood["slots"])


def _tells(understood: Mapping[str, Any]) -> bool:
    refused = any(key.startswith("refused") for key in understood["request"])
    return bool(understood["turn_slots"] or understood["quantities"] or refused)


def _asks_elsewhere(understood: Mapping[str, Any], kind: str, before: Mapping[str, Any]) -> bool:
    placed = any(before.get(slot) for slot in _KNOWN_PLACE)
    return kind == "out_of_scope" and placed and understood["turn_slots"].keys() <= _PLACE and _is_question(understood["text"])


def _is_question(text: str) -> bool:
    first = next((t.text for t in tokenise(text) if t.text not in _BEFORE_ASKING), "")
    return "?" in text or first in _ASKING
