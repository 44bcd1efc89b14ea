"""From which confidence on the built-in reading stands without asking a model: how often it is right, by threshold.

`python -m evals.skipping CASES OUTPUTS` reads a run of the built-in brain. The default of `LADRILLO_ROUTER_THRESHOLD` is
chosen from its table.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.cases import read_cases
from evals.outputs import read_outputs
from evals.scorers.routing import exact
from knowledge.market.pace import wilson

THRESHOLDS = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)


@dataclass(frozen=True, slots=True)
class Row:
    """Of the turns whose confidence reaches `threshold`: their share of all, how many, and the share read right with its
    95 % interval (Wilson)."""

    threshold: float
    share: float
    n: int
    right: float
    low: float
    high: float


def table(turns: Sequence[tuple[float, bool]], thresholds: Sequence[float] = THRESHOLDS) -> list[Row]:
    """One row a threshold that any turn reaches; `turns` are (confidence in the routes, whether they were right)."""
    rows = []
    for threshold in thresholds:
        reached = [right for confidence, right in turns if confidence >= threshold]
        if reached:
            low, high = wilson(sum(reached), len(reached), 0.95)
            rows.append(Row(threshold, len(reached) / len(turns), len(reached), sum(reached) / len(reached), low, high))
    return rows


def turns_of(cases: Path, outputs: Path) -> list[tuple[float, bool]]:
    """The last turn of each case whose routes are expected."""
    expected = {case.id: case.expect for case in read_cases(cases)}
    found = []
    for line in read_outputs(outputs):
        wanted = expected.get(line["id"])
        if wanted is None or not wanted.routes or not line["turns"]:
            continue
        last = line["turns"][-1]
        found.append((float(last["routing_confidence"]), exact(wanted.routes, wanted.also_ok, last["routes"])))
    return found


if __name__ == "__main__":
    for row in table(turns_of(Path(sys.argv[1]), Path(sys.argv[2]))):
        sys.stdout.write(f"{row.threshold:.2f}  {row.share:6.1%} of the turns ({row.n}): right "
                         f"{row.right:.2%} [{row.low:.2%}, {row.high:.2%}]\n")
