"""A run as `services/evaluations.py` keeps it: figures with their names, records with each case's part in the figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from evals.cases import Case
from evals.metrics import METRICS, summary
from evals.records import Record


def figures(records: Sequence[Record]) -> list[dict[str, Any]]:
    """A row a metric: name, words, direction, value and interval; ends that are not known are None."""
    return [
        {
            "name": name, "es": METRICS[name].es, "en": METRICS[name].en, "better": METRICS[name].better,
            "kind": METRICS[name].kind, "n": found.n,
            **{end: None if (value := getattr(found, end)) != value else value for end in ("value", "low", "high")},
        }
        for name, found in summary(records).items()
    ]


def bodies(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Records as plain values. `shares`: the part in each figure that is a mean over cases."""
    shares: list[dict[str, float]] = [{} for _ in records]
    for name, metric in METRICS.items():
        parts = [metric.parts(record) if metric.parts else None for record in records]
        if all(part is None or part[1] == 1.0 for part in parts):
            for mine, part in zip(shares, parts, strict=True):
                if part is not None:
                    mine[name] = part[0]
    return [record.to_dict() | {"shares": mine} for record, mine in zip(records, shares, strict=True)]


def digest(cases: Sequence[Case]) -> str:
    """SHA-256 of the cases, whatever the file's spacing or order of keys."""
    body = json.dumps([case.model_dump(exclude_defaults=True) for case in cases], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()
