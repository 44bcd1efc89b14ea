"""Trains a `Net` with scikit-learn (group `dev`): the same rows and seeds give the same network on one machine.

Several small networks that begin from different weights err in different places: the mean of their scores is right more often
than one network of their size together, and is itself a network, whose hidden units are all of theirs.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from knowledge.understanding.net import Net

#: Chosen on a held-out fold of each training set.
HIDDEN, PENALTY, STEP, BATCH = 64, 1e-3, 1e-3, 128


def fit_net(
    x: csr_matrix, wanted: np.ndarray, outputs: Sequence[str], epochs: int, hidden: int = HIDDEN, members: int = 1
) -> Net:
    """The mean of `members` networks. `wanted`: a row of zeros and ones over `outputs` for each row of `x`, or the name of its
    one output."""
    rows = x.astype(np.float32)
    models = [_fit_one(rows, wanted, outputs, epochs, hidden, seed) for seed in range(1, members + 1)]
    first = np.concatenate([m.coefs_[0] for m in models], axis=1)
    first_bias = np.concatenate([m.intercepts_[0] for m in models])
    second = np.concatenate([m.coefs_[1] for m in models]) / members
    second_bias = sum(m.intercepts_[1] for m in models) / members
    return Net.of(list(outputs), *(np.asarray(a, np.float32) for a in (first, first_bias, second, second_bias)))


def _fit_one(
    x: csr_matrix, wanted: np.ndarray, outputs: Sequence[str], epochs: int, hidden: int, seed: int
) -> MLPClassifier:
    model = MLPClassifier(
        (hidden,), alpha=PENALTY, batch_size=BATCH, learning_rate_init=STEP, max_iter=epochs, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is what was chosen
        model.fit(x, wanted)
    names = [str(name) for name in model.classes_] if wanted.ndim == 1 else list(outputs)
    if names != list(outputs):
        raise ValueError(f"the network has the outputs {names}, expected {list(outputs)}")
    return model
