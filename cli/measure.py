"""`eval` and `bench`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from math import isnan
from pathlib import Path
from typing import Any

from cli.console import figure, language, out, progress, say, t
from cli.session import STAFF, opened
from core.errors import BadInput, NotFound
from core.settings import Settings, get_settings
from evals.archive import bodies, digest, figures
from evals.cases import Case, read_cases
from evals.gate import GateResult, gate, read_baseline, write_baseline
from evals.metrics import METRICS, slices, summary
from evals.outputs import Line, Outputs
from evals.records import Record, record
from services.evaluations import store

#: Columns of the table by slice.
_COLUMNS = ("routes", "escalation", "slots_f1", "numbers", "grounded", "language", "right")


@dataclass(frozen=True, slots=True)
class Wish:
    """What `ladrillo eval` was asked for."""

    cases: Path
    outputs: Path | None
    brain: str | None
    epochs: int
    parallel: int
    limit: int | None
    resume: bool
    name: str | None
    baseline: Path | None
    save_baseline: Path | None
    html: Path | None


async def evaluate(wish: Wish) -> int:
    """Write one line a case and epoch; print the figures. Exit code 0 whatever they are, 1 where a baseline is not met."""
    if wish.brain not in (None, "builtin", "llm"):
        raise BadInput(
            f"--brain is {wish.brain!r}; expected builtin or llm.", f"--brain es {wish.brain!r}; se esperaba builtin o llm."
        )
    cases = _cases(wish)
    settings = get_settings()
    if wish.brain is not None:
        settings = settings.model_copy(update={"brain": wish.brain})
    outputs = Outputs(_place(wish, settings), cases, wish.epochs)
    before = read_baseline(wish.baseline) if wish.baseline else None
    kept, records = await _run(wish, settings, cases, outputs)
    _print(records, outputs.lines)
    if wish.save_baseline is not None:
        write_baseline(wish.save_baseline, records)
    verdict = gate(before, records) if before is not None else None
    if verdict is not None:
        _print_gate(verdict)
    if wish.html is not None:
        from evals.report import render

        wish.html.write_text(render(kept, cases, outputs.lines, records, language(), verdict), "utf-8")
    return 0 if verdict is None or verdict.passed else 1


def _cases(wish: Wish) -> list[Case]:
    try:
        cases = read_cases(wish.cases)
    except NotFound as error:
        from cli.evaluations import evaluations

        names = [command.name or "" for command in evaluations.registered_commands]
        if near := get_close_matches(str(wish.cases), names, n=1):
            raise NotFound(f"{error.en} Did you mean `ladrillo eval {near[0]}`?",
                           f"{error.es} ¿Quiso decir `ladrillo eval {near[0]}`?") from error
        raise
    return cases[: wish.limit]


def _place(wish: Wish, settings: Settings) -> Path:
    """Where the answers go. Nothing that is read or written for something else is overwritten."""
    stem = re.sub(r"[^\w.-]+", "-", wish.name or wish.cases.stem)
    path = wish.outputs or settings.data_dir / "evals" / f"{stem}.jsonl"
    kept = [("CASES", wish.cases), ("--baseline", wish.baseline)]
    written = [("--outputs", path), ("--save-baseline", wish.save_baseline), ("--html", wish.html)]
    for number, (option, target) in enumerate(written):
        if target is not None and wish.cases.is_dir() and target.resolve().parent == wish.cases.resolve():
            raise BadInput(f"{option} is in the folder of the cases; write it elsewhere.",
                           f"{option} está en la carpeta de los casos; escríbalo en otra.")
        for other, file in [*kept, *written[:number]]:
            if target is not None and file is not None and target.resolve() == file.resolve():
                raise BadInput(
                    f"{option} would overwrite the cases." if other == "CASES" else f"{option} would overwrite {other}.",
                    f"{option} sobrescribiría los casos." if other == "CASES" else f"{option} sobrescribiría {other}.",
                )
    return path


async def _run(wish: Wish, settings: Settings, cases: list[Case], outputs: Outputs) -> tuple[dict[str, Any], list[Record]]:
    """Run what is missing, and keep the run in the database: (the run as kept, its records)."""
    from evals.engine import require, run_cases

    require()
    async with opened(settings) as runner:
        for target in (outputs.path, wish.save_baseline, wish.html):
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
        running = {"brain": runner.staff.brain, "epochs": wish.epochs}
        if kept := outputs.begin(running, resume=wish.resume):
            say(t(f"{kept} answers are kept from before.", f"Se conservan {kept} respuestas de antes."))
        with progress() as tell:
            stage, total = t("Conversations", "Conversaciones"), len(cases) * wish.epochs
            await run_cases(
                runner, cases, outputs, parallel=wish.parallel, about=running | {"cases": wish.cases.name},
                told=lambda done: tell(stage, done, total),
            )
        outputs.finish()
        by_id = {case.id: case for case in cases}
        records = [found for line in outputs.lines if (found := record(by_id[line["id"]], line)) is not None]
        kept_as = await store(
            runner.resources.database, STAFF, name=wish.name or wish.cases.stem, brain=runner.staff.brain,
            model=settings.model if runner.staff.brain == "llm" else None, cases_name=wish.cases.name,
            cases_digest=digest(cases), case_count=len(cases), epochs=wish.epochs, summary=figures(records),
            records=bodies(records),
        )
    say(t(f"Kept as {kept_as['evaluation']}; the answers are in {outputs.path}.",
          f"Guardada como {kept_as['evaluation']}; las respuestas están en {outputs.path}."))
    return kept_as, records


def _print(records: list[Record], lines: list[Line]) -> None:
    """Every figure over all cases with its interval, then shares by slice."""
    if records:
        for name, found in summary(records).items():
            metric = METRICS[name]
            label, shown = metric.es if language() == "es" else metric.en, figure(metric.kind, found.value)
            spread = "" if isnan(found.low) else f"[{figure(metric.kind, found.low)}, {figure(metric.kind, found.high)}]"
            out(f"{label:<48}{shown:>9}  {spread:<20}n {found.n}")
        out("")
        out(f"{t('slice', 'grupo'):<26}{'n':>5}" + "".join(f"{name:>12}" for name in _COLUMNS))
        for name, members in slices(records).items():
            cells = "".join(f"{figure(METRICS[m].kind, METRICS[m].compute(members)):>12}" for m in _COLUMNS)
            out(f"{name:<26}{len(members):>5}{cells}")
        out("")
    times = sorted(turn["ms"] for line in lines for turn in line["turns"])
    p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
    out(f"{len(lines)} " + t("conversations", "conversaciones") + f", p50 {p50} ms, p95 {p95} ms")


def _print_gate(verdict: GateResult) -> None:
    out("")
    for row in verdict.rows:
        mark = t("ok", "bien") if row.passed else t("WORSE", "PEOR")
        value, low, high = (figure("share", end, signed=True) for end in row.difference[:3])
        label = METRICS[row.metric].es if language() == "es" else METRICS[row.metric].en
        out(f"{label:<40}{row.before:>9.1%} -> {row.now:>7.1%}  {f'{value} [{low}, {high}]':<28}{mark}")
    for ids, en, es in (
        (verdict.broken, "may never break and broke", "nunca deben fallar y fallaron"),
        (verdict.missing, "in the baseline and not run", "están en la línea base y no se resolvieron"),
    ):
        if ids:
            out(f"{t(en, es)}: {', '.join(ids)}")
    out(t("The baseline is met.", "Se mantiene la línea base.") if verdict.passed
        else t("The baseline is NOT met.", "NO se mantiene la línea base."))


async def bench(turns: int, series: int | None, model_ms: int | None) -> None:
    """Speed and memory, as a table of medians; with `series` only how long their backtests take, which needs no data; with
    `model_ms` what turns with a language model cost that takes so long a call."""
    from evals.bench import backtests, measure

    if series is not None:
        with progress() as tell:
            timed = backtests(series, tell)
        for name, value in timed:
            out(f"{name:<58}{value:>28}")
        return

    async with opened() as runner:
        with progress() as tell:
            if model_ms is None:
                rows: Any = await measure(runner, turns, tell)
            else:
                from evals.bench_brains import measure as measure_brains

                rows = await measure_brains(runner, turns, model_ms, tell)
    for name, value in rows:
        out(f"{name:<66}{value:>28}")
