"""The options that a message sets side by side, and the records that later messages come back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.message import Message
from knowledge.understanding.options import FIGURES, remember

#: Entries of the request that are a property's own.
OF_ONE = frozenset({"costs", "purchase_costs", "annual_rent", "net_rent", "nightly_rent", "vacancy_pct"})


def of_all(message: Message) -> list[Amount]:
    """The figures that no single option has for its own."""
    return [a for a in message.amounts if message.told.owners.get(a.first) is None]


def were_options(known: Mapping[str, Any]) -> bool:
    """Whether the turn before was about several options with figures of their own."""
    return any(set(FIGURES) & o.keys() for o in (known.get("_request") or {}).get("options") or ())


def chosen_options(message: Message, comparing: bool, fresh: bool, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records that are now set side by side: those the message told, or earlier ones that it asks about."""
    told, marks = message.told, message.marks
    if told.several:
        return told.records
    if len(told.records) < 2 or fresh or (message.moved and not told.touched and len(message.about) > 1):
        return []
    if not (were_options(known) or marks.all or ((comparing or marks.asks) and not message.moved)):
        return []
    return told.records[-marks.all :] if marks.all else told.records


def routes_beside(routes: tuple[str, ...], message: Message, options: list[dict[str, Any]]) -> tuple[str, ...]:
    """Several options with figures of their own are a comparison, also where their yields or payments are asked; one thing
    with a choice of terms ("a 20 o a 30 años") is not."""
    own = [option.keys() & {"mark", "name", "city", "neighbourhood", "price", "monthly_rent"} for option in options]
    alike = all(len({str(o.get(key)) for o in options}) == 1 for key in ("mark", "name", "city", "price", "monthly_rent"))
    if alike or not all(own):
        return routes
    swallowed = {"roi", "comparison"} | ({"market_research", "price_prediction"} if message.told.several else set())
    swallowed |= {"none"} if message.marks.measured else set()
    kept = tuple(route for route in routes if route not in swallowed)
    return ("comparison", *kept) if len(kept) < len(routes) else routes


def remembered(message: Message, turn: Mapping[str, Any], wanted: Mapping[str, Any], fresh: bool) -> list[dict[str, Any]]:
    """The records that later messages may come back to."""
    told = message.told
    if told.several or (len(told.records) > 1 and wanted.get("options") and not fresh):
        return told.records
    names = (*FIGURES, "country", "city", "neighbourhood", "property_type", "currency")
    own = {name: turn[name] for name in names if turn.get(name) is not None}
    own |= {name: wanted[name] for name in OF_ONE if name in wanted and own}
    if wanted.get("deal"):
        own["deal"] = {k: v for k, v in wanted["deal"].items() if k not in ("asked", "turn", "spoken")}
    return remember(told.records, own, message.marks, fresh or message.another or _elsewhere(message, own))


def _elsewhere(message: Message, own: Mapping[str, Any]) -> bool:
    """Whether a price is told in another place than the last one, which was no slip."""
    last = message.told.records[-1] if message.told.records else {}
    moved = last.get("city") and own.get("city") and last["city"] != own["city"]
    return bool(moved and last.get("price") and own.get("price")) and message.said.correction_at is None
