"""Forecasts of a file: a row for each period to come, whatever the file is like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.clock import FixedClock, use_clock
from core.errors import BadInput
from knowledge.forecasting.deflate import inflation
from services.forecasting import COLUMNS, forecast_file


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with use_clock(FixedClock(datetime(2024, 6, 1, tzinfo=UTC))):
        yield


def quarters(count: int) -> list[str]:
    """Up to 2023Q4."""
    numbers = range(2024 * 4 - count, 2024 * 4)
    return [f"{number // 4}Q{number % 4 + 1}" for number in numbers]


def growth(count: int) -> list[float]:
    return (100 * np.exp(0.01 * np.arange(count) + 0.02 * np.sin(np.arange(count) / 5))).tolist()


def silent(stage: str, done: int, total: int) -> None:
    assert done <= total


async def written(tmp_path: Path, frame: pd.DataFrame, horizon: int = 4, name: str = "out.csv") -> pd.DataFrame:
    frame.to_csv(tmp_path / "in.csv", index=False)
    counts = await forecast_file(tmp_path / "in.csv", horizon, tmp_path / name, silent)
    table = pd.read_parquet(tmp_path / name) if name.endswith("parquet") else pd.read_csv(tmp_path / name)
    assert tuple(table.columns) == COLUMNS
    assert counts.rows == len(table)
    return table


async def test_a_series_gets_a_row_for_each_period_with_nested_intervals_and_its_backtest(tmp_path: Path) -> None:
    table = await written(tmp_path, pd.DataFrame({"period": quarters(32), "value": growth(32)}))
    assert table["period"].tolist() == ["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01"]
    for narrow, wide in (("low_95", "low_80"), ("low_80", "value"), ("value", "high_80"), ("high_80", "high_95")):
        assert (table[narrow] <= table[wide]).all()
    assert (table["origins"] >= 4).all()
    assert table["mase"].notna().all()
    assert table["real_value"].isna().all()


async def test_several_series_each_get_theirs_or_their_reason(tmp_path: Path) -> None:
    good = pd.DataFrame({"series": "a", "period": quarters(14), "value": growth(14)})
    bad = pd.DataFrame({"series": "b", "period": ["2023Q1", "2023Q2"], "value": [1.0, 2.0]})
    table = await written(tmp_path, pd.concat([bad, good]), name="out.parquet")
    assert table["series"].tolist() == ["b", "a", "a", "a", "a"]
    assert "needs at least 4" in table["reason"][0]
    assert "necesita al menos 4" in table["reason"][0]
    assert table["value"].notna().tolist() == [False, True, True, True, True]


def regions(count: int, names: str = "abc") -> pd.DataFrame:
    """Regions that move together, each measured with noise of its own."""
    rng = np.random.default_rng(4)
    noisy = {name: growth(count) * np.exp(0.01 * rng.normal(size=count)) for name in names}
    return pd.concat([pd.DataFrame({"series": n, "period": quarters(count), "value": v}) for n, v in noisy.items()])


async def test_three_quarterly_series_of_a_file_are_forecast_as_a_family(tmp_path: Path) -> None:
    table = await written(tmp_path, regions(44))
    assert set(table["method"]) == {"shared"}
    assert table["series"].tolist() == [name for name in "abc" for _ in range(4)]
    alone = await written(tmp_path, regions(44).query("series == 'a'"))
    assert set(alone["method"]) == {"mean"}
    assert (table["value"][:4] != alone["value"]).all()
    by_day = regions(44).assign(period=[f"{p[:4]}-{3 * int(p[-1]):02d}-30" for p in regions(44)["period"]])
    assert (await written(tmp_path, by_day))["value"].tolist() == table["value"].tolist()


async def test_two_series_and_years_are_no_family_and_one_that_cannot_be_forecast_spoils_none(tmp_path: Path) -> None:
    assert "shared" not in set((await written(tmp_path, regions(44, "ab")))["method"])
    yearly = regions(30).assign(period=[1994 + n % 30 for n in range(90)])
    assert "shared" not in set((await written(tmp_path, yearly, 2))["method"])
    rates = pd.DataFrame({"series": "rate", "period": quarters(44), "value": np.sin(np.arange(44))})
    short = pd.DataFrame({"series": "short", "period": quarters(2), "value": [1.0, 2.0]})
    with_rates = await written(tmp_path, pd.concat([regions(44), rates, short]))
    alone = await written(tmp_path, regions(44))
    assert with_rates[with_rates["series"].isin(list("abc"))]["value"].tolist() == alone["value"].tolist()
    assert "shared" not in set(with_rates[with_rates["series"] == "rate"]["method"])


async def test_years_and_months_are_known_by_how_they_are_written(tmp_path: Path) -> None:
    yearly = await written(tmp_path, pd.DataFrame({"period": range(2010, 2024), "value": growth(14)}), 2)
    assert yearly["period"].tolist() == ["2024-01-01", "2025-01-01"]
    months = [f"{2023 + i // 12}-{i % 12 + 1:02d}-01" for i in range(14)]
    monthly = await written(tmp_path, pd.DataFrame({"period": months, "value": growth(14)}), 2)
    assert monthly["period"].tolist() == ["2024-03-01", "2024-04-01"]


async def test_json_and_real_figures(tmp_path: Path) -> None:
    pd.DataFrame({"period": quarters(14), "value": growth(14)}).to_csv(tmp_path / "in.csv", index=False)
    prices = inflation([(date(2012 + i, 1, 1), 5.0) for i in range(12)])
    await forecast_file(tmp_path / "in.csv", 4, tmp_path / "out.json", silent, prices)
    rows = json.loads((tmp_path / "out.json").read_text())
    assert rows[3]["real_value"] == pytest.approx(rows[3]["value"] / 1.05)
    assert rows[3]["inflation_pct"] == pytest.approx(5.0)


@pytest.mark.parametrize(("rows", "says"), [
    ("period,price\n2023Q1,1\n", "lacks the column 'value'"),
    ("period,value\n2023Q9,1\n", "the period '2023Q9'"),
    ("period,value\n2023Q1,many\n", "the value 'many'"),
    ("period,value\n2025Q1,1\n", "in the future"),
    ("period,value\n2023Q1,1\n2023Q1,2\n", "appears twice"),
    ("period,value\n2023Q1,1\n2023,2\n", "mixes years"),
    ("period,value\n2023Q1,1\n2023Q2,2\n", "needs at least 4"),
    ("period,value\n2022Q1,1\n2022Q2,inf\n2022Q3,1\n2022Q4,1\n", "finite"),
    ("period,value,series\n2023Q1,1,a\n2023Q2,2,\n", "Row 2 names no series"),
    ("period,value\n2022Q1,\n2022Q2,NaN\n2022Q3,\n2022Q4,\n", "has 0 values"),
])
async def test_what_cannot_be_forecast_is_told_in_both_languages_and_nothing_is_written(
    tmp_path: Path, rows: str, says: str
) -> None:
    (tmp_path / "in.csv").write_text(rows)
    with pytest.raises(BadInput, match=says) as caught:
        await forecast_file(tmp_path / "in.csv", 4, tmp_path / "out.csv", silent)
    assert caught.value.es != caught.value.en
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("horizon", [0, -3, 1000])
async def test_a_horizon_out_of_reach_is_refused(tmp_path: Path, horizon: int) -> None:
    pd.DataFrame({"period": quarters(20), "value": growth(20)}).to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(BadInput, match="horizon"):
        await forecast_file(tmp_path / "in.csv", horizon, tmp_path / "out.csv", silent)


@pytest.mark.parametrize("name", ["out.xlsx", "in.csv", "none/out.csv"])
async def test_an_output_that_cannot_be_is_refused_first(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        await forecast_file(tmp_path / "in.csv", 4, tmp_path / name, silent)
