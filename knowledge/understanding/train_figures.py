"""Trains the reader of figures: `python -m knowledge.understanding.train_figures`. Needs scikit-learn (group `dev`).

Messages are the files of `training/figures/` (README.md there has the format). A decision is part of what the next one sees:
the model is trained on the history as it was marked and as a first model would have decided it, and reported from five folds
decided as in use, from left to right.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures import owners
from knowledge.understanding.figures.features import BUCKETS, Vector, static, with_history
from knowledge.understanding.figures.history import NOTHING, Past, Told
from knowledge.understanding.figures.linear import Linear
from knowledge.understanding.figures.marked import Conversation, Turn, conversations
from knowledge.understanding.figures.measures import PATH as MEASURES
from knowledge.understanding.figures.measures import describe
from knowledge.understanding.figures.read import as_given, later
from knowledge.understanding.figures.reader import PATH, Meaning, Reader
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.tokens import normalise
from knowledge.understanding.train_net import fit_net
from knowledge.understanding.understand import default_places, understand

FOLDS = 5
TRAINING = Path(__file__).with_name("training") / "figures"
#: Inverse strength of the penalty.
STRENGTH = 5.0
ITERATIONS = 80
#: How often the network sees each figure, with each history.
EPOCHS = 4
#: Networks whose mean it is, and hidden units of each, chosen with the epochs on a held-out fold.
MEMBERS, HIDDEN = 4, 48
#: The same of the network that tells options apart.
OWNER_EPOCHS = 3
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Row:
    """A figure of a conversation: `label` is what it is marked as; `turn` counts messages."""

    amount: Amount
    vector: Vector
    label: str
    turn: int


@dataclass(slots=True)
class Step:
    """How a figure follows the ones before it among the options."""

    vector: Vector
    action: str


@dataclass(slots=True)
class Example:
    """The figures of a conversation, in order; `question` is what is seen of the last turn's question; `steps` are
    its figures among the options; `missed` are marked figures that are not recognised as figures."""

    source: Conversation
    rows: list[Row] = field(default_factory=list)
    question: Vector = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def labels(turn: Turn, seen: Seen, text: str) -> tuple[list[str], list[str], list[str]]:
    """(the marked role of each figure of the message, marks that are on none, the marked option of each figure or "")."""
    spans, at = [], 0
    for start, end, role, option in turn.marks:
        word = normalise(turn.text[start:end])
        found = text.find(word, at)
        if found >= 0:
            spans.append((found, found + len(word), role, option))
            at = found + len(word)
    used: set[int] = set()
    result, options = [], []
    for amount in seen.amounts:
        hit = next((i for i, (s, e, *_) in enumerate(spans) if amount.start < e and amount.end > s), None)
        used |= {hit} if hit is not None else set()
        result.append(spans[hit][2] if hit is not None else NOTHING)
        options.append(spans[hit][3] if hit is not None else "")
    missed = [text[s:e] for i, (s, e, role, _) in enumerate(spans) if i not in used and role != NOTHING]
    return result, missed, options


def observe(source: Conversation) -> Example:
    """What the reader would see, with every earlier figure read as it is marked."""
    example = Example(source)
    several = any(option for turn in source.turns for *_, option in turn.marks)
    slots: dict[str, Any] = {}
    routes: tuple[str, ...] = ()
    language: str | None = None
    for number, turn in enumerate(source.turns):

        def read(seen: Seen, past: Past, turn: Turn = turn, number: int = number) -> tuple[list[Meaning], Past]:
            found, missed, options = labels(turn, seen, normalise(turn.text))
            example.missed += missed
            example.rows += [
                Row(a, v, label, number) for a, v, label in zip(seen.amounts, static(seen), found, strict=True)
            ]
            parts = [label.partition("/") for label in found]
            owned = _owners(options, several)
            meanings = [
                Meaning(role, period or None, 1.0, o) for (role, _, period), o in zip(parts, owned, strict=True)
            ]
            example.question = describe(seen, meanings)
            example.steps += _steps(seen, found, options, owned, past, several)
            return meanings, as_given(seen, meanings, past)

        result = understand(
            turn.text,
            places=default_places(),
            previous_slots=slots,
            previous_routes=routes,
            previous_language=language,
            figures=read,
        )
        slots, routes, language = result.slots, result.routes, result.answer_language
    return example


def _owners(options: Sequence[str], several: bool) -> list[int | None]:
    """The option of each figure, counted from zero; None for all. In a conversation of several an unmarked one is of all."""
    return [int(o) - 1 if o.isdigit() else None if several else 0 for o in options]


def _steps(
    seen: Seen, roles: Sequence[str], options: Sequence[str], owned: Sequence[int | None], past: Past, several: bool
) -> list[Step]:
    state, counted = owners.State.after(past), owners.counted(seen, roles)
    steps = []
    for position, (role, option) in enumerate(zip(counted, owned, strict=True)):
        if role == NOTHING or (role == owners.AREA and several and not options[position]):
            continue  # a floor area that nobody marked says nothing
        steps.append(Step(owners.describe(seen, position, counted, state), owners.action_of(option, state)))
        owners.settle(seen, position, counted, option, state)
    return steps


def vectors(example: Example, decided: Sequence[str]) -> list[Vector]:
    """The features of its figures, where the roles before each are `decided`."""
    found: list[Vector] = []
    past: list[Told] = []
    turn = 0
    for row, label in zip(example.rows, decided, strict=True):
        past = _later(past, row.turn - turn)
        turn = row.turn
        found.append(with_history(row.vector, row.amount, past))
        past.append(Told(label, row.amount.value, row.amount.kind, 0))
    return found


def _later(past: list[Told], turns: int) -> list[Told]:
    for _ in range(turns):
        past = list(later(Past(past)).told)
    return past


def decide(example: Example, reader: Reader) -> list[tuple[str, float]]:
    """Each figure's likeliest role, from left to right."""
    found: list[tuple[str, float]] = []
    past: list[Told] = []
    turn = 0
    for row in example.rows:
        past = _later(past, row.turn - turn)
        turn = row.turn
        chances = reader.probabilities(with_history(row.vector, row.amount, past))
        best = int(chances.argmax())
        found.append((reader.roles[best], float(chances[best])))
        past.append(Told(reader.roles[best], row.amount.value, row.amount.kind, 0))
    return found


def matrix(rows: Iterable[Vector]) -> csr_matrix:
    at: list[int] = []
    values: list[float] = []
    ends = [0]
    for row in rows:
        at += row.keys()
        values += row.values()
        ends.append(len(at))
    return csr_matrix((values, at, ends), shape=(len(ends) - 1, BUCKETS))


def fit(examples: Sequence[Example], histories: Sequence[Sequence[Sequence[str]]], *, whole: bool = True) -> Reader:
    """A model over the examples, each with every one of its histories (roles decided before each figure): the network, or where
    not `whole` a linear one, which is quicker."""
    rows = [v for h in histories for e, decided in zip(examples, h, strict=True) for v in vectors(e, decided)]
    wanted = [r.label for _ in histories for e in examples for r in e.rows]
    x, y = matrix(rows), np.asarray(wanted)
    if whole:
        return Reader(fit_net(x, y, sorted(set(wanted)), EPOCHS, HIDDEN, MEMBERS))
    return Reader(_linear([LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, tol=1e-3).fit(x, y)]))


def _linear(models: Sequence[LogisticRegression], outputs: Sequence[str] | None = None) -> Linear:
    """One model of many classes, or one of each of `outputs`."""
    names = list(outputs) if outputs is not None else [str(c) for c in models[0].classes_]
    weights = np.concatenate([m.coef_ for m in models]).T.astype(np.float32)
    return Linear(names, weights, np.concatenate([m.intercept_ for m in models]).astype(np.float32))


def train(out: Path = PATH, report: bool = True) -> dict[str, Any]:
    examples = [e for e in map(observe, conversations(TRAINING)) if e.rows]
    asked = _train_measures(examples, out.with_name(MEASURES.name)) | _train_owners(
        examples, out.with_name(owners.PATH.name)
    )
    fold = np.asarray([zlib.crc32("|".join(t.text for t in e.source.turns).encode()) for e in examples])
    marked = [[r.label for r in e.rows] for e in examples]
    histories = [marked, [[role for role, _ in d] for d in _held_out(examples, fold, [marked], 2, whole=False)]]
    told = _report(examples, _held_out(examples, fold, histories, FOLDS)) if report else {}
    told |= asked
    fit(examples, histories).model.save(out)
    return told


def _train_measures(examples: Sequence[Example], out: Path) -> dict[str, Any]:
    """Writes the reader of measures; how often the likeliest measure of a held-out question is one that is asked."""
    names = sorted({m for e in examples for m in e.source.measures})
    x, fold = matrix([e.question for e in examples]), np.arange(len(examples)) % FOLDS
    wanted = np.asarray([[name in e.source.measures for name in names] for e in examples])
    held_out = np.zeros(wanted.shape)
    for j in range(len(names)):
        for k in range(FOLDS):
            model = LogisticRegression(C=STRENGTH, solver="liblinear").fit(x[fold != k], wanted[fold != k, j])
            held_out[fold == k, j] = model.predict_proba(x[fold == k])[:, 1]
    asks = wanted.any(axis=1)
    best = held_out.argmax(axis=1)
    models = [LogisticRegression(C=STRENGTH, solver="liblinear").fit(x, wanted[:, j]) for j in range(len(names))]
    _linear(models, names).save(out)
    confused = Counter(
        f"{'+'.join(e.source.measures) or '-'} -> {names[b] if p >= 0.5 else '(' + names[b] + ')'}"
        for e, b, p in zip(examples, best, held_out.max(axis=1), strict=True)
        if (names[b] not in e.source.measures if e.source.measures else p >= 0.5)
    )
    return {
        "measure_right": float(np.mean([wanted[i, best[i]] for i in np.flatnonzero(asks)])),
        "all_measures_right": float(((held_out >= 0.5) == wanted).all(axis=1).mean()),
        "measures_confused": dict(confused.most_common(25)),
    }


def _train_owners(examples: Sequence[Example], out: Path) -> dict[str, Any]:
    """Writes the reader of options; how often a held-out figure, after the right ones, is put with the right one."""
    steps = [(n, step) for n, e in enumerate(examples) for step in e.steps]
    x, fold = matrix([step.vector for _, step in steps]), np.asarray([n % FOLDS for n, _ in steps])
    wanted = np.asarray([step.action for _, step in steps])
    held_out, names = np.empty(len(steps), object), sorted(set(wanted))
    for k in range(FOLDS):
        reader = owners.OwnerReader(fit_net(x[fold != k], wanted[fold != k], sorted(set(wanted[fold != k])), OWNER_EPOCHS))
        for at in np.flatnonzero(fold == k):
            held_out[at] = reader.action(steps[at][1].vector)
    fit_net(x, wanted, names, OWNER_EPOCHS).save(out)
    right = held_out == wanted
    several = {n for n, step in steps if step.action != "same"}
    by_example: defaultdict[int, list[bool]] = defaultdict(list)
    for (n, _), ok in zip(steps, right, strict=True):
        by_example[n].append(bool(ok))
    return {
        "owner_right": float(right.mean()),
        "owners_of_options_right": float(np.mean([all(v) for n, v in by_example.items() if n in several])),
        "single_ones_kept_whole": float(np.mean([all(v) for n, v in by_example.items() if n not in several])),
        "owners_confused": dict(
            Counter(f"{w} -> {p}" for w, p, ok in zip(wanted, held_out, right, strict=True) if not ok)
        ),
    }


def _held_out(
    examples: Sequence[Example], fold: NDArray[Any], histories: Sequence[Sequence[Sequence[str]]], parts: int, *,
    whole: bool = True,
) -> list[list[tuple[str, float]]]:
    """How each example is decided by a model that has not seen it."""
    found: list[list[tuple[str, float]]] = [[] for _ in examples]
    for k in range(parts):
        inside = [i for i in range(len(examples)) if fold[i] % parts != k]
        reader = fit([examples[i] for i in inside], [[h[i] for i in inside] for h in histories], whole=whole)
        for i in range(len(examples)):
            if fold[i] % parts == k:
                found[i] = decide(examples[i], reader)
    return found


def _report(examples: Sequence[Example], decided: Sequence[Sequence[tuple[str, float]]]) -> dict[str, Any]:
    right = [
        [role == r.label for r, (role, _) in zip(e.rows, d, strict=True)]
        for e, d in zip(examples, decided, strict=True)
    ]
    flat = np.asarray([x for row in right for x in row])
    sure = np.asarray([p for d in decided for _, p in d])
    files: defaultdict[str, list[bool]] = defaultdict(list)
    wrong: Counter[str] = Counter()
    for example, row, roles in zip(examples, right, decided, strict=True):
        files[example.source.place.split(".")[0]] += row
        wrong.update(
            f"{r.label} -> {role}" for r, ok, (role, _) in zip(example.rows, row, roles, strict=True) if not ok
        )
    bins = np.minimum((sure * 10).astype(int), 9)
    return {
        "conversations": len(examples),
        "figures": len(flat),
        "not_recognised": sum(len(e.missed) for e in examples),
        "right": float(flat.mean()),
        "all_of_a_conversation": float(np.mean([all(row) for row in right])),
        "calibration_error": float(sum(abs((sure - flat)[bins == b].sum()) for b in range(10)) / len(flat)),
        "by_file": {name: round(float(np.mean(row)), 3) for name, row in files.items()},
        "confused": dict(wrong.most_common(30)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--no-report", action="store_true", help="only train, without the five folds")
    told = parser.parse_args()
    sys.stdout.write(json.dumps(train(told.out, not told.no_report), indent=2, ensure_ascii=False) + "\n")
