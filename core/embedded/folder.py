"""The data folder as the servers need it, and what the system says about it as sentences people can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Conflict, LadrilloError, Misconfigured, Unavailable

#: What PostgreSQL, SQLite and the C library print when the disk (or the user's share of it) is full.
_FULL = ("No space left on device", "Disk quota exceeded", "database or disk is full", "could not extend file")
_ADVICE_EN = "Set LADRILLO_DATA_DIR to a folder that you may write to."
_ADVICE_ES = "Ponga en LADRILLO_DATA_DIR una carpeta en la que pueda escribir."


def disk_full(folder: Path) -> Unavailable:
    return Unavailable(
        f"The disk that holds {folder} is full. Free some space (a new database takes about 70 MB) and try again.",
        f"El disco que contiene {folder} está lleno. Libere espacio (una base de datos nueva ocupa unos 70 MB) "
        "y vuelva a intentarlo.",
        code="disk_full",
    )


def says_disk_full(output: str) -> bool:
    """True if a program's output tells that it stopped for lack of space."""
    return any(words in output for words in _FULL)


def not_a_folder(path: Path) -> Misconfigured:
    return Misconfigured(
        f"{path} is a file, and a folder is needed there. {_ADVICE_EN}",
        f"{path} es un archivo y ahí se necesita una carpeta. {_ADVICE_ES}",
    )


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turns an `OSError` about the folder into `Misconfigured` or, where the disk is full, `Unavailable`."""
    try:
        yield
    except OSError as error:
        raise explain(error, folder) from error


def explain(error: OSError, folder: Path) -> LadrilloError:
    """The sentence for an `OSError` met while working in `folder`."""
    path = Path(error.filename) if isinstance(error.filename, str) else folder
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(folder)
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return not_a_folder(next((p for p in (path, *path.parents) if p.is_file()), path))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Misconfigured(
            f"The data folder {folder} cannot be written to ({error.strerror}: {path}). {_ADVICE_EN}",
            f"No se puede escribir en la carpeta de datos {folder} ({error.strerror}: {path}). {_ADVICE_ES}",
        )
    return Misconfigured(
        f"The data folder {folder} cannot be used ({error.strerror or error}: {path}). {_ADVICE_EN}",
        f"La carpeta de datos {folder} no sirve ({error.strerror or error}: {path}). {_ADVICE_ES}",
    )


def prepare(data_dir: Path) -> None:
    """Makes the folder and its parents where missing; only the owner may look into it."""
    with folder_errors(data_dir):
        if data_dir.exists() and not data_dir.is_dir():
            raise not_a_folder(data_dir)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def in_use(what_en: str, what_es: str, pids: list[int]) -> Conflict:
    """Somebody else needs what the caller wants to take away."""
    names = ", ".join(map(str, pids))
    return Conflict(
        f"{what_en} is in use by other Ladrillo processes ({names}). Stop them and run the command again.",
        f"{what_es} está en uso por otros procesos de Ladrillo ({names}). Deténgalos y repita la orden.",
    )
