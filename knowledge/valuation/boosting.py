"""The LightGBM regressions: log price per m2 told in full, the same told in part, and the size of the error.

Native `Booster`, fixed seeds. The folds train side by side, each on one thread: LightGBM's own threads wait for each
other at every node, which on a busy machine costs three times the work.

Sizes follow the number of rows, so that a small demo market trains in a second and a real one has the leaves to
tell one street from the next. No early stopping: it would look at the fold that the interval is calibrated on.

Huber's loss: asking prices have outliers that no attribute explains, and squared error spends
its trees on them. On held-out dwellings of the real listings Huber's loss took 0.2 points off the median error at the
same cost, and slower learning 0.2 more.
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
    "max_cat_to_onehot": 4, "num_threads": 1, "deterministic": True, "force_col_wise": True, "verbosity": -1,
}
#: Errors beyond 15 % count by their size, not its square.
_ROBUST: dict[str, Any] = {"objective": "huber", "alpha": 0.15}
#: Added to an absolute log error before its logarithm: an error below 1 % is no better than 1 %.
SMALLEST_ERROR = 0.01
LARGE, MIDDLING = 20_000, 5_000


def _shape(rows: int) -> tuple[int, dict[str, Any]]:
    if rows >= LARGE:
        many = {"num_leaves": 127, "min_data_in_leaf": 20, "learning_rate": 0.06, "feature_fraction": 0.4}
        return 700, _ROBUST | many
    if rows >= MIDDLING:
        return 350, _ROBUST | {"num_leaves": 47, "min_data_in_leaf": 15, "learning_rate": 0.07}
    return 250, _ROBUST | {"num_leaves": 15, "min_data_in_leaf": 10, "learning_rate": 0.06}


def _brief_shape(rows: int) -> tuple[int, dict[str, Any]]:
    if rows >= LARGE:
        return 300, _ROBUST | {"num_leaves": 63, "min_data_in_leaf": 20, "learning_rate": 0.1}
    return _shape(rows)


def fit_points(
    matrix: Numbers, target: Numbers, folds: NDArray[np.int64], count: int, categories: Sequence[int],
    rising: Sequence[int],
) -> list[lightgbm.Booster]:
    """One model of the target per fold, trained on the rows of the other folds as they were told."""
    rounds, shape = _shape(len(target))
    return _fit(matrix, target, folds, count, categories, rounds, shape | _never_falling(matrix, rising))


def fit_brief(
    matrix: Numbers, forgetful: Numbers, target: Numbers, folds: NDArray[np.int64], count: int,
    categories: Sequence[int], rising: Sequence[int],
) -> list[lightgbm.Booster]:
    """The same for rows told in part, as people describe a home: learnt from each row as it was told, and from a copy
    from which knowledge was taken away, which counts double. Fewer trees do."""
    rounds, shape = _brief_shape(len(target))
    return _fit(np.vstack([matrix, forgetful]), np.tile(target, 2), np.tile(folds, 2), count, categories, rounds,
                shape | _never_falling(matrix, rising), np.repeat([0.5, 1.0], len(target)))


def _never_falling(matrix: Numbers, columns: Sequence[int]) -> dict[str, Any]:
    """The value never falls as these columns rise. An area's level leaves the row's fold out, so that where a fold's own
    prices are high its level is low: trees that may turn a level upside down learn that, and then miss whole areas."""
    return {"monotone_constraints": [int(i in columns) for i in range(matrix.shape[1])]}


def fit_errors(
    matrix: Numbers, residual: Numbers, folds: NDArray[np.int64], count: int, categories: Sequence[int]
) -> list[lightgbm.Booster]:
    """One model per fold of log(|residual| + `SMALLEST_ERROR`), trained on the other folds' out-of-fold residuals."""
    many = len(residual) >= LARGE
    shape = {"num_leaves": 31 if many else 7, "min_data_in_leaf": 100 if many else 40, "learning_rate": 0.1}
    target = np.log(np.abs(residual) + SMALLEST_ERROR)
    return _fit(matrix, target, folds, count, categories, 80 if many else 60, shape)


def _fit(
    matrix: Numbers, target: Numbers, folds: NDArray[np.int64], count: int, categories: Sequence[int], rounds: int,
    shape: dict[str, Any], weight: Numbers | None = None,
) -> list[lightgbm.Booster]:
    params = _COMMON | shape
    data = lightgbm.Dataset(
        matrix, target, weight=weight, params=params, categorical_feature=list(categories)
    ).construct()
    subsets = [data.subset(np.flatnonzero(folds != k).tolist()).construct() for k in range(count)]
    stopped = Event()

    def stop_when_asked(_: lightgbm.callback.CallbackEnv) -> None:
        if stopped.is_set():
            raise InterruptedError

    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = [pool.submit(lightgbm.train, params | {"seed": k + 1}, s, rounds, callbacks=[stop_when_asked])
                 for k, s in enumerate(subsets)]
        try:
            return [task.result() for task in tasks]
        finally:  # after Ctrl-C the folds end with their current tree
            stopped.set()
