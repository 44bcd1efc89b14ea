"""Options told before that are asked about as one: "por el primero pagué 88.000, por el segundo 92.500 … ¿la neta de los dos en
conjunto?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.figures.history import Past
from knowledge.understanding.figures.read import from_slots, to_slots

#: What options are told of, and is summed.
_SUMS = ("price", "value", "own", "loan")
_LISTS = ("costs", "upfront")


def as_one(known: Mapping[str, Any]) -> dict[str, Any]:
    """What was known (`Understanding.slots`) with its options put together; unchanged where one lacks what another has."""
    records = [r.get("deal") or {} for r in known.get("_told") or ()]
    deal = _whole(records, known)
    if len(records) < 2 or deal is None:
        return dict(known)
    past = from_slots(known.get("_figures"))
    one = Past([type(t)(t.role, t.value, t.kind, t.ago, 0) for t in past.told], [frozenset[str]().union(*past.names)])
    request = {k: v for k, v in (known.get("_request") or {}).items() if k not in ("options", "base")} | {"deal": deal}
    after = {k: v for k, v in known.items() if not (isinstance(v, list) and k in ("price", "monthly_rent", "area_m2"))}
    after |= {"_told": [], "_figures": to_slots(one), "_request": request}
    if deal.get("price"):
        after["price"] = deal["price"]
    if deal.get("rent", {}).get("period") == "month" and not deal["rent"].get("net"):
        after["monthly_rent"] = deal["rent"]["amount"]
    return after


def _whole(records: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> dict[str, Any] | None:
    """One return of all; None where their figures do not add up."""
    deal: dict[str, Any] = {}
    for name in _SUMS:
        held = [float(r[name]) for r in records if r.get(name)]
        if held and len(held) < len(records):
            return None
        if held:
            deal[name] = sum(held)
    rents = [r["rent"] for r in records if r.get("rent")]
    kinds = {(r["period"], r.get("net"), r.get("currency")) for r in rents}
    if len(kinds) > 1 or (rents and len(rents) < len(records)):
        return None
    if rents:
        deal["rent"] = {**rents[0], "amount": sum(float(r["amount"]) for r in rents)}
    shared = next((r["shared"].get("deal") or {} for r in known.get("_told") or () if r.get("shared")), {})
    for name in _LISTS:
        of_all = [dict(c) for c in shared.get(name) or ()]
        deal[name] = of_all + [dict(c) for r in records for c in r.get(name) or () if c not in of_all]
    currencies = {r["currency"] for r in records if r.get("currency")}
    if len(currencies) > 1:
        return None
    before = ((known.get("_request") or {}).get("deal") or {}, *records)
    asked: list[str] = next((list(r["asked"]) for r in before if r.get("asked")), [])
    return {k: v for k, v in {**deal, "currency": next(iter(currencies), None), "asked": asked}.items() if v not in (None, [])}
