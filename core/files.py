"""Files that are written whole or not at all: a reader never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """A path beside `out` to write to; it takes the place of `out` (or of what `out` links to) when the block ends, and is
    removed where the block raises. Errors of the file system are passed on."""
    target = out.resolve()
    fresh = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield fresh
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
