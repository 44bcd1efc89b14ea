"""The file of output lines: appended to as cases end, put in the order of the cases when all have, read back to resume.

Resuming is ours, not Inspect's: its log of a killed run is an unfinished archive, while a JSON lines file is whole up to
its last line. Beside an unfinished file stands `FILE.run.json`, which says what is being run, so that the answers of two
brains are never mixed; it goes when the run is complete.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInput, Conflict, NotFound
from core.files import written_whole
from evals.cases import Case

Line = dict[str, Any]
#: Statuses of a turn that need not be run again.
_ANSWERED = ("finished", "person", "refused")


class Outputs:
    """Lines by case and epoch. `begin`, `add` as they come, `finish`; `lines` are in order of the cases, then epochs."""

    def __init__(self, path: Path, cases: Sequence[Case], epochs: int = 1) -> None:
        self.path, self.epochs = path, epochs
        self._cases = {case.id: case for case in cases}
        self._found: dict[tuple[str, int], Line] = {}
        self._note = path.with_name(f"{path.name}.run.json")
        #: A pipe or a device takes each line once: it gets them at the end, in order.
        self._is_stream = path.exists() and not path.is_file()

    def begin(self, running: Mapping[str, Any], *, resume: bool) -> int:
        """Start the file; the number of lines kept from an interrupted run. Raises `Conflict` where that ran something else."""
        if resume:
            self._same(running)
            self._found = self._kept()
        if not self._is_stream:
            self._note.write_text(json.dumps(dict(running)), "utf-8")
            self._write()
        return len(self._found)

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._found

    def get(self, case_id: str, epoch: int) -> Line | None:
        return self._found.get((case_id, epoch))

    def add(self, line: Line, epoch: int) -> Line:
        """Keep a line that has come; with several epochs it says which one it is of."""
        if self.epochs > 1:
            line = {"id": line["id"], "epoch": epoch, "turns": line["turns"]}
        self._found[line["id"], epoch] = line
        if not self._is_stream:
            with self.path.open("a", encoding="utf-8") as handle:
                handle.write(_dumped(line))
        return line

    @property
    def missing(self) -> list[tuple[Case, int]]:
        return [(case, epoch) for case, epoch in self._order() if (case.id, epoch) not in self._found]

    @property
    def lines(self) -> list[Line]:
        return [line for case, epoch in self._order() if (line := self._found.get((case.id, epoch))) is not None]

    def finish(self) -> None:
        """Every line in its place."""
        self._write()
        self._note.unlink(missing_ok=True)

    def _order(self) -> list[tuple[Case, int]]:
        return [(case, epoch) for case in self._cases.values() for epoch in range(1, self.epochs + 1)]

    def _write(self) -> None:
        whole = "".join(map(_dumped, self.lines))
        if self._is_stream:
            self.path.write_text(whole, "utf-8")
            return
        with written_whole(self.path) as fresh:
            fresh.write_text(whole, "utf-8")

    def _same(self, running: Mapping[str, Any]) -> None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            before = json.loads(self._note.read_text("utf-8"))
            if before != dict(running):
                raise Conflict(
                    f"{str(self.path)!r} was begun with {before}, and this is {dict(running)}. "
                    "Resume with the same options, or leave --resume out to begin anew.",
                    f"{str(self.path)!r} se empezó con {before} y esto es {dict(running)}. "
                    "Reanude con las mismas opciones o quite --resume para empezar de nuevo.",
                )

    def _kept(self) -> dict[tuple[str, int], Line]:
        """Lines that answer a case as it stands now; one cut off in the middle, or of a turn that failed, is left out."""
        kept: dict[tuple[str, int], Line] = {}
        text = self.path.read_text("utf-8", errors="replace") if self.path.is_file() else ""
        for row in text.split("\n"):
            try:
                line = json.loads(row)
                case, epoch = self._cases.get(line["id"]), int(line.get("epoch", 1))
                same = case is not None and [turn["text"] for turn in line["turns"]] == case.turns
                answered = all(turn["status"] in _ANSWERED for turn in line["turns"])
            except (ValueError, KeyError, TypeError):
                continue
            if same and answered and epoch <= self.epochs and ("epoch" in line) == (self.epochs > 1):
                kept[line["id"], epoch] = line
        return kept


def _dumped(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"


def read_outputs(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of outputs; a bad one is named."""
    try:
        rows = path.read_text("utf-8").split("\n")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {str(path)!r}.", f"No existe el archivo {str(path)!r}.") from error
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise BadInput(f"{str(path)!r} is not a file of outputs.", f"{str(path)!r} no es un archivo de respuestas.") from error
    lines = []
    for at, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            line = json.loads(row)
            _ = [(turn["text"], turn["answer"], turn["facts"]) for turn in line["turns"]], line["id"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{path.name}, line {at} is no output line ({error!r}). `ladrillo eval CASES --outputs` writes them.",
                f"{path.name}, línea {at} no es una línea de respuestas ({error!r}). Las escribe "
                "`ladrillo eval CASOS --outputs`.",
            ) from error
        lines.append(line)
    return lines
