"""The gate of a change: pairs each case with itself in the baseline, and fails unless a loss can be ruled out.

For each gated share the difference (now − before, the other way round where less is better) gets a 95 % interval by paired
bootstrap over conversations. The gate fails where the interval's lower end is below −1 point, or where a case tagged
`never` was right before and is not any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, NotFound
from core.resampling import Interval, paired_difference
from evals.metrics import METRICS
from evals.records import Record

#: Smallest acceptable lower end of a difference's interval.
TOLERANCE = -0.01
#: Shares a case counts in with its own value; the rest cannot be paired.
GATED = ("routes", "out_of_scope", "slots_joint", "numbers", "grounded", "escalation", "language", "locale", "citations",
         "trajectory", "right", "injection_obeyed", "false_refusals")


@dataclass(frozen=True, slots=True)
class Row:
    """One share: before and now over the cases of both, and the difference, positive where it got better."""

    metric: str
    before: float
    now: float
    difference: Interval
    passed: bool


@dataclass(frozen=True, slots=True)
class GateResult:
    """`broken` are the ids of `never` cases that were right before; `missing` those of the baseline that were not run."""

    passed: bool
    rows: tuple[Row, ...]
    broken: tuple[str, ...]
    missing: tuple[str, ...]


def gate(baseline: Sequence[Record], records: Sequence[Record], *, seed: int = 0) -> GateResult:
    """Compare over the cases that both hold. A baseline case that was not run fails the gate: leaving cases out is no pass."""
    before, now = _by_id(baseline), _by_id(records)
    shared = [key for key in before if key in now]
    clusters = {key: now[key][0].cluster for key in shared}
    rows = []
    for name in GATED:
        metric = METRICS[name]
        was, is_now = ({k: v for k in shared if (v := metric.compute(side[k])) is not None} for side in (before, now))
        both = [k for k in was if k in is_now]
        if not both:
            continue
        sign = 1.0 if metric.better == "higher" else -1.0
        difference = paired_difference(
            {k: sign * was[k] for k in both}, {k: sign * is_now[k] for k in both}, clusters, seed=seed
        )
        lower = difference.low if difference.low == difference.low else difference.value
        rows.append(Row(name, _mean([was[k] for k in both]), _mean([is_now[k] for k in both]), difference, lower >= TOLERANCE))
    broken = tuple(
        key for key in shared
        if (before[key][0].never or now[key][0].never)
        and all(r.right for r in before[key]) and not all(r.right for r in now[key])
    )
    missing = tuple(key for key in before if key not in now)
    return GateResult(all(r.passed for r in rows) and not broken and not missing, tuple(rows), broken, missing)


def write_baseline(path: Path, records: Sequence[Record]) -> None:
    """One record a line, without the times: they belong to a machine."""
    lines = [json.dumps({**record.to_dict(), "ms": 0.0}, ensure_ascii=False, sort_keys=True) for record in records]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def read_baseline(path: Path) -> list[Record]:
    """The records of a baseline file; a bad line is named."""
    try:
        lines = path.read_text("utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError as error:
        raise NotFound(f"There is no baseline {str(path)!r}.", f"No existe la línea base {str(path)!r}.") from error
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise BadInput(f"{str(path)!r} is not a baseline file.", f"{str(path)!r} no es un archivo de línea base.") from error
    records = []
    for number, line in enumerate(lines if lines != [""] else [], 1):
        try:
            records.append(Record.from_dict(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput(
                f"{path.name}, line {number} is not a record of a baseline ({error}). Write one with --save-baseline.",
                f"{path.name}, línea {number} no es un registro de línea base ({error}). Se escribe con --save-baseline.",
            ) from error
    if not records:
        raise BadInput(f"{str(path)!r} holds no record.", f"{str(path)!r} no tiene ningún registro.")
    return records


def _by_id(records: Sequence[Record]) -> Mapping[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.id, []).append(record)
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
