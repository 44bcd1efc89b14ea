"""The report: nothing of an answer reaches the page as markup, nothing is fetched, what went wrong can be read."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Literal

import pytest

from evals.archive import figures
from evals.cases import Case, Expect, Number
from evals.charts import nice
from evals.gate import gate
from evals.records import Record, record
from evals.report import render

EVIL = "<script>alert(x)</script><img src=x onerror=alert(y)>\"'{{ run }}"


def case(name: str, **more: Any) -> Case:
    return Case(id=name, lang="es", turns=[f"pregunta {EVIL}"], expect=Expect(routes=["roi"], **more), tags=[EVIL])


def line(name: str, routes: tuple[str, ...] = ("roi",), **more: Any) -> dict[str, Any]:
    turn = {
        "text": f"pregunta {EVIL}", "answer": f"Sí. {EVIL}", "routes": list(routes), "escalated": False,
        "case_reason": None, "slots": {"price": 1.0}, "confidence": 0.8, "routing_confidence": 0.9, "language": "es",
        "locale": "es-ES", "facts": [], "citations": [], "tool_calls": [], "ms": 40, "tokens": 0, "cost": 0.0,
        "status": "finished", "error": None,
    }
    return {"id": name, "turns": [turn | more]}


CASES = [case("good"), case("lost", slots={"price": 9.0}, numbers=[Number(name="payment", value=1_000)]), case(EVIL)]
LINES = [line("good", answer="Sí."), line("lost"), line(EVIL, ("none",), status="failed", error="timeout")]


def report(language: Literal["es", "en"] = "es", baseline: bool = False) -> str:
    records = [found for c, given in zip(CASES, LINES, strict=True) if (found := record(c, given)) is not None]
    before: list[Record] = [record(c, line(c.id)) for c in CASES]  # type: ignore[misc]
    run = {
        "evaluation": "E-7", "name": EVIL, "brain": "builtin", "model": None, "cases_name": "c.jsonl", "case_count": 3,
        "epochs": 1, "created_at": datetime(2026, 1, 5, tzinfo=UTC), "summary": figures(records),
        "versions": {"ladrillo": "0.1.0", "commit": None, "data": {"digest": "abc"}},
    }
    return render(run, CASES, LINES, records, language, gate(before, records) if baseline else None)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_what_was_asked_and_answered_is_text_and_nothing_else() -> None:
    tags = parsed(report(baseline=True))
    assert {tag for tag, _ in tags.found}.isdisjoint({"script", "img", "link", "iframe", "object", "base", "form", "a"})
    for _, attributes in tags.found:
        assert not {name for name in attributes if name.startswith("on") or name in ("style", "src", "href")}
    assert tags.text.count("<script>alert(x)</script>") >= 3
    assert "{{ run }}" in tags.text


def test_the_page_forbids_all_but_its_own_style() -> None:
    page = report()
    [style] = re.findall(r"<style>(.*?)</style>", page, re.S)
    policy = next(a["content"] for tag, a in parsed(page).found if tag == "meta" and a.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_charts_are_well_formed_and_described() -> None:
    drawn = re.findall(r"<svg.*?</svg>", report(), re.S)
    assert len(drawn) == 2
    for picture in drawn:
        root = ElementTree.fromstring(picture)
        assert (root.get("role"), bool(root.get("aria-label"))) == ("img", True)
        for node in root.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert 0 <= float(node.get(name, 0)) <= 560
            for name in ("y", "y1", "y2", "cy"):
                assert 0 <= float(node.get(name, 0)) <= 300


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", ("Lo que no salió bien (2)", "no está en la respuesta", "No se mantiene la línea base", "33,3\u00a0%")),
        ("en", ("What was not right (2)", "not in the answer", "The baseline is not met", "33.3\u00a0%")),
    ],
)
def test_failures_say_what_was_expected_and_what_came(language: Literal["es", "en"], words: tuple[str, ...]) -> None:
    text = parsed(report(language, baseline=True)).text
    for said in words:
        assert said in text
    assert '{"price": 9.0}' in text
    assert '{"price": 1.0}' in text
    assert "payment = 1000" in text
    assert "failed timeout" in text


def test_a_run_without_expectations_still_has_a_page() -> None:
    run = {
        "evaluation": "E-1", "name": "n", "brain": "llm", "model": "m", "cases_name": "c", "case_count": 1, "epochs": 2,
        "created_at": datetime(2026, 1, 5, tzinfo=UTC), "summary": [],
        "versions": {"ladrillo": "0.1.0", "commit": "abc", "data": {"digest": "abc"}},
    }
    free = Case(id="free", lang="es", turns=["hola"])
    assert "llm (m)" in render(run, [free], [line("free") | {"epoch": 1}], [], "es")


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.034, 0.04), (0.2, 0.2), (1, 1), (7, 8), (99, 100), (101, 200), (719, 800)]
)
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert nice(value) == pytest.approx(top)
