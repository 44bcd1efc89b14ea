"""Real figures: inflation by the year brought to quarters, and its error in the interval."""

from __future__ import annotations

from datetime import date

import pytest

from core.errors import BadInput
from knowledge.forecasting.deflate import inflation, real_path


def years(*rates: float, last: int = 2023) -> list[tuple[date, float]]:
    return [(date(last - len(rates) + 1 + i, 1, 1), rate) for i, rate in enumerate(rates)]


STEADY = inflation(years(*[4.0] * 12))


def step(period: str, value: float, spread: float = 1.1) -> dict[str, object]:
    return {"period": period, "value": value, "low_80": value / spread, "high_80": value * spread,
            "low_95": value / spread**1.5, "high_95": value * spread**1.5}


def test_steady_inflation_takes_its_rate_off_every_year() -> None:
    assert STEADY.log_prices(2025.5) - STEADY.log_prices(2023.5) == pytest.approx(2 * 0.0392207, rel=1e-5)
    assert STEADY.log_prices(2024) - STEADY.log_prices(2015) == pytest.approx(9 * 0.0392207, rel=1e-5)
    found = real_path(date(2023, 10, 1), [step("2025-10-01", 108.16)], "Q", STEADY)[0]
    assert found["value"] == pytest.approx(100.0)
    assert found["inflation_pct"] == pytest.approx(8.16)


def test_prices_move_evenly_from_the_middle_of_a_year_to_the_middle_of_the_next() -> None:
    prices = inflation(years(*[2.0] * 9, 10.0))
    whole = prices.log_prices(2023.5) - prices.log_prices(2022.5)
    assert prices.log_prices(2023.0) - prices.log_prices(2022.5) == pytest.approx(whole / 2)
    assert whole == pytest.approx(0.0953102, rel=1e-5)


def test_rates_that_never_changed_add_no_error_and_unsteady_ones_widen_the_interval() -> None:
    unsteady = inflation(years(2.0, 9.0, 3.0, 7.0, 1.0, 8.0, 2.0, 9.0, 3.0, 4.0))
    ahead = [step("2024-10-01", 104.0), step("2026-10-01", 110.0)]
    steady, wider = (real_path(date(2023, 10, 1), ahead, "Q", prices) for prices in (STEADY, unsteady))
    assert steady[1]["high_95"] / steady[1]["low_95"] == pytest.approx(1.1**3)
    assert wider[1]["high_95"] / wider[1]["low_95"] > 1.1 * 1.1**3
    assert wider[0]["low_95"] < wider[0]["low_80"] < wider[0]["value"] < wider[0]["high_80"] < wider[0]["high_95"]
    assert unsteady.miss(3) > unsteady.miss(1) > 0 == unsteady.miss(0)


@pytest.mark.parametrize("points", [[], years(1.0, 2.0), years(*[3.0] * 9, -60.0), years(*[3.0] * 9, float("nan"))])
def test_too_little_or_senseless_inflation_is_refused(points: list[tuple[date, float]]) -> None:
    with pytest.raises(BadInput) as caught:
        inflation(points)
    assert caught.value.es != caught.value.en


def test_only_what_follows_a_missing_year_counts() -> None:
    points = years(*[50.0] * 5, last=2010) + years(*[3.0] * 10)
    assert inflation(points).rates == (3.0,) * 10
