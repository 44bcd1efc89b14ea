"""Files that a command was given: those that are not there are told of before anything starts."""

from __future__ import annotations

from pathlib import Path

from cli.console import language, say
from core.errors import NotFound


def present(files: list[Path]) -> tuple[list[Path], int]:
    """The files that exist, and the exit code of those that do not: known before servers start and a folder is filled."""
    gone = [file for file in files if not _may_exist(file)]
    for file in gone:
        say(f"ladrillo: {_no_file(file).text(language())}")
    return [file for file in files if file not in gone], NotFound.exit_code if gone else 0


def _may_exist(file: Path) -> bool:
    """False only where there is surely no such file; one that may not be looked at is told of when it is read."""
    try:
        return file.exists()
    except OSError:
        return True


def _no_file(file: Path) -> NotFound:
    return NotFound(f"There is no file {str(file)!r}.", f"No existe el archivo {str(file)!r}.")


def expect(file: Path) -> None:
    """Raises `NotFound` for a file that is surely not there: before servers start and a folder is filled."""
    if not _may_exist(file):
        raise _no_file(file)
