"""What the market's specialist reads from a question, and what it searches with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agents.market_research import _ceiling, _radius


def known(question: str = "", **slots: Any) -> Any:
    return SimpleNamespace(brief=SimpleNamespace(question=question), slots=slots, first=lambda step: None)


@pytest.mark.parametrize(("question", "km"), [
    ("¿Qué compite a 500 metros de Torre Alba?", 0.5), ("What competes within 1.5 km?", 1.5), ("a 2 kilómetros", 2.0),
    ("a 1,5 Km", 1.5), ("a 1.500 metros", 1.5), ("within 1,500 m", 1.5), ("a unos 2-3 km", 3.0), ("a -2 km", -2.0),
    ("¿Qué competencia tiene un piso de 80 metros cuadrados?", None),
    ("¿Qué competencia tiene un piso de 80 metros cuadrados a 2 km a la redonda?", 2.0), ("un piso de 80 m²", None),
])
def test_a_floor_area_is_no_distance(question: str, km: float | None) -> None:
    assert _radius(known(question)) == km


def test_a_budget_that_was_not_converted_limits_nothing() -> None:
    assert _ceiling(known(country="CO", currency="USD", budget_max=150_000)) is None
    assert _ceiling(known(country="CO", currency="COP", budget_max=400_000_000)) == 400_000_000
