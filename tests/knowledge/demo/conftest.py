from __future__ import annotations

import pytest

from knowledge.demo import Portfolio, portfolio


@pytest.fixture(scope="session")
def demo() -> Portfolio:
    return portfolio()
