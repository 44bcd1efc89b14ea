"""Evaluation runs: stored, listed, read, and two of them compared.

A run brings its figures (`summary`, each with its name in both languages and its interval) and its records, each with
`shares`: the case's own part in every figure that is a mean over cases. Those figures are compared in pairs, case by case;
of the others (F1, areas, quantiles) a comparison shows both values and claims no difference.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import core
from core.database import Database
from core.resampling import paired_difference
from core.scope import Scope
from knowledge.records import evaluations
from knowledge.tables import EvalRun

Verdict = Literal["better", "worse", "unclear"]
Shares = dict[str, dict[str, float]]


async def store(database: Database, scope: Scope, **values: Any) -> dict[str, Any]:
    """Keep a run (columns of `EvalRun`) with the versions of program and data that it ran on."""
    program = await asyncio.to_thread(program_version)
    async with database.session(scope) as session:
        versions = {**program, "data": await evaluations.data_version(session)}
        return view(await evaluations.add(session, scope, versions=versions, **values))


async def listed(database: Database, scope: Scope, limit: int) -> list[dict[str, Any]]:
    """Newest first, without figures of single cases."""
    async with database.session(scope) as session:
        return [view(run) for run in await evaluations.search(session, limit)]


async def whole(database: Database, scope: Scope, reference: str) -> dict[str, Any]:
    """One run with a record a case and epoch."""
    async with database.session(scope) as session:
        run = await evaluations.get(session, reference)
        return view(run) | {"records": run.records}


async def compared(database: Database, scope: Scope, before: str, after: str, *, seed: int = 0) -> dict[str, Any]:
    """Two runs, figure by figure, with 95 % intervals of the differences over the cases that both hold."""
    async with database.session(scope) as session:
        runs = await evaluations.get(session, before), await evaluations.get(session, after)
    shares = [_shares(run) for run in runs]
    clusters = {record["id"]: record["cluster"] for run in runs for record in run.records}
    summaries = [{row["name"]: row for row in run.summary} for run in runs]
    figures = []
    for name in dict.fromkeys([*summaries[0], *summaries[1]]):
        was, is_now = (summary.get(name) for summary in summaries)
        about = is_now or was or {}
        figures.append({
            "name": name, **{key: about[key] for key in ("es", "en", "better", "kind")},
            "before": _interval(was), "after": _interval(is_now),
            **_difference(shares[0].get(name, {}), shares[1].get(name, {}), clusters, about["better"], seed),
        })
    ids = [{record["id"] for record in run.records} for run in runs]
    right = [side.get("right", {}) for side in shares]
    both = [key for key in right[0] if key in right[1]]
    return {
        "before": view(runs[0]), "after": view(runs[1]), "same_cases": runs[0].cases_digest == runs[1].cases_digest,
        "figures": figures, "broke": sorted(key for key in both if right[1][key] < right[0][key]),
        "fixed": sorted(key for key in both if right[1][key] > right[0][key]),
        "only_before": sorted(ids[0] - ids[1]), "only_after": sorted(ids[1] - ids[0]),
    }


def view(run: EvalRun) -> dict[str, Any]:
    """A run without its records."""
    return {
        "evaluation": evaluations.label(run), "id": run.id, "name": run.name, "brain": run.brain, "model": run.model,
        "cases_name": run.cases_name, "cases_digest": run.cases_digest, "case_count": run.case_count,
        "epochs": run.epochs, "versions": run.versions, "summary": run.summary, "created_at": run.created_at,
    }


def program_version() -> dict[str, str | None]:
    """The package's version, and the commit where it runs from a clone."""
    root, git = Path(core.__file__).parents[1], shutil.which("git")
    commit = None
    if git and (root / ".git").exists():
        told = subprocess.run(
            [git, "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
        )
        commit = told.stdout.strip() or None
    return {"ladrillo": version("ladrillo"), "commit": commit}


def _shares(run: EvalRun) -> Shares:
    """figure -> case -> its part, the mean over epochs."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in run.records:
        for name, value in record["shares"].items():
            found[name][record["id"]].append(value)
    return {name: {key: sum(v) / len(v) for key, v in by_case.items()} for name, by_case in found.items()}


def _difference(
    before: Mapping[str, float], after: Mapping[str, float], clusters: Mapping[str, str], better: str, seed: int
) -> dict[str, Any]:
    """After less before over the cases of both; the verdict is open while the interval holds 0."""
    if not before.keys() & after.keys():
        return {"difference": None, "verdict": None}
    value, low, high, n = paired_difference(before, after, clusters, seed=seed)
    verdict: Verdict = "unclear"
    if low > 0 or high < 0:
        verdict = "better" if (low > 0) == (better == "higher") else "worse"
    return {"difference": _interval({"value": value, "low": low, "high": high, "n": n}), "verdict": verdict}


def _interval(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Value, ends and number; ends that are not a number (one conversation alone) are None."""
    if row is None:
        return None
    return {key: None if row[key] != row[key] else row[key] for key in ("value", "low", "high", "n")}
