"""Returns of a file of cases, against the definitions in decimal arithmetic: to the cent, in all three countries."""

from __future__ import annotations

import json
from decimal import Decimal, getcontext
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import BadInput
from services.returning import columns, returns_file

getcontext().prec = 50
D = Decimal
CENT = D("0.005")

#: (country, currency, price, monthly rent, yearly rate, its kind, years of the loan, down payment %, fixed costs a month,
#: property tax a year, costs as % of the rent, vacancy %, purchase costs %, horizon, growth %, rent growth %, selling %,
#: discount %)
_PLACES = [
    ("ES", "EUR", "185000", "875", "3.15", "nominal", 25, "20", "62.5", "410", "8", "4", "9.6"),
    ("ES", "EUR", "1250000", "4300", "2.4", "nominal", 30, "35", "310", "2150.75", "0", "7.5", "8"),
    ("CO", "COP", "450000000", "2300000", "12.4", "effective", 20, "30", "350000", "2520000", "5", "5", "1.94"),
    ("CO", "COP", "198500000", "1350000", "10.75", "effective", 15, "30", "185000", "890000", "10", "8.25", "2"),
    ("MX", "MXN", "4850000", "24500", "10.35", "nominal", 20, "25", "2900", "6400", "6", "6", "6.5"),
    ("MX", "MXN", "2100000", "13900", "0", "nominal", 10, "40", "1150", "3100", "0", "0", "5.75"),
]
_HELD = [(1, "0", "0", "0", "8"), (5, "3.2", "2.5", "4", "6"), (12, "-1.5", "3", "3.63", "9.25"),
         (30, "2.1", "1.9", "2", "4.5"),
         (20, "5", "4", "5", "12")]
CASES = [place + held for place, held in product(_PLACES, _HELD)]
NAMES = ("country", "currency", "price", "monthly_rent", "rate_pct", "rate_kind", "term_years", "down_payment_pct",
         "administration_month", "property_tax_year", "management_pct_of_rent", "vacancy_pct", "purchase_costs_pct",
         "horizon_years", "growth_pct", "rent_growth_pct", "selling_costs_pct", "discount_pct")


def by_definition(case: tuple[Any, ...]) -> dict[str, Decimal]:
    """Every figure written out from its definition, month by month and year by year, in fifty digits."""
    told = dict(zip(NAMES, case, strict=True))
    price, rent, rate, down, month, tax, share, empty, buying, growth, rise, selling, discount = (
        D(str(told[name])) for name in (
            "price", "monthly_rent", "rate_pct", "down_payment_pct", "administration_month", "property_tax_year",
            "management_pct_of_rent", "vacancy_pct", "purchase_costs_pct", "growth_pct", "rent_growth_pct", "selling_costs_pct",
            "discount_pct"))
    months, years = 12 * told["term_years"], told["horizon_years"]
    i = (1 + rate / 100) ** (D(1) / 12) - 1 if told["rate_kind"] == "effective" else rate / 1200
    loan = price * (100 - down) / 100
    instalment = loan * i / (1 - (1 + i) ** -months) if i else loan / months
    owed, paid_by_year, owed_by_year = loan, [], []
    for year in range(years):
        paid = D(0)
        for number in range(12 * year, 12 * year + 12):
            if number < months:
                owed = owed * (1 + i) - instalment
                paid += instalment
        paid_by_year.append(paid)
        owed_by_year.append(owed if 12 * (year + 1) < months else D(0))
    costs = 12 * month + tax + 12 * rent * share / 100
    noi = 12 * rent * (1 - empty / 100) - costs
    invested = price * (1 + buying / 100)
    sale = price * (1 + growth / 100) ** years * (1 - selling / 100)
    incomes = [noi * (1 + rise / 100) ** year for year in range(years)]
    whole = [-invested, *incomes]
    whole[-1] += sale
    own = [loan - invested, *(income - paid for income, paid in zip(incomes, paid_by_year, strict=True))]
    own[-1] += sale - owed_by_year[-1]
    return {
        "gross_yield": 12 * rent / price * 100, "noi": noi, "net_yield": noi / invested * 100, "cap_rate": noi / price * 100,
        "years_of_rent": price / (12 * rent), "loan_amount": loan, "monthly_payment": instalment,
        "total_interest": instalment * months - loan, "debt_service_year": paid_by_year[0], "own_cash": invested - loan,
        "cash_flow_year": noi - paid_by_year[0], "cash_flow_month": (noi - paid_by_year[0]) / 12,
        "cash_on_cash": (noi - paid_by_year[0]) / (invested - loan) * 100, "dscr": noi / paid_by_year[0],
        "break_even_rent": (12 * month + tax + paid_by_year[0]) / (12 * (1 - empty / 100 - share / 100)),
        "break_even_occupancy": (costs + paid_by_year[0]) / (12 * rent) * 100,
        "npv": sum(flow / (1 + discount / 100) ** t for t, flow in enumerate(whole)),
        "value_at_horizon": price * (1 + growth / 100) ** years, "loan_balance": owed_by_year[-1],
        "equity_at_horizon": price * (1 + growth / 100) ** years - owed_by_year[-1], "left_after_sale": sale - owed_by_year[-1],
        "rent_at_horizon": rent * (1 + rise / 100) ** years, "irr": rate_of(whole), "levered_irr": rate_of(own),
        "loan_to_value": 100 - down, "payback_years": invested / noi,
        "effective_annual_cost": ((1 + i) ** 12 - 1) * 100,
    }


def rate_of(flows: list[Decimal]) -> Decimal | None:
    """The internal rate by bisection, in percent; None where the flows change sign other than once."""
    signs = [flow > 0 for flow in flows if flow]
    if sum(a != b for a, b in pairwise(signs)) != 1:
        return None
    low, high = D("-0.99"), D(10)
    worth = [sum(flow / (1 + end) ** t for t, flow in enumerate(flows)) for end in (low, high)]
    if (worth[0] > 0) == (worth[1] > 0):
        return None
    for _ in range(110):
        middle = (low + high) / 2
        value = sum(flow / (1 + middle) ** t for t, flow in enumerate(flows))
        if (value > 0) == (worth[0] > 0):
            low = middle
        else:
            high = middle
    return low * 100


def run(rows: list[dict[str, Any]], folder: Path, ending: str = "csv") -> pd.DataFrame:
    frame, file, out = pd.DataFrame(rows), folder / f"in.{ending}", folder / "out.parquet"
    if ending == "csv":
        frame.to_csv(file, index=False)
    elif ending == "parquet":
        frame.to_parquet(file)
    else:
        file.write_text("\n".join(json.dumps(row) for row in rows))
    returns_file(file, out)
    table = pd.read_parquet(out)
    assert tuple(table.columns) == columns()
    assert table["row"].tolist() == list(range(1, len(rows) + 1))
    return table


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return run([dict(zip(NAMES, case, strict=True)) for case in CASES], tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("number", range(len(CASES)))
def test_every_measure_of_every_case_is_the_definition_to_the_cent(computed: pd.DataFrame, number: int) -> None:
    row = computed.iloc[number]
    for name, expected in by_definition(CASES[number]).items():
        found = row[name]
        if expected is None:
            assert pd.isna(found), name
            continue
        assert abs(D(float(found)) - expected) < (CENT if abs(expected) > 1000 else D("0.0000001")), (name, found, expected)


def test_formats_agree_and_gaps_of_each_are_nothing_told(tmp_path: Path) -> None:
    rows = [{"price": 200_000.0, "monthly_rent": 900.0, "currency": "EUR", "vacancy_pct": None},
            {"price": 310_000.0, "monthly_rent": None, "currency": "EUR", "vacancy_pct": 5.0}]
    tables = [run(rows, tmp_path, ending) for ending in ("csv", "parquet", "jsonl")]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], other)
    assert tables[0]["gross_yield"].tolist()[0] == pytest.approx(5.4)
    assert "falta monthly_rent" in tables[0]["reason"][1]


def test_nothing_is_assumed_unless_the_row_says_so(tmp_path: Path) -> None:
    told = {"price": 450e6, "monthly_rent": 2.3e6, "country": "CO", "city": "Bogotá"}
    bare, assumed = (run([told | {"assume": switch}], tmp_path).iloc[0] for switch in ("no", "yes"))
    assert bare["noi"] == pytest.approx(27.6e6)
    assert "vacancy" not in bare["assumed"]
    assert assumed["noi"] == pytest.approx(18.12e6)
    assert "vacancy_pct=5" in assumed["assumed"]


def test_indexed_and_variable_loans_dated_flows_and_shares(tmp_path: Path) -> None:
    table = run([
        {"price": 400e6, "loan_amount": 200e6, "country": "CO", "rate_pct": 7, "term_years": 15, "indexed_to": "uvr",
         "inflation_pct": 5},
        {"price": 300e3, "financed_pct": 80, "country": "ES", "index_path": "2.5;3;2", "margin_pct": 0.9, "term_years": 30},
        {"cash_flows": "-1000;400;800", "flow_dates": "2020-01-01;2020-12-31;2022-12-31"},
    ], tmp_path)
    assert table["effective_annual_cost"][0] == pytest.approx((1.07 * 1.05 - 1) * 100)
    rate = (D("1.07") ** (D(1) / 12) - 1)
    first = 200_000_000 * rate / (1 - (1 + rate) ** -180) * D("1.05") ** (D(1) / 12)
    assert abs(D(float(table["monthly_payment"][0])) - first) < CENT
    rate = D("3.4") / 1200
    assert abs(D(float(table["monthly_payment"][1])) - 240_000 * rate / (1 - (1 + rate) ** -360)) < CENT
    step = 1 + float(table["xirr"][2]) / 100
    assert 400 / step ** 1.0 + 800 / step ** (1095 / 365) == pytest.approx(1000, abs=0.01)


@pytest.mark.parametrize(("change", "said"), [
    ({"price": "-5"}, "price"), ({"price": "0"}, "price"), ({"price": "nan"}, "price"), ({"price": "inf"}, "price"),
    ({"price": "1e400"}, "price"), ({"price": "200.000"}, "reads in one way"), ({"price": "2,00,000"}, "1234.56"),
    ({"monthly_rent": "0"}, "rent"),
    ({"monthly_rent": "900000"}, "not below the price"), ({"area_m2": "-80"}, "area"), ({"rate_pct": "400"}, "interest rate"),
    ({"term_years": "0"}, "term"), ({"term_years": "-3"}, "term"), ({"horizon_years": "0"}, "horizon"),
    ({"horizon_years": "200"}, "horizon"), ({"currency": "COP"}, "EUR or USD"), ({"currency": "XYZ"}, "COP, EUR, MXN or USD"),
    ({"country": "FR"}, "CO, ES or MX"), ({"rent_currency": "USD"}, "Convert the rent"), ({"on": "2199-01-01"}, "future"),
    ({"on": "yesterday"}, "date"), ({"rate_kind": "weekly"}, "nominal or effective or monthly"),
    ({"assume": "maybe"}, "yes or no"),
    ({"vacancy_pct": "140"}, "vacancy"), ({"financed_pct": "130"}, "financed share cannot be 130"),
    ({"indexed_to": "CPI"}, "UVR or UDI"),
    ({"rent": "900"}, "one column alone"), ({"index_path": "3;abc"}, "number"), ({"community_month": "-1"}, "cost"),
])
def test_a_bad_row_says_why_in_both_languages_and_stops_no_other(tmp_path: Path, change: dict[str, str], said: str) -> None:
    good = {"price": "200000", "monthly_rent": "900", "currency": "EUR", "country": "ES"}
    names = dict.fromkeys([*good, *change], "")
    bad, fine = run([names | good | change, names | good], tmp_path).to_dict("records")
    assert pd.isna(bad["gross_yield"])
    assert said in bad["reason"]
    assert "expected" in bad["reason"]
    assert " / " in bad["reason"]
    assert fine["gross_yield"] == pytest.approx(5.4)


def test_numbers_are_read_as_the_spreadsheets_of_every_country_write_them(tmp_path: Path) -> None:
    told = {"country": "ES", "term_years": "25", "down_payment_pct": "20"}
    written = [("250000.5", "1100.25", "3.5"), ("250.000,50", "1.100,25 €", "3,5 %"), ("250,000.50", "$1,100.25", "3.500"),
               ("250000,5", "1100,25", "3,5")]
    table = run([told | {"price": p, "monthly_rent": r, "rate_pct": i} for p, r, i in written], tmp_path)
    for name in ("gross_yield", "monthly_payment", "loan_amount"):
        assert table[name].nunique() == 1, name
    assert table["loan_amount"][1] == pytest.approx(200_000.4)


def test_what_is_paid_beside_the_instalments_and_at_the_sale_comes_off_the_returns(tmp_path: Path) -> None:
    told = {"price": 200_000, "monthly_rent": 1_000, "loan_amount": 120_000, "rate_pct": 0, "rate_kind": "nominal",
            "term_years": 10, "horizon_years": 2, "growth_pct": 0, "rent_growth_pct": 0, "discount_pct": 0}
    plain, charged = run([told, told | {"loan_fee_month": 10, "loan_insurance_pct": 0.1, "opening_fee": 1_500,
                                        "selling_costs": 6_000}], tmp_path).to_dict("records")
    # balances 120,000, 119,000 ... before each instalment of 1,000
    first = 120 + 0.001 * sum(120_000 - 1_000 * month for month in range(12))
    assert charged["loan_charges_year"] == pytest.approx(first)
    assert plain["cash_flow_year"] - charged["cash_flow_year"] == pytest.approx(first)
    assert charged["cash_needed"] == charged["own_cash"] == 81_500
    assert charged["cash_on_cash"] == pytest.approx(-first / 81_500 * 100)
    assert charged["break_even_rent"] == pytest.approx(1_000 + first / 12)
    assert (plain["left_after_sale"], charged["left_after_sale"]) == (104_000, 98_000)
    both = 240 + 0.001 * sum(120_000 - 1_000 * month for month in range(24))
    assert plain["levered_npv"] == pytest.approx(24_000)
    assert charged["levered_npv"] == pytest.approx(24_000 - both - 1_500 - 6_000)
    assert plain["npv"] - charged["npv"] == pytest.approx(6_000)


def test_own_money_pays_the_costs_told_unless_they_come_on_top(tmp_path: Path) -> None:
    told = {"price": 250_000, "monthly_rent": 1_100, "own_cash": 70_000, "purchase_costs": 20_000, "rate_pct": 3,
            "term_years": 25}
    within, above = run([told, told | {"own_excludes_costs": "true"}], tmp_path).to_dict("records")
    assert (within["loan_amount"], within["cash_needed"], within["own_cash"]) == (200_000, 70_000, 70_000)
    assert (above["loan_amount"], above["cash_needed"], above["own_cash"]) == (180_000, 90_000, 90_000)
    assert within["cash_on_cash"] == pytest.approx(within["cash_flow_year"] / 70_000 * 100)


def test_nothing_told_about_costs_leaves_the_price_alone_to_pay(tmp_path: Path) -> None:
    row = run([{"price": 200_000, "monthly_rent": 900, "country": "ES", "down_payment_pct": 25, "rate_pct": 3, "term_years": 20,
                "horizon_years": 5, "growth_pct": 2}], tmp_path).iloc[0]
    assert (row["total_outlay"], row["cash_needed"]) == (200_000, 50_000)
    assert pd.isna(row["rent_at_horizon"])  # the flows hold the rent still: a rent grown by the price would contradict them
    assert "other_term_years" in row["reason"]


def test_a_loan_above_the_price_has_a_payment_but_no_own_money(tmp_path: Path) -> None:
    told = {"price": 100_000, "monthly_rent": 600, "loan_amount": 120_000, "rate_pct": 4, "term_years": 20}
    row = run([told], tmp_path).iloc[0]
    assert row["monthly_payment"] > 0
    assert pd.isna(row["cash_on_cash"])
    assert "loan is larger than the price" in row["reason"]


def test_what_no_row_can_be_made_of_is_refused_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("alto,ancho\n1,2\n")
    with pytest.raises(BadInput, match="No column"):
        returns_file(tmp_path / "in.csv", tmp_path / "out.csv")
    with pytest.raises(BadInput, match=r"\.csv, \.parquet or \.json"):
        returns_file(tmp_path / "in.csv", tmp_path / "out.xlsx")


def test_a_broken_line_and_an_unused_column_are_told(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("price,monthly_rent,colour\n200000,900,red\n1\n100000,500,blue\n")
    counts = returns_file(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (counts.rows, counts.computed, counts.unused) == (3, 2, ("colour",))
    table = pd.read_csv(tmp_path / "out.csv")
    assert "1 columns, expected 3" in table["reason"][1]
    assert table["gross_yield"].tolist()[2] == pytest.approx(6)


def test_cases_are_laid_out_by_year_and_by_month(tmp_path: Path) -> None:
    loan_alone = {"loan_amount": "150000", "rate_pct": "3", "term_years": "25"}
    rows = [dict(zip(NAMES, CASES[1], strict=True)), {"price": "-1"}, loan_alone]
    pd.DataFrame(rows).to_csv(tmp_path / "in.csv", index=False)
    returns_file(tmp_path / "in.csv", tmp_path / "out.csv", years=tmp_path / "years.csv", months=tmp_path / "months.parquet")
    years, months = pd.read_csv(tmp_path / "years.csv"), pd.read_parquet(tmp_path / "months.parquet")
    assert years["year"].tolist() == [0, 1, 2, 3, 4, 5]
    whole = by_definition(CASES[1])
    assert years["noi"][1] == pytest.approx(float(whole["noi"]), abs=0.005)
    assert years["loan_balance"][5] == pytest.approx(float(whole["loan_balance"]), abs=0.005)
    assert years["levered"][0] == pytest.approx(-float(whole["own_cash"]), abs=0.005)
    case, loan = months[months["row"] == 1], months[months["row"] == 3]
    assert len(case) == 60
    assert case["cash_flow"][:12].sum() == pytest.approx(float(whole["cash_flow_year"]), abs=0.005)
    assert len(loan) == 300
    assert (loan["payment"].iloc[0], loan["balance"].iloc[0], loan["balance"].iloc[-1]) == (711.32, 149_663.68, 0)
    with pytest.raises(BadInput, match="same name"):
        returns_file(tmp_path / "in.csv", tmp_path / "out.csv", years=tmp_path / "out.csv")


def test_a_return_in_the_own_currency_is_both_together(tmp_path: Path) -> None:
    told = dict(zip(NAMES, CASES[11], strict=True))
    row = run([told | {"fx_change_pct": -4}], tmp_path).iloc[0]
    assert row["home_irr"] == pytest.approx(((1 + row["irr"] / 100) * 0.96 - 1) * 100, abs=1e-7)
    assert row["home_irr_check"] == pytest.approx(row["home_irr"], abs=1e-7)


def test_a_horizon_that_is_not_whole_says_which_years_were_projected(tmp_path: Path) -> None:
    told = {"price": 200_000, "monthly_rent": 900, "horizon_years": 7.4, "growth_pct": 0, "rent_growth_pct": 0}
    row = run([told], tmp_path).iloc[0]
    assert "=7" in row["assumed"]
    assert row["irr"] == pytest.approx(5.4)
