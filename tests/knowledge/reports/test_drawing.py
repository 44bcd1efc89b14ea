"""Charts as files: the three kinds, both languages' numbers, the same bytes for the same chart, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from core.errors import BadInput, Unavailable
from core.locale import LOCALES
from knowledge.reports.drawing import draw


def point(x: str, y: float) -> dict[str, Any]:
    return {"x": x, "y": y, "label": ""}


FAN = {"kind": "line", "title": "precio por m², Valencia", "unit": "€/m²", "series": [
    {"name": "observado", "points": [point("2025-01-01", 2100.0), point("2026-01-01", 2250.0)]},
    {"name": "pronóstico", "points": [point("2026-01-01", 2250.0), point("2027-01-01", 2400.0)],
     "band": [{"x": "2026-01-01", "low": 2250.0, "high": 2250.0}, {"x": "2027-01-01", "low": 2200.0, "high": 2600.0}]}]}
FLOWS = {"kind": "columns", "title": "flujo de caja por año", "unit": "EUR", "series": [
    {"name": "flujo de caja", "points": [point(str(year), 1500.0 * year - 4000) for year in range(1, 9)]}]}
TORNADO = {"kind": "ranges", "title": "de qué depende la TIR", "unit": "%", "series": [
    {"name": "TIR", "points": [point(name, 6.4) for name in ("valorización", "arriendo", "vacancia")],
     "band": [{"x": "valorización", "low": -1.25, "high": 12.5}, {"x": "arriendo", "low": 4.0, "high": 8.1},
              {"x": "vacancia", "low": 5.9, "high": 6.6}]}]}


def words(file: Path) -> str:
    return " ".join(ElementTree.parse(file).getroot().itertext())


@pytest.mark.parametrize("chart", [FAN, FLOWS, TORNADO], ids=["fan", "flows", "tornado"])
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_every_kind_is_written_in_both_formats(tmp_path: Path, chart: dict[str, Any], ending: str) -> None:
    file = draw(chart, LOCALES["es-ES"], tmp_path / f"chart.{ending}")
    assert file.read_bytes().startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    again = draw(chart, LOCALES["es-ES"], tmp_path / f"again.{ending}")
    assert file.read_bytes() == again.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_titles_names_and_numbers_are_the_readers(tmp_path: Path) -> None:
    here = words(draw(TORNADO, LOCALES["es-CO"], tmp_path / "es.svg"))
    assert "De qué depende la TIR (%)" in here
    assert "valorización" in here
    assert "12,5" in here
    assert "12.5" in words(draw(TORNADO, LOCALES["en"], tmp_path / "en.svg"))
    assert "2.400" in words(draw(FAN, LOCALES["es-ES"], tmp_path / "fan.svg"))


@pytest.mark.parametrize(("chart", "name"), [
    (FAN, "chart.pdf"), ({"kind": "pie", "series": FAN["series"]}, "chart.svg"), ({"kind": "line", "series": []}, "chart.svg"),
    ({"kind": "columns", "series": [{"name": "a", "points": []}]}, "chart.png"),
])
def test_what_cannot_be_drawn_is_said_in_both_languages(tmp_path: Path, chart: dict[str, Any], name: str) -> None:
    with pytest.raises(BadInput) as caught:
        draw(chart, LOCALES["en"], tmp_path / name)
    assert "se espera" in caught.value.es
    assert "expected" in caught.value.en


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="could not be written"):
        draw(FAN, LOCALES["en"], tmp_path / "none" / "chart.svg")
