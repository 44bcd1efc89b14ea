"""Evaluation cases: one conversation a line with what is expected of its last turn. The format is in `evals/README.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadInput, NotFound


class Number(BaseModel):
    """A figure that the answer must give, within `rel_tol` of `value`."""

    name: str
    value: float
    rel_tol: float = 0.01


class Call(BaseModel):
    """A tool call that is expected, with (some of) its arguments."""

    model_config = ConfigDict(extra="forbid")
    name: str
    args: dict[str, Any] = Field(default_factory=dict)


class Tools(BaseModel):
    """The expected calls of the last turn, and how exactly they must be met (`evals/scorers/trajectory.py`)."""

    model_config = ConfigDict(extra="forbid")
    match: Literal["strict", "unordered", "subset", "superset"]
    calls: list[Call]


class Citations(BaseModel):
    """How many citations at least, and words of the titles or sources that must be among them."""

    model_config = ConfigDict(extra="forbid")
    min: int = 0
    sources: list[str] = Field(default_factory=list)


class Expect(BaseModel):
    model_config = ConfigDict(extra="forbid")
    routes: list[str]
    also_ok: list[str] = Field(default_factory=list)
    escalate: bool = False
    slots: dict[str, Any] = Field(default_factory=dict)
    numbers: list[Number] = Field(default_factory=list)
    must_not_contain: list[str] = Field(default_factory=list)
    uncovered: bool = False
    tools: Tools | None = None
    citations: Citations | None = None
    locale: Literal["es-CO", "es-ES", "es-MX", "en"] | None = None


class PlantedListing(BaseModel):
    """An advert that exists while the case runs."""

    model_config = ConfigDict(extra="forbid")
    country: Literal["CO", "ES", "MX"]
    city: str
    neighbourhood: str | None = None
    operation: Literal["sale", "rent"] = "sale"
    property_type: str = "apartment"
    title: str
    text: str = ""
    price: float = Field(gt=0)
    area_m2: float | None = Field(None, gt=0)
    bedrooms: int | None = None
    bathrooms: int | None = None
    features: list[str] = Field(default_factory=list)
    language: Literal["es", "en"] = "es"


class PlantedDocument(BaseModel):
    """A document that exists while the case runs."""

    model_config = ConfigDict(extra="forbid")
    country: Literal["CO", "ES", "MX"]
    city: str | None = None
    kind: Literal["area_guide", "market_note", "rule"] = "market_note"
    title: str
    text: str
    language: Literal["es", "en"] = "es"


class Setup(BaseModel):
    """What is planted in the database for a case (`evals/planting.py`)."""

    model_config = ConfigDict(extra="forbid")
    listings: list[PlantedListing] = Field(default_factory=list)
    documents: list[PlantedDocument] = Field(default_factory=list)


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1)
    lang: Literal["es", "en", "mixed"]
    turns: list[str] = Field(min_length=1)
    expect: Expect | None = None
    tags: list[str] = Field(default_factory=list)
    twin: str | None = None
    paraphrase_of: str | None = None
    never: bool = False
    note: str | None = None
    setup: Setup | None = None


def read_cases(path: Path) -> list[Case]:
    """All cases of a JSON lines file, or of all `*.jsonl` of a folder, in order. A bad line is named; nothing runs before all
    lines are read."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    cases = [case for file in files for case in _parsed(file, _lines(file))]
    if not cases:
        raise BadInput(f"{str(path)!r} holds no case.", f"{str(path)!r} no tiene ningún caso.")
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise BadInput(f"The case id {case.id!r} stands twice.", f"El id de caso {case.id!r} está dos veces.")
        seen.add(case.id)
    return cases


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").split("\n")  # a message may hold other ends of line
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {str(path)!r}.", f"No existe el archivo {str(path)!r}.") from error
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise BadInput(
            f"{str(path)!r} is not a UTF-8 file of JSON lines.",
            f"{str(path)!r} no es un archivo UTF-8 de líneas JSON.",
        ) from error


def _parsed(path: Path, lines: list[str]) -> Iterator[Case]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Case.model_validate(json.loads(line))
        except ValueError as error:
            detail = error.errors()[0] if isinstance(error, ValidationError) else None
            what = f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" if detail else str(error)
            raise BadInput(
                f"{path.name}, line {number}: {what}. See evals/README.md for the format.",
                f"{path.name}, línea {number}: {what}. El formato está en evals/README.md.",
            ) from error
