from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.valuation.comparables import rank
from knowledge.valuation.fairness import judge
from knowledge.valuation.metrics import coverage, median_width, ratio_study
from knowledge.valuation.training import Trained
from tests.knowledge.valuation.conftest import made_up

FLAT = {
    "city_id": "es/norte", "area_id": "es/norte/alto", "property_type": "apartment", "area_m2": 90, "bedrooms": 3,
    "bathrooms": 2, "latitude": 43.30, "longitude": -2.90, "features": ["lift"], "observed_on": "2024-06-01",
    "price": 450_000, "currency": "EUR", "operation": "sale",
}


def test_the_most_alike_come_first_and_every_difference_costs() -> None:
    same = FLAT | {"dwelling_group": "a"}
    others = {
        "far": {"latitude": 43.32}, "large": {"area_m2": 140}, "more rooms": {"bedrooms": 5},
        "no lift": {"features": []}, "old advert": {"observed_on": "2022-06-01"},
    }
    rows = [FLAT | {"dwelling_group": name} | change for name, change in others.items()]
    found = rank(FLAT, [*rows, same], count=6)
    assert found[0].position == 5
    assert found[0].similarity == pytest.approx(1.0)
    assert found[0].distance_km == pytest.approx(0.0)
    assert all(c.similarity < 1.0 for c in found[1:])
    assert [c.similarity for c in found] == sorted((c.similarity for c in found), reverse=True)


def test_own_adverts_repeats_and_other_kinds_are_left_out() -> None:
    rows = [
        FLAT | {"dwelling_group": "mine"},
        FLAT | {"dwelling_group": "twice", "area_m2": 91},
        FLAT | {"dwelling_group": "twice", "area_m2": 90},
        FLAT | {"dwelling_group": "house", "property_type": "house"},
        FLAT | {"dwelling_group": "dollars", "currency": "USD"},
        FLAT | {"dwelling_group": "rent", "operation": "rent"},
        FLAT | {"dwelling_group": "unpriced", "price": None},
        FLAT | {"dwelling_group": "sizeless", "area_m2": 0},
    ]
    assert [c.position for c in rank(FLAT | {"dwelling_group": "mine"}, rows)] == [2]


def test_what_is_not_known_does_not_decide() -> None:
    question = {"area_m2": 90, "area_id": "es/norte/alto"}
    rows = [FLAT | {"area_id": "es/norte/bajo", "external_id": "1"}, FLAT | {"external_id": "2", "bedrooms": None}]
    found = rank(question, rows)
    assert [c.position for c in found] == [1, 0]
    assert math.isnan(found[0].distance_km)
    assert rank({"area_id": "es/norte/alto"}, rows) == []
    assert rank(question, []) == []


def test_without_a_model_the_price_per_m2_is_carried_over() -> None:
    found = rank(FLAT, [FLAT | {"external_id": "1", "area_m2": 100, "price": 400_000}])
    assert found[0].price_per_m2 == 4000
    assert found[0].adjusted_m2 == 4000


def test_with_a_model_a_candidate_is_moved_to_the_subjects_level(trained: Trained) -> None:
    subject = FLAT | {"latitude": None, "longitude": None}
    cheap = subject | {"area_id": "es/norte/bajo", "price": 252_000, "external_id": "1"}
    plain, adjusted = rank(subject, [cheap])[0], rank(subject, [cheap], model=trained.model)[0]
    assert plain.adjusted_m2 * 90 == 252_000
    assert adjusted.adjusted_m2 * 90 == pytest.approx(504_000, rel=0.15)  # 0.7 against 1.4 of the city's level


def test_an_adjustment_is_split_into_parts_that_multiply_up_to_it(trained: Trained) -> None:
    subject = FLAT | {"latitude": None, "longitude": None, "year_built": 2015}
    cheap = subject | {"area_id": "es/norte/bajo", "price": 252_000, "external_id": "1"}
    old = subject | {"year_built": 1952, "features": [], "external_id": "2"}
    same = subject | {"external_id": "3", "price": 470_000}
    found = {c.position: c for c in rank(subject, [cheap, old, same], model=trained.model)}
    for comparable in found.values():
        assert set(comparable.adjustments) == {"location", "size", "condition", "time"}
        assert comparable.adjusted_m2 == pytest.approx(comparable.price_per_m2 * math.prod(comparable.adjustments.values()))
    assert found[0].adjustments["location"] > 1.4
    assert found[0].adjustments["condition"] == pytest.approx(1.0, abs=0.02)
    assert found[1].adjustments["condition"] > 1.08  # a lift (8 %) and 63 years (13 %)
    assert found[1].adjustments["location"] == pytest.approx(1.0, abs=0.02)
    assert found[2].adjustments == pytest.approx(dict.fromkeys(found[2].adjustments, 1.0))
    assert rank(subject, [cheap])[0].adjustments == {}


def test_a_wider_side_makes_a_price_on_it_less_extreme() -> None:
    wide_below = SimpleNamespace(value=300_000.0, fsd=0.12, low_80=300_000 / 1.25, high_80=300_000 * 1.16,
                                 low_90=300_000 / 1.35, high_90=300_000 * 1.23)
    assert judge(250_000, wide_below).percentile > judge(250_000, VALUATION).percentile
    assert judge(300_000 / 1.25, wide_below).percentile == pytest.approx(10.0, abs=0.1)


def test_probabilities_are_true_of_dwellings_that_the_model_has_not_seen(trained: Trained) -> None:
    """Of ten asking prices said to lie above 80 % of such prices, two do. The tolerance is what 600 rows allow."""
    unseen = made_up(600, seed=8)
    percentile = np.array([
        judge(price, trained.model.predict_one(row)).percentile
        for price, row in zip(unseen["price"].tolist(), unseen.to_dict("records"), strict=True)
    ])
    for level in (10, 20, 50, 80, 90):
        assert 100 * np.mean(percentile < level) == pytest.approx(level, abs=6)


VALUATION = SimpleNamespace(value=300_000.0, fsd=0.12, low_80=300_000 / 1.16, high_80=300_000 * 1.16,
                            low_90=300_000 / 1.23, high_90=300_000 * 1.23)


def test_a_price_is_judged_by_where_it_lies_in_the_interval() -> None:
    fair, over, under = judge(305_000, VALUATION), judge(360_000, VALUATION), judge(250_000, VALUATION)
    assert (fair.verdict, over.verdict, under.verdict) == ("fair", "over", "under")
    assert judge(300_000, VALUATION).percentile == 50.0
    assert judge(300_000 * 1.16, VALUATION).percentile == pytest.approx(90.0, abs=0.1)
    assert judge(300_000 / 1.23, VALUATION).percentile == pytest.approx(5.0, abs=0.1)
    assert over.over > 0.8 > fair.over


@given(price=st.floats(1.0, 1e9))
def test_probabilities_add_up_and_grow_with_the_price(price: float) -> None:
    one, more = judge(price, VALUATION), judge(price * 1.01, VALUATION)
    assert one.over + one.fair + one.under == pytest.approx(1.0, abs=1e-3)
    assert min(one.over, one.fair, one.under) >= -1e-3
    assert more.over >= one.over
    assert more.percentile >= one.percentile


@pytest.mark.parametrize("price", [0.0, -5.0, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(price: float) -> None:
    with pytest.raises(BadInput):
        judge(price, VALUATION)
    with pytest.raises(BadInput):
        judge(100.0, SimpleNamespace(value=float("nan"), fsd=1.0, low_80=1.0, high_80=1.0, low_90=1.0, high_90=1.0))


def test_ratio_study_of_known_ratios() -> None:
    """Ratios 0.9, 1.0, 1.2 of price 100: COD and PRD worked out by hand."""
    study = ratio_study(np.array([90.0, 100.0, 120.0]), np.array([100.0, 100.0, 100.0]))
    assert study["mdape"] == 10.0
    assert study["mape"] == 10.0
    assert study["cod"] == 10.0
    assert study["prd"] == 1.0
    assert study["within_10"] == pytest.approx(66.7)
    assert coverage(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.array([1.5, 3.0])) == 50.0
    assert median_width(np.array([90.0]), np.array([120.0]), np.array([100.0])) == 30.0
    dear = np.linspace(100, 1000, 200)
    assert ratio_study(dear**0.8, dear)["prb"] < -0.05, "a regressive model has a negative PRB"
