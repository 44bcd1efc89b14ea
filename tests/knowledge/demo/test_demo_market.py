"""What the demo portfolio holds for the market's pace and opinions: adverts that left, and what neighbours say."""

from __future__ import annotations

from collections import Counter

from knowledge.demo import AS_OF, Portfolio
from knowledge.demo.calibration import load
from knowledge.demo.withdrawn import DAYS, RENT_PACE
from knowledge.market.pace import Row, pace, watch
from knowledge.market.sentiment.model import read


def test_adverts_that_left_look_like_those_that_stay_and_left_lately(demo: Portfolio) -> None:
    assert 1_500 < len(demo.withdrawn) < 6_000
    assert {row["status"] for row in demo.withdrawn} == {"withdrawn"}
    assert len({row["external_id"] for row in [*demo.listings, *demo.withdrawn]}) == len(demo.listings) + len(demo.withdrawn)
    assert all(row["demo"] and row["price"] > 0 and row["area_m2"] >= 12 for row in demo.withdrawn)
    assert all(0 < (AS_OF - row["observed_on"]).days <= DAYS for row in demo.withdrawn)
    assert all(row["first_seen"] < row["observed_on"] for row in demo.withdrawn)


def test_the_days_on_market_that_can_be_estimated_are_those_of_the_calibration(demo: Portfolio) -> None:
    ratios = []
    for city in load().cities:
        for operation, faster in (("sale", 1.0), ("rent", RENT_PACE)):
            rows = [Row(r["area_id"], r["first_seen"], r["observed_on"], r["status"] == "withdrawn")
                    for r in [*demo.listings, *demo.withdrawn] if (r["city_id"], r["operation"]) == (city.id, operation)]
            found = pace(rows, [], watch(rows, AS_OF), AS_OF).on_market
            if found is not None and found.median is not None:
                ratios.append(found.median * faster / city.days_on_market)
    assert len(ratios) > 30
    assert 0.75 < sorted(ratios)[len(ratios) // 2] < 1.25


def test_every_neighbourhood_is_spoken_of_for_good_and_for_bad(demo: Portfolio) -> None:
    voices = [row for row in demo.documents if row["kind"] == "opinion"]
    assert Counter(row["language"] for row in voices) == {"es": 19, "en": 19}
    for row in voices:
        places = load().neighbourhoods[row["area_id"]]
        assert all(f"\n\n{place.called}: " in row["text"] for place in places), row["id"]
        assert "demo" in row["text"].lower()


def test_what_they_say_is_read_as_it_was_meant() -> None:
    from knowledge.demo.calibration import read as table

    words = table("opinions.toml")
    said = [(side, text) for side in ("good", "bad") for pairs in words[side].values() for pair in pairs for text in pair]
    right = sum(read(text).label == {"good": "+", "bad": "-"}[side] for side, text in said)
    assert right / len(said) > 0.9


