"""The commands and their options. What a command does lives in the room it imports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import run, t
from cli.evaluations import evaluations

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=t(
        "Ladrillo answers real-estate investors in Spanish and English, with every figure traceable to its source.",
        "Ladrillo responde a inversionistas inmobiliarios en español e inglés, con la fuente de cada cifra.",
    ),
)
db = typer.Typer(no_args_is_help=True, help=t("The database.", "La base de datos."))
index = typer.Typer(no_args_is_help=True, help=t("The meaning index (Chroma).", "El índice de significado (Chroma)."))
app.add_typer(db, name="db")
app.add_typer(index, name="index")
app.add_typer(evaluations, name="eval")

CountryOption = Annotated[
    str | None,
    typer.Option(
        "--country",
        help=t(
            "country of the question where it names none: CO, ES or MX",
            "país de la pregunta si no nombra ninguno: CO, ES o MX",
        ),
    ),
]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"ladrillo {version('ladrillo')}")
        raise typer.Exit()


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=t("show the version", "muestra la versión")),
    ] = False,
) -> None:
    pass


@app.command(help=t("Start the service and the chat page.", "Inicia el servicio y la página de chat."))
def serve(
    host: Annotated[str | None, typer.Option(help=t("address to listen on", "dirección en que escucha"))] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=t("port; 0 picks a free one", "puerto; 0 elige uno libre"))
    ] = None,
) -> None:
    from cli.serve import serve as work

    work(host, port)


@app.command(help=t("Ask one question and print the answer.", "Hace una pregunta y muestra la respuesta."))
def ask(
    question: Annotated[
        str,
        typer.Argument(help=t("the question, or - for standard input", "la pregunta, o - para la entrada estándar")),
    ],
    json: Annotated[
        bool, typer.Option("--json", help=t("one JSON object on stdout", "un objeto JSON en la salida estándar"))
    ] = False,
    country: CountryOption = None,
) -> None:
    from cli.talk import ask as work

    run(work(question, as_json=json, country=country))


@app.command(help=t("Hold a conversation in the terminal.", "Abre una conversación en la terminal."))
def chat(country: CountryOption = None) -> None:
    from cli.talk import chat as work

    run(work(country=country))


@app.command(
    help=t("Load listings, statistics or areas from files.", "Carga anuncios, estadísticas o zonas desde archivos.")
)
def ingest(
    files: Annotated[
        list[Path], typer.Argument(readable=False, help=t("CSV, Parquet or JSON lines", "CSV, Parquet o líneas JSON"))
    ],
    mapping: Annotated[
        str | None,
        typer.Option(help=t("name or path of a column mapping", "nombre o ruta de una correspondencia de columnas")),
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            help=t(
                "retrain the models and update the index afterwards",
                "al terminar, reentrenar los modelos y actualizar el índice",
            )
        ),
    ] = True,
) -> None:
    from cli.data import ingest as work

    raise typer.Exit(run(work(files, mapping, refresh)))


@app.command(help=t("Train the valuation models.", "Entrena los modelos de valoración."))
def train(
    country: Annotated[
        list[str] | None,
        typer.Option(
            help=t(
                "only this market: CO, ES or MX; may be repeated", "solo este mercado: CO, ES o MX; se puede repetir"
            )
        ),
    ] = None,
    promote: Annotated[
        bool,
        typer.Option(
            help=t(
                "let the new model replace the active one unless it is worse on the same adverts",
                "que el modelo nuevo reemplace al activo salvo que sea peor en los mismos anuncios",
            )
        ),
    ] = True,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate",
            help=t(
                "also measure unseen streets and later months (several trainings more)",
                "medir también calles no vistas y meses posteriores (varios entrenamientos más)",
            ),
        ),
    ] = False,
) -> None:
    from cli.data import train as work

    run(work(country, promote, validate))


@app.command(help=t("Value a file of properties.", "Valora un archivo de inmuebles."))
def value(
    file: Annotated[
        Path, typer.Argument(readable=False, help=t("CSV, Parquet or JSON lines", "CSV, Parquet o líneas JSON"))
    ],
    out: Annotated[
        Path, typer.Option("--out", help=t("where to write (.csv or .parquet)", "dónde escribir (.csv o .parquet)"))
    ],
    mapping: Annotated[
        str | None,
        typer.Option(help=t("name or path of a column mapping", "nombre o ruta de una correspondencia de columnas")),
    ] = None,
) -> None:
    from cli.data import value as work

    run(work(file, out, mapping))


@app.command(help=t("Measure speed and memory.", "Mide velocidad y memoria."))
def bench(
    turns: Annotated[
        int,
        typer.Option(
            min=1, help=t("turns to measure, after the warm-up", "turnos que se miden, tras el calentamiento")
        ),
    ] = 200,
) -> None:
    from cli.measure import bench as work

    run(work(turns))


@app.command(
    help=t(
        "Show what is configured, reachable and loaded.",
        "Muestra qué está configurado, qué responde y qué hay cargado.",
    )
)
def doctor() -> None:
    from cli.doctor import doctor as work

    raise typer.Exit(run(work()))


@db.command(
    "upgrade", help=t("Bring the database to the newest revision.", "Lleva la base de datos a la última revisión.")
)
def db_upgrade() -> None:
    from cli.data import db_upgrade as work

    run(work())


@index.command("rebuild", help=t("Recreate the index from PostgreSQL.", "Rehace el índice a partir de PostgreSQL."))
def index_rebuild() -> None:
    from cli.data import index_rebuild as work

    run(work())
