"""A value carried along an index: both errors are in its interval."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from knowledge.forecasting.project import project

MARKET = {"index_now": 100.0, "index_then": 110.0, "index_low_80": 104.0, "index_high_80": 116.4}


def test_a_value_is_carried_along_the_index_with_both_errors() -> None:
    here = project(300_000, 260_000, 346_000, **MARKET)
    assert here.value == pytest.approx(330_000)
    certain_index = project(300_000, 260_000, 346_000, **MARKET | {"index_low_80": 110.0, "index_high_80": 110.0})
    certain_value = project(300_000, 300_000, 300_000, **MARKET)
    widths = [np.log(p.high_80 / p.value) for p in (certain_index, certain_value, here)]
    assert widths[2] == pytest.approx(np.hypot(widths[0], widths[1]))
    assert certain_index.low_80 == pytest.approx(286_000)


def test_the_interval_holds_what_it_says_of_independent_lognormal_errors() -> None:
    rng = np.random.default_rng(0)
    own, market, z = 0.12, 0.07, 1.2815515655446004
    found = project(
        300_000, 300_000 * np.exp(-z * own), 300_000 * np.exp(z * own), index_now=100, index_then=110,
        index_low_80=110 * np.exp(-z * market), index_high_80=110 * np.exp(z * market),
    )
    came = 330_000 * np.exp(rng.normal(0, own, 200_000) + rng.normal(0, market, 200_000))
    assert np.mean((came >= found.low_80) & (came <= found.high_80)) == pytest.approx(0.80, abs=0.005)
    assert np.mean(came < found.low_80) == pytest.approx(0.10, abs=0.004)


def test_an_index_that_leans_leaves_the_value_leaning() -> None:
    found = project(300_000, 290_000, 310_345, **MARKET | {"index_low_80": 90.0, "index_high_80": 112.0})
    assert np.log(found.value / found.low_80) > 2 * np.log(found.high_80 / found.value)


@settings(max_examples=50, deadline=None)
@given(spread=st.floats(0.01, 1.0), growth=st.floats(-0.5, 0.5), error=st.floats(0.01, 0.5))
def test_a_projection_is_never_more_certain_than_its_parts(spread: float, growth: float, error: float) -> None:
    then = 100 * float(np.exp(growth))
    found = project(
        1000, 1000 * float(np.exp(-spread)), 1000 * float(np.exp(spread)), index_now=100, index_then=then,
        index_low_80=then * float(np.exp(-error)), index_high_80=then * float(np.exp(error)),
    )
    assert found.low_80 < found.value < found.high_80
    assert np.log(found.high_80 / found.low_80) >= 2 * max(spread, error) * (1 - 1e-9)


@pytest.mark.parametrize("change", [{"value": -1.0}, {"low_80": 400_000.0}, {"index_then": float("nan")}])
def test_a_projection_of_nonsense_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        project(**({"value": 300_000.0, "low_80": 260_000.0, "high_80": 346_000.0} | MARKET | change))


def test_projecting_a_stored_forecast_imports_no_statistics_library() -> None:
    code = (
        "import sys, knowledge.forecasting.project, knowledge.forecasting.series, knowledge.forecasting.forecast; "
        "sys.exit(bool({'statsmodels', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
