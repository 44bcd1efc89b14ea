"""What one message says, as slots, and whether it speaks of another property than before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.understanding import intent, mentions, slots
from knowledge.understanding.lexicon import words
from knowledge.understanding.message import Message
from knowledge.understanding.place_slots import added, exchanged, place_slots, with_earlier

_GOING_ON = words("going_on")


def turn_slots(
    message: Message,
    meant: intent.Intent,
    says: set[tuple[str, str]],
    known: Mapping[str, Any],
    open_question: str | None,
) -> dict[str, Any]:
    """What this message says, as slots."""
    said, comparing = message.said, "comparison" in meant.routes
    turn = place_slots(message.about)
    permitting = open_question == "consent" and message.accepts is not None  # "yes, you can store it" is about no shop
    if said.types and not permitting:
        turn["property_type"] = said.types[0] if len(said.types) == 1 else list(said.types)
    if operation := _operation(message, meant, says):
        turn["operation"] = operation
    turn |= slots.figure_slots(message.tokens, message.amounts, comparing, said.correction_at)
    if "price_prediction" in meant.routes and "horizon_years" not in turn and (ahead := slots.years_ahead(message.tokens)):
        turn["horizon_years"] = ahead
        turn["_last"] = {"years": "horizon_years"} | turn.get("_last", {})
    turn |= slots.contact_slots(said, message.amounts)
    if said.features:
        turn["features"] = said.features
    if open_question == "consent" and message.accepts is not None:
        turn["consent"] = message.accepts
    short = 0 < len(message.tokens) <= 4 and all(t.kind == "word" for t in message.tokens)
    if open_question == "name" and "name" not in turn and short:
        turn["name"] = message.text.strip(" .!")
    turn |= exchanged(turn, known, message.refused)
    turn |= added(message.tokens, message.about, turn, known)
    if comparing or message.marks.beside:
        turn |= with_earlier(
            turn,
            known,
            message.moved or bool(said.references),
            message.marks.beside and (message.follow_up or mentions.points_back(message.tokens)),
            bool(message.marks.all),
        )
    if "neighbourhood" in turn and "city" not in turn and known.get("city"):
        turn["city"] = known["city"]
        turn.setdefault("country", known.get("country"))
    return turn


def uncovered(message: Message) -> tuple[str, ...]:
    """The places asked about that no market of ours has."""
    outside = [p for p in message.about if not p.covered]
    names = [p.city if p.level == "neighbourhood" else p.name for p in outside]
    return tuple(dict.fromkeys(name for name in names if name))


def _operation(message: Message, meant: intent.Intent, says: set[tuple[str, str]]) -> str | None:
    spoken = message.said.operation
    if "lead_qualification" in meant.routes:
        if ("operation", "sell") in says:
            return "rent" if spoken == "rent" else "sell"  # "quiero poner en arriendo mi apartamento"
        going_on = any(("wish", w) in says for w in ("offer", "reserve", "buy")) or any(
            t.text in _GOING_ON for t in message.tokens
        )
        if spoken != "rent" and (going_on or any(a.role == "budget_max" for a in message.amounts)):
            return "buy"
        if spoken == "sell":
            return "sell"
    sold = ("wish", "sell") in says or set(meant.routes) <= {"lead_qualification", "human", "none"}
    return spoken if spoken != "sell" or sold else None


def is_fresh(message: Message, meant: intent.Intent, turn: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the message is about another property than the one spoken of: a whole new question, type and place."""
    continues = message.follow_up or message.said.correction_at is not None or "comparison" in meant.routes
    placed = "city" in turn or "neighbourhood" in turn
    return bool(meant.own_cue and not continues and message.said.types and placed and "property_type" in known)
