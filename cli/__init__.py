"""The command line, on top of all rooms. Each command imports its room when it runs, so `--help` is quick.

stdout carries what was asked for (an answer, JSON, a table); progress and messages go to stderr. Exit codes: 0 done,
2 bad input, 3 not found, 4 denied, 5 conflict, 6 something does not answer, 7 a setting is wrong, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Any

from cli.app import app

#: New objects after which garbage is looked for. Imports make hundreds of thousands that all stay: with Python's own 700, a
#: quarter of the time of a start goes into looking through them.
_GARBAGE_AFTER = 50_000


def main() -> None:
    """Entry point of `ladrillo`."""
    from cli.console import guard

    gc.set_threshold(_GARBAGE_AFTER)
    _stand_in_for_closed_streams()
    sys.exit(guard(lambda: command(sys.argv[1:])))


def command(arguments: list[str]) -> Any:
    """Run the command of these arguments. Not through Typer's own `main`, which answers Ctrl-C and a closed pipe itself."""
    import typer

    whole = typer.main.get_command(app)
    with whole.make_context("ladrillo", arguments) as context:
        return whole.invoke(context)


def _stand_in_for_closed_streams() -> None:
    """A caller may close stdin, stdout or stderr (`2>&-`); else the next file opened would take their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
