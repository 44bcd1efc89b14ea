"""The one call: stated figures, visible assumptions, what is missing, warnings and facts."""

from datetime import date
from functools import partial

import pytest

from core.errors import BadInput
from core.facts import Fact, as_dicts
from knowledge.finance import analysis, loans
from knowledge.finance.after_tax import AFTER_TAX
from knowledge.finance.analysis import Cost, analyse
from knowledge.finance.facts_of import ASSUMPTION, Ledger, plain

Inputs = partial(analysis.Inputs, on=date(2026, 11, 23))
CHAPINERO = {"price": 450e6, "monthly_rent": 2.3e6, "country": "CO", "city": "Bogotá", "property_type": "apartment"}


@pytest.mark.parametrize(
    ("given", "measure", "expected"),
    [
        ({"price": 42e6, "monthly_rent": 230_000, "country": "CO"}, "gross_yield", 6.5714),
        ({"price": 1.95e6, "monthly_rent": 10_400, "currency": "MXN"}, "gross_yield", 6.4),
        ({"price": 88_000, "monthly_rent": 510, "currency": "EUR"}, "gross_yield", 6.9545),
        ({"price": 2.6e6, "monthly_rent": 14_000, "currency": "MXN"}, "gross_yield", 6.4615),
        ({"price": 3.1e6, "monthly_rent": 15_500, "currency": "MXN"}, "gross_yield", 6.0),
        ({"price": 1.4e6, "monthly_rent": 7_700, "country": "MX"}, "gross_yield", 6.6),
        ({"price": 5.9e6, "monthly_rent": 28_000, "country": "MX"}, "years_of_rent", 17.5595),
        ({"price": 200_000, "monthly_rent": 900}, "gross_yield", 5.4),
        (
            {"price": 480e6, "monthly_rent": 3.3e6, "country": "CO", "city": "Tunja", "property_type": "retail",
             "base": "price", "costs": (Cost("predial", 2.9e6), Cost("seguro", 700_000))},
            "net_yield", 7.5,
        ),
        (
            {"price": 127_000, "annual_rent": 6_400, "country": "ES", "city": "Peñíscola", "base": "invested",
             "purchase_costs": 12_500, "costs": (Cost("gastos fijos", 1_900),)},
            "net_yield", 3.2258,
        ),
        ({"price": 95_000, "monthly_rent": 560, "rent_is_net": True, "country": "CO", "currency": "USD"},
         "net_yield", 7.0737),
        ({"price": 16_500, "monthly_rent": 75, "country": "ES"}, "payback_years", 18.3333),
        ({"price": 189_000, "area_m2": 70, "country": "ES"}, "price_per_m2", 2700),
        ({"cash_flows": (-70_000, 3_500, 3_500, 85_500)}, "irr", 10.1706),
        ({"loan_amount": 95e6, "rate_pct": 14, "rate_kind": "effective", "term_years": 7}, "monthly_payment",
         1_737_268.11),
        ({"loan_amount": 134_000, "rate_pct": 3.4, "term_years": 22, "currency": "EUR"}, "monthly_payment", 721.5434),
        ({"loan_amount": 1.8e6, "rate_pct": 9.9, "term_years": 15, "currency": "MXN"}, "monthly_payment", 19_232.92),
        ({"loan_amount": 180e6, "rate_pct": 12.5, "rate_kind": "effective", "term_years": 20}, "monthly_payment",
         1_961_450.48),
    ],
)
def test_figures_of_known_conversations(given, measure, expected):
    asked = analyse(Inputs(**given, measures=(measure,)))
    assert asked.value(measure) == pytest.approx(expected, rel=1e-5)
    assert analyse(Inputs(**given)).value(measure) == pytest.approx(expected, rel=1e-5)


def test_a_net_yield_on_nothing_stated_shows_every_assumption():
    result = analyse(Inputs(**CHAPINERO, measures=("gross_yield", "net_yield", "legal_rent_cap")))
    assert result.value("gross_yield") == pytest.approx(6.1333, abs=1e-4)
    assert result.value("net_yield") == pytest.approx(3.95, abs=5e-5)
    assert [(a.key, a.fact.value, a.period) for a in result.assumptions] == [
        ("vacancy_pct", 5, None),
        ("administration_pct", 350_000, "month"),
        ("property_tax_pct", 2_520_000, "year"),
        ("maintenance_pct", 5, None),
        ("acquisition_costs_pct", 1.94, None),
    ]
    assert result.value("legal_rent_cap") == 4_500_000
    share = next(f for f in result.facts if f.key == "rent_share_of_value")
    assert share.value == pytest.approx(0.5111, abs=1e-4)
    assert result.measures["gross_yield"].formula == "12 × 2300000 ÷ 450000000"
    assert not result.warnings


def test_seventy_percent_financed():
    result = analyse(Inputs(**CHAPINERO, down_payment_pct=30, example_loan=True,
                            measures=("loan_amount", "monthly_payment", "rent_minus_payment", "loan_to_value")))
    assert result.value("loan_amount") == 315e6
    assert round(result.value("monthly_payment")) == 3_334_664
    assert round(result.value("rent_minus_payment")) == -1_034_664
    gap = next(f for f in result.facts if f.key == "monthly_top_up")
    assert round(float(gap.value)) == 1_034_664
    assert "example_loan" in {w.code for w in result.warnings}
    asked = analyse(Inputs(**CHAPINERO, down_payment_pct=30, measures=("monthly_payment",)))
    assert asked.missing == {"monthly_payment": ("rate_pct", "term_years")}


def test_stated_costs_are_used_alone_and_can_replace_one_assumption():
    fee = (Cost("administración", 420_000, "month"),)
    alone = analyse(Inputs(**CHAPINERO, costs=fee, measures=("noi", "net_yield")))
    assert alone.value("noi") == pytest.approx(27.6e6 - 5.04e6)
    assert alone.value("net_yield") == pytest.approx(22.56 / 4.5)
    assert not alone.assumptions
    beside = analyse(Inputs(**CHAPINERO, costs=fee, fill_defaults=True, measures=("noi",)))
    assert beside.value("noi") == pytest.approx(27.6e6 * 0.95 - 5.04e6 - 2.52e6 - 1.38e6)
    none = analyse(Inputs(**CHAPINERO, costs=(), measures=("net_yield",)))
    assert none.value("net_yield") == pytest.approx(6.1333, abs=1e-4)


def test_costs_in_percent_and_once():
    result = analyse(Inputs(
        price=100_000, monthly_rent=1_000, measures=("noi", "net_yield"),
        costs=(Cost("gestión", 10, of="rent"), Cost("IBI", 0.5, of="price"), Cost("reforma", 20_000, "once")),
    ))
    assert result.value("noi") == pytest.approx(12_000 - 1_200 - 500)
    assert result.value("net_yield") == pytest.approx(10_300 / 120_000 * 100)


def test_what_is_missing_is_named_only_for_what_was_asked():
    result = analyse(Inputs(price=200_000, monthly_rent=900,
                            measures=("net_yield", "irr", "price_per_m2", "npv", "dscr")))
    assert result.measures == {}
    assert result.missing == {
        "net_yield": ("costs", "country"),
        "irr": ("horizon_years", "costs", "country"),
        "price_per_m2": ("area_m2",),
        "npv": ("discount_pct",),
        "dscr": ("costs", "country", "loan_amount", "rate_pct", "term_years"),
    }
    assert analyse(Inputs(price=200_000, monthly_rent=900)).missing == {}


def test_ranges_of_rules_stay_ranges():
    net = analyse(Inputs(price=300_000, monthly_rent=1_200, country="ES", city="Madrid",
                         measures=("net_yield",))).measures["net_yield"]
    assert net.low is not None
    assert net.high is not None
    assert net.value == net.low < net.high
    assert net.low == pytest.approx((14_400 * 0.95 - 12 * 120 - 1_650 - 720) / 324_000 * 100)
    assert net.high == pytest.approx((14_400 * 0.95 - 12 * 120 - 600 - 720) / 321_000 * 100)


def test_colombian_custom_shows_the_other_reading_too():
    result = analyse(Inputs(loan_amount=95e6, rate_pct=14, term_years=7, country="CO", measures=("monthly_payment",)))
    assert result.value("monthly_payment") == pytest.approx(1_737_268.11, rel=1e-6)
    other = next(f for f in result.facts if f.key == "monthly_payment_if_nominal")
    assert other.value == pytest.approx(95e6 * (0.14 / 12) / (1 - (1 + 0.14 / 12) ** -84))
    assert [w.code for w in result.warnings] == ["rate_kind_assumed"]


def codes(**given):
    return {w.code for w in analyse(Inputs(**given)).warnings}


def test_warnings():
    assert "rent_above_legal_cap" in codes(price=100e6, monthly_rent=1.1e6, country="CO")
    assert "rent_above_legal_cap" not in codes(price=100e6, monthly_rent=1.1e6, country="CO", property_type="office")
    assert "yield_implausible" in codes(price=200_000, monthly_rent=90)
    assert "unverified_rule" in codes(price=200_000, monthly_rent=900, country="ES", city="Sevilla")
    assert "region_unknown" in codes(price=200_000, monthly_rent=900, country="ES", city="Villabajo")
    assert "region_unknown" not in codes(price=200_000, monthly_rent=900, country="ES", city="Sevilla")
    assert "region_rule_unknown" in codes(price=200_000, monthly_rent=900, country="ES", city="Palma", new_build=True)  # no AJD
    assert "region_rule_unknown" not in codes(price=200_000, monthly_rent=900, country="ES", city="Palma")
    assert "region_rule_unknown" not in codes(price=200_000, monthly_rent=900, country="ES", city="Sevilla", new_build=True)
    for told in ({}, {"foreign_buyer": True}):  # the ISAI of the state is known
        assert "region_rule_unknown" not in codes(price=4e6, monthly_rent=25_000, country="MX", city="Los Cabos", **told)
    assert "region_unknown" not in codes(price=200e6, monthly_rent=9e5, country="CO", city="Ibagué")  # one rule for all
    financed = codes(price=200_000, monthly_rent=900, costs=(), loan_amount=150_000, rate_pct=9, term_years=20)
    assert {"negative_leverage", "negative_cash_flow"} <= financed
    cheap = codes(price=200_000, monthly_rent=1_500, costs=(), loan_amount=100_000, rate_pct=2, term_years=30)
    assert "negative_leverage" not in cheap
    assert "loan_conflict" in codes(price=200_000, loan_amount=150_000, down_payment_pct=50)


def test_holding_period_with_and_without_debt():
    result = analyse(Inputs(
        price=100_000, monthly_rent=500, costs=(Cost("gastos", 1_000),), horizon_years=10, growth_pct=3,
        rent_growth_pct=3, selling_costs_pct=0, discount_pct=8, loan_amount=50_000, rate_pct=3, term_years=20,
    ))
    assert result.value("irr") == pytest.approx(8.0)
    assert result.value("npv") == pytest.approx(0, abs=1e-6)
    assert result.value("levered_irr") > 8
    assert result.value("equity_at_horizon") == pytest.approx(
        100_000 * 1.03**10 - next(float(f.value) for f in result.facts if f.key == "loan_balance_at_horizon")
    )


def test_figures_that_do_not_exist_say_why():
    several = analyse(Inputs(cash_flows=(-1000, 2500, -1540), measures=("irr",)))
    assert several.undefined == {"irr": "irr_several"}
    assert [f.value for f in several.facts if f.key == "irr_root"] == pytest.approx([10, 40])
    assert analyse(Inputs(cash_flows=(100, 50), measures=("irr",))).undefined == {"irr": "irr_none"}
    loss = analyse(Inputs(price=100_000, monthly_rent=100, costs=(Cost("comunidad", 200, "month"),),
                          measures=("payback_years",)))
    assert loss.undefined == {"payback_years": "never_pays_back"}
    assert [w.code for w in loss.warnings] == ["never_pays_back"]


def test_every_input_of_a_fact_is_a_fact_and_results_carry_formulas():
    result = analyse(Inputs(**CHAPINERO, area_m2=60, down_payment_pct=30, rate_pct=12, term_years=20, horizon_years=5,
                            discount_pct=10, payment=2e6, target_yield_pct=6, sale_price=5e8, purchase_costs=9e6, savings=5e7,
                            other_term_years=15, reach_pct=80, rent_growth_pct=4, entity="Chapinero"))
    untold = {"break_even_nights", "discounted_price", "payment_with_costs", "xirr", "home_irr"}
    after_tax = {measure.__name__ for measure in AFTER_TAX}  # only where asked for
    assert set(result.measures) == set(analysis.MEASURES) - untold - after_tax
    ids = {fact.id for fact in result.facts}
    for fact in result.facts:
        assert set(fact.inputs) <= ids
        assert fact.entity == "Chapinero"
        assert (fact.source.kind == "computation") == (fact.formula is not None)
        if fact.unit == "money":
            assert fact.currency == "COP"
    assert [Fact.from_dict(d) for d in as_dicts(result.facts)] == list(result.facts)
    assert any(fact.source.ref.startswith(ASSUMPTION) for fact in result.facts)


def test_assumption_labels_follow_the_reader():
    english = analyse(Inputs(**CHAPINERO, language="en", measures=("net_yield",)))
    assert {f.source.label for f in english.facts if f.key == "vacancy_pct"} == {"vacancy"}


def test_ledger_keeps_each_fact_once_and_writes_plain_numbers():
    ledger = Ledger()
    first = ledger.user("price", 450e6, unit="money", currency="COP")
    assert ledger.user("price", 450e6, "money", "COP") == first
    assert len(ledger.facts) == 1
    assert [plain(v) for v in (450e6, 1.5, 0.0094887929, -2.0, 1 / 3)] == ["450000000", "1.5", "0.0094887929", "-2",
                                                                         "0.333333"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"price": -5}, "-5"), ({"price": float("nan")}, "nan"), ({"rate_pct": 900}, "900"), ({"term_years": 0}, "0"),
        ({"price": 2_300, "monthly_rent": 450_000}, "450000"), ({"price": True}, "True"), ({"price": "450"}, "450"),
        ({"vacancy_pct": 120}, "120"), ({"cash_flows": (-1, float("inf"))}, "inf"), ({"horizon_years": 500}, "500"),
        ({"down_payment_pct": -1}, "-1"),
    ],
)
def test_nonsense_is_refused_with_the_value_in_both_languages(given, shown):
    with pytest.raises(BadInput) as caught:
        Inputs(**given)
    assert shown in caught.value.es
    assert shown in caught.value.en
    assert caught.value.es != caught.value.en


def test_an_unknown_measure_is_refused():
    with pytest.raises(BadInput, match="'roi'"):
        analyse(Inputs(price=1000, measures=("roi",)))


HELD = {"price": 200_000.0, "monthly_rent": 1_500.0, "as_told": True, "selling_costs_pct": 3.0, "down_payment_pct": 30.0,
        "rate_pct": 4.0, "term_years": 20.0, "horizon_years": 8.0, "growth_pct": 2.0, "rent_growth_pct": 2.0}


def test_the_leverage_effect_is_the_difference_of_the_two_rates_and_says_why():
    result = analyse(Inputs(**HELD))
    book = {fact.key: fact.value for fact in result.facts}
    assert result.value("leverage_effect") == pytest.approx(result.value("levered_irr") - result.value("irr"))
    assert book["effective_rate"] == pytest.approx(((1 + 0.04 / 12) ** 12 - 1) * 100)
    assert book["return_over_debt_cost"] == pytest.approx(result.value("irr") - book["effective_rate"])
    assert result.value("leverage_effect") > 0
    dear = analyse(Inputs(**{**HELD, "rate_pct": 14.0}))
    assert dear.value("leverage_effect") < 0
    assert "leverage_lowers" in {w.code for w in dear.warnings}


def test_what_comes_back_and_what_a_sale_leaves():
    result = analyse(Inputs(**HELD))
    value, owed = 200_000 * 1.02**8, loans.balance(140_000, 0.04 / 12, 240, 96)
    assert result.value("left_after_sale") == pytest.approx(value * 0.97 - owed)
    payment = 12 * loans.payment(140_000, 0.04 / 12, 240)
    flows = [18_000 * 1.02**year - payment for year in range(8)]
    assert min(flows) > 0
    assert result.value("equity_multiple") == pytest.approx((sum(flows) + value * 0.97 - owed) / 60_000)


def test_an_indexed_loan_shows_its_inflation_and_warns():
    result = analyse(Inputs(price=400e6, loan_amount=200e6, country="CO", rate_pct=7, term_years=15, indexed_to="UVR",
                            measures=("monthly_payment", "total_interest", "effective_annual_cost")))
    assert {a.key: a.fact.value for a in result.assumptions}["inflation_pct"] == 3
    assert "indexed_loan" in {w.code for w in result.warnings}
    assert result.value("effective_annual_cost") == pytest.approx((1.07 * 1.03 - 1) * 100)
    plain_loan = analyse(Inputs(price=400e6, loan_amount=200e6, country="CO", rate_pct=7, term_years=15,
                                measures=("total_interest",)))
    assert result.value("total_interest") > plain_loan.value("total_interest")


def test_a_variable_rate_is_the_index_and_the_margin():
    result = analyse(Inputs(price=300e3, down_payment_pct=20, country="ES", index_path=(2.5, 3.5), margin_pct=1.0,
                            term_years=25, horizon_years=3, measures=("monthly_payment", "loan_balance")))
    first = loans.payment(240_000, 0.035 / 12, 300)
    assert result.value("monthly_payment") == pytest.approx(first)
    after_one = loans.balance(240_000, 0.035 / 12, 300, 12)
    assert result.value("loan_balance") == pytest.approx(loans.balance(after_one, 0.045 / 12, 288, 24))


@pytest.mark.parametrize("change", [
    {"margin_pct": 1.0}, {"index_path": (99.0,), "margin_pct": 5.0}, {"index_path": (float("nan"),)}, {"indexed_to": "CPI"},
    {"inflation_pct": 400.0}, {"opening_fee": -1.0}, {"loan_insurance_pct": 50.0}, {"fx_path": (1.0, 0.0)},
    {"flow_dates": (date(2024, 1, 1),), "cash_flows": (1.0, 2.0)},
])
def test_impossible_terms_of_a_loan_are_refused(change):
    with pytest.raises(BadInput):
        Inputs(**change)


def test_a_sale_price_told_rules_every_flow():
    measures = ("levered_irr", "leverage_effect", "left_after_sale", "equity_multiple")
    told = {k: v for k, v in HELD.items() if k != "growth_pct"} | {"sale_price": 200_000 * 1.02**8}
    grown, sold = analyse(Inputs(**HELD, measures=measures)), analyse(Inputs(**told, measures=measures))
    for measure in measures:
        assert sold.value(measure) == pytest.approx(grown.value(measure)), measure
    assert "growth_pct" not in {a.key for a in sold.assumptions}


def test_the_leverage_effect_compares_two_returns_of_the_same_years():
    told = {k: v for k, v in HELD.items() if k not in ("growth_pct", "horizon_years")} | {"measures": ("leverage_effect",)}
    shown = {a.key: a.fact.value for a in analyse(Inputs(**told)).assumptions}
    assert (shown["horizon_years"], shown["growth_pct"]) == (10, 0)
    for horizon in (3.0, 8.0):
        result = analyse(Inputs(**told, horizon_years=horizon, sale_price=260_000))
        book = {fact.key: fact.value for fact in result.facts}
        assert result.value("leverage_effect") == pytest.approx(book["levered_irr"] - book["irr"])
        assert result.value("leverage_effect") > 0


def test_a_return_in_real_terms_is_without_the_inflation():
    lent = analyse(Inputs(**HELD, inflation_pct=3.0, measures=("real_irr", "levered_irr")))
    assert lent.value("real_irr") == pytest.approx(((1 + lent.value("levered_irr") / 100) / 1.03 - 1) * 100)
    bare = {k: v for k, v in HELD.items() if k not in ("down_payment_pct", "rate_pct", "term_years")} | {"country": "CO"}
    found = analyse(Inputs(**bare, measures=("real_irr", "irr")))
    assert {a.key: a.fact.value for a in found.assumptions}["inflation_pct"] == 3
    assert found.value("real_irr") == pytest.approx(((1 + found.value("irr") / 100) / 1.03 - 1) * 100)
    unheld = analyse(Inputs(**{**HELD, "horizon_years": None}, measures=("real_irr",)))
    assert unheld.missing["real_irr"] == ("horizon_years",)
