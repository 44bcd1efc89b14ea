"""Conversions at dated rates."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, NotFound
from knowledge.finance.currency import Rate, convert, pairs_between
from knowledge.finance.facts_of import Ledger

#: Same examples on every machine, and no time limit on shared cores.
steady = settings(deadline=None, derandomize=True, database=None)
RATES = (
    Rate("EURUSD", 1.08, date(2025, 6, 1), "FX/EURUSD", "Federal Reserve H.10"),
    Rate("USDMXN", 18.5, date(2025, 6, 1)),
    Rate("USDCOP", 4100.0, date(2025, 5, 1)),
)
codes = st.sampled_from(["COP", "EUR", "MXN", "USD"])


def test_direct_inverse_and_crossed():
    assert convert(100, "EUR", "USD", RATES).amount == pytest.approx(108)
    assert convert(108, "USD", "EUR", RATES).amount == pytest.approx(100)
    assert convert(100, "EUR", "COP", RATES).amount == pytest.approx(100 * 1.08 * 4100)
    assert convert(4100, "COP", "MXN", RATES).amount == pytest.approx(18.5)


def test_a_cross_is_as_old_as_its_oldest_rate_and_names_its_path():
    result = convert(1, "EUR", "COP", RATES)
    assert [rate.pair for rate in result.path] == ["EURUSD", "USDCOP"]
    assert result.on == date(2025, 5, 1)
    assert convert(1, "USD", "USD", ()).on is None


@steady
@given(codes, codes, st.floats(0.01, 1e12))
def test_there_and_back(source, target, amount):
    there = convert(amount, source, target, RATES)
    assert convert(there.amount, target, source, RATES).amount == pytest.approx(amount)


def test_facts_of_a_conversion_lead_to_the_published_rates():
    ledger = Ledger()
    fact = ledger.conversion(convert(200, "EUR", "COP", RATES))
    by_id = {f.id: f for f in ledger.facts}
    assert (fact.value, fact.currency, fact.as_of) == (pytest.approx(885_600), "COP", "2025-05-01")
    rate = by_id[fact.inputs[1]]
    assert rate.formula == "1 × 1.08 × 4100"
    assert [by_id[i].source.kind for i in rate.inputs] == ["series", "series"]


def test_what_cannot_be_converted_is_said():
    assert pairs_between("COP", "EUR") == ("USDCOP", "EURUSD")
    with pytest.raises(NotFound):
        convert(1, "EUR", "COP", RATES[:1])
    with pytest.raises(BadInput):
        convert(1, "EUR", "PEN", RATES)
    with pytest.raises(BadInput):
        convert(float("nan"), "EUR", "USD", RATES)
