"""The gate lets an equal run pass and stops a worse one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import BadInput, NotFound
from evals.gate import gate, read_baseline, write_baseline
from evals.records import Record

from .support import made


def run(count: int = 200, wrong: range | tuple[int, ...] = (), **changed: object) -> list[Record]:
    return [made(str(i), right=i not in wrong, **changed) for i in range(count)]  # type: ignore[arg-type]


def test_an_equal_run_passes() -> None:
    found = gate(run(wrong=range(20)), run(wrong=range(20)))
    assert found.passed
    assert {row.metric for row in found.rows} >= {"routes", "right", "grounded"}
    assert all(row.difference.value == 0 for row in found.rows)


def test_a_better_run_passes() -> None:
    assert gate(run(wrong=range(20)), run(wrong=range(5))).passed


def test_a_real_loss_fails() -> None:
    found = gate(run(), run(wrong=range(20)))
    assert not found.passed
    worse = {row.metric for row in found.rows if not row.passed}
    assert worse == {"routes", "right"}
    row = next(row for row in found.rows if row.metric == "routes")
    assert (row.before, row.now) == (1.0, 0.9)
    assert row.difference.high < 0


def test_noise_passes() -> None:
    """Two of a thousand cases change sides each way: no loss, and little enough to rule one out."""
    assert gate(run(1000, wrong=(0, 1)), run(1000, wrong=(2, 3))).passed


def test_a_loss_that_cannot_be_ruled_out_fails() -> None:
    """As many changes in fifty cases say nothing either way, and the gate is there to be convinced."""
    assert not gate(run(50, wrong=(0, 1)), run(50, wrong=(2, 3))).passed


def test_where_less_is_better_more_is_a_loss() -> None:
    before = [made(str(i), values={"refused_wrongly": 0.0, "clean": 1.0}) for i in range(100)]
    refusing = [made(str(i), values={"refused_wrongly": float(i < 10), "clean": 1.0}) for i in range(100)]
    obeying = [made(str(i), values={"refused_wrongly": 0.0, "clean": float(i >= 10)}) for i in range(100)]
    for now, name in ((refusing, "false_refusals"), (obeying, "injection_obeyed")):
        found = gate(before, now)
        assert {row.metric for row in found.rows if not row.passed} - {"right"} == {name}
        assert gate(now, before).passed


@pytest.mark.parametrize("side", ["before", "now", "both"])
def test_a_case_that_may_never_break_fails_alone(side: str) -> None:
    def one(right: bool, *, never: bool) -> list[Record]:
        return [*run(2000), made("must", right=right, never=never)]

    before = one(True, never=side != "now")
    found = gate(before, one(False, never=side != "before"))
    assert found.broken == ("must",)
    assert not found.passed
    assert all(row.passed for row in found.rows)
    assert gate(one(False, never=True), one(False, never=True)).broken == ()  # it was broken before
    assert gate(before, one(True, never=True)).passed


def test_one_broken_repeat_breaks_a_case() -> None:
    before = [*run(2000), *(made("must", epoch=e, never=True) for e in (1, 2))]
    now = [*run(2000), *(made("must", epoch=e, never=True, right=e == 1) for e in (1, 2))]
    assert gate(before, now).broken == ("must",)


def test_a_case_that_was_not_run_fails() -> None:
    found = gate(run(100), run(99))
    assert found.missing == ("99",)
    assert not found.passed
    assert gate(run(99), run(100)).passed  # a new case is welcome


def test_nothing_in_common_fails() -> None:
    found = gate([made("a")], [made("b")])
    assert not found.passed
    assert found.rows == ()


def test_one_conversation_alone_is_judged_by_its_value() -> None:
    assert gate([made()], [made()]).passed
    assert not gate([made()], [made(right=False)]).passed


def test_a_baseline_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    records = [
        made("uno", tags=("typo", "línea\u2028partida"), routes_found=("roi", "comparison"), never=True, twin="t", ms=0.0,
             confidence=None, values={"numbers": None}, counts={"routes_tp": 1}),
        made("dos", epoch=2, ms=0.0),
    ]
    write_baseline(path, records)
    assert read_baseline(path) == records
    assert gate(read_baseline(path), records).passed


def test_times_stay_with_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    write_baseline(path, [made(ms=812.0)])
    assert json.loads(path.read_text("utf-8"))["ms"] == 0.0


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "no record"), ("{}\n", "line 1"), ("[1]\n", "line 1"), ("not json\n", "line 1"),
     (json.dumps(made().to_dict()) + "\n\n{}\n", "line 2")],
)
def test_a_bad_baseline_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "baseline.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(BadInput, match=words):
        read_baseline(path)


def test_a_baseline_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_baseline(tmp_path / "none.jsonl")
    with pytest.raises(BadInput):
        read_baseline(tmp_path)
