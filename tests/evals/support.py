"""Records and output lines made by hand."""

from __future__ import annotations

from typing import Any

from evals.cases import Case
from evals.records import Record


def made(name: str = "a", *, right: bool = True, **changed: Any) -> Record:
    """A record that is right, or wrong in its routes; `values` adds to what it was scored on."""
    values = {"routes": float(right), "escalation": 1.0, "grounded": 1.0, "finished": 1.0} | changed.pop("values", {})
    body: dict[str, Any] = {
        "id": name, "cluster": name, "epoch": 1, "lang": "es", "country": "CO", "routes_expected": ("roi",),
        "routes_found": ("roi",), "tags": (), "twin": None, "paraphrase_of": None, "never": False, "escalate": False,
        "escalated": False, "confidence": 0.9, "routing_confidence": 0.9, "ms": 10.0, "tokens": 0.0, "cost": 0.0,
        "values": values, "counts": {},
    }
    return Record(**(body | changed))


def turn(**changed: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "text": "hola", "answer": "Hola, ¿en qué le ayudo?", "routes": ["none"], "escalated": False, "case_reason": None,
        "slots": {}, "confidence": 0.9, "routing_confidence": 0.8, "language": "es", "locale": "es-CO", "facts": [],
        "citations": [], "tool_calls": [], "ms": 12, "tokens": 3, "cost": 0.5, "status": "finished", "error": None,
    }
    return body | changed


def case(**changed: Any) -> Case:
    expect = {"routes": ["none"]} | changed.pop("expect", {})
    return Case.model_validate({"id": "c", "lang": "es", "turns": ["hola"], "expect": expect} | changed)
