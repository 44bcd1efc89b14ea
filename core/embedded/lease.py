"""Who uses a server and whether it lives, told by file locks: the kernel drops them when their holder dies.

`<data_dir>/run/<server>/` holds
- `mutex`: whoever starts, joins, leaves or stops the server holds it, so that two of them never do so at once;
- `users/<pid>-<token>`: one locked file a user; one that can be locked by somebody else belongs to a dead process;
- `server`: locked by the server itself, which inherits the descriptor and knows nothing of it. So "does it live" needs
  no process id, which may long belong to another program. Its text is a JSON record: pid and address.

Locks are `flock`, not `lockf`: they belong to the open file, so two threads of one process exclude each other too.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable

_POLL = 0.01


@dataclass(frozen=True, slots=True)
class Record:
    """What the starter of a server wrote down about it."""

    pid: int
    address: str


@dataclass(frozen=True, slots=True)
class Lease:
    """One user of a server: an open, locked file. It ends with `drop` or with the process."""

    path: Path
    descriptor: int

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        _unlock(self.descriptor)


def _unlock(descriptor: int) -> None:
    """Unlocks before closing: a forked child may hold a copy that would keep the lock."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_locked(path: Path) -> bool:
    """True if somebody holds the file's lock. Looks by taking it, so only under the mutex."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    if not _try_lock(descriptor):
        os.close(descriptor)
        return True
    _unlock(descriptor)
    return False


class Slot:
    """The meeting point of all processes that share one server of one data folder."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self.folder = data_dir / "run" / name
        self._users = self.folder / "users"
        self._server = self.folder / "server"

    @contextmanager
    def exclusive(self, seconds: float = 90.0, *, create: bool = True) -> Iterator[None]:
        """Holds the mutex. Raises `Unavailable` if another process keeps it longer than this."""
        if create:
            self._users.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "mutex"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT if create else os.O_RDONLY, 0o600)
        deadline = time.monotonic() + seconds
        try:
            while not _try_lock(descriptor):
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"Another Ladrillo process has been starting or stopping a server for over {seconds:.0f} s "
                        f"(it holds {path}). End that process and try again.",
                        f"Otro proceso de Ladrillo lleva más de {seconds:.0f} s arrancando o deteniendo un servidor "
                        f"(retiene {path}). Termine ese proceso y vuelva a intentarlo.",
                    )
                time.sleep(_POLL)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def join(self) -> Lease:
        """A new lease of this process (under the mutex)."""
        path = self._users / f"{os.getpid()}-{secrets.token_hex(4)}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return Lease(path, descriptor)

    def users(self) -> list[int]:
        """Process ids of the live leases, one entry a lease (under the mutex)."""
        return [int(path.name.partition("-")[0]) for path in self._leases() if _is_locked(path)]

    def sweep(self) -> None:
        """Removes what dead processes left (under the mutex)."""
        for path in self._leases():
            if not _is_locked(path):
                path.unlink(missing_ok=True)

    def _leases(self) -> list[Path]:
        return sorted(self._users.glob("*-*"))

    def server_lives(self) -> bool:
        """True while any process of the server exists (under the mutex)."""
        return _is_locked(self._server)

    @contextmanager
    def server_lock(self) -> Iterator[int]:
        """A locked descriptor for the server to inherit (under the mutex, when none lives).

        A lock that outlived its server sits in a forked child of a starter; it is left behind with its file.
        """
        descriptor = self._open_server()
        if not _try_lock(descriptor):
            os.close(descriptor)
            self._server.unlink()
            descriptor = self._open_server()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            os.ftruncate(descriptor, 0)
            yield descriptor
        finally:
            os.close(descriptor)  # without unlocking: the lock is the server's now

    def _open_server(self) -> int:
        return os.open(self._server, os.O_RDWR | os.O_CREAT, 0o600)

    def write_record(self, record: Record) -> None:
        self._server.write_text(json.dumps({"pid": record.pid, "address": record.address}), encoding="utf-8")

    def read_record(self) -> Record | None:
        """None where a starter died before it could write, or nothing was ever started."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = json.loads(self._server.read_text(encoding="utf-8"))
            return Record(int(data["pid"]), str(data["address"]))
        return None
