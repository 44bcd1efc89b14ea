"""Trains the intent classifier: `python -m knowledge.understanding.train_intent`. Needs scikit-learn (group `dev`).

Sentences are the files of `training/` (its README.md has the format). Everything is chosen on five folds and reported from
them: each sentence is scored by a model that has not seen it. Routes are calibrated by Platt's method on those scores, and
so is the probability that a whole set of routes is right. The weights of words are stored as bytes with one scale an output.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from knowledge.understanding.classifier import NET, PATH, SHARED, agreement, evidence_of_several
from knowledge.understanding.features import BUCKETS, DENSE, ROUTES, Features
from knowledge.understanding.intent import Context, Intent
from knowledge.understanding.train_net import fit_net
from knowledge.understanding.understand import default_places, understand
from knowledge.understanding.verdict import chosen, near, surely_human

FOLDS = 5
TRAINING = Path(__file__).with_name("training")
Floats = NDArray[np.float64]
#: Inverse strength of the penalty, and how often the network sees each sentence.
STRENGTH, EPOCHS = 8.0, 12
#: How much a conversation of the ordinary kind weighs in the calibration of confidence: borders are far more frequent among
#: the other sentences than among investors.
EVERYDAY = 8.0
REASONS = ("asked_person", "complaint", "fraud_or_money", "legal_tax_advice", "data_request", "anger", "large_deal")
TALKS = ("small_talk", "out_of_scope")
_LABELS = frozenset(ROUTES)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The turns of a training example; labels are about the last."""

    turns: tuple[str, ...]
    routes: frozenset[str]
    detail: str
    locale: str
    everyday: bool = False


def read(folder: Path = TRAINING) -> Iterator[Sentence]:
    """All sentences of the folder's `*.tsv`. A bad line is named."""
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            parts = line.split("\t")
            label, _, detail = parts[0].partition(":")
            routes = frozenset(label.split("+"))
            if len(parts) != 3 or not routes <= _LABELS or (detail and detail not in REASONS + TALKS):
                raise SystemExit(f"{path.name}, line {number}: expected label, locale and text between tabs: {line[:80]!r}")
            turns = tuple(t.strip() for t in parts[2].split("|||"))
            yield Sentence(turns, routes, detail, parts[1], path.stem == "first-conversations")


def observe(sentence: Sentence) -> tuple[Features, Intent]:
    """What the classifier would see of the last turn, with the grammar deciding the turns before."""
    seen: list[tuple[Features, Intent]] = []

    def judge(grammar: Intent, features: Features, context: Context) -> Intent:
        seen.append((features, grammar))
        return grammar

    slots: dict[str, Any] = {}
    routes: tuple[str, ...] = ()
    language: str | None = None
    for turn in sentence.turns:
        found = understand(
            turn, places=default_places(), previous_slots=slots, previous_routes=routes, previous_language=language, judge=judge
        )
        slots, routes, language = found.slots, found.routes, found.answer_language
    return seen[-1]


def matrix(features: Sequence[Features]) -> csr_matrix:
    """Rows of hashed words beside the dense features."""
    lengths = [len(f.words) for f in features]
    at = np.concatenate([f.words for f in features])
    values = np.concatenate([f.values for f in features])
    words = csr_matrix((values, at, np.concatenate([[0], np.cumsum(lengths)])), shape=(len(features), BUCKETS))
    return hstack([words, csr_matrix(np.stack([f.dense for f in features]) * DENSE)], format="csr")


def targets(sentences: Sequence[Sentence]) -> Floats:
    return np.asarray([[route in s.routes for route in ROUTES] for s in sentences], float)


def folds(sentences: Sequence[Sentence]) -> Floats:
    """A fold for each sentence, by its text: adding sentences moves none of the others."""
    return np.asarray([zlib.crc32("|".join(s.turns).encode()) % FOLDS for s in sentences])


def platt(scores: Floats, y: Floats, weights: Floats | None = None) -> tuple[Floats, float]:
    model = LogisticRegression(C=1e3).fit(scores if scores.ndim > 1 else scores[:, None], y, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), np.float64)


def train(out: Path = PATH) -> dict[str, Any]:
    sentences = list(read())
    observed = [observe(s) for s in sentences]
    x, y, fold = matrix([f for f, _ in observed]), targets(sentences), folds(sentences)
    wanted = np.column_stack([y, _multiple(y)])
    scores = _held_out(x, wanted, fold)
    held_out = scores[:, : len(ROUTES)]
    calibration = [platt(held_out[:, j], y[:, j]) for j in range(len(ROUTES))]
    slope, offset = np.asarray([c[0][0] for c in calibration]), np.asarray([c[1] for c in calibration])
    probabilities = sigmoid(held_out * slope + offset)
    known = [dict(zip(ROUTES, row, strict=True)) for row in probabilities]
    several, several_weights = _several(scores[:, len(ROUTES)], wanted[:, len(ROUTES)], fold, known)
    decided = [_decided(p, q, grammar) for p, q, (_, grammar) in zip(known, several, observed, strict=True)]
    exact = np.asarray([set(d) == set(s.routes) for d, s in zip(decided, sentences, strict=True)])
    agreed = np.asarray([agreement(d, p) for d, p in zip(decided, known, strict=True)])
    certain, certain_offset = platt(agreed, exact, np.asarray([EVERYDAY if s.everyday else 1.0 for s in sentences]))
    confidence = sigmoid(agreed @ certain + certain_offset)

    fit_net(x, wanted.astype(int), SHARED, EPOCHS).save(out.with_name(NET.name))
    weights, bias = np.zeros((x.shape[1], 0)), np.zeros(0)
    for names in (REASONS, TALKS):
        chosen_rows = [i for i, s in enumerate(sentences) if s.detail in names]
        model = LogisticRegression(C=STRENGTH, max_iter=500).fit(x[chosen_rows], [sentences[i].detail for i in chosen_rows])
        rows = {name: i for i, name in enumerate(model.classes_)}
        both = len(rows) == 2
        for name in names:
            side = 1.0 if rows[name] else -1.0
            weights = np.column_stack([weights, side * model.coef_[0] / 2 if both else model.coef_[rows[name]]])
            bias = np.append(bias, side * model.intercept_[0] / 2 if both else model.intercept_[rows[name]])
    words, dense = weights[:BUCKETS], weights[BUCKETS:] * DENSE
    scale = np.abs(words).max(axis=0) / 127
    np.savez_compressed(
        out, outputs=np.asarray([*(f"reason {r}" for r in REASONS), *(f"talk {t}" for t in TALKS)]),
        words=np.round(words / scale).astype(np.int8), scale=scale.astype(np.float32), dense=dense.astype(np.float32),
        bias=bias.astype(np.float32), slope=slope.astype(np.float32), offset=offset.astype(np.float32),
        certain=np.asarray([*certain, certain_offset], np.float32), several=several_weights.astype(np.float32),
    )
    return _report(sentences, observed, decided, exact, confidence)


def _multiple(y: Floats) -> Floats:
    return np.asarray(y.sum(axis=1) > 1, np.float64)


def _held_out(x: csr_matrix, wanted: Floats, fold: Floats) -> Floats:
    """The log odds by a network that has not seen the sentence."""
    found = np.zeros_like(wanted)
    for k in range(FOLDS):
        inside, outside = fold != k, fold == k
        net = fit_net(x[inside], wanted[inside].astype(int), SHARED, EPOCHS)
        rows = x[outside]
        scores = [net.scores(row.indices.astype(np.int64), row.data.astype(np.float32)) for row in rows]
        found[outside] = np.stack(scores)
    return found


def _several(
    score: Floats, wanted: Floats, fold: Floats, known: Sequence[dict[str, float]]
) -> tuple[Floats, Floats]:
    """(held-out probability of wanting several routes, weights of the small regression on top, its constant last), from the
    held-out `score` of wanting them."""
    evidence = np.asarray([evidence_of_several(p, s) for p, s in zip(known, score, strict=True)])
    found = np.zeros(len(wanted))
    for k in range(FOLDS):
        inside = fold != k
        found[~inside] = LogisticRegression().fit(evidence[inside], wanted[inside]).predict_proba(evidence[~inside])[:, 1]
    model = LogisticRegression().fit(evidence, wanted)
    return found, np.append(model.coef_[0], model.intercept_[0])


def _decided(probabilities: dict[str, float], several: float, grammar: Intent) -> tuple[str, ...]:
    sure = surely_human(grammar, probabilities)
    return grammar.routes if sure else near(grammar, probabilities) or chosen(probabilities, several)


def _report(
    sentences: Sequence[Sentence], observed: Sequence[tuple[Features, Intent]], decided: Sequence[tuple[str, ...]],
    exact: Floats, confidence: Floats,
) -> dict[str, Any]:
    wrong: Counter[str] = Counter()
    for sentence, routes in zip(sentences, decided, strict=True):
        if set(routes) != set(sentence.routes):
            wrong[f"{'+'.join(sorted(sentence.routes))} -> {'+'.join(sorted(routes))}"] += 1
    nobody = np.asarray([s.routes == {"none"} for s in sentences])
    refused = np.asarray([d == ("none",) for d in decided])
    person = np.asarray([s.routes == {"human"} for s in sentences])
    asked = np.asarray([d == ("human",) for d in decided])
    bins = np.minimum((confidence * 10).astype(int), 9)
    error = sum(abs((confidence - exact)[bins == b].sum()) for b in range(10)) / len(exact)
    locales = sorted({s.locale for s in sentences})
    return {
        "sentences": len(sentences),
        "grammar_alone": float(np.mean([set(g.routes) == s.routes for (_, g), s in zip(observed, sentences, strict=True)])),
        "exact": float(exact.mean()),
        "out_of_scope_recall": float(refused[nobody].mean()),
        "false_refusals": float(refused[~nobody & ~person].mean()),
        "escalation_recall": float(asked[person].mean()),
        "escalation_precision": float(person[asked].mean()),
        "calibration_error": float(error),
        "by_locale": {loc: float(exact[[s.locale == loc for s in sentences]].mean()) for loc in locales},
        "confused": dict(wrong.most_common(25)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PATH)
    sys.stdout.write(json.dumps(train(parser.parse_args().out), indent=2, ensure_ascii=False) + "\n")
