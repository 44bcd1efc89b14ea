"""Which program this is: a digest of the files that answers are made by, for what is kept where another version may read it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

#: Rooms whose code and data files decide what a tool finds; `prompts` holds its labels.
ROOMS = ("core", "knowledge", "tools", "prompts")
_ROOT = Path(__file__).resolve().parents[1]


@lru_cache
def program_digest(root: Path = _ROOT) -> str:
    """Of names and contents of every file in `ROOMS`. Some 20 MB are read, once a process: call it in a thread."""
    found = hashlib.blake2b(digest_size=12)
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content = hashlib.blake2b(path.read_bytes(), digest_size=12).digest()
                found.update(path.relative_to(root).as_posix().encode() + b"\0" + content)
    return found.hexdigest()
