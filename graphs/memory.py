"""What a conversation knows after a message that no specialist answered.

What such a message tells (a place, a kind, figures, a name) is known in the next turn all the same. Only three leave
everything as it was: an attempt to give orders, one that tells nothing ("gracias"), and a question about something else that
merely names another place than the one spoken of ("¿qué tiempo hace en Cancún?").

`recalled` makes the memory of a conversation that was held elsewhere from its user's words alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import tokenise
from knowledge.understanding.understand import PlaceIndex, Understanding, understand

_ASKING, _BEFORE_ASKING = words("asking_openers"), words("before_asking")
_PLACE = frozenset({"country", "city", "neighbourhood", "currency"})
_KNOWN_PLACE = ("city", "neighbourhood")


def slots_next(understood: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The slots of the next turn, from those understood now and those of the turn before."""
    kind = understood.get("small_talk")
    if kind and (understood["injection"] or not _tells(understood) or _asks_elsewhere(understood, kind, before)):
        return dict(before)
    return dict(understood["slots"])


def manner(found: Understanding, before: Mapping[str, Any]) -> dict[str, Any]:
    """The country and the register of the talk, from a message and what was known before it."""
    told = found.slots.get("country")
    country = told if isinstance(told, str) else found.request.get("dialect") or before.get("country")
    register = found.register if found.register != "unknown" else before.get("register") or "unknown"
    return {"country": country, "register": register}


def recalled(
    messages: Sequence[str], places: PlaceIndex, *, country: str | None = None, language: str | None = None
) -> dict[str, Any]:
    """What the graph remembers after these messages of one user, oldest first: slots, routes, language and manner.

    What was answered is no source: no listing is known to have been shown, no question to be open.
    """
    held: dict[str, Any] = {"slots": {}, "routes": [], "country": country, "language": language}
    for text in messages:
        found = understand(
            text, places=places, previous_slots=held["slots"], previous_routes=held["routes"],
            previous_language=held["language"], country_hint=held["country"],
        )
        routes = [route for route in found.routes if route not in ("none", "human")]
        held |= manner(found, held) | {
            "slots": slots_next(asdict(found), held["slots"]), "routes": routes or held["routes"],
            "language": found.answer_language,
        }
    return held


def _tells(understood: Mapping[str, Any]) -> bool:
    refused = any(key.startswith("refused") for key in understood["request"])
    return bool(understood["turn_slots"] or understood["quantities"] or refused)


def _asks_elsewhere(understood: Mapping[str, Any], kind: str, before: Mapping[str, Any]) -> bool:
    placed = any(before.get(slot) for slot in _KNOWN_PLACE)
    return kind == "out_of_scope" and placed and understood["turn_slots"].keys() <= _PLACE and _is_question(understood["text"])


def _is_question(text: str) -> bool:
    first = next((t.text for t in tokenise(text) if t.text not in _BEFORE_ASKING), "")
    return "?" in text or first in _ASKING
