"""The demo portfolio: a generated market for a clone that has no data of its own.

Deterministic and without a database: `portfolio(seed)` returns plain dicts with the columns of
`knowledge.tables.market`, and every row says `demo`. What it is calibrated on lies in `data/*.toml`, each entry
with its source.
"""

from __future__ import annotations

from knowledge.demo.calibration import AS_OF
from knowledge.demo.portfolio import Portfolio, portfolio

__all__ = ["AS_OF", "Portfolio", "portfolio"]
