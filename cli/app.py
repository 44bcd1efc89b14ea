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


@app.command(help=t("Offer the read-only tools to other programs (Model Context Protocol), over standard input and output.",
                    "Ofrece las herramientas de consulta a otros programas (Model Context Protocol), por la entrada y salida "
                    "estándar."))
def mcp(
    http: Annotated[
        bool, typer.Option("--http", help=t("over HTTP instead, at /mcp", "por HTTP en su lugar, en /mcp"))
    ] = False,
    host: Annotated[
        str, typer.Option(help=t("with --http: address to listen on", "con --http: dirección en que escucha"))
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=t("with --http: port; 0 picks a free one",
                                                   "con --http: puerto; 0 elige uno libre")),
    ] = 8001,
    name: Annotated[
        list[str] | None,
        typer.Option(help=t("with --http: host name that clients call, beside the address; may be repeated",
                            "con --http: nombre al que llaman los clientes, además de la dirección; se puede repetir")),
    ] = None,
) -> None:
    from cli import mcp as work

    run(work.http(host, port, name or ()) if http else work.stdio())


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
    charts: Annotated[
        Path | None,
        typer.Option(help=t("folder for the answer's charts, as SVG and PNG", "carpeta para los gráficos, en SVG y PNG")),
    ] = None,
) -> None:
    from cli.talk import ask as work

    run(work(question, as_json=json, country=country, charts=charts))


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
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help=t(
                "the file holds every listing of its source: those it does not name are withdrawn",
                "el archivo trae todos los anuncios de su fuente: los que no nombra quedan retirados",
            ),
        ),
    ] = False,
) -> None:
    from cli.data import ingest as work

    raise typer.Exit(run(work(files, mapping, refresh, complete)))


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
        Path,
        typer.Option("--out", help=t("where to write (.csv, .parquet or .json)", "dónde escribir (.csv, .parquet o .json)")),
    ],
    mapping: Annotated[
        str | None,
        typer.Option(help=t("name or path of a column mapping", "nombre o ruta de una correspondencia de columnas")),
    ] = None,
) -> None:
    from cli.batches import value as work

    run(work(file, out, mapping))


@app.command(help=t("Compute the returns of a file of cases.", "Calcula las rentabilidades de un archivo de casos."))
def returns(
    file: Annotated[
        Path, typer.Argument(readable=False, help=t("CSV, Parquet or JSON lines", "CSV, Parquet o líneas JSON"))
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help=t("where to write (.csv, .parquet or .json)", "dónde escribir (.csv, .parquet o .json)")),
    ],
    years: Annotated[
        Path | None, typer.Option(help=t("each case year by year, written here too", "cada caso año por año, también aquí"))
    ] = None,
    months: Annotated[
        Path | None, typer.Option(help=t("each case month by month, written here too", "cada caso mes a mes, también aquí"))
    ] = None,
) -> None:
    from cli.batches import returns as work

    run(work(file, out, years, months))


@app.command(
    help=t(
        "Forecast a stored series, all of them, or a file with the columns period, value and, for several, series: at least "
        "three by quarters, of ten years or more, are forecast together.",
        "Pronostica una serie guardada, todas, o un archivo con las columnas period, value y, si son varias, series: si al "
        "menos tres son trimestrales y de diez años o más, se pronostican en conjunto.",
    )
)
def forecast(
    out: Annotated[
        Path,
        typer.Option("--out", help=t("where to write (.csv, .parquet or .json)", "dónde escribir (.csv, .parquet o .json)")),
    ],
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SERIES_ID|FILE",
            help=t("the id of a stored series, or a CSV, Parquet or JSON lines file",
                   "el id de una serie guardada, o un archivo CSV, Parquet o de líneas JSON"),
        ),
    ] = None,
    horizon: Annotated[
        int,
        typer.Option(
            help=t("periods ahead, in the series' own (quarters, …)", "periodos hacia adelante, como los de la serie")
        ),
    ] = 8,
    all_series: Annotated[
        bool,
        typer.Option(
            "--all",
            help=t("every stored series (see --metric, --country)", "todas las series guardadas (véase --metric, --country)"),
        ),
    ] = False,
    metric: Annotated[
        str | None,
        typer.Option(help=t("with --all: only this metric, as price_index", "con --all: solo esta métrica, como price_index")),
    ] = None,
    country: Annotated[
        str | None,
        typer.Option(
            help=t("with --all: only this country; with a file: the inflation that makes its figures real",
                   "con --all: solo este país; con un archivo: la inflación con que se pasan sus cifras a reales")
        ),
    ] = None,
) -> None:
    from cli.batches import forecast as work

    run(work(source, out, horizon, every=all_series, metric=metric, country=country))


@app.command(help=t("Measure speed and memory.", "Mide velocidad y memoria."))
def bench(
    turns: Annotated[
        int,
        typer.Option(
            min=1, help=t("turns to measure, after the warm-up", "turnos que se miden, tras el calentamiento")
        ),
    ] = 200,
    forecasts: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=t("instead, time the backtests of so many series", "en su lugar, cronometra las pruebas de tantas series"),
        ),
    ] = None,
    model_ms: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=t("instead, turns with a language model that takes so many milliseconds a call, beside a plain supervisor",
                   "en su lugar, turnos con un modelo de lenguaje que tarda tantos milisegundos por llamada, junto a un "
                   "supervisor corriente"),
        ),
    ] = None,
) -> None:
    from cli.measure import bench as work

    run(work(turns, forecasts, model_ms))


@app.command(help=t("Show what language models were used for, and what that cost.",
                    "Muestra para qué se usaron los modelos de lenguaje y cuánto costó."))
def costs(
    by: Annotated[
        str, typer.Option(help=t("day, role, model or conversation", "day, role, model o conversation"))
    ] = "day",
    since: Annotated[
        str | None, typer.Option(help=t("first day (2026-11-01), UTC; thirty days back", "primer día (2026-11-01), UTC"))
    ] = None,
    until: Annotated[str | None, typer.Option(help=t("last day; today", "último día; hoy"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("print JSON", "imprime JSON"))] = False,
) -> None:
    from cli.costs import costs as work

    run(work(by, since, until, as_json))


@app.command(help=t("List the legal and tax rules, with their dates and sources.",
                    "Muestra las reglas legales y de impuestos, con sus fechas y fuentes."))
def rules(
    country: Annotated[str | None, typer.Option(help=t("only CO, ES or MX", "solo CO, ES o MX"))] = None,
    write: Annotated[
        Path | None,
        typer.Option(help=t("make the tables of this page again (docs/rules.md)",
                            "rehacer las tablas de esta página (docs/rules.md)")),
    ] = None,
) -> None:
    from cli.rules import rules as work

    work(country, write)


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
