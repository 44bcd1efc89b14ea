"""Inspect as the engine: its data set, epochs, parallel samples, limits and log, around our own way to solve a case.

No model is called by Inspect (`model="none"`): its solver hands each case to the runner. It shows nothing, serves nothing,
and keeps what it writes of its own in the data folder. `inspect view --log-dir DATA/evals/logs` reads the logs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Misconfigured
from core.turns import EVALUATING, alone
from evals.cases import Case
from evals.outputs import Line, Outputs
from evals.planting import Garden
from evals.records import DECISIVE, record
from evals.solve import solve, turn
from graphs.runner import Runner

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog
    from inspect_ai.scorer import Scorer
    from inspect_ai.solver import Solver, TaskState

#: Seconds a turn may take beyond its own timeout before Inspect ends the case, counted twice: a case may wait for one that
#: plants, and runs alone.
_GRACE = 30


def logs_of(data_dir: Path) -> Path:
    return data_dir / "evals" / "logs"


def require() -> None:
    """Raises `Misconfigured` where Inspect is not installed, before anything is begun."""
    if find_spec("inspect_ai") is None:
        raise Misconfigured(
            "`ladrillo eval` runs on Inspect, which is not installed. Install it with `uv sync --group evals` "
            "(or `pip install 'inspect-ai>=0.3.285,<0.4'`).",
            "`ladrillo eval` funciona con Inspect, que no está instalado. Instálelo con `uv sync --group evals` "
            "(o `pip install 'inspect-ai>=0.3.285,<0.4'`).",
        )


async def run_cases(
    runner: Runner, cases: Sequence[Case], outputs: Outputs, *, parallel: int = 1, about: Mapping[str, Any] | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> None:
    """Fill `outputs` (begun) with a line a case and epoch. `told` hears how many are done; `about` goes into the log. Where
    another evaluation runs in this database, wait for its end: the two would erase each other's conversations.

    Raises what a case raised (the database is gone) and `CancelledError` where it was interrupted; what was answered until
    then is in `outputs`.
    """
    settings = runner.resources.settings
    async with alone(runner.resources.database, EVALUATING):
        with _at_home(settings.data_dir / "evals" / "inspect"):
            logs, work = await _inspected(runner, cases, outputs, parallel, about or {}, told)
    if work.failure is not None:
        raise work.failure
    status = logs[0].status if logs else "cancelled"
    if status == "cancelled":  # Inspect ends quietly where its task is cancelled
        raise asyncio.CancelledError
    if status != "success":
        raise RuntimeError(f"Inspect ended as {status}: {logs[0].error.message if logs[0].error else 'no reason given'}")
    for case, epoch in outputs.missing:  # ended by the limit
        outputs.add({"id": case.id, "turns": [turn(words, _TOO_LONG) for words in case.turns]}, epoch)


async def _inspected(
    runner: Runner, cases: Sequence[Case], outputs: Outputs, parallel: int, about: Mapping[str, Any],
    told: Callable[[int], None],
) -> tuple[list[EvalLog], _Work]:
    """Inspect's logs (none where it was interrupted at once), and what it was given to do."""
    from inspect_ai import Epochs, Task, eval_async
    from inspect_ai.dataset import MemoryDataset
    from inspect_ai.util import display_type

    settings = runner.resources.settings
    display_type()  # settles that nothing is shown
    garden = await Garden.of(runner, [case for case, _ in outputs.missing], parallel)
    work = _Work(runner, cases, outputs, garden, told)
    longest = max(len(case.turns) for case in cases)
    try:
        logs = await eval_async(
            Task(
                dataset=MemoryDataset([_sample(case) for case in cases], name="cases"),
                solver=work.solver(), scorer=work.scorer(), name="ladrillo", metadata=dict(about),
            ),
            model="none", log_dir=str(logs_of(settings.data_dir)), epochs=Epochs(outputs.epochs), max_samples=parallel,
            time_limit=int(2 * longest * (settings.turn_timeout + _GRACE)), fail_on_error=True, ctl_server=False,
            log_realtime=False, log_level="critical", score_display=False,
        )
    finally:
        await garden.settle()
    return logs, work


_TOO_LONG = {"status": "failed", "error_code": "time_limit", "ms": 0}


class _Work:
    """What Inspect calls for each sample, and the first failure that ended the run."""

    def __init__(
        self, runner: Runner, cases: Sequence[Case], outputs: Outputs, garden: Garden, told: Callable[[int], None]
    ) -> None:
        self._runner, self._outputs, self._garden, self._told = runner, outputs, garden, told
        self._cases = {case.id: case for case in cases}
        self._done = 0
        self.failure: Exception | None = None

    def solver(self) -> Solver:
        from inspect_ai.solver import solver

        @solver(name="ladrillo")
        def made() -> Solver:
            async def run(state: TaskState, _: object) -> TaskState:
                case = self._cases[str(state.sample_id)]
                line = self._outputs.get(case.id, state.epoch)
                try:
                    if line is None:
                        async with self._garden.around(case):
                            solved = await solve(self._runner, case, state.epoch)
                        line = self._outputs.add(solved, state.epoch)
                except Exception as error:
                    self.failure = self.failure or error
                    raise
                self._done += 1
                self._told(self._done)
                return _shown(state, line)

            return run

        return made()

    def scorer(self) -> Scorer:
        """Right or wrong as in our reports, so that the viewer can sort and filter; the reports read our own lines."""
        from inspect_ai.scorer import Score, Target, accuracy, scorer

        @scorer(metrics=[accuracy()], name="right")
        def made() -> Scorer:
            async def score(state: TaskState, _: Target) -> Score | None:
                line = self._outputs.get(str(state.sample_id), state.epoch)
                found = record(self._cases[str(state.sample_id)], line) if line else None
                if found is None:
                    return None
                wrong = [name for name in DECISIVE if found.values.get(name) not in (None, 1.0)]
                return Score(value=float(found.right), explanation=", ".join(wrong) or "right", metadata=dict(found.values))

            return score

        return made()


def _sample(case: Case) -> Any:
    from inspect_ai.dataset import Sample

    expect = case.expect.model_dump(exclude_defaults=True) if case.expect else {}
    return Sample(
        id=case.id, input="\n\n".join(case.turns), target="+".join(expect.get("routes", [])),
        metadata={"lang": case.lang, "tags": case.tags, "expect": expect},
    )


def _shown(state: TaskState, line: Line) -> TaskState:
    """The conversation as the viewer shows it, with what was decided in the last turn."""
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput

    state.messages = [
        message for said in line["turns"]
        for message in (ChatMessageUser(content=said["text"]), ChatMessageAssistant(content=said["answer"]))
    ]
    last = line["turns"][-1]
    state.output = ModelOutput.from_content("ladrillo", last["answer"])
    shown = ("routes", "slots", "confidence", "escalated", "case_reason", "language", "status", "error", "ms", "tool_calls")
    state.metadata |= {name: last[name] for name in shown}
    return state


@contextmanager
def _at_home(folder: Path) -> Iterator[None]:
    """Inspect's own files (traces, buffers) go to `folder`; the environment, which it fills from `.env`, is put back."""
    folder.mkdir(parents=True, exist_ok=True)
    before = dict(os.environ)
    os.environ |= {
        "XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder), "INSPECT_DISPLAY": "none",
    }
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
