"""Rule data, cost lines and assumptions."""

from datetime import date

import pytest

from core.errors import BadInput
from core.locale import COUNTRIES
from knowledge.finance import rules
from knowledge.finance.assumptions import assumption, cost_kind, significant
from knowledge.finance.costs import acquisition_costs, rent_cap, selling_costs

DAY = date(2026, 11, 23)
ALL = [rule for country in COUNTRIES for rule in rules.load(country)]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_every_rule_says_where_it_comes_from_and_since_when(rule):
    assert rule.source
    assert rule.label_es
    assert rule.label_en
    assert isinstance(rule.valid_from, date)
    assert rule.valid_to is None or rule.valid_to >= rule.valid_from
    assert 0 <= rule.low <= rule.high
    assert rule.unit in ("percent", "money", "count", "table")
    assert (rule.table is not None) == (rule.unit == "table")
    assert bool(rule.note_es) == bool(rule.note_en)
    if rule.kind in ("acquisition", "selling") and rule.unit == "money":
        assert rule.part_of, "sums of costs are percentages; a fixed amount must be part of one"


def test_rule_ids_are_unique():
    assert len({rule.id for rule in ALL}) == len(ALL)


def test_regions_named_by_rules_and_by_cities_are_the_same():
    named = {(rule.country, rule.region) for rule in ALL if rule.region != "*"}
    assert named == {(c, region) for (c, _), region in rules._regions().items()}


def test_an_expired_or_future_rule_is_not_used():
    def uvt(on):
        rule = rules.unit_value("CO", "uvt", on)
        return rule and rule.low

    assert [uvt(date(year, 6, 1)) for year in (2023, 2024, 2025, 2026, 2027)] == [None, 47065, 49799, 52374, None]
    assert not rules.in_force("ES", "acquisition", date(2020, 1, 1))


def test_places_find_their_region():
    assert rules.region_of("ES", "alicante") == "comunitat-valenciana"
    assert rules.region_of("ES", "CATALUNA") == "cataluna"
    assert rules.region_of("MX", "CDMX") == "ciudad-de-mexico"
    assert rules.region_of("ES", "Bilbao") == "pais-vasco"
    assert rules.region_of("MX", "Mérida") == rules.region_of("ES", "Atlántida") == rules.region_of("ES", None) == "*"


def test_colombian_buyer_and_seller():
    bought = acquisition_costs("CO", 450e6, city="Bogotá", on=DAY)
    assert (bought.low_pct, bought.high_pct) == (1.94, 1.94)
    assert bought.high == pytest.approx(8_730_000)
    assert bought.verified
    assert not bought.open_above
    sold = selling_costs("CO", 450e6, on=DAY)
    assert sold.high_pct == pytest.approx(0.27 + 1 + 3)
    assert sold.open_above
    assert sold.left_out


def test_colombian_withholding_depends_on_price_and_use():
    def withheld(price, property_type=None, on=DAY):
        line = next(x for x in selling_costs("CO", price, property_type=property_type, on=on).lines
                    if x.key == "withholding")
        return line.low_pct, line.high_pct

    assert withheld(10_000 * 52_374) == (1, 1)
    assert withheld(20_000 * 52_374) == (1, 1.75)  # half of it above 10,000 UVT at 2.5 %, or 1 % of all for a person
    assert withheld(100e6, "retail") == (2.5, 2.5)
    assert withheld(100e6, on=date(2027, 5, 1)) == (1, 2.5)  # no UVT of that year: both bands are possible
    assert withheld(20_000 * 49_799, on=date(2025, 5, 31)) == (1, 1)  # before the decree of June 2025
    assert withheld(20_000 * 49_799 + 1, on=date(2025, 5, 31)) == (1, 2.5)


def test_spanish_used_and_new():
    madrid = acquisition_costs("ES", 300_000, city="Madrid", on=DAY)
    assert (madrid.low, madrid.high) == (pytest.approx(21_000), pytest.approx(24_000))
    assert madrid.verified
    assert not acquisition_costs("ES", 300_000, city="Sevilla", on=DAY).verified
    unknown = acquisition_costs("ES", 300_000, on=DAY)
    assert (unknown.low_pct, unknown.high_pct) == (5, 15)
    assert acquisition_costs("ES", 300_000, city="Barcelona", on=date(2025, 1, 1)).open_above
    new = acquisition_costs("ES", 300_000, city="Madrid", new_build=True, on=DAY)
    assert {line.key for line in new.lines} == {"vat", "stamp_duty", "notary_registry_agent"}
    assert (new.low_pct, new.high_pct) == (11.75, 12.75)
    canary = acquisition_costs("ES", 300_000, city="Las Palmas", new_build=True, on=DAY)
    assert canary.low_pct == 6.5 + 0.75 + 1


def transfer_tax(price, city, on=DAY):
    line = next(x for x in acquisition_costs("ES", price, city=city, on=on).lines if x.key == "transfer_tax")
    assert line.low == line.high
    return line.high


@pytest.mark.parametrize(
    ("city", "price", "on", "due"),
    [
        ("Barcelona", 600_000, DAY, 60_000),
        ("Barcelona", 700_000, DAY, 71_000),
        ("Barcelona", 2_000_000, DAY, 230_000),  # 60,000 + 33,000 + 72,000 + 65,000
        ("Barcelona", 700_000, date(2025, 6, 26), 70_000),
        ("Valencia", 300_000, date(2026, 5, 31), 30_000),
        ("Valencia", 300_000, date(2026, 6, 1), 27_000),
        ("Valencia", 1_000_000, DAY, 90_000),
        ("Valencia", 1_200_000, DAY, 132_000),  # 11 % of all of it
        ("Palma", 500_000, DAY, 41_000),
        ("Palma", 2_500_000, DAY, 275_000),
        ("Zaragoza", 500_000, DAY, 40_750),
        ("Oviedo", 600_000, DAY, 52_000),
        ("Madrid", 600_000, DAY, 36_000),
        ("Pamplona", 200_000, DAY, 12_000),
    ],
)
def test_transfer_tax_by_bands(city, price, on, due):
    assert transfer_tax(price, city, on) == pytest.approx(due, abs=0.005)


def test_a_higher_reference_value_raises_the_taxed_base():
    costs = acquisition_costs("ES", 100_000, city="Madrid", reference_value=150_000, on=DAY)
    tax = next(line for line in costs.lines if line.key == "transfer_tax")
    assert tax.low == pytest.approx(9_000)
    assert acquisition_costs("ES", 100_000, city="Madrid", reference_value=50_000, on=DAY).low == pytest.approx(7_000)


def test_mexican_total_holds_the_tax_that_is_shown_beside_it():
    cdmx = acquisition_costs("MX", 6e6, city="Ciudad de México", on=DAY)
    assert (cdmx.low, cdmx.high) == (pytest.approx(360_000), pytest.approx(420_000))
    isai = next(line for line in cdmx.lines if line.key == "isai")
    assert (isai.low_pct, isai.high_pct, isai.counted) == (5.1, 5.9, False)
    in_dollars = acquisition_costs("MX", 300_000, city="CDMX", currency="USD", on=DAY)
    tax = next(line for line in in_dollars.lines if line.key == "isai")
    assert (tax.low_pct, tax.high_pct) == (1.5, 7.6)  # the bands are in pesos
    trust = acquisition_costs("MX", 6e6, city="Cancún", foreign_trust=True, on=DAY)
    assert (trust.low_pct, trust.high_pct) == (7, 9)


def test_the_colombian_rent_cap_is_for_housing():
    cap = rent_cap("CO", 450e6, 2.3e6, on=DAY)
    assert cap is not None
    assert cap.cap == pytest.approx(4_500_000)
    assert not cap.above
    assert cap.share_pct == pytest.approx(0.5111, abs=1e-4)
    exact, above = rent_cap("CO", 300e6, 3e6, on=DAY), rent_cap("CO", 300e6, 3_000_001, on=DAY)
    assert exact is not None
    assert not exact.above
    assert above is not None
    assert above.above
    assert rent_cap("CO", 300e6, 4e6, property_type="retail", on=DAY) is None
    assert rent_cap("ES", 300e3, 900, on=DAY) is None


def test_other_countries_have_no_rules():
    with pytest.raises(BadInput) as caught:
        acquisition_costs("PE", 100_000, on=DAY)
    assert "'PE'" in caught.value.es


def test_assumptions_fall_back_and_round_like_people():
    tax = assumption("property_tax_pct", "CO")
    assert tax is not None
    assert tax.of(450e6) == 2_520_000
    assert assumption("administration_pct", "PE") is None
    vacancy = assumption("vacancy_pct", "MX")
    assert vacancy is not None
    assert vacancy.country == "*"
    fee = assumption("administration_pct", "CO")
    assert fee is not None
    assert fee.of(2_300_000) == 350_000
    assert [significant(v, 2) for v in (0, 345, 0.0345, 99.6)] == [0, 350, 0.035, 100]
    assert cost_kind("Cuota de administración") == "administration_pct"
    assert cost_kind("IBI anual") == "property_tax_pct"
    assert cost_kind("seguro") is None
