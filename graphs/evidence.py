"""From tools' artifacts to facts, and to what pages draw: formatted cards, tables, charts and citations.

The investor's own figures are facts too: their source is the message they were written in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.rendering import figure, when
from core.facts import Fact, Source, Unit
from core.locale import Locale
from core.words import label, word
from graphs.state import Finding

_KINDS: dict[str, Unit] = {
    "money": "money", "area": "m2", "percent": "percent", "rate": "percent", "years": "years", "months": "months",
    "count": "count", "year": "year", "other": "count",
}
_SLOT_UNITS: dict[str, Unit] = {
    "price": "money", "budget_max": "money", "budget_min": "money", "monthly_rent": "money", "loan_amount": "money",
    "area_m2": "m2", "down_payment_pct": "percent", "rate_pct": "percent", "term_years": "years",
    "horizon_years": "years", "bedrooms": "count", "bathrooms": "count",
}


def artifacts_of(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [artifact for finding in findings for artifact in finding["artifacts"]]


def facts_of(artifacts: Iterable[Mapping[str, Any]]) -> list[Fact]:
    found: dict[str, Fact] = {}
    for artifact in artifacts:
        for body in artifact.get("facts") or ():
            fact = Fact.from_dict(body)
            found[fact.id] = fact
    return list(found.values())


def stated_facts(understanding: Mapping[str, Any], message_id: str) -> list[Fact]:
    """What the investor said, in this message or earlier in the conversation."""
    source = Source("user", message_id, "")
    slots = understanding["slots"]
    currency = slots.get("currency") if isinstance(slots.get("currency"), str) else None
    facts = [
        Fact(
            q["role"] or "stated", float(q["value"]), _KINDS[q["kind"]], source,
            currency=(q["currency"] or currency) if q["kind"] == "money" else None,
        )
        for q in understanding["quantities"]
        if q["kind"] in _KINDS
    ]
    for name, unit in _SLOT_UNITS.items():
        values = slots.get(name)
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                facts.append(
                    Fact(name, float(value), unit, source, currency=currency if unit == "money" else None)
                )
    down = slots.get("down_payment_pct")
    if isinstance(down, (int, float)):  # whoever pays 30 % down has said that 70 % is financed
        facts.append(Fact("financed_pct", 100.0 - down, "percent", source))
    return list({fact.id: fact for fact in facts}.values())


def presentable(artifacts: Sequence[Mapping[str, Any]], facts: Sequence[Fact], locale: Locale) -> dict[str, Any]:
    """What goes beside the text, with every figure formatted; `references` are the listings in the order shown."""
    book = {fact.id: fact for fact in facts}

    def shown(ref: Any) -> str | None:
        if isinstance(ref, str) and ref in book:
            return figure(book[ref], locale)
        return None if ref is None else str(ref)

    def rooms(ref: Any) -> str | None:
        """ "2 alcobas", "2 habitaciones", "2 recámaras": a number alone would not say what it counts."""
        count = shown(ref)
        return count and f"{count} {word('bedroom' if count == '1' else 'bedrooms', locale)}"

    cards: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for artifact in artifacts:
        for card in artifact.get("cards") or ():
            key = (card["kind"], str(card["id"]))
            if key in seen:
                continue
            seen.add(key)
            cards.append(
                {
                    **card,
                    "position": len(cards) + 1,
                    "price": shown(card.get("price")),
                    "price_per_m2": shown(card.get("price_per_m2")),
                    "area": shown(card.get("area")),
                    "bedrooms": rooms(card.get("bedrooms")),
                    "features": [label(f"feature_{name}", locale) for name in card.get("features") or ()],
                    "type": word(card["property_type"], locale) if card.get("property_type") else None,
                    "observed_on": when(card.get("observed_on"), locale),
                }
            )
    tables = [
        {**table, "rows": [{k: shown(v) for k, v in row.items()} for row in table["rows"]]}
        for artifact in artifacts
        for table in artifact.get("tables") or ()
    ]
    charts = [_chart(chart, book, locale) for artifact in artifacts for chart in artifact.get("charts") or ()]
    citations: dict[int, dict[str, Any]] = {}
    for artifact in artifacts:
        for citation in artifact.get("citations") or ():
            found = citations.setdefault(citation["n"], dict(citation))
            if citation["passage"] not in found["passage"]:  # other sentences of the same document
                found["passage"] += f" […] {citation['passage']}"
    return {
        "cards": cards,
        "tables": tables,
        "charts": charts,
        "citations": [citations[n] for n in sorted(citations)],
        "consent": next((c for a in artifacts if (c := (a.get("data") or {}).get("consent_request"))), None),
        "references": [{"id": c["id"], "title": c["title"], "kind": c["kind"]} for c in cards],
    }


def _chart(chart: Mapping[str, Any], book: Mapping[str, Fact], locale: Locale) -> dict[str, Any]:
    """Points given as fact ids become numbers with a label."""
    series = []
    for line in chart["series"]:
        points = [
            {"x": figure(book[p["x"]], locale) if p["x"] in book else p["x"], "y": book[p["y"]].value,
             "label": figure(book[p["y"]], locale)}
            for p in line["points"]
        ]
        band = [
            {"x": p["x"], "low": book[p["y"]].low, "high": book[p["y"]].high}
            for p in line["points"]
            if book[p["y"]].low is not None
        ]
        series.append({"name": line["name"], "points": points, **({"band": band} if band else {})})
    title = ", ".join(part for part in (label(chart["label"], locale), chart["region"]) if part)
    unit = chart["unit"].replace("EUR", "€").replace("m2", "m²")
    return {"kind": chart["kind"], "title": title, "unit": unit, "series": series}
