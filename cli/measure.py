"""`eval` and `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.console import out, progress, t
from cli.session import opened
from core.errors import BadInput
from core.settings import get_settings
from evals.cases import read_cases
from evals.score import table
from evals.solve import solve_all, write_line


async def evaluate(cases_path: Path, outputs: Path, brain: str | None) -> int:
    """Write one line a case; print the shares by slice. Exit code 0 whatever the shares are."""
    if brain not in (None, "builtin", "llm"):
        raise BadInput(f"--brain is {brain!r}; expected builtin or llm.", f"--brain es {brain!r}; se esperaba builtin o llm.")
    cases = read_cases(cases_path)
    if outputs.resolve() == cases_path.resolve():
        raise BadInput("--outputs would overwrite the cases.", "--outputs sobrescribiría los casos.")
    outputs.parent.mkdir(parents=True, exist_ok=True)
    settings = get_settings()
    if brain is not None:
        settings = settings.model_copy(update={"brain": brain})
    lines: list[dict[str, Any]] = []
    async with opened(settings) as runner:
        with progress() as tell:
            stage = t("Conversations", "Conversaciones")
            async for line in solve_all(runner, cases):
                write_line(outputs, line, first=not lines)
                lines.append(line)
                tell(stage, len(lines), len(cases))
    _print(table(cases, lines), lines)
    return 0


def _print(rows: list[tuple[str, int, dict[str, float | None]]], lines: list[dict[str, Any]]) -> None:
    if rows:
        names = list(rows[0][2])
        out(f"{'slice':<26}{'n':>5}" + "".join(f"{name:>12}" for name in names))
        for name, count, shares in rows:
            cells = "".join("           –" if shares[m] is None else f"{shares[m]:>12.1%}" for m in names)
            out(f"{name:<26}{count:>5}{cells}")
    times = sorted(turn["ms"] for line in lines for turn in line["turns"])
    p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
    out(f"\n{len(lines)} " + t("conversations", "conversaciones") + f", p50 {p50} ms, p95 {p95} ms")


async def bench(turns: int) -> None:
    """Speed and memory, as a table of medians."""
    from evals.bench import measure

    async with opened() as runner:
        with progress() as tell:
            rows = await measure(runner, turns, tell)
    for name, value in rows:
        out(f"{name:<58}{value:>28}")
