"""Where a market index is going: a forecast chosen and calibrated by backtest, and a value projected along it.

Nothing is re-exported: `methods` imports statsmodels, a second at start. Serving reads stored forecasts (plain dicts)
and needs `project` at most, which is arithmetic.
"""
