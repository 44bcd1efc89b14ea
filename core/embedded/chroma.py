"""The embedded Chroma: its own server in Rust, on a free loopback port, data under `<data_dir>/chroma`.

The server is run through the binding in the wheel (`chromadb_rust_bindings.cli`), which is all that the `chroma`
command does after importing the whole client: ready in 0.05 s with 36 MB instead of 0.7 s with 110 MB.
A port that somebody takes between our looking and the server's binding is answered with another one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from core.embedded import folder as folders
from core.embedded.lease import Lease
from core.embedded.server import EmbeddedServer
from core.errors import Misconfigured, Unavailable

HOST = "127.0.0.1"
START_SECONDS = 15.0
_RUN = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', 'run', *sys.argv[1:]])"
_ATTEMPTS = 3
_HEARTBEAT = "/api/v2/heartbeat"


class Chroma(EmbeddedServer):
    name = "chroma"
    farewell = ((signal.SIGTERM, 3.0),)
    patience = 5.0

    def launch(self) -> None:
        if find_spec("chromadb_rust_bindings") is None:
            raise Misconfigured(
                "The Chroma server is missing: the package chromadb is not (wholly) installed. "
                "Run `uv sync`, or set CHROMA_URL to a server of your own.",
                "Falta el servidor Chroma: el paquete chromadb no está (del todo) instalado. "
                "Ejecute `uv sync` o ponga en CHROMA_URL un servidor propio.",
            )
        if self.folder.exists() and not self.folder.is_dir():
            raise self._damaged("not a folder")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        for _ in range(_ATTEMPTS):
            port = _free_port()
            argv = [sys.executable, "-I", "-c", _RUN, "--path", str(self.folder), "--host", HOST, "--port", str(port)]
            process = self.spawn(argv, f"http://{HOST}:{port}", _environment())
            try:
                if self._comes_up(process, port, deadline):
                    return
            except BaseException:
                self.kill()
                raise
            output = self.log_tail()
            if f"{port} is not available" not in output:
                raise self._explain(output)
        raise Unavailable(
            f"Chroma found no free port on {HOST} in {_ATTEMPTS} attempts. Try again, or set CHROMA_URL.",
            f"Chroma no encontró un puerto libre en {HOST} en {_ATTEMPTS} intentos. "
            "Vuelva a intentarlo o ponga CHROMA_URL.",
        )

    def _comes_up(self, process: subprocess.Popen[bytes], port: int, deadline: float) -> bool:
        """True when it answers, False when it ended; raises `Unavailable` when the time is over."""
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"Chroma did not answer within {START_SECONDS:.0f} s. Look into {self.log}. "
                    "Answers go on without search by meaning.",
                    f"Chroma no respondió en {START_SECONDS:.0f} s. Mire {self.log}. "
                    "Las respuestas siguen sin búsqueda por significado.",
                    code="chroma_unavailable",
                )
            if _listens(process.pid, port) and _answers(port, 1.0):
                return True
            time.sleep(0.01)
        return False

    def _explain(self, output: str) -> Unavailable:
        if folders.says_disk_full(output):
            return folders.disk_full(self.data_dir)
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        return self._damaged(lines[-1] if lines else "no output")

    def _damaged(self, detail: str) -> Unavailable:
        return Unavailable(
            f"Chroma cannot open its folder {self.folder} ({detail}). Answers go on without search by meaning; "
            "`ladrillo index rebuild` makes the folder anew from the database.",
            f"Chroma no puede abrir su carpeta {self.folder} ({detail}). Las respuestas siguen sin búsqueda por "
            "significado; `ladrillo index rebuild` rehace la carpeta a partir de la base de datos.",
            code="chroma_unavailable",
        )

    def answering(self) -> str | None:
        record = self.slot.read_record()
        if record is None:
            return None
        port = int(record.address.rpartition(":")[2])
        return record.address if _answers(port, 2.0) and self.main_pid() is not None else None

    def owns(self, program: str, command: list[str]) -> bool:
        return _RUN in command

    def version(self) -> str | None:
        from importlib import metadata

        try:
            return metadata.version("chromadb")
        except metadata.PackageNotFoundError:
            return None

    def recreate(self, own: Lease | None) -> tuple[Lease, str]:
        """Empties the folder and starts anew on it. `own` is the caller's lease, which lives on.

        Raises `Conflict`, and touches nothing, while any other user holds a lease.
        """
        folders.prepare(self.data_dir)
        with folders.folder_errors(self.data_dir), self.slot.exclusive():
            self.slot.sweep()
            users = self.slot.users()
            if own is not None:
                users.remove(os.getpid())
            if users:
                raise folders.in_use("The search index", "El índice de búsqueda", users)
            self.stop()
            old = self.folder.with_name(f"{self.name}.old")
            _remove(old)
            if self.folder.exists():
                self.folder.rename(old)  # first out of the way: a half-deleted folder is never taken for a whole one
                _remove(old)
            lease = own or self.slot.join()
            try:
                return lease, self.ensure()
            except BaseException:
                if own is None:
                    self._leave(lease)
                raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Little is passed on: settings of tracing or of another Chroma must not change this one."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "ANONYMIZED_TELEMETRY": "false", "RUST_LOG": "warn", "NO_COLOR": "1"
    }


def _free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int, seconds: float) -> bool:
    """True if a Chroma at this port reports a heartbeat. No proxy setting is heeded: the port is our own."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(HOST, port, timeout=seconds)
    try:
        connection.request("GET", _HEARTBEAT)
        response = connection.getresponse()
        return response.status == 200 and b"heartbeat" in response.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _listens(pid: int, port: int) -> bool:
    """True if the port is this process's, not that of another Chroma which took it first."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    try:
        return any(c.laddr.port == port for c in psutil.Process(pid).net_connections("tcp4") if c.laddr)
    except psutil.Error:
        return False
