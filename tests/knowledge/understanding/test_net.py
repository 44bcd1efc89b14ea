"""The network with one hidden layer: it scores as it was trained, survives its file, and refuses layers that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from knowledge.understanding.figures.reader import PATH, Reader
from knowledge.understanding.net import Net
from knowledge.understanding.train_net import fit_net

PLACES = np.asarray([0, 1], np.int64)


def together(count: int = 400) -> tuple[csr_matrix, np.ndarray]:
    """Rows over two names; "both" or "neither" is a, one alone is b: no linear model tells them apart."""
    rows = np.asarray([[n % 2, n // 2 % 2] for n in range(count)], np.float32)
    return csr_matrix(rows), np.asarray(["a" if x == y else "b" for x, y in rows])


def score(net: Net, row: tuple[float, float]) -> str:
    return net.outputs[int(net.scores(PLACES, np.asarray(row, np.float32)).argmax())]


def test_it_learns_what_stands_together_and_keeps_it_in_its_file(tmp_path: Path) -> None:
    x, wanted = together()
    several = np.stack([wanted == "a", wanted == "b"], axis=1).astype(int)
    net = fit_net(x, several, ["a", "b"], 80)
    expected = {(0.0, 0.0): "a", (1.0, 1.0): "a", (0.0, 1.0): "b", (1.0, 0.0): "b"}
    assert {row: score(net, row) for row in expected} == expected
    net.save(tmp_path / "net.npz")
    read = Net.load(tmp_path / "net.npz")
    assert {row: score(read, row) for row in expected} == expected
    both = np.asarray([1, 1], np.float32)
    assert read.scores(PLACES, both) == pytest.approx(net.scores(PLACES, both), abs=0.1)


def test_the_same_rows_give_the_same_network() -> None:
    x, wanted = together(160)
    several = np.stack([wanted == "a", wanted == "b"], axis=1).astype(int)
    first, second = (fit_net(x, several, ["a", "b"], 3) for _ in range(2))
    assert np.array_equal(first.first, second.first)


def test_layers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="train again"):
        Net.of(["a"], *(np.zeros(shape, np.float32) for shape in ((4, 3), 3, (2, 1), 1)))


def test_a_network_of_other_inputs_is_refused_with_what_to_do() -> None:
    net = Net.load(PATH)
    other = Net(net.outputs, net.first[:100], net.scale, net.first_bias, net.second, net.second_bias)
    with pytest.raises(ValueError, match="train_figures"):
        Reader(other)


def test_the_mean_of_several_networks_is_one_network() -> None:
    x, wanted = together()
    several = np.stack([wanted == "a", wanted == "b"], axis=1).astype(int)
    one, three = fit_net(x, several, ["a", "b"], 40, 8), fit_net(x, several, ["a", "b"], 40, 8, members=3)
    assert three.first.shape[1] == 3 * one.first.shape[1]
    assert np.array_equal(three.first[:, :8], one.first)  # the first of them begins as the only one does
    assert {row: score(three, row) for row in ((0.0, 0.0), (0.0, 1.0))} == {(0.0, 0.0): "a", (0.0, 1.0): "b"}
