from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.valuation.confidence import confidence

SHARE = st.floats(0, 3)
COUNT = st.integers(0, 50)
MONTHS = st.floats(0, 600)


def test_a_sure_value_of_fresh_prices_with_comparables_is_as_sure_as_its_interval() -> None:
    assert confidence(0.12, 8, 3, beyond=False) == pytest.approx(0.88)
    assert confidence(0.12, 0, 3, beyond=False) == pytest.approx(0.44)
    assert confidence(0.12, 8, 72, beyond=False) == pytest.approx(0.88 * 0.75)
    assert confidence(0.12, 8, 3, beyond=True) == pytest.approx(0.88 * 0.6)


@given(fsd=SHARE, more=SHARE, count=COUNT, fewer=COUNT, months=MONTHS, older=MONTHS, beyond=st.booleans())
def test_less_evidence_never_raises_it(
    fsd: float, more: float, count: int, fewer: int, months: float, older: float, beyond: bool
) -> None:
    whole = confidence(fsd, count, months, beyond=beyond)
    assert 0 <= whole <= 1
    assert confidence(fsd + more, count, months, beyond=beyond) <= whole
    assert confidence(fsd, max(count - fewer, 0), months, beyond=beyond) <= whole
    assert confidence(fsd, count, months + older, beyond=beyond) <= whole
    assert confidence(fsd, count, months, beyond=True) <= whole
