"""Listings of the demo portfolio: where they are, what they cost, and whether a model can learn from them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import pytest

from core.locale import CURRENCY_OF
from knowledge.demo import AS_OF, Portfolio
from knowledge.demo.calibration import FEATURES
from knowledge.distance import kilometres

DWELLINGS = ("apartment", "studio", "house")
#: Plausible apartment prices per m2 and monthly rents per m2, local currency.
PRICE_M2 = {"CO": (1_000_000, 30_000_000), "ES": (700, 25_000), "MX": (6_000, 250_000)}
RENT_M2 = {"CO": (5_000, 150_000), "ES": (4, 90), "MX": (30, 1_300)}


def far(a: dict[str, Any], b: dict[str, Any]) -> float:
    return float(kilometres(a["latitude"], a["longitude"], [b["latitude"]], [b["longitude"]])[0])


def test_every_listing_lies_near_its_city_centre_and_its_neighbourhood(demo: Portfolio) -> None:
    areas = {area["id"]: area for area in demo.areas}
    assert max(far(row, areas[row["city_id"]]) for row in demo.listings) < 15
    assert max(far(row, areas[row["area_id"]]) for row in demo.listings) < 1.3


def test_kinds_operations_and_languages_are_mixed(demo: Portfolio) -> None:
    kinds = Counter(row["property_type"] for row in demo.listings)
    assert set(kinds) == {"apartment", "studio", "house", "office", "retail", "warehouse", "land"}
    assert min(kinds.values()) >= 60
    operations = Counter(row["operation"] for row in demo.listings)
    assert 0.6 < operations["sale"] / 6_000 < 0.75
    assert 0.22 < sum(row["language"] == "en" for row in demo.listings) / 6_000 < 0.28
    for country in CURRENCY_OF:
        assert {row["language"] for row in demo.listings if row["country"] == country} == {"es", "en"}


def test_currency_belongs_to_the_country_and_unit_price_is_consistent(demo: Portfolio) -> None:
    for row in demo.listings:
        assert row["currency"] == CURRENCY_OF[row["country"]]
        assert row["price_per_m2"] == pytest.approx(row["price"] / row["area_m2"], abs=0.01)


def test_units_are_plausible(demo: Portfolio) -> None:
    for row in demo.listings:
        if row["property_type"] == "apartment":
            low, high = (PRICE_M2 if row["operation"] == "sale" else RENT_M2)[row["country"]]
            assert low <= row["price_per_m2"] <= high, row["external_id"]
        if row["property_type"] in DWELLINGS:
            assert 20 <= row["area_m2"] <= 520
            assert 0 <= row["bedrooms"] <= 6
            assert 1 <= row["bathrooms"] <= 5
        else:
            assert row["bedrooms"] is None
        if row["year_built"] is not None:
            assert 1900 <= row["year_built"] <= AS_OF.year
        if row["floor"] is not None:
            assert 0 <= row["floor"] <= 25
    assert {row["floor"] for row in demo.listings if row["country"] == "CO"} & {0} == set()


def test_features_are_canonical_ordered_and_do_not_contradict(demo: Portfolio) -> None:
    for row in demo.listings:
        assert row["features"] == [name for name in FEATURES if name in row["features"]]
        have = set(row["features"])
        assert not {"new_build", "to_renovate"} <= have
        assert not {"ground_floor", "penthouse"} <= have
        if row["property_type"] == "land":
            assert have == set()
        if "sea_view" in have:
            assert row["city_id"] in {"co/cartagena", "es/barcelona", "es/valencia", "es/malaga", "mx/playa-del-carmen"}
    assert {name for row in demo.listings for name in row["features"]} == set(FEATURES)


def test_country_specifics_stand_in_attributes(demo: Portfolio) -> None:
    for row in demo.listings:
        own = row["attributes"]
        assert ("estrato" in own) == (row["country"] == "CO")
        assert 1 <= own.get("estrato", 1) <= 6
        if row["property_type"] in ("apartment", "studio"):
            assert own["community_fee"] > 0
        if "cadastral_value" in own:
            assert row["operation"] == "sale"
    fees = [row["attributes"]["community_fee"] / row["price"] for row in demo.listings
            if row["operation"] == "rent" and row["property_type"] == "apartment"]
    assert 0.03 < median(fees) < 0.25


def test_dates_run_from_2025_to_the_portfolio_date(demo: Portfolio) -> None:
    for row in demo.listings:
        assert date(2025, 1, 1) <= row["first_seen"] <= row["observed_on"] <= AS_OF
    assert {row["first_seen"].year for row in demo.listings} == {2025, 2026}


def test_some_listings_asked_other_prices_before(demo: Portfolio) -> None:
    listings = {row["external_id"]: row for row in demo.listings}
    earlier: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in demo.price_history:
        earlier[entry["external_id"]].append(entry)
    assert 0.13 < len(earlier) / 6_000 < 0.17
    assert {len(entries) for entries in earlier.values()} == {1, 2}
    for external_id, entries in earlier.items():
        row = listings[external_id]
        days = [entry["observed_on"] for entry in entries]
        assert days == sorted(set(days))
        assert days[0] == row["first_seen"]
        assert days[-1] < row["observed_on"]
        assert entries[-1]["price"] != row["price"]
        assert all(0.8 < entry["price"] / row["price"] < 1.25 for entry in entries)
        assert all(entry["currency"] == row["currency"] for entry in entries)


def test_listings_agree_with_the_price_series_of_their_city(demo: Portfolio) -> None:
    last = {row["series_id"]: row["value"] for row in demo.observations}
    for area in demo.areas:
        if area["level"] == "city":
            asked = median(row["price_per_m2"] for row in demo.listings if row["city_id"] == area["id"]
                           and row["property_type"] == "apartment" and row["operation"] == "sale")
            assert asked == pytest.approx(last[f"DEMO/price_m2/{area['id']}"], rel=0.15)


def test_colombian_rents_stay_under_one_per_cent_of_the_going_price(demo: Portfolio) -> None:
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in demo.listings:
        if row["country"] == "CO" and row["property_type"] in DWELLINGS:
            groups[row["city_id"], row["operation"]].append(row["price_per_m2"])
    for city in {city for city, _ in groups}:
        assert median(groups[city, "rent"]) < 0.01 * median(groups[city, "sale"])


def test_larger_dwellings_cost_less_per_m2(demo: Portfolio) -> None:
    for country in CURRENCY_OF:
        flats = [row for row in demo.listings if row["country"] == country and row["operation"] == "sale"
                 and row["property_type"] in ("apartment", "studio")]
        levels: dict[str, list[float]] = defaultdict(list)
        for row in flats:
            levels[row["area_id"]].append(row["price_per_m2"])
        relative = [row["price_per_m2"] / median(levels[row["area_id"]]) for row in flats]
        small = [r for r, row in zip(relative, flats, strict=True) if row["area_m2"] < 55]
        large = [r for r, row in zip(relative, flats, strict=True) if row["area_m2"] > 110]
        assert median(small) > 1.05 * median(large)


@pytest.mark.parametrize("country", ["CO", "ES", "MX"])
@pytest.mark.parametrize("operation", ["sale", "rent"])
def test_a_plain_regression_finds_structure_but_not_all(demo: Portfolio, country: str, operation: str) -> None:
    rows = [row for row in demo.listings if row["country"] == country and row["operation"] == operation
            and row["property_type"] in DWELLINGS]
    places = sorted({row["area_id"] for row in rows})[1:]
    columns = [
        [1.0, math.log(row["area_m2"]), row["bathrooms"], (AS_OF.year - (row["year_built"] or AS_OF.year)) / 10,
         row["property_type"] == "house", *(feature in row["features"] for feature in FEATURES),
         *(row["area_id"] == place for place in places)]
        for row in rows
    ]
    x = np.array(columns, dtype=float)
    y = np.log([row["price"] for row in rows])
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    explained = 1 - residual.var() / y.var()
    assert 0.75 < explained < 0.96
