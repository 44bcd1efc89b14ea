"""How good a set of valuations is: the error figures that appraisers and regulators read, and interval coverage.

COD, PRD and PRB follow the IAAO Standard on Ratio Studies (2013): acceptable for dwellings are COD 5-15, PRD
0.98-1.03, PRB within +-0.05.
"""

from __future__ import annotations

import numpy as np

from knowledge.valuation.columns import Numbers


def ratio_study(value: Numbers, price: Numbers) -> dict[str, float]:
    """Errors of `value` against `price`, both (n,) and positive.

    Percent: `mdape`, `mape` (median and mean absolute percentage error), `within_10`, `within_20`, `cod`, `bias`
    (median signed error). Plain: `r2_log` (of log price), `prd`, `prb`, `n`.
    """
    ratio = value / price
    error = np.abs(ratio - 1)
    median = float(np.median(ratio))
    log_price = np.log(price)
    variance = float(((log_price - log_price.mean()) ** 2).sum())
    proxy = np.log2(0.5 * (value / median + price))
    slope = float(np.cov(proxy, (ratio - median) / median, ddof=0)[0, 1] / max(float(np.var(proxy)), 1e-12))
    return {
        "n": len(price),
        "mdape": round(100 * float(np.median(error)), 2),
        "mape": round(100 * float(error.mean()), 2),
        "within_10": round(100 * float((error <= 0.10).mean()), 1),
        "within_20": round(100 * float((error <= 0.20).mean()), 1),
        "r2_log": round(1 - float(((np.log(value) - log_price) ** 2).sum()) / max(variance, 1e-12), 4),
        "cod": round(100 * float(np.abs(ratio - median).mean()) / median, 2),
        "prd": round(float(ratio.mean()) / float(value.sum() / price.sum()), 4),
        "prb": round(slope, 4),
        "bias": round(100 * (median - 1), 2),
    }


def coverage(low: Numbers, high: Numbers, price: Numbers) -> float:
    """Percent of prices inside [low, high]."""
    return round(100 * float(((price >= low) & (price <= high)).mean()), 1)


def median_width(low: Numbers, high: Numbers, value: Numbers) -> float:
    """Median of the interval's width as percent of the value."""
    return round(100 * float(np.median((high - low) / value)), 1)
