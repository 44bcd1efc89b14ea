"""The sentences the classifier learns from: well formed, and none of them (nearly) an evaluation case."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from knowledge.understanding.features import ROUTES
from knowledge.understanding.figures.marked import MEASURES, ROLES, conversations, turn_of
from knowledge.understanding.text import fold
from tests.knowledge.understanding.support import SAMPLE

ROOT = Path(__file__).resolve().parents[3]
TRAINING = ROOT / "knowledge" / "understanding" / "training"
FIGURES = TRAINING / "figures"
CASES = sorted((ROOT / "evals" / "cases").glob("*.jsonl"))
#: Messages of which this share of pieces of words is common are near duplicates.
NEAR = 0.75
#: Shorter messages ("hola", "¿y en Cali?") are nobody's own.
SHORTEST = 25


def sentences() -> list[tuple[str, str]]:
    """(label, last message) of every training line."""
    found = []
    for path in sorted(TRAINING.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            label, _, text = line.split("\t")
            found.append((label, text.split("|||")[-1].strip()))
    return found


def marked() -> list[str]:
    """Every message of the marked conversations, without its marks."""
    return [turn.text for told in conversations(FIGURES) for turn in told.turns]


def pieces(text: str) -> frozenset[str]:
    folded = fold(text)
    return frozenset(folded[at : at + 4] for at in range(len(folded) - 3))


def near_duplicates(trained: Iterable[str], asked: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of a training sentence and an evaluation message with a Jaccard index of pieces of `NEAR` or more."""
    index: dict[str, list[int]] = {}
    known = [(text, pieces(text)) for text in trained if len(text) >= SHORTEST]
    for at, (_, parts) in enumerate(known):
        for part in parts:
            index.setdefault(part, []).append(at)
    found = []
    for text in asked:
        parts = pieces(text)
        if len(text) < SHORTEST:
            continue
        shared = Counter(at for part in parts for at in index.get(part, ()))
        for at, common in shared.most_common(3):
            if common / len(parts | known[at][1]) >= NEAR:
                found.append((known[at][0], text))
    return found


def test_there_are_thousands_of_all_kinds() -> None:
    labels = Counter(label for label, _ in sentences())
    single = Counter(label.partition(":")[0] for label, _ in sentences())
    assert sum(labels.values()) >= 5000
    assert all(single[route] >= 500 for route in ROUTES)
    assert sum(count for label, count in labels.items() if "+" in label) >= 300
    assert all(set(label.partition(":")[0].split("+")) <= set(ROUTES) for label in labels)


def test_the_measure_of_likeness_finds_a_copy_with_a_word_changed() -> None:
    one = "Busco piso de tres habitaciones en Gijón cerca de la playa"
    assert near_duplicates([one], [one.replace("Gijón", "Gijon").replace("tres", "3")])
    assert not near_duplicates([one], ["¿Qué rentabilidad da un piso de tres habitaciones en Gijón?"])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_evaluation_case_is_learnt_from(path: Path) -> None:
    asked = [turn for line in path.read_text("utf-8").splitlines() for turn in json.loads(line)["turns"]]
    assert near_duplicates((*(text for _, text in sentences()), *marked()), asked) == []


def test_the_marked_conversations_cover_what_is_told_and_asked() -> None:
    told = list(conversations(FIGURES))
    roles = Counter(role for one in told for turn in one.turns for *_, role, _ in turn.marks)
    asked = Counter(measure for one in told for measure in one.measures)
    assert len(told) >= 5000
    assert all(roles[role] >= 10 for role in ROLES)
    assert all(asked[measure] >= 100 for measure in MEASURES)
    assert sum(any(option for *_, option in turn.marks) for one in told for turn in one.turns[:1]) >= 1000


@pytest.mark.parametrize(
    ("line", "word"),
    [("compro en {240.000|prise}", "prise"), ("compro en {240.000|price y alquilo", "closed"), ("240.000|price} y", "closed")],
)
def test_a_wrong_mark_is_named(line: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        turn_of(line)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared sample conversations are not beside this checkout")
def test_the_sample_is_not_learnt_from() -> None:
    asked = [turn for line in SAMPLE.read_text("utf-8").splitlines() for turn in json.loads(line)["turns"]]
    assert near_duplicates((*(text for _, text in sentences()), *marked()), asked) == []
