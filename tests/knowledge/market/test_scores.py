"""The demand index and the risk score: within 0 and 100, moved the right way by every component, blind to order."""

from __future__ import annotations

import itertools
import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, Misconfigured
from knowledge.market import demand as index
from knowledge.market import risk as scoring
from knowledge.market.pace import Cuts, Pace, Watch
from knowledge.market.survival import Duration

NAMES = [c.name for c in index.scale().components]
measure = st.fixed_dictionaries({}, optional={name: st.floats(0, 1000) for name in NAMES})
peers = st.lists(measure, min_size=1, max_size=12).map(lambda rows: {f"a{i}": row for i, row in enumerate(rows)})
values = st.fixed_dictionaries({}, optional={name: st.floats(0, 600) for name in scoring.scale().components})


@pytest.mark.parametrize(
    ("room", "old", "new", "said"),
    [
        (index, "weight = 0.30", "weight = -0.30", "component.absorption.weight = -0.3"),
        (index, "weight = 0.30", "weight = 0.40", "sum to 1.1, expected 1"),
        (index, "weight = 0.30\n", "", "component.absorption.weight"),
        (index, "prior_adverts = 15 ", "prior_adverts = nan ", "prior_adverts = nan"),
        (index, "fewest_peers = 5 ", "fewest_peers = 1 ", "fewest_peers = 1"),
        (index, "middle = 65", "middle = 30", "rising ends"),
        (scoring, "weight = 0.22", "weight = 0.02", "sum to 0.8, expected 1"),
        (scoring, "[[2, 5], [5, 25]", "[[2, 30], [5, 25]", "component.price_volatility: the points"),
        (scoring, "lower = true", "lower = false", "component.dscr: the points"),
        (scoring, '[5, 25], [10, 60]', '[5, 25], [5, 60]', "rising values"),
        (scoring, 'unit = "months"', 'unit = "moons"', "component.liquidity.unit = 'moons'"),
        (scoring, "severe = 100", "severe = 90", "the last one 100"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_with_key_and_value(tmp_path, room, old, new, said) -> None:
    name = "demand.toml" if room is index else "risk.toml"
    text = (index.DATA / name).read_text("utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Misconfigured, match=name) as caught:
        room.scale.__wrapped__(tmp_path / name)
    assert said in caught.value.en


@given(peers)
def test_demand_is_a_score_or_withheld(some: dict[str, dict[str, float]]) -> None:
    found = index.demand("a0", some)
    assert found.score is None or 0 <= found.score <= 100
    assert found == index.demand("a0", dict(reversed(some.items())))
    assert {p.name for p in found.parts} | set(found.missing) == set(NAMES)
    assert not found.parts or math.fsum(p.weight for p in found.parts) == pytest.approx(1)
    if found.score is not None:
        assert index.band(found.score) in ("low", "middle", "high")


@given(peers, st.sampled_from(NAMES), st.floats(0, 500))
def test_demand_moves_the_way_each_component_says(some: dict[str, dict[str, float]], name: str, more: float) -> None:
    before = index.demand("a0", some)
    if before.score is None or name not in some["a0"]:
        return
    after = index.demand("a0", some | {"a0": some["a0"] | {name: some["a0"][name] + more}})
    higher = next(c.higher for c in index.scale().components if c.name == name)
    assert after.score is not None
    assert (after.score >= before.score - 1e-9) if higher else (after.score <= before.score + 1e-9)


def test_the_strongest_and_the_weakest_of_all() -> None:
    some = {f"a{i}": {"absorption": 0.1 * i, "price_cuts": 0.3 - 0.05 * i} for i in range(6)}
    assert index.demand("a5", some).score == 100
    assert index.demand("a0", some).score == 0
    assert index.demand("a0", some).missing == ("days_on_market", "balance", "price_trend")


def test_few_peers_or_components_give_no_index() -> None:
    few = {f"a{i}": {"absorption": 0.1, "price_cuts": 0.2} for i in range(index.scale().fewest_peers - 1)}
    assert index.demand("a0", few).score is None
    one = {f"a{i}": {"absorption": 0.1 * i} for i in range(9)}
    assert index.demand("a3", one).score is None
    assert index.demand("nobody", one).score is None


def test_a_small_area_s_rates_are_drawn_to_those_of_all() -> None:
    over = Watch(date(2026, 1, 1), date(2026, 6, 1))

    def found(stock: int, absorption: float, days: int, cut: float) -> Pace:
        lasting = Duration(days, None, None, 0.9, 400, 0.4, 20)
        return Pace(stock, over, None, 10, 10, absorption, 0.0, 1.0, 5.0, lasting, Cuts(cut, 0, 1, 0.05, 3))

    of_all = found(1000, 0.1, 100, 0.2)
    small, large = (index.measures(found(n, 0.5, 20, 0.0), of_all) for n in (8, 800))
    for name, own, everyone in (("absorption", 0.5, 0.1), ("days_on_market", 20, 100), ("price_cuts", 0.0, 0.2)):
        low, high = sorted((own, everyone))
        assert low <= small[name] <= high
        assert abs(small[name] - everyone) < abs(large[name] - everyone)
    assert "price_trend" not in small
    assert index.measures(found(8, 0.5, 20, 0.0), of_all, math.nan).keys() == small.keys()
    assert index.measures(Pace(40, over, "snapshot"), of_all) == {}


@given(values)
def test_risk_is_a_score_or_withheld(some: dict[str, float]) -> None:
    found = scoring.risk(some)
    assert found.score is None or 0 <= found.score <= 100
    assert found == scoring.risk(dict(reversed(some.items())))
    assert {p.name for p in found.parts} == set(some)
    assert set(found.unknown) == set(scoring.scale().components) - set(some)
    assert [p.relief for p in found.parts] == sorted((p.relief for p in found.parts), reverse=True)


@given(values, st.sampled_from(list(scoring.scale().components)), st.floats(0, 200))
def test_risk_moves_the_way_each_component_says(some: dict[str, float], name: str, more: float) -> None:
    before = scoring.risk(some)
    if before.score is None or name not in some:
        return
    after = scoring.risk(some | {name: some[name] + more})
    assert after.score is not None
    lower = scoring.scale().components[name].lower
    assert (after.score <= before.score + 1e-9) if lower else (after.score >= before.score - 1e-9)


@given(values)
def test_what_would_change_it_is_what_the_score_would_be(some: dict[str, float]) -> None:
    found = scoring.risk(some)
    for part in found.parts:
        if found.score is not None:
            assert scoring.risk(some | {part.name: part.calm}).score == pytest.approx(found.score - part.relief)


def test_a_worked_example() -> None:
    """Volatility 5 % scores 25, six months of stock 30: (0.22 x 25 + 0.20 x 30) / 0.42."""
    found = scoring.risk({"price_volatility": 5, "liquidity": 6})
    assert found.score == pytest.approx((0.22 * 25 + 0.20 * 30) / 0.42)
    assert scoring.band(found.score) == "moderate"
    assert found.known == pytest.approx(0.42)


def test_too_little_is_withheld_and_nonsense_refused() -> None:
    assert scoring.risk({}).score is None
    assert scoring.risk({"price_volatility": 9}).score is None
    assert scoring.risk({"vacancy": 5, "concentration": 90}).score is None
    for bad in ({"luck": 3.0}, {"vacancy": math.nan}, {"liquidity": math.inf}, {"dscr": -1.0}):
        with pytest.raises(BadInput):
            scoring.risk(bad)


def test_volatility_is_that_of_whole_years() -> None:
    """Prices that grow by 2 % in one year and 10 % in the next, month by month: the months alone would look calm."""
    levels, level = [], 0.0
    for year in range(9):
        for month in range(12):
            level += (0.02 if year % 2 else 0.10) / 12
            levels.append((date(2010 + year, month + 1, 1), math.exp(level)))
    yearly = scoring.volatility(levels, "M")
    months = [math.log(b[1] / a[1]) for a, b in itertools.pairwise(levels)]
    mean = sum(months) / len(months)
    scaled = math.sqrt(12 * sum((m - mean) ** 2 for m in months) / (len(months) - 1)) * 100
    assert yearly is not None
    assert 2 < yearly < 5
    assert yearly > 1.8 * scaled
    assert scoring.volatility(levels[:5], "M") is None
    assert scoring.volatility([(levels[0][0], math.nan)], "M") is None
