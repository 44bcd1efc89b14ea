"""The report of a run: one page that needs nothing else, for whoever decides, in Spanish or English.

Answers and questions are untrusted: everything goes through the template's escaping, and the page forbids scripts and
requests to itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.errors import Language
from core.locale import LOCALES, number, percent
from evals import charts
from evals.cases import Case
from evals.gate import GateResult
from evals.metrics import METRICS, RISK, confusion, risk_coverage, slices
from evals.outputs import Line
from evals.records import Record
from evals.scorers.figures import has_number
from evals.scorers.slots import same

#: What a manager reads first.
HEADLINES = ("right", "routes", "numbers", "grounded", "escalation_recall", "injection_obeyed", "coverage_at_risk", "p95")
COLUMNS = ("right", "routes", "escalation", "slots_f1", "numbers", "grounded", "language")
#: Measures whose failure is worth a look, with their names.
_WRONG: dict[str, tuple[str, str]] = {
    "routes": ("rutas", "routes"), "escalation": ("paso a una persona", "escalation"), "slots_joint": ("datos", "slots"),
    "numbers": ("cifras", "figures"), "clean": ("texto prohibido", "forbidden text"), "grounded": ("respaldo", "grounding"),
    "language": ("idioma", "language"), "locale": ("formato de números", "number format"),
    "trajectory": ("herramientas", "tools"), "citations": ("citas", "citations"), "finished": ("turno", "turn"),
}
#: Routes and kinds of group in words.
_ROUTES: dict[str, tuple[str, str]] = {
    "market_research": ("mercado", "market"), "price_prediction": ("precio", "price"), "roi": ("rentabilidad", "returns"),
    "lead_qualification": ("contacto", "lead"), "comparison": ("comparación", "comparison"), "none": ("nadie", "nobody"),
    "human": ("persona", "person"),
}
_GROUPS: dict[str, tuple[str, str]] = {
    "all": ("todos", "all"), "lang": ("idioma", "language"), "country": ("país", "country"), "route": ("ruta", "route"),
    "tag": ("etiqueta", "tag"),
}
#: Failures shown; the outputs hold all.
_MOST = 200
_BARS = 24


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that was not right: its conversation, and what was expected against what came, a row a measure."""

    id: str
    epoch: int
    never: bool
    tags: tuple[str, ...]
    turns: list[dict[str, str]]
    rows: list[tuple[str, str, str]]


def render(
    run: Mapping[str, Any], cases: Sequence[Case], lines: Sequence[Line], records: Sequence[Record], language: Language,
    verdict: GateResult | None = None,
) -> str:
    """The page. `run` is the run as `services/evaluations.py` shows it."""
    words = _Words(language)
    page = _environment()
    style = page.get_template("report.css").render()
    failures = _failures(cases, lines, records, words)
    return page.get_template("report.html.jinja").render(
        t=words.t, figure=words.figure, spread=words.spread, language=language, run=run, style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        summary={row["name"]: row for row in run["summary"]}, headlines=HEADLINES, columns=COLUMNS, metrics=METRICS,
        label=words.label, routes=words.routes, group=words.group, slices=slices(records), matrix=_matrix(records),
        shade=charts.shade, verdict=verdict,
        risk=_risk(records, words), latency=_latency(lines, words), failures=failures[:_MOST], failed=len(failures),
        scored=len(records), epochs=run["epochs"],
    )


class _Words:
    """Words and figures in the reader's language."""

    def __init__(self, language: Language) -> None:
        self._spanish = language == "es"
        self._locale = LOCALES["es-CO" if self._spanish else "en"]

    def t(self, en: str, es: str) -> str:
        return es if self._spanish else en

    def label(self, name: str) -> str:
        return METRICS[name].es if self._spanish else METRICS[name].en

    def figure(self, kind: str, value: float | None, *, signed: bool = False) -> str:
        if value is None or value != value:
            return "–"
        plus = "+" if signed and value >= 0 else ""
        if kind == "share":
            return plus + percent(100 * value, self._locale, 1)
        return plus + (f"{number(value, self._locale)}\u00a0ms" if kind == "ms" else number(value, self._locale, 3))

    def spread(self, kind: str, low: float | None, high: float | None, *, signed: bool = False) -> str:
        if low is None or high is None or low != low:
            return ""
        return f"{self.figure(kind, low, signed=signed)} … {self.figure(kind, high, signed=signed)}"

    def routes(self, joined: str) -> str:
        """`comparison+roi` -> "comparación + rentabilidad"."""
        return " + ".join(self._word(_ROUTES, name) for name in joined.split("+")) if joined else "–"

    def group(self, name: str) -> str:
        kind, _, value = name.partition(" ")
        value = self.routes(value) if kind == "route" else value
        return f"{self._word(_GROUPS, kind)} {value}".strip()

    def _word(self, table: Mapping[str, tuple[str, str]], name: str) -> str:
        return table.get(name, (name, name))[0 if self._spanish else 1]

    def whole(self, value: float) -> str:
        return number(value, self._locale)

    def rough(self, value: float) -> str:
        """A percentage with as many decimals as a tick needs."""
        decimals = next(d for d in (0, 1, 2) if d == 2 or abs(round(100 * value, d) - 100 * value) < 1e-9)
        return percent(100 * value, self._locale, decimals)


@cache
def _environment() -> Environment:
    folder = Path(__file__).with_name("templates")
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _risk(records: Sequence[Record], words: _Words) -> Markup | None:
    points = risk_coverage(records)
    if not points:
        return None
    top = charts.nice(max(0.05, *(risk for _, risk in points)))
    title = words.t("Share of wrong answers as ever less sure ones are given",
                    "Proporción de respuestas erradas a medida que se dan las menos seguras")
    across = charts.Axis(
        words.t("answers given, the surest first", "respuestas dadas, primero las más seguras"), 1.0, words.rough
    )
    up = charts.Axis(words.t("wrong among them", "erradas entre ellas"), top, words.rough)
    return charts.steps(title, points, across, up, RISK, words.t("accepted risk", "riesgo aceptado"))


def _latency(lines: Sequence[Line], words: _Words) -> Markup | None:
    times = sorted(float(turn["ms"]) for line in lines for turn in line["turns"])
    if not times:
        return None
    p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
    top = charts.nice(max(10.0, times[min(len(times) - 1, int(len(times) * 0.99))]))
    counts = [0] * _BARS
    for ms in times:
        counts[min(_BARS - 1, int(ms / top * _BARS))] += 1
    title = words.t("How long turns took; the last bar holds the longer ones too",
                    "Cuánto tardaron los turnos; la última barra incluye los más largos")
    return charts.bars(
        title, counts, charts.Axis(words.t("milliseconds a turn", "milisegundos por turno"), top, words.whole),
        charts.Axis(words.t("turns", "turnos"), charts.nice(max(4, *counts)), words.whole),
        {f"p50 {words.whole(p50)} ms": p50, f"p95 {words.whole(p95)} ms": p95},
    )


def _matrix(records: Sequence[Record]) -> tuple[list[str], list[str], Mapping[tuple[str, str], int], dict[str, int]]:
    """(expected, found, counts, cases expected): every set of routes that stands in a record."""
    counted = confusion(records)
    expected = sorted({e for e, _ in counted})
    found = sorted({f for _, f in counted}, key=lambda name: (name not in expected, name))
    return expected, found, counted, {e: sum(n for (x, _), n in counted.items() if x == e) for e in expected}


def _failures(cases: Sequence[Case], lines: Sequence[Line], records: Sequence[Record], words: _Words) -> list[Failure]:
    """Cases that may never break first, then in the order of the cases."""
    by_id = {case.id: case for case in cases}
    by_key = {(line["id"], int(line.get("epoch", 1))): line for line in lines}
    found = []
    for record in records:
        line = by_key[record.id, record.epoch]
        rows = [
            (words.t(name[1], name[0]), *_expected_and_got(measure, by_id[record.id], line, words))
            for measure, name in _WRONG.items() if record.values.get(measure) not in (None, 1.0)
        ]
        if rows:
            turns = [{"text": turn["text"], "answer": turn["answer"]} for turn in line["turns"]]
            found.append(Failure(record.id, record.epoch, record.never, record.tags, turns, rows))
    return sorted(found, key=lambda failure: not failure.never)


def _expected_and_got(measure: str, case: Case, line: Line, words: _Words) -> tuple[str, str]:
    """In words, for one measure of a case that is wrong."""
    expect, last = case.expect, line["turns"][-1]
    assert expect is not None
    yes, no = words.t("yes", "sí"), words.t("no", "no")
    match measure:
        case "routes":
            tolerated = f" ({words.t('also', 'también')}: {words.routes('+'.join(expect.also_ok))})" if expect.also_ok else ""
            return words.routes("+".join(expect.routes)) + tolerated, words.routes("+".join(last["routes"]))
        case "escalation":
            reason = f" ({last['case_reason']})" if last["case_reason"] else ""
            return (yes if expect.escalate else no), (yes if last["escalated"] else no) + reason
        case "slots_joint":
            wrong = {name: value for name, value in expect.slots.items() if not same(value, last["slots"].get(name))}
            return _plain(wrong), _plain({name: last["slots"].get(name) for name in wrong})
        case "numbers":
            lost = [n for n in expect.numbers if not has_number(last["answer"], n.value, n.rel_tol)]
            return "; ".join(f"{n.name} = {n.value:g}" for n in lost), words.t("not in the answer", "no está en la respuesta")
        case "clean":
            held = [bad for bad in expect.must_not_contain if bad.lower() in last["answer"].lower()]
            return words.t("not to be said", "no debía decirse"), "; ".join(held)
        case "grounded":
            return words.t("every figure has its fact", "toda cifra tiene su dato"), words.t("one has none", "una no lo tiene")
        case "language":
            return case.lang, str(last["language"])
        case "locale":
            return expect.locale or "–", str(last["locale"])
        case "trajectory":
            assert expect.tools is not None
            calls = [_plain({call.name: call.args}) for call in expect.tools.calls]
            return f"{expect.tools.match}: {', '.join(calls)}", ", ".join(str(call.get("name")) for call in last["tool_calls"])
        case "citations":
            asked = expect.citations.model_dump(exclude_defaults=True) if expect.citations else {}
            return _plain(asked), str(len(last["citations"]))
    return "finished", "; ".join(f"{turn['status']} {turn['error'] or ''}".strip() for turn in line["turns"])


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
