"""Tables that a command writes: CSV, Parquet or JSON lines by the ending, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, LadrilloError, Unavailable
from core.files import written_whole

if TYPE_CHECKING:
    import pandas as pd

_PARQUET, _CSV, _JSON = (".parquet", ".pq"), (".csv",), (".json", ".jsonl")


def check_table(out: Path, file: Path | None = None) -> None:
    """Raises `BadInput` for an ending that is not known, a folder that is not there, and the input file itself."""
    if out.suffix.lower() not in (*_PARQUET, *_CSV, *_JSON):
        raise BadInput(f"The output {out} must end in .csv, .parquet or .json.",
                       f"El archivo de salida {out} debe terminar en .csv, .parquet o .json.")
    if out.is_dir() or not out.resolve().parent.is_dir():
        raise BadInput(f"The output {out} cannot be written: its folder does not exist, or it is a folder itself.",
                       f"El archivo de salida {out} no se puede escribir: su carpeta no existe o es él una carpeta.")
    if file is not None and out.resolve() == file.resolve():
        raise BadInput(f"The output {out} is the input file; name another one.",
                       f"El archivo de salida {out} es el de entrada; indique otro.")


def write_table(table: pd.DataFrame, out: Path) -> None:
    """A reader never meets half a file. JSON is a list of objects, or one a line where the ending is .jsonl. Raises
    `Unavailable` where the file could not be written; `out` then is what it was."""
    suffix = out.suffix.lower()
    try:
        with written_whole(out) as fresh:
            if suffix in _PARQUET:
                table.to_parquet(fresh, index=False)
            elif suffix in _JSON:
                table.to_json(fresh, orient="records", lines=suffix == ".jsonl", force_ascii=False)
            else:
                table.to_csv(fresh, index=False)
    except OSError as error:
        raise _not_written(out, error) from error


def _not_written(out: Path, error: OSError) -> LadrilloError:
    return Unavailable(
        f"The output {out} could not be written ({error.strerror}); free space or check permissions.",
        f"No se pudo escribir {out} ({error.strerror}); libere espacio o revise los permisos.",
        code="not_written",
    )
