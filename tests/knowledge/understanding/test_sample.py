"""How well messages are understood: the shared sample of conversations, and our own of the same kind.

`cases.jsonl` was written before the cues were tuned; `fresh.jsonl`, `third.jsonl`, `fourth.jsonl`, `fifth.jsonl` and
`sixth.jsonl` each before the cues were next widened.
"""

from __future__ import annotations

import pytest

from tests.knowledge.understanding.support import HERE, SAMPLE, SlotCount, read_lines, routes_right, talk


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared sample conversations are not beside this checkout")
def test_sample_conversations() -> None:
    cases = read_lines(SAMPLE)
    slots, right, languages, uncovered = SlotCount(), 0, 0, 0
    for case in cases:
        expect = case["expect"]
        found = talk(case["turns"])
        right += routes_right(found.routes, expect["routes"], expect["also_ok"])
        slots.add(found.slots, expect["slots"])
        languages += found.language == case["lang"]
        uncovered += bool(found.uncovered) == bool(expect.get("uncovered"))
    assert right / len(cases) >= 0.85
    assert slots.f1 >= 0.85
    assert languages / len(cases) >= 0.95
    assert uncovered == len(cases)


@pytest.mark.parametrize("name", ["cases", "fresh", "third", "fourth", "fifth", "sixth"])
def test_own_cases(name: str) -> None:
    cases = read_lines(HERE / f"{name}.jsonl")
    slots, right, languages = SlotCount(), 0, 0
    for case in cases:
        found = talk(case["turns"], country_hint=case.get("hint"))
        right += routes_right(found.routes, case["routes"], case.get("ok", []))
        slots.add(found.slots, case["slots"])
        languages += found.language == case["lang"]
        assert not case.get("uncovered") or found.uncovered, case["turns"]
    assert right / len(cases) >= 0.9
    assert slots.f1 >= 0.9
    assert languages / len(cases) >= 0.95
