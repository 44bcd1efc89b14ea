"""The command line, on top of all rooms. Each command imports its room when it runs, so `--help` is quick.

stdout carries what was asked for (an answer, JSON, a table); progress and messages go to stderr. Exit codes: 0 done,
2 bad input, 3 not found, 4 denied, 5 conflict, 6 something does not answer, 7 a setting is wrong, 130 interrupted.
"""

from __future__ import annotations

import sys

from cli.app import app


def main() -> None:
    """Entry point of `ladrillo`."""
    from cli.console import guard

    sys.exit(guard(lambda: app(prog_name="ladrillo", standalone_mode=False)))
