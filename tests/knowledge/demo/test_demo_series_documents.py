"""Series and documents of the demo portfolio."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from datetime import date

import pytest

from knowledge.demo import Portfolio
from knowledge.demo.calibration import Rate, load
from knowledge.demo.series import MONTHS, price_path, rate_path
from knowledge.understanding.text import fold


def test_six_years_of_months() -> None:
    assert MONTHS[0] == date(2020, 11, 1)
    assert MONTHS[-1] == date(2026, 10, 1)
    assert len(MONTHS) == 72
    gaps = {(b.year - a.year) * 12 + b.month - a.month for a, b in itertools.pairwise(MONTHS)}
    assert gaps == {1}


def test_every_series_is_continuous_positive_and_without_jumps(demo: Portfolio) -> None:
    values: dict[str, list[tuple[date, float]]] = defaultdict(list)
    for row in demo.observations:
        values[row["series_id"]].append((row["period"], row["value"]))
    for name, points in values.items():
        assert tuple(day for day, _ in points) == MONTHS
        levels = [value for _, value in points]
        assert min(levels) > 0
        largest = max(abs(b / a - 1) for a, b in itertools.pairwise(levels))
        assert largest < (0.04 if "/price_m2/" in name or "/rent_m2/" in name else 0.2), name


def test_each_city_has_its_metrics_and_each_country_a_rate(demo: Portfolio) -> None:
    kinds = Counter(row["metric"] for row in demo.series)
    cities = sum(area["level"] == "city" for area in demo.areas)
    assert kinds.pop("mortgage_rate") == 3
    assert kinds == dict.fromkeys(("price_m2", "rent_m2", "days_on_market", "stock"), cities)
    assert all(row["frequency"] == "M" and row["unit"] for row in demo.series)


def test_prices_pass_through_the_published_level() -> None:
    calibration = load()
    for city in calibration.cities:
        assert price_path(calibration, city)[MONTHS.index(city.price_as_of)] == pytest.approx(city.price_m2)


def test_prices_grow_by_the_calibrated_rate() -> None:
    calibration = load()
    madrid = next(city for city in calibration.cities if city.id == "es/madrid")
    path = price_path(calibration, madrid)
    year = path[MONTHS.index(date(2025, 12, 1))] / path[MONTHS.index(date(2024, 12, 1))]
    assert year == pytest.approx(1 + calibration.growth_pct(madrid, 2025) / 100)


def test_rents_end_at_the_calibrated_yield(demo: Portfolio) -> None:
    last = {row["series_id"]: row["value"] for row in demo.observations}
    for city in load().cities:
        gross = 1200 * last[f"DEMO/rent_m2/{city.id}"] / last[f"DEMO/price_m2/{city.id}"]
        assert gross == pytest.approx(city.gross_yield_pct, rel=0.02)


def test_rates_meet_their_anchors_and_run_straight_between() -> None:
    anchors = [Rate(date(2020, 11, 1), 2.0, "nominal"), Rate(date(2020, 12, 1), 4.0, "nominal"),
               Rate(date(2026, 10, 1), 74.0, "nominal")]
    path = rate_path(anchors)
    assert path[0] == 2.0
    assert path[1] == 4.0
    assert path[-1] == 74.0
    assert path[2] - path[1] == pytest.approx(1.0)


def test_documents_come_in_both_languages_and_four_kinds(demo: Portfolio) -> None:
    pairs = {(row["id"][:-3], row["language"]) for row in demo.documents}
    assert len(pairs) == len(demo.documents)
    assert {name for name, spoken in pairs if spoken == "es"} == {name for name, spoken in pairs if spoken == "en"}
    kinds = Counter(row["kind"] for row in demo.documents)
    assert set(kinds) == {"area_guide", "market_note", "rule", "opinion"}
    assert min(kinds.values()) >= 12
    assert {row["country"] for row in demo.documents} == {"CO", "ES", "MX"}


def test_documents_are_short_and_read_in_their_language(demo: Portfolio) -> None:
    for row in demo.documents:
        most = 1_000 if row["kind"] == "opinion" else 350  # opinions are read whole, a paragraph for each neighbourhood
        assert 150 <= len(row["text"].split()) <= most, row["id"]
        assert not re.search(r"[{}]|None|\bde el [a-z]", row["text"])
        folded = f" {fold(row['text'])} "
        assert (folded.count(" and ") > folded.count(" y ")) == (row["language"] == "en"), row["id"]


def test_area_guides_say_demo_and_hold_no_figures(demo: Portfolio) -> None:
    places = [place for of_city in load().neighbourhoods.values() for place in of_city]
    names = {name for place in places for name in (place.called, *place.near)}
    numbered = sorted((name for name in names if re.search(r"\d", name)), key=len, reverse=True)
    for row in demo.documents:
        if row["kind"] == "area_guide":
            text = row["text"]
            assert "demo" in text.lower()
            for name in numbered:
                text = re.sub(re.escape(re.sub(r"^(el|la|los|las) ", "", name)), "", text, flags=re.IGNORECASE)
            assert not re.search(r"\d", text), row["id"]


def test_market_notes_quote_the_series(demo: Portfolio) -> None:
    last = {row["series_id"]: row["value"] for row in demo.observations}
    note = next(row for row in demo.documents if row["id"] == "demo-note-prices-es-en")
    assert f"€{last['DEMO/price_m2/es/madrid']:,.0f}" in note["text"]
    assert all("demo" in row["text"].lower() for row in demo.documents if row["kind"] == "market_note")


def test_rules_name_their_sources_in_the_text_and_disclaim_advice(demo: Portfolio) -> None:
    for row in demo.documents:
        if row["kind"] == "rule":
            assert row["attribution"]
            assert "Ladrillo" not in row["attribution"]
            assert re.search(r"No es ases|not (tax )?advice", row["text"])
            named = [word for word in re.findall(r"\w{4,}", row["attribution"]) if re.match(r"[A-Z\d]", word)]
            hosts = re.findall(r"[\w-]+\.(?:com|es|mx)", row["attribution"])
            assert any(word in row["text"] for word in [*named, *hosts]), row["id"]
            assert all(host in row["text"] for host in hosts), row["id"]


@pytest.mark.parametrize(("key", "figures"), [
    ("co-purchase-costs", ["0,54 %", "1,94 %", "1,67 %", "52.374"]),
    ("es-purchase-taxes", ["11,5 %", "10 %", "0,75 %"]),
    ("mx-fideicomiso", ["2.500", "3.000", "7 y 9 %"]),
])
def test_rules_hold_the_figures_of_their_sources(demo: Portfolio, key: str, figures: list[str]) -> None:
    text = next(row["text"] for row in demo.documents if row["id"] == f"demo-rule-{key}-es")
    assert all(figure in text for figure in figures)
