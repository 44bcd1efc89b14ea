from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from knowledge.valuation.columns import numbers
from knowledge.valuation.hedonic import HedonicReference
from knowledge.valuation.promotion import Verdict, compare
from knowledge.valuation.training import Trained, train
from knowledge.valuation.validation import validated
from tests.knowledge.valuation.conftest import made_up


def test_the_hedonic_reference_finds_the_rule_of_the_market_within_its_intervals(trained: Trained) -> None:
    """made_up: a lift adds 8 %, a year of building 0.2 % (2.02 % a decade), a bathroom nothing of its own."""
    effects = {e.term: e for e in trained.model.hedonic.effects()}
    assert effects["feature:lift"].low < 8.0 < effects["feature:lift"].high
    assert effects["decades"].low < 100 * np.expm1(0.02) < effects["decades"].high
    assert effects["bathrooms"].low < 0 < effects["bathrooms"].high
    assert effects["feature:lift"].high - effects["feature:lift"].low < 4


def test_it_is_measured_on_the_same_rows_as_the_trees_and_read_back_from_json(trained: Trained) -> None:
    assert trained.metrics["hedonic"]["n"] == trained.metrics["n"]
    assert set(trained.metrics["hedonic"]["cities"]) == {"es/sur", "es/norte"}
    assert trained.metrics["hedonic"]["mdape"] < 9.5
    reference = trained.model.hedonic
    again = HedonicReference.from_json(json.loads(json.dumps(reference.to_json())))
    matrix = np.full((2, len(trained.model.space.names)), np.nan)
    values = [r.predict(matrix, trained.model.space, ["es/norte/alto", "es/norte/otro"], ["es/norte"] * 2)
              for r in (reference, again)]
    assert np.allclose(values[0], values[1])
    assert values[0][0] > values[0][1], "an unseen neighbourhood takes its city's level"


def test_terms_that_repeat_another_or_never_vary_are_left_out(listings: pd.DataFrame) -> None:
    twice = [{"distance_km": a["distance_km"], "again": a["distance_km"], "same": 1.0} for a in listings["attributes"]]
    terms = train(listings.assign(attributes=twice).head(300), "ES").model.hedonic.terms
    assert len({"attribute:distance_km", "attribute:again"} & set(terms)) == 1
    assert "attribute:same" not in terms


@pytest.fixture(scope="module")
def rival(listings: pd.DataFrame) -> Trained:
    """A model that learnt from prices with 25 % more noise."""
    rng = np.random.default_rng(5)
    return train(listings.assign(price=listings["price"] * np.exp(0.25 * rng.normal(size=len(listings)))), "ES")


def _log_price(trained: Trained) -> np.ndarray:
    return np.asarray(trained.log_m2 + np.log(numbers(trained.columns, "area_m2")))


def test_a_worse_model_does_not_replace_a_better_one_and_a_better_one_does(trained: Trained, rival: Trained) -> None:
    kept = compare(trained.model, rival.model, trained.columns, _log_price(trained))
    assert (kept.replaces, kept.reason) == (False, "worse")
    assert kept.new > kept.old
    assert kept.low > 0
    better = compare(rival.model, trained.model, trained.columns, _log_price(trained))
    assert (better.replaces, better.reason) == (True, "not_worse")
    assert f"{better.new:.2f} %" in better.sentence("es")
    assert better.sentence("es") != better.sentence("en")


def test_a_model_as_good_replaces_and_one_that_knows_a_new_city_always_does(trained: Trained, rival: Trained) -> None:
    same = compare(trained.model, trained.model, trained.columns, _log_price(trained))
    assert (same.replaces, same.low, same.high) == (True, 0.0, 0.0)
    known_less = replace(trained.model, space=replace(trained.model.space, cities=("es/sur",)))
    assert compare(known_less, rival.model, trained.columns, _log_price(trained)).reason == "covers_more"


def test_the_comparison_is_out_of_fold_for_both(trained: Trained) -> None:
    """By fold is how training measured it: the error of the comparison is that of the metrics."""
    values = trained.model.values_by_fold(trained.columns)
    price = np.exp(_log_price(trained))
    assert 100 * np.median(np.abs(values / price - 1)) == pytest.approx(trained.metrics["mdape"], abs=0.02)


def test_every_reason_has_a_sentence() -> None:
    for reason in ("first", "unreadable", "covers_more", "not_worse", "worse", "report_only"):
        assert Verdict(True, reason).sentence("en")


def test_validation_tells_unseen_streets_and_later_months_apart(trained: Trained, listings: pd.DataFrame) -> None:
    found = validated(trained, listings).model.metrics["validation"]
    assert set(found) == {"spatial", "forward"}
    assert found["spatial"]["n"] == len(listings), "each dwelling is in one block"
    assert 100 < found["forward"]["n"] < len(listings) / 2
    assert found["spatial"]["mdape"] > 5
    one_month = validated(trained, listings.assign(observed_on=listings["observed_on"].iloc[0]))
    assert set(one_month.metrics["validation"]) == {"spatial"}


def test_a_market_whose_rest_is_too_small_has_no_validation() -> None:
    few = made_up(160, seed=4)
    assert validated(train(few, "ES"), few).metrics["validation"] == {}
