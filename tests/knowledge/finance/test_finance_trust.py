"""A foreigner's purchase in Mexico: where the restricted zone lies, and what a trust adds to the purchase and to every year."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Misconfigured
from knowledge.finance import restricted_zone
from knowledge.finance.analysis import Analysis, Cost, Inputs, analyse
from knowledge.finance.case import Case
from knowledge.finance.currency import Rate, convert
from knowledge.finance.holding import deal_of
from knowledge.finance.restricted_zone import zone_of
from knowledge.finance.rows import inputs_of

DAY = date(2026, 11, 30)
DOLLAR = convert(1.0, "USD", "MXN", [Rate("USDMXN", 18.0, DAY, "FX/USDMXN", "Banxico")])
DEAL: dict[str, Any] = {"price": 4e6, "monthly_rent": 25_000, "country": "MX", "city": "Cancún", "horizon_years": 10, "on": DAY}


def found(**told: Any) -> Analysis:
    return analyse(Inputs(**{**DEAL, **told}))


@pytest.mark.parametrize(
    ("place", "where", "verified"),
    [
        ("Playa del Carmen", "inside", True), ("Tulum", "inside", True), ("cancun", "inside", True),
        ("Puerto Vallarta", "inside", True), ("Tijuana", "inside", True), ("Los Cabos", "inside", True),
        ("Baja California Sur", "inside", True),
        ("Mérida", "inside", False),  # 35 km from Progreso, on the coast
        ("Mazatlán", "inside", False), ("Ciudad Juárez", "inside", False), ("Bacalar", "inside", False),
        ("Ciudad de México", "outside", True), ("CDMX", "outside", True), ("Querétaro", "outside", True),
        ("San Miguel de Allende", "outside", True),
        ("Guadalajara", "unknown", False), ("Monterrey", "unknown", False), ("Culiacán", "unknown", False),
        ("Quintana Roo", "unknown", False),  # a state reaches farther inland than the zone
        ("Veracruz de Ningún Lado", "unknown", False), (None, "unknown", False), ("", "unknown", False),
    ],
)
def test_where_a_place_lies(place: str | None, where: str, verified: bool) -> None:
    zone = zone_of(place)
    assert (zone.where, zone.verified) == (where, verified)
    assert bool(zone.source) == (where != "unknown")


def test_a_foreigner_in_the_zone_pays_for_a_trust() -> None:
    own = found(measures=("acquisition_costs", "net_yield"))
    foreign = found(foreign_buyer=True, dollar=DOLLAR, measures=("acquisition_costs", "net_yield"))
    assert (own.measures["acquisition_costs"].low, own.measures["acquisition_costs"].high) == (160_000, 280_000)
    assert (foreign.measures["acquisition_costs"].low, foreign.measures["acquisition_costs"].high) == (280_000, 360_000)
    assert foreign.value("net_yield") < own.value("net_yield")
    fee = next(a.fact for a in foreign.assumptions if a.key == "trust_year")
    assert (fee.low, fee.high, fee.currency) == (9_000, 14_400, "MXN")  # USD 500 to 800 at 18
    assert foreign.trust is not None
    assert foreign.trust.used
    assert own.trust is None


def test_the_yearly_fee_is_in_every_year_of_the_projection() -> None:
    own, foreign = (deal_of(Case(Inputs(**DEAL, **told)), with_loan=False)[0]
                    for told in ({}, {"foreign_buyer": True, "dollar": DOLLAR}))
    assert foreign.costs - own.costs == pytest.approx(14_400)
    assert foreign.purchase_costs - own.purchase_costs == pytest.approx(80_000)
    plain, with_trust = (found(measures=("irr",), **told).value("irr")
                         for told in ({}, {"foreign_buyer": True, "dollar": DOLLAR}))
    assert with_trust < plain


def test_dollars_need_no_rate_and_pesos_without_one_say_so() -> None:
    dollars = found(price=250_000, monthly_rent=1_800, currency="USD", foreign_buyer=True, measures=("noi",))
    assert next(a.fact for a in dollars.assumptions if a.key == "trust_year").high == 800
    pesos = found(foreign_buyer=True, measures=("noi",))
    assert "trust_year" not in {a.key for a in pesos.assumptions}
    assert "trust_fee_apart" in {w.code for w in pesos.warnings}


def test_a_trust_among_the_stated_costs_is_not_counted_twice() -> None:
    told = (Cost("fideicomiso", 10_000), Cost("HOA", 2_000, "month"))
    stated = found(foreign_buyer=True, dollar=DOLLAR, costs=told, fill_defaults=True, measures=("noi",))
    assert "trust_year" not in {a.key for a in stated.assumptions}


@pytest.mark.parametrize(("city", "where"), [("Querétaro", "outside"), ("Guadalajara", "unknown"), (None, "unknown")])
def test_elsewhere_nothing_is_added_and_the_answer_can_say_why(city: str | None, where: str) -> None:
    own, foreign = (found(city=city, measures=("acquisition_costs", "noi"), **told) for told in (
        {}, {"foreign_buyer": True, "dollar": DOLLAR}))
    assert own.value("acquisition_costs") == foreign.value("acquisition_costs")
    assert own.value("noi") == foreign.value("noi")
    assert foreign.trust is not None
    assert (foreign.trust.zone.where, foreign.trust.used) == (where, False)
    assert foreign.trust.setup is not None
    assert ("trust_place_unknown" in {w.code for w in foreign.warnings}) == (where == "unknown")
    assert foreign.trust.closing is not None


def test_a_trust_that_is_spoken_of_is_reckoned_with_anywhere_in_mexico_and_nowhere_else() -> None:
    assert found(city="Guadalajara", foreign_trust=True, measures=("acquisition_costs",)).value("acquisition_costs") == 360_000
    with pytest.raises(BadInput, match="MX"):
        Inputs(price=200_000, country="ES", foreign_trust=True)
    assert analyse(Inputs(price=200_000, country="ES", city="Sevilla", foreign_buyer=True,
                          measures=("acquisition_costs",))).trust is None


def test_a_file_of_cases_has_columns_for_it() -> None:
    row = {"price": 4_000_000, "monthly_rent": 25_000, "country": "MX", "city": "Cancún", "assume": "sí", "on": "2026-11-30"}
    made = inputs_of({**row, "foreign_trust": "sí", "usd_rate": "18"})
    assert made.foreign_trust
    fee = next(a.fact for a in analyse(made).assumptions if a.key == "trust_year")
    assert (fee.high, fee.currency) == (14_400, "MXN")
    rate = next(f for f in analyse(made).facts if f.key == "USDMXN")
    assert (rate.value, rate.source.kind) == (18, "user")
    assert inputs_of({**row, "foreign_buyer": "yes"}).foreign_buyer
    for wrong in ({"usd_rate": 0}, {"usd_rate": -3}, {"usd_rate": "nan"}, {"usd_rate": 18, "currency": "USD"},
                  {"foreign_trust": "maybe"}, {"foreign_trust": "sí", "country": "CO"}):
        with pytest.raises(BadInput):
            inputs_of({**row, **wrong})


def test_a_file_of_the_zone_that_cannot_be_is_refused(tmp_path: Path) -> None:
    text = (restricted_zone.DATA / "restricted_zone.toml").read_text("utf-8")
    for old, new, said in (("near_coast_km = 45", "near_coast_km = 60", "at most the limit of 50 km"),
                           ("coast_km = 50", "coast_km = nan", "coast_km = nan"),
                           ('where = "outside"', 'where = "beyond"', "where = 'beyond'")):
        assert old in text
        (tmp_path / "restricted_zone.toml").write_text(text.replace(old, new, 1), "utf-8")
        with pytest.raises(Misconfigured, match=r"restricted_zone\.toml") as caught:
            restricted_zone.file.__wrapped__(tmp_path / "restricted_zone.toml")
        assert said in caught.value.en
