"""Tables that a command writes: where they may go, and whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, LadrilloError, Unavailable

if TYPE_CHECKING:
    import pandas as pd

_PARQUET, _CSV = (".parquet", ".pq"), (".csv",)


def check_out(file: Path, out: Path) -> None:
    """`BadInput` unless `out` is a CSV or Parquet file in a folder that exists, and not the input itself."""
    if out.suffix.lower() not in (*_PARQUET, *_CSV):
        raise BadInput(f"The output {out} must end in .csv or .parquet.",
                       f"El archivo de salida {out} debe terminar en .csv o .parquet.")
    if out.is_dir() or not out.resolve().parent.is_dir():
        raise BadInput(f"The output {out} cannot be written: its folder does not exist, or it is a folder itself.",
                       f"El archivo de salida {out} no se puede escribir: su carpeta no existe o es él una carpeta.")
    if out.resolve() == file.resolve():
        raise BadInput(f"The output {out} is the input file; name another one.",
                       f"El archivo de salida {out} es el de entrada; indique otro.")


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Whole or not at all: a reader never meets half a file. `Unavailable` where the disk does not take it."""
    fresh = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        if out.suffix.lower() in _PARQUET:
            table.to_parquet(fresh, index=False)
        else:
            table.to_csv(fresh, index=False)
        fresh.replace(out)
    except OSError as error:
        raise _not_written(out, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def _not_written(out: Path, error: OSError) -> LadrilloError:
    return Unavailable(
        f"The output {out} could not be written ({error.strerror}); free space or check permissions.",
        f"No se pudo escribir {out} ({error.strerror}); libere espacio o revise los permisos.",
        code="not_written",
    )
