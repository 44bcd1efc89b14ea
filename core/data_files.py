"""Data files that people may edit (TOML, JSON): each is read through the shape that it must have, a Pydantic model or type.

A damaged file stops the first thing that needs it, with one sentence that names the file, the key, what stands there and what
was expected. Nothing is converted: a number in quotes is no number, and no key is taken that the shape does not have.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from core.errors import Misconfigured
from core.invalid import Expected, reason

T = TypeVar("T")
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_ROOT = Path(__file__).resolve().parent.parent


class Shape(BaseModel):
    """What a table of a data file holds: exactly these keys, figures that are finite."""

    model_config = _STRICT | ConfigDict(extra="forbid", frozen=True)


def read(path: Path, shape: type[T]) -> T:
    """The content of a data file in its `shape`. Raises `Misconfigured` for a file that is not there, cannot be parsed, or
    holds what it should not."""
    try:
        text = path.read_text(encoding="utf-8")
        data: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise unusable(path, "it is not there", "no está") from None
    except (UnicodeDecodeError, ValueError) as error:  # of TOML and JSON too
        raise unusable(path, str(error), str(error)) from error
    try:
        own = isinstance(shape, type) and issubclass(shape, BaseModel)  # a model brings its own configuration
        return TypeAdapter(shape, config=None if own else _STRICT).validate_python(data)
    except ValidationError as error:
        raise _said(path, error) from error


def unusable(path: Path, en: str, es: str) -> Misconfigured:
    """The error for a data file that holds what it should not."""
    name = path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else str(path)
    return Misconfigured(f"The data file {name} cannot be used: {en}. Correct the file.",
                         f"No se puede usar el archivo de datos {name}: {es}. Corrija el archivo.")


def _said(path: Path, error: ValidationError) -> Misconfigured:
    """The first thing that is wrong."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    own = first.get("ctx", {}).get("error")
    if isinstance(own, Expected):  # it names what stands there itself
        at = f"{key}: " if key else ""
        return unusable(path, f"{at}{own}", f"{at}{own.es}")
    at = key if first["type"] == "missing" else f"{key} = {_shown(first['input'])}"
    return unusable(path, f"{at}: {reason(first, 'en')}", f"{at}: {reason(first, 'es')}")


def _shown(value: object) -> str:
    """What stands there, cut where it is long."""
    said = repr(value)
    return said if len(said) <= 80 else f"{said[:77]}…"
