"""Logging to stderr, in one line a record; secrets never reach it because settings hold them as `SecretStr`."""

from __future__ import annotations

import logging
import sys


def set_up(level: str) -> None:
    """Our own records from `level` up; other libraries' from `warning` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("ladrillo").setLevel(level.upper())
