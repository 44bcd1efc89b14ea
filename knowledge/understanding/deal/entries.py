"""Writes figures into what is known of a return: each to its entry, costs under their names, nights as a year's rent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.finance.assumptions import cost_kind
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.settle import ENTRIES, FLOWS

#: Figures that a new one of a role takes the place of.
_INSTEAD = {
    "own": ("own_added",),
    "financed": ("down_pct", "loan"),
    "down": ("financed_pct", "loan"),
    "loan": ("financed_pct", "down_pct"),
    "price": ("cut_pct",),
    "rate": ("new_rate",),
}
#: A cost paid once that is told again is at most this many times larger or smaller.
_SAME_COST = 1.5


def tell(deal: Mapping[str, Any], figures: Sequence[Figure], rooms: int | None = None) -> dict[str, Any]:
    """What is known of one option after its figures; `rooms`: how many of them are let at the rent of each."""
    after = dict(deal)
    for figure in figures:
        enter(after, figure)
    if rooms and (after.get("rent") or {}).get("each"):
        after["rooms"] = after["let"] = rooms
    fill_nights(after)
    return {k: v for k, v in after.items() if v not in (None, [], {})}


def enter(deal: dict[str, Any], figure: Figure) -> None:
    role = figure.role
    if figure.value == 0 and figure.kind == "money":
        return
    if role in ENTRIES:
        deal[ENTRIES[role]] = figure.value / 12 if role == "instalment" and figure.period == "year" else figure.value
        if role in ("price", "own"):
            deal["currency"] = figure.currency or deal.get("currency")
        if role == "rate":
            deal["rate_period"] = figure.period
        for other in _INSTEAD.get(role, ()):
            deal[other] = None
    elif role == "vacancy_months":
        deal["vacancy_pct"] = 100 * figure.value / 12
    elif role == "occupancy":
        deal["vacancy_pct"] = 100 - figure.value
    elif role == "target":
        again = deal.get("target_net") and deal.get("target_pct") == figure.value  # "busco 8 % neto … para ese 8 %"
        deal["target_pct"], deal["target_net"] = figure.value, figure.net or bool(again)
        deal["target_month"] = True if figure.period == "month" else None
    elif role in ("rent", "each"):
        _enter_income(deal, figure)
    elif role == "night_cost":
        _listed(deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": "night"})
    elif role == "cost":
        _listed(
            deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": figure.period or "year"}
        )
    elif role == "price_cost":
        _listed(
            deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": "year", "of": "price"}
        )
    elif role == "rent_cost":
        _listed(deal, "costs", {"label": figure.label or "-", "amount": figure.value, "period": "year", "of": "rent"})
    elif role == "once":
        entry: dict[str, Any] = {"label": figure.label or "-", "amount": figure.value}
        if figure.kind == "percent":
            entry["of"] = "price"
        if figure.added:
            deal["own_added"] = True
        _listed(deal, "upfront", entry)
    elif role == "works":
        _listed(deal, "upfront", {"label": figure.label or "-", "amount": figure.value, "of": "price"})


def _enter_income(deal: dict[str, Any], figure: Figure) -> None:
    if len(figure.years) == 1 and figure.period is None:
        dated = [d for d in deal.get("dated") or () if d[0] != figure.years[0]]
        deal["dated"] = [*dated, [figure.years[0], figure.value]]
        return
    flows = bool(set(deal.get("asked") or ()) & FLOWS) and figure.period is None
    outlay = deal.get("own") or deal.get("price")
    large = bool(outlay) and 12 * figure.value > 0.2 * float(outlay or 0)
    yearly = figure.period == "year" or (flows and (figure.role == "each" or len(figure.years) > 1 or large))
    income: dict[str, Any] = {"amount": figure.value, "period": "year" if yearly else "month", "net": figure.net}
    if figure.currency:
        income["currency"] = figure.currency
    if figure.each and not flows:
        income["each"] = True
    deal["rent"] = income


def _listed(deal: dict[str, Any], key: str, entry: dict[str, Any]) -> None:
    """A cost replaces the one of the same name."""
    same = entry["label"].lower()
    deal[key] = [e for e in deal.get(key) or () if e["label"].lower() != same or same == "-"] + [entry]


def fill_nights(deal: dict[str, Any]) -> None:
    """Nights let, or the share of the year that they are, at their price make the year's rent."""
    if deal.get("nightly") and not deal.get("nights") and deal.get("vacancy_pct"):
        deal["nights"], deal["vacancy_pct"] = round(365 * (1 - deal["vacancy_pct"] / 100), 4), None
    if deal.get("nightly") and deal.get("nights"):
        deal["rent"] = {"amount": deal["nights"] * deal["nightly"], "period": "year", "net": False, "nights": True}


def name_as_before(figures: Sequence[Figure], deal: Mapping[str, Any], *, supposing: bool) -> None:
    """ "sorry, the fee is 280k" after "the building fee, 310k", "make the reno 420k": a cost told again by a part of its name,
    or, paid once, by its size, is the one told before; `supposing` it were another, by its kind ("what if the community fee is
    210" after "comunidad 150")."""
    for figure in figures:
        if figure.role not in ("cost", "once") or figure.kind != "money":
            continue
        key = "costs" if figure.role == "cost" else "upfront"
        told = [e for e in deal.get(key) or () if not e.get("of")]
        named = set(figure.label.lower().split()) - {"-"}
        alike = [e for e in told if named and named < set(str(e["label"]).lower().split())]
        if key == "upfront" and not alike and not any(named & set(str(e["label"]).lower().split()) for e in told):
            alike = [e for e in told if 1 / _SAME_COST < figure.value / float(e["amount"] or 1) < _SAME_COST]
        if supposing and key == "costs" and not alike and (kind := cost_kind(figure.label)):
            alike = [e for e in told if cost_kind(str(e["label"])) == kind]
        if len(alike) == 1 and figure.value != alike[0]["amount"]:
            if alike[0]["label"] == "-":
                deal[key].remove(alike[0])
            else:
                figure.label = str(alike[0]["label"])


def name_apart(figures: Sequence[Figure]) -> None:
    """Two costs of one message that got the same name are two: the later goes without."""
    told: dict[tuple[str, str], float] = {}
    for figure in figures:
        named = figure.role in ("cost", "once")
        if named and told.setdefault((figure.role, figure.label.lower()), figure.value) != figure.value:
            figure.label = "-"
