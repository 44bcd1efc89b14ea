"""The two LightGBM regressions: log price per m2, and the size of its error. Native `Booster`, fixed seeds.

The folds train side by side, each on one thread: LightGBM's own threads wait for each other at every node, which on a
busy machine costs three times the work.

Sizes follow the number of rows, so that a small demo market trains in a second and a real one has the leaves to
tell one street from the next. No early stopping: it would look at the fold that the interval is calibrated on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from knowledge.valuation.columns import Numbers

#: Folds trained at the same time.
WORKERS = 2

_COMMON: dict[str, Any] = {
    "objective": "regression", "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 2.0,
    "max_cat_to_onehot": 4, "num_threads": 1, "deterministic": True, "force_col_wise": True, "seed": 1,
    "verbosity": -1,
}
#: A copy with knowledge taken away weighs this much against the full row.
FORGETFUL_WEIGHT = 0.5
#: Added to an absolute log error before its logarithm: an error below 1 % is no better than 1 %.
SMALLEST_ERROR = 0.01


def _shape(rows: int) -> tuple[int, dict[str, Any]]:
    if rows >= 20_000:
        return 400, {"num_leaves": 127, "min_data_in_leaf": 20, "learning_rate": 0.08}
    if rows >= 5_000:
        return 350, {"num_leaves": 47, "min_data_in_leaf": 15, "learning_rate": 0.07}
    return 250, {"num_leaves": 15, "min_data_in_leaf": 10, "learning_rate": 0.06}


def fit_folds(
    matrix: Numbers, target: Numbers, weight: Numbers, folds: NDArray[np.int64], count: int,
    categories: Sequence[int],
) -> list[lightgbm.Booster]:
    """One model of the target per fold, trained on the rows of the other folds."""
    rounds, shape = _shape(len(target) // 2)
    return _fit(matrix, target, weight, folds, count, categories, rounds, _COMMON | shape)


def fit_errors(
    matrix: Numbers, residual: Numbers, weight: Numbers, folds: NDArray[np.int64], count: int,
    categories: Sequence[int],
) -> list[lightgbm.Booster]:
    """One model per fold of log(|residual| + `SMALLEST_ERROR`), trained on the other folds' out-of-fold residuals."""
    many = len(residual) >= 20_000
    shape = {"num_leaves": 31 if many else 7, "min_data_in_leaf": 100 if many else 40, "learning_rate": 0.1}
    target = np.log(np.abs(residual) + SMALLEST_ERROR)
    return _fit(matrix, target, weight, folds, count, categories, 80 if many else 60, _COMMON | shape)


def _fit(
    matrix: Numbers, target: Numbers, weight: Numbers, folds: NDArray[np.int64], count: int,
    categories: Sequence[int], rounds: int, params: dict[str, Any],
) -> list[lightgbm.Booster]:
    data = lightgbm.Dataset(
        matrix, target, weight=weight, params=params, categorical_feature=list(categories)
    ).construct()
    subsets = [data.subset(np.flatnonzero(folds != k).tolist()).construct() for k in range(count)]
    stopped = Event()

    def stop_when_asked(_: lightgbm.callback.CallbackEnv) -> None:
        if stopped.is_set():
            raise InterruptedError

    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = [pool.submit(lightgbm.train, params, s, rounds, callbacks=[stop_when_asked]) for s in subsets]
        try:
            return [task.result() for task in tasks]
        finally:  # after Ctrl-C the folds end with their current tree
            stopped.set()
