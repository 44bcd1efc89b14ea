"""Trains a `Net` with scikit-learn (group `dev`): the same rows and seed give the same network on one machine."""

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


def fit_net(x: csr_matrix, wanted: np.ndarray, outputs: Sequence[str], epochs: int, hidden: int = HIDDEN) -> Net:
    """`wanted`: a row of zeros and ones over `outputs` for each row of `x`, or the name of its one output."""
    model = MLPClassifier(
        (hidden,), alpha=PENALTY, batch_size=BATCH, learning_rate_init=STEP, max_iter=epochs, random_state=1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is what was chosen
        model.fit(x.astype(np.float32), wanted)
    names = [str(name) for name in model.classes_] if wanted.ndim == 1 else list(outputs)
    if names != list(outputs):
        raise ValueError(f"the network has the outputs {names}, expected {list(outputs)}")
    (first, second), (first_bias, second_bias) = model.coefs_, model.intercepts_
    return Net.of(names, *(np.asarray(a, np.float32) for a in (first, first_bias, second, second_bias)))
