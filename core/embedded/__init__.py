"""PostgreSQL and Chroma without installing either: one of each a data folder, shared by all Ladrillo processes.

The first process that asks starts a server, the last one that lets go stops it. A process that is killed lets go too:
its lease is a lock, which the kernel drops. If it was the last, the servers stay until the next process ends.

    with Servers() as servers:
        url = servers.start_postgres(settings.data_dir)

Everything blocks; from async code call it with `asyncio.to_thread`. The two servers may be started at the same time.
Create `Servers` in the main thread: SIGTERM and SIGHUP, where nobody handles them, are made to end the program in
order, so that the servers are let go.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from core.errors import Misconfigured, Unavailable

if sys.platform == "win32":
    raise Misconfigured(
        "The embedded servers need Linux or macOS. Set DATABASE_URL and CHROMA_URL, or use WSL.",
        "Los servidores integrados necesitan Linux o macOS. Ponga DATABASE_URL y CHROMA_URL, o use WSL.",
    )

from core.embedded.chroma import Chroma
from core.embedded.lease import Lease
from core.embedded.postgres import Postgres
from core.embedded.server import EmbeddedServer, Status

__all__ = ["Servers", "Status", "status"]


class Servers:
    """This process's share in the embedded servers. Let go with `release`, `with`, or by ending the program."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._held: dict[tuple[str, Path], tuple[EmbeddedServer, Lease]] = {}
        self._guards = {kind.name: threading.Lock() for kind in (Postgres, Chroma)}
        _end_in_order_on_signals()
        atexit.register(self.release)

    def start_postgres(self, data_dir: Path) -> str:
        """Address (`postgresql+psycopg://…`) of the database `ladrillo`, which exists when this returns.

        A second call checks the server, and starts it anew where it died; the address stays the same.
        Raises `Misconfigured` (folder, installation), `Conflict` (another version's cluster) or `Unavailable`.
        """
        return self._start(Postgres(data_dir))

    def start_chroma(self, data_dir: Path) -> str:
        """Address (`http://127.0.0.1:port`) of a Chroma that answers.

        A second call checks the server, and starts it anew, at another port, where it died. Raises `Unavailable` within
        about 15 s where the folder is damaged or the server does not come up, else as `start_postgres`.
        """
        return self._start(Chroma(data_dir))

    def recreate_chroma(self, data_dir: Path) -> str:
        """Deletes everything in Chroma's folder and starts on the empty one; returns the address.

        Raises `Conflict`, and deletes nothing, while another process (or another `Servers`) uses the server.
        """
        server = Chroma(data_dir)
        with self._guards[server.name]:
            held = self._held.get((server.name, server.folder))
            lease, address = server.recreate(held[1] if held else None)
            self._held[server.name, server.folder] = (server, lease)
            return address

    def _start(self, server: EmbeddedServer) -> str:
        key = (server.name, server.folder)
        with self._guards[server.name]:
            if key in self._held:
                return server.refresh()
            lease, address = server.acquire()
            self._held[key] = (server, lease)
            return address

    def release(self) -> None:
        """Lets go of every server; those that nobody else uses are stopped when this returns."""
        if os.getpid() != self._pid:  # a forked child does not own its parent's leases
            return
        while self._held:
            (name, _), (server, lease) = self._held.popitem()
            with self._guards[name]:
                try:
                    server.release(lease)
                except (Unavailable, OSError):  # the mutex is out of reach: the next process to end stops the server
                    lease.drop()
        atexit.unregister(self.release)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def status(data_dir: Path) -> tuple[Status, ...]:
    """Both servers of a data folder as they are. Starts nothing, writes nothing, waits at most a few seconds."""
    return tuple(kind(data_dir).status() for kind in (Postgres, Chroma))


def _end_in_order_on_signals() -> None:
    """A signal that would end the program on the spot raises `SystemExit` instead; other handlers stay."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
