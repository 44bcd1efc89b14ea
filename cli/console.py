"""Words, progress and errors of the command line, in Spanish and English."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from core.errors import BadInput, LadrilloError, Language
from core.locale import COUNTRIES

T = TypeVar("T")
Progress = Callable[[str, int, int], None]


def language() -> Language:
    """`LADRILLO_LANGUAGE` (environment or `.env`), else the terminal's locale, else English."""
    wish = os.environ.get("LADRILLO_LANGUAGE", "").lower() or _from_file()
    if wish in ("es", "en"):
        return "es" if wish == "es" else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "es" if value.lower().startswith("es") else "en"
    return "en"


@lru_cache
def _from_file() -> str:
    """The setting of a `.env` file; reading settings is left out where there is none, since `--help` passes here."""
    if not Path(".env").is_file():
        return "auto"
    from core.settings import get_settings

    try:
        return get_settings().language
    except LadrilloError:  # told by the command itself
        return "auto"


def t(en: str, es: str) -> str:
    return es if language() == "es" else en


def market_of(country: str | None) -> str | None:
    """The market that `--country` names, in capitals. Raises `BadInput` for another."""
    if country is None:
        return None
    if country.upper() in COUNTRIES:
        return country.upper()
    raise BadInput(f"--country is {country!r}; expected one of {', '.join(COUNTRIES)}.",
                   f"--country es {country!r}; se esperaba uno de {', '.join(COUNTRIES)}.")


def figure(kind: str, value: float | None, *, signed: bool = False) -> str:
    """A figure of an evaluation: `share` as a percentage, `ms`, `number`; a dash where it is none or not a number."""
    if value is None or value != value:
        return "–"
    sign = "+" if signed else ""
    if kind == "share":
        return f"{value:{sign}.1%}"
    return f"{value:{sign}.0f} ms" if kind == "ms" else f"{value:{sign}.3f}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def out(text: str) -> None:
    print(text, flush=True)  # noqa: T201


#: What a full disk may look like to a command.
_FOR_LACK_OF_ROOM = ("database_unavailable", "disk_full", "not_recorded")
#: Megabytes: PostgreSQL writes its log in files of 16.
LEAST_ROOM = 32


def guard(work: Callable[[], Any]) -> int:
    """Run a command; every known error becomes one sentence and an exit code."""
    import typer

    from cli.usage import misused

    try:
        result = work()
    except LadrilloError as error:
        say(f"ladrillo: {error.text(language())}")
        if error.code in _FOR_LACK_OF_ROOM and (free := _little_room()) is not None:
            say(t(f"The disk of the data folder has {free} MB left, which is too little: free some space first.",
                  f"Al disco de la carpeta de datos le quedan {free} MB, que es muy poco: primero libere espacio."))
        return error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError, typer.Abort):
        say(t("\nInterrupted; nothing was left half-done.", "\nInterrumpido; nada quedó a medias."))
        return 130
    except typer.Exit as error:
        return error.exit_code
    except typer.TyperException as error:
        say(misused(error, language()))
        return 2
    except BrokenPipeError:  # the reader (`| head`) has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        say(f"ladrillo: {error.strerror or error}{where}")
        return 6
    return result if isinstance(result, int) else 0


def _little_room() -> int | None:
    """Megabytes left where the embedded database lives, if they are too few for it; None otherwise."""
    import shutil

    from core.settings import get_settings

    settings = get_settings()
    if settings.database_url is not None or not settings.data_dir.is_dir():
        return None
    free = shutil.disk_usage(settings.data_dir).free // 2**20
    return free if free < LEAST_ROOM else None


def run(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, with logging as the settings want it."""
    from core.log import set_up
    from core.settings import get_settings

    try:
        set_up(get_settings().log_level)
    except LadrilloError:
        work.close()  # it was never begun
        raise
    return asyncio.run(work)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """Progress bars on stderr, one a stage; plain lines where stderr is no terminal."""
    if quiet:
        yield lambda stage, done, total: None
        return
    if not sys.stderr.isatty():
        seen: set[str] = set()

        def plain(stage: str, done: int, total: int) -> None:
            if stage not in seen:
                seen.add(stage)
                say(f"… {stage}")

        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    with Bars(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bars:
        tasks: dict[str, Any] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield update
