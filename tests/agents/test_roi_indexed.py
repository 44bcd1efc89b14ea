"""Loans in UVR and UDI, from the question to the answer."""

import pytest

from evals.scorers.figures import has_number
from tests.agents.test_roi_told import answered


@pytest.mark.parametrize(("text", "payment", "words"), [
    # the real rate of a month, and the unit a month later: 1.07^(1/12), 1.05^(1/12)
    ("crédito en UVR de 200 millones a 15 años UVR + 7 %, inflación del 5 %: ¿cuánto es la primera cuota?", 1_780_926,
     ["sobre UVR", "inflación de 5", "suben con la inflación"]),
    ("A loan of 200 million in UVR at 7% over 15 years, inflation 5%, what is the first payment?", 1_780_926,
     ["over the UVR", "rise with inflation"]),
])
async def test_a_loan_in_a_unit_of_account_rises_with_it(text, payment, words):
    said = await answered([text])
    assert has_number(said, payment, 1e-6)
    for word in words:
        assert word in said
