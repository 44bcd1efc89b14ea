"""Reading conversations and scoring what was understood of them, for the measuring tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from knowledge.understanding.text import fold
from knowledge.understanding.understand import Understanding, default_places, understand

HERE = Path(__file__).parent
SAMPLE = Path(__file__).resolve().parents[3] / ".." / "shared" / "evals" / "sample.jsonl"


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def talk(turns: Iterable[str], **more: Any) -> Understanding:
    """The understanding of the last turn, each turn in the light of those before."""
    slots: dict[str, Any] = {}
    routes: tuple[str, ...] = ()
    language: str | None = None
    last: Understanding | None = None
    for turn in turns:
        last = understand(
            turn,
            places=default_places(),
            previous_slots=slots,
            previous_routes=routes,
            previous_language=language,
            **more,
        )
        slots, routes, language = last.slots, last.routes, last.answer_language
    assert last is not None
    return last


def routes_right(found: Iterable[str], needed: Iterable[str], allowed: Iterable[str]) -> bool:
    got, must, may = set(found), set(needed), set(allowed)
    return (must <= got <= must | may) or ("none" in may and got == {"none"})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_plain(v) for v in value), key=str)
    if isinstance(value, (int, float)):
        return round(float(value), 2)
    text = str(value)
    return text.lower() if "@" in text or text.startswith("+") else fold(text)


class SlotCount:
    """True positives, false positives (a wrong value) and false negatives over the expected slots."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missing = 0

    def add(self, found: dict[str, Any], expected: dict[str, Any]) -> None:
        for key, value in expected.items():
            got = found.get(key)
            listed = key == "features" and got is not None and set(value) <= set(got)
            if got is not None and (listed or _plain(got) == _plain(value)):
                self.right += 1
                continue
            self.missing += 1
            self.wrong += got is not None

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missing)


def marked(cases: Iterable[dict[str, Any]], test: str) -> list[Any]:
    """The cases as parameters; those that name the test in `open` are not understood yet: a strict expected failure."""
    mark = pytest.mark.xfail(strict=True, reason="figures of this wording are not told apart yet")
    return [
        pytest.param(case, marks=[mark] if test in case.get("open", ()) else [], id=case["turns"][-1][:50]) for case in cases
    ]
