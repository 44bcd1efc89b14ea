"""`ladrillo eval`: options of its commands. A first argument that names none of them is the file of cases of `run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.console import run, t


class RunByDefault(TyperGroup):
    """`ladrillo eval CASES.jsonl …` is `ladrillo eval run CASES.jsonl …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


evaluations = typer.Typer(
    cls=RunByDefault,
    no_args_is_help=True,
    help=t(
        "Run conversations, score them, compare runs: `ladrillo eval CASES.jsonl --outputs OUT.jsonl`.",
        "Resuelve conversaciones de prueba, las califica y compara: `ladrillo eval CASOS.jsonl --outputs SALIDA.jsonl`.",
    ),
)


Run = Annotated[str, typer.Argument(help=t("number, id or name", "número, id o nombre"))]


@evaluations.command(
    "run",
    help=t(
        "Run conversations, write the answers, score them (what `eval CASES.jsonl` does).",
        "Resuelve conversaciones, guarda las respuestas y las califica (lo que hace `eval CASOS.jsonl`).",
    ),
)
def evaluate(
    cases: Annotated[
        Path,
        typer.Argument(
            help=t("conversations (JSON lines), or a folder of them", "conversaciones (líneas JSON), o una carpeta con ellas")
        ),
    ],
    outputs: Annotated[
        Path | None,
        typer.Option(
            "--outputs",
            help=t(
                "where to write the answers; a file of the data folder if left out",
                "dónde escribir las respuestas; si falta, un archivo de la carpeta de datos",
            ),
        ),
    ] = None,
    brain: Annotated[str | None, typer.Option(help=t("builtin or llm", "builtin o llm"))] = None,
    epochs: Annotated[
        int, typer.Option(min=1, max=100, help=t("times each case is run", "veces que se resuelve cada caso"))
    ] = 1,
    parallel: Annotated[
        int, typer.Option(min=1, max=64, help=t("cases run at the same time", "casos que se resuelven a la vez"))
    ] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help=t("only the first N cases", "solo los primeros N casos"))
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help=t(
                "go on with an interrupted run: what --outputs already answers is kept",
                "continúa una evaluación interrumpida: lo que ya está en --outputs se conserva",
            ),
        ),
    ] = False,
    name: Annotated[
        str | None, typer.Option(help=t("what the run is called in the list", "nombre de la evaluación en la lista"))
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            help=t(
                "compare with this file of records; exit code 1 if something got worse",
                "compara con este archivo de registros; código de salida 1 si algo empeoró",
            )
        ),
    ] = None,
    save_baseline: Annotated[
        Path | None,
        typer.Option(
            "--save-baseline", help=t("write the records as a baseline", "guarda los registros como línea base")
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help=t("write a report page", "escribe un informe en una página HTML"))
    ] = None,
) -> None:
    from cli.measure import Wish
    from cli.measure import evaluate as work

    wish = Wish(cases, outputs, brain, epochs, parallel, limit, resume, name, baseline, save_baseline, html)
    raise typer.Exit(run(work(wish)))


@evaluations.command("list", help=t("List the runs, newest first.", "Lista las evaluaciones, la última primero."))
def list_(limit: Annotated[int, typer.Option(min=1, max=500)] = 20) -> None:
    from cli.runs import list_runs as work

    run(work(limit))


@evaluations.command(
    help=t(
        "Compare two runs: each figure's difference with its 95 % interval, and the cases that changed.",
        "Compara dos evaluaciones: la diferencia de cada cifra con su intervalo del 95 % y los casos que cambiaron.",
    )
)
def compare(run_a: Run, run_b: Run) -> None:
    from cli.runs import compare as work

    run(work(run_a, run_b))


@evaluations.command(
    help=t(
        "Make an evaluation case of a conversation or of an adviser's case, without personal data.",
        "Convierte una conversación o un caso de asesor en un caso de prueba, sin datos personales.",
    )
)
def label(
    reference: Annotated[
        str,
        typer.Argument(
            help=t("a conversation's id, or a case such as C-1042", "id de una conversación, o un caso como C-1042")
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help=t(
                "append it to this file; standard output if left out",
                "la añade a este archivo; si falta, a la salida estándar",
            ),
        ),
    ] = None,
) -> None:
    from cli.runs import label as work

    run(work(reference, out))


@evaluations.command(
    help=t(
        "Test grounding itself: alter each figure of the answers of a run, and count what is let through.",
        "Prueba el control de cifras: altera cada cifra de las respuestas de una evaluación y cuenta lo que se le escapa.",
    )
)
def mutate(
    outputs: Annotated[
        Path, typer.Argument(help=t("answers, as `--outputs` wrote them", "respuestas, como las escribió `--outputs`"))
    ],
    seed: Annotated[int, typer.Option(help=t("which alterations are drawn", "qué alteraciones se sortean"))] = 0,
    show: Annotated[
        int, typer.Option(min=0, max=1000, help=t("examples of what went wrong", "ejemplos de lo que falló"))
    ] = 5,
) -> None:
    from cli.mutation import mutate as work

    work(outputs, seed, show)


@evaluations.command(
    help=t(
        "Have a language model judge the tone of a run's answers, 1 to 5. It needs a model endpoint; no gate looks at it.",
        "Pide a un modelo de lenguaje que califique el tono de las respuestas, de 1 a 5. Necesita un servicio de modelos; "
        "ningún control depende de ello.",
    )
)
def judge(
    outputs: Annotated[
        Path, typer.Argument(help=t("answers, as `--outputs` wrote them", "respuestas, como las escribió `--outputs`"))
    ],
    parallel: Annotated[
        int, typer.Option(min=1, max=32, help=t("answers judged side by side", "respuestas que se juzgan a la vez"))
    ] = 4,
    show: Annotated[
        int, typer.Option(min=0, max=1000, help=t("the worst answers shown", "cuántas de las peores se muestran"))
    ] = 5,
) -> None:
    from cli.tone import judge as work

    run(work(outputs, parallel, show))
