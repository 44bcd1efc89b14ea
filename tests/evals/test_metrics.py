"""Figures against values worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evals.metrics import METRICS, confusion, risk_coverage, slices, summary
from evals.records import Record

from .support import made


def value(name: str, records: list[Record]) -> float | None:
    return METRICS[name].compute(records)


def each(*parts: dict[str, Any]) -> list[Record]:
    return [made(str(at), **part) for at, part in enumerate(parts)]


def test_shares_count_those_that_are_asked() -> None:
    records = each({"values": {"numbers": 1.0}}, {"values": {"numbers": 0.0}}, {"values": {"numbers": None}})
    assert value("numbers", records) == 0.5
    assert value("locale", records) is None
    assert METRICS["locale"].interval(records) is None


def test_micro_f1_adds_the_counts_up() -> None:
    records = each(
        {"counts": {"routes_tp": 2, "routes_fp": 1, "routes_fn": 0}},
        {"counts": {"routes_tp": 1, "routes_fp": 0, "routes_fn": 2}}, {"counts": {}},
    )
    assert value("routes_f1", records) == pytest.approx(6 / 9)
    assert value("slots_f1", records) is None
    assert value("routes_f1", each({"counts": {"routes_fn": 1}})) == 0.0


def test_escalation_with_its_costs_ten_to_one() -> None:
    found = {"escalate": True, "escalated": True}
    missed = {"escalate": True, "values": {"escalation": 0.0}}
    in_vain = {"escalated": True, "values": {"escalation": 0.0}}
    allowed = {"escalated": True, "values": {"escalation": 1.0}}
    records = each(found, found, found, missed, in_vain, allowed, {}, {})
    assert value("escalation_recall", records) == 3 / 4
    assert value("escalation_precision", records) == 3 / 4  # an escalation that is allowed counts for nothing
    assert value("escalation_cost", records) == (10 + 1) / 8
    assert value("escalation", records) == 6 / 8
    assert value("escalation_recall", each({})) is None


def test_who_asks_for_a_person_gets_one() -> None:
    records = each({"tags": ("asked_person",), "escalated": True}, {"tags": ("asked_person",)}, {})
    assert value("asked_person", records) == 0.5


SURE = [
    made("a", confidence=0.95), made("b", confidence=0.9), made("c", confidence=0.8, right=False),
    made("d", confidence=0.8), made("e", confidence=0.3, right=False),
]


def test_risk_and_coverage() -> None:
    assert risk_coverage(SURE) == [(0.2, 0.0), (0.4, 0.0), (0.8, 0.25), (1.0, 0.4)]
    assert risk_coverage([made(confidence=None)]) == []
    assert value("aurc", SURE) == pytest.approx(0.4 * 0.25 + 0.2 * 0.4)
    assert value("coverage_at_risk", SURE) == 0.4
    assert value("coverage_at_risk", [made("x", right=False)]) == 0.0
    assert value("aurc", [made(confidence=None)]) is None


def test_a_better_order_has_a_smaller_area() -> None:
    turned = [made(r.id, right=r.right, confidence=1 - (r.confidence or 0)) for r in SURE]
    assert (value("aurc", SURE) or 0) < (value("aurc", turned) or 0)
    flat = [made(r.id, right=r.right, confidence=0.5) for r in SURE]
    assert value("aurc", flat) == pytest.approx(0.4)  # no order at all: the error rate


def test_coverage_at_two_percent_lets_one_of_fifty_be_wrong() -> None:
    records = [made(str(i), confidence=1 - i / 100, right=i != 49) for i in range(60)]
    assert value("coverage_at_risk", records) == 1.0
    assert value("coverage_at_risk", [made(str(i), confidence=1 - i / 100, right=i != 9) for i in range(12)]) == 9 / 12


def test_calibration_error() -> None:
    # 0.9 twice, one right: |1.8 − 1| = 0.8; 1.0 once, right: its bin is the last, with 0.9; 0.2 once, wrong: 0.2
    records = [
        made("a", confidence=0.9), made("b", confidence=0.9, right=False), made("c", confidence=1.0),
        made("d", confidence=0.2, right=False),
    ]
    assert value("calibration", records) == pytest.approx((abs(2.8 - 2) + 0.2) / 4)
    assert value("calibration", [made(confidence=1.0), made(confidence=1.0)]) == 0.0
    assert value("calibration", [made(confidence=None)]) is None
    assert value("routing_calibration", [made(routing_confidence=0.75)]) == pytest.approx(0.25)


def test_gaps_between_languages_and_twins() -> None:
    twins = [
        made("a-es", twin="a", cluster="a"), made("a-en", twin="a", cluster="a", lang="en", right=False),
        made("b-es", twin="b", cluster="b"), made("b-en", twin="b", cluster="b", lang="en"),
        made("c-es", twin="c", cluster="c", right=False),
    ]
    assert value("twin_gap", twins) == 0.5
    assert value("twin_gap", [twins[0]]) is None
    assert value("language_gap", twins) == pytest.approx(abs(2 / 3 - 1 / 2))
    assert value("language_gap", twins[:1]) is None


def test_all_repeats_must_be_right() -> None:
    records = [
        made("a", epoch=1), made("a", epoch=2), made("b", epoch=1), made("b", epoch=2, right=False), made("c", epoch=1),
    ]
    assert value("repeats", records) == 0.5
    assert value("repeats", records[-1:]) is None


def test_all_paraphrases_must_be_right() -> None:
    records = [
        made("a1", paraphrase_of="a"), made("a2", paraphrase_of="a"), made("b1", paraphrase_of="b"),
        made("b2", paraphrase_of="b", right=False), made("c1", paraphrase_of="c"),
    ]
    assert value("paraphrases", records) == 0.5
    # a case that is asked twice is no paraphrase of itself
    assert value("paraphrases", [made("a1", paraphrase_of="a", epoch=e) for e in (1, 2)]) is None


def test_a_group_that_is_drawn_twice_counts_twice() -> None:
    """The interval of a share of groups is as wide as that of any share of so many."""
    records = [
        made(f"{i}", epoch=epoch, right=i % 2 == 0 or epoch == 1) for i in range(40) for epoch in (1, 2)
    ]
    groups = METRICS["repeats"].interval(records)
    single = METRICS["routes"].interval([made(f"{i}", right=i % 2 == 0) for i in range(40)])
    assert groups is not None
    assert single is not None
    assert groups.n == 40
    assert groups.high - groups.low == pytest.approx(single.high - single.low, rel=0.1)


def test_injections() -> None:
    records = each(
        {"tags": ("injection",), "values": {"clean": 0.0}}, {"tags": ("injection",), "values": {"clean": 1.0}},
        {"tags": ("injection",), "right": False, "values": {"clean": 1.0}}, {},
    )
    assert value("injection_obeyed", records) == pytest.approx(1 / 3)
    assert value("injection_utility", records) == pytest.approx(2 / 3)
    assert value("injection_obeyed", each({})) is None


@pytest.mark.parametrize(
    ("times", "p50", "p95"), [([5], 5, 5), ([1, 2], 1, 2), ([3, 1, 2], 2, 3), (list(range(1, 101)), 50, 95)]
)
def test_quantiles_of_times(times: list[int], p50: float, p95: float) -> None:
    records = [made(str(i), ms=float(ms)) for i, ms in enumerate(times)]
    assert value("p50", records) == p50
    assert value("p95", records) == p95


def test_a_record_is_right_where_all_that_is_asked_is() -> None:
    assert made(values={"numbers": 1.0, "trajectory": 0.0}).right  # a trajectory is not decisive
    assert not made(values={"numbers": 0.0}).right
    assert made(values={"numbers": None}).right


def test_slices_and_confusion() -> None:
    records = [
        made("a", tags=("typo",)), made("b", lang="en", country="ES", routes_expected=("roi", "comparison")),
    ]
    found = slices(records)
    assert next(iter(found)) == "all"
    assert [r.id for r in found["tag typo"]] == ["a"]
    assert [r.id for r in found["lang en"]] == [r.id for r in found["country ES"]] == ["b"]
    assert len(found["route roi"]) == 2
    assert confusion(records) == {("roi", "roi"): 1, ("comparison+roi", "roi"): 1}


def test_a_summary_has_an_interval_around_each_value() -> None:
    records = [made(str(i), right=i % 3 != 0, confidence=i / 30, ms=float(i)) for i in range(30)]
    found = summary(records)
    assert {"routes", "right", "aurc", "calibration", "p50"} <= set(found)
    assert "slots_f1" not in found
    for name, interval in found.items():
        assert interval.low <= interval.value <= interval.high, name
    assert summary([]) == {}
