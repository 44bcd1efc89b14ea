"""What a tool hands back: refusals in both languages that may be shown, and charts that every page draws alike."""

from __future__ import annotations

import subprocess
import sys

from core.errors import BadInput
from tools.result import ToolResult


def test_a_refusal_is_a_sentence_in_both_languages_and_a_gap() -> None:
    result = ToolResult()
    result.refuse(BadInput("The price is -5; expected more. Correct it.", "El precio es -5; se esperaba más. Corríjalo."))
    assert result.data["problem"] == {
        "code": "bad_input", "en": "The price is -5; expected more", "es": "El precio es -5; se esperaba más"}
    assert {f.value for f in result.facts.values()} == {result.data["problem"][language] for language in ("es", "en")}
    assert result.gaps[0]["code"] == "bad_input"


def test_a_refusal_may_be_told_by_a_code_of_its_own_with_the_facts_it_is_about() -> None:
    result = ToolResult()
    result.refuse(BadInput("Too much.", "Demasiado."), "rent_not_below_price", price="f1")
    assert result.data["problem"]["code"] == "rent_not_below_price"
    assert result.data["problem"]["price"] == "f1"


def test_a_chart_without_points_is_none() -> None:
    result = ToolResult()
    result.draw("columns", "chart_irr", "%", {"Futures": []})
    assert result.charts == []
    result.draw("line", "series_price", "EUR", {"So far": [{"x": "2025-01-01", "y": "f1"}], "Ahead": []}, "Madrid")
    assert result.charts == [{
        "kind": "line", "label": "series_price", "region": "Madrid", "unit": "EUR",
        "series": [{"name": "So far", "points": [{"x": "2025-01-01", "y": "f1"}]}, {"name": "Ahead", "points": []}],
    }]


def test_no_specialist_brings_heavy_libraries_along() -> None:
    """A plain message waits for none of them: they are imported where something is trained, drawn, or read from a file."""
    code = (
        "import sys, graphs.runner, cli.talk, agents.roi, agents.market_research, agents.price_prediction, agents.comparison;"
        "heavy = ('matplotlib', 'statsmodels', 'lightgbm', 'scipy', 'sklearn', 'pandas', 'llama_index', 'chromadb');"
        "print([name for name in heavy if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
