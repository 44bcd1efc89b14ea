"""What PostgreSQL and Chroma have in common: started by the first user, joined by the next, stopped by the last.

A server runs in a session of its own, so Ctrl-C in the terminal of one user never reaches it, and with its own folder
as working directory, which is how its processes are told from others before any of them gets a signal.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from core.embedded import folder as folders
from core.embedded.lease import Lease, Record, Slot
from core.errors import Unavailable

_POLL = 0.01
State = Literal["stopped", "running", "busy", "not answering"]


@dataclass(frozen=True, slots=True)
class Status:
    """One server as `doctor` shows it. `busy`: somebody is starting or stopping it right now.

    `address` is a URL; `version` the server's, where it can be told; `users` the process ids that hold leases.
    """

    name: str
    state: State
    folder: Path
    pid: int | None = None
    address: str | None = None
    version: str | None = None
    users: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The system user a server runs as when we are root and it must not be."""

    uid: int
    gid: int


class EmbeddedServer(ABC):
    """One server of one data folder. Calls block; each is safe in any process and thread at any time."""

    name: ClassVar[str]
    #: How to end it: signal and the seconds it gets before the next one. SIGKILL follows the last.
    farewell: ClassVar[tuple[tuple[signal.Signals, float], ...]]
    #: Seconds that a live server that does not answer gets, before it counts as hung.
    patience: ClassVar[float]

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = Path(os.path.realpath(data_dir))
        self.folder = self.data_dir / self.name
        #: Where a new folder is made before it gets its name; a starter that was killed may have left programs in it.
        self.workshop = self.folder.with_name(f"{self.name}.new")
        self.log = self.data_dir / "logs" / f"{self.name}.log"
        self.slot = Slot(self.data_dir, self.name)

    # what each server knows

    @abstractmethod
    def launch(self) -> None:
        """Starts the server and returns when it answers. Called under the mutex, when none lives."""

    @abstractmethod
    def answering(self) -> str | None:
        """The address of the running server if it answers now, else None."""

    @abstractmethod
    def owns(self, program: str, command: list[str]) -> bool:
        """True if a process of this program name and command line, working in our folder, is the server's."""

    @abstractmethod
    def version(self) -> str | None:
        """The server's version, where it can be told without starting it."""

    # users

    def acquire(self) -> tuple[Lease, str]:
        """Joins the running server or starts it. Returns the lease and the address."""
        folders.prepare(self.data_dir)
        with folders.folder_errors(self.data_dir), self.slot.exclusive():
            self.slot.sweep()
            lease = self.slot.join()
            try:
                return lease, self.ensure()
            except BaseException:
                self._leave(lease)
                raise

    def refresh(self) -> str:
        """The address for a process that already holds a lease; starts the server anew where it died."""
        with folders.folder_errors(self.data_dir), self.slot.exclusive():
            return self.ensure()

    def release(self, lease: Lease) -> None:
        """Drops the lease; the last user stops the server. A data folder removed meanwhile changes nothing."""
        if not self.slot.folder.is_dir():
            lease.drop()
            self._signal_all(signal.SIGTERM)
            return
        with self.slot.exclusive():
            self._leave(lease)

    def _leave(self, lease: Lease) -> None:
        lease.drop()
        if not self.slot.users():
            self.stop()

    def ensure(self) -> str:
        """The address of a server that answers, started if need be (under the mutex)."""
        if self.slot.server_lives():
            address = self._wait_for_answer()
            if address is not None:
                return address
            self._end_hung_server()
        self.launch()
        address = self.answering()
        if address is None:
            raise self.silent()
        return address

    def _wait_for_answer(self) -> str | None:
        """Gives a server that another process had begun to start (or to stop) the time to finish."""
        deadline = time.monotonic() + self.patience
        while True:
            address = self.answering()
            if address is not None:
                return address
            if not self.slot.server_lives() or self.main_pid() is None or time.monotonic() > deadline:
                return None
            time.sleep(_POLL)

    def _end_hung_server(self) -> None:
        others = [pid for pid in self.slot.users() if pid != os.getpid()]
        if others and self.main_pid() is not None:
            raise self.silent()  # it may serve them well and be out of our reach only
        self.kill()

    def silent(self) -> Unavailable:
        return Unavailable(
            f"The embedded {self.name} server of {self.data_dir} runs but does not answer. "
            f"Look into {self.log}; ending every Ladrillo process and starting again helps.",
            f"El servidor integrado de {self.name} de {self.data_dir} está en marcha pero no responde. "
            f"Mire {self.log}; suele bastar con terminar los procesos de Ladrillo y empezar de nuevo.",
        )

    # its processes

    def spawn(
        self, argv: Sequence[str], address: str, env: Mapping[str, str], account: Account | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts the server's process, which takes over the `server` lock, and records it.

        The log begins anew; the one before stays beside it as `.1`. A daemon thread waits for the process, so that
        one that dies early never stays behind as a zombie.
        """
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.slot.server_lock() as lock, self.log.open("wb") as log:
            process = subprocess.Popen(
                argv, cwd=self.folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=(lock,), umask=0o077,
                user=account.uid if account else None, group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
            threading.Thread(target=process.wait, name=f"ladrillo-{self.name}-reaper", daemon=True).start()
            self.slot.write_record(Record(process.pid, address))
        return process

    def log_tail(self, characters: int = 4000) -> str:
        with suppress(OSError):
            return self.log.read_text(encoding="utf-8", errors="replace")[-characters:]
        return ""

    def main_pid(self) -> int | None:
        """The recorded process, if it still is the server."""
        record = self.slot.read_record()
        return record.pid if record is not None and self.is_ours(record.pid) else None

    def is_ours(self, pid: int) -> bool:
        """True if the process exists, works in this server's folder (or its workshop) and runs its program."""
        import psutil  # type: ignore[import-untyped,unused-ignore]

        try:
            process = psutil.Process(pid)
            place = process.cwd().removesuffix(" (deleted)")
            return place in (str(self.folder), str(self.workshop)) and self.owns(process.name(), process.cmdline())
        except psutil.Error:
            return False

    def _signal_all(self, number: signal.Signals) -> None:
        """Signals every process of this server, orphans included."""
        import psutil

        for pid in psutil.pids():
            if self.is_ours(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def stop(self) -> None:
        """Ends the server politely, then less so (under the mutex). Returns when all its processes are gone."""
        for number, seconds in self.farewell:
            if not self.slot.server_lives():
                return
            pid = self.main_pid()
            if pid is None:
                break
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            if self._wait_until_gone(seconds):
                return
        self.kill()

    def kill(self) -> None:
        """Ends whatever is left of the server, at once (under the mutex)."""
        deadline = time.monotonic() + 5.0
        while self.slot.server_lives() and time.monotonic() < deadline:
            self._signal_all(signal.SIGKILL)  # again and again: a program may be just starting another
            self._wait_until_gone(0.1)

    def _wait_until_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.slot.server_lives():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    # for doctor

    def status(self) -> Status:
        """How things stand; starts nothing, writes nothing."""
        with folders.folder_errors(self.data_dir):
            if not (self.slot.folder / "mutex").exists():
                return Status(self.name, "stopped", self.folder, version=self.version())
        try:
            with folders.folder_errors(self.data_dir), self.slot.exclusive(0.5, create=False):
                users = tuple(self.slot.users())
                if not self.slot.server_lives():
                    return Status(self.name, "stopped", self.folder, version=self.version(), users=users)
                address = self.answering()
                return Status(
                    self.name, "running" if address else "not answering", self.folder, pid=self.main_pid(),
                    address=address, version=self.version(), users=users,
                )
        except Unavailable:
            return Status(self.name, "busy", self.folder, version=self.version())
