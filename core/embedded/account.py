"""Who PostgreSQL runs as when Ladrillo is root, as in a container: it refuses to be root itself.

It becomes the owner of an existing cluster, else the account `pgserver` (made on first need, the name the wheel uses
too), else `nobody` where no account can be made. Nobody's permissions are widened for it: folders on the way to the
cluster stay closed (see postgres.py), and a program that it cannot reach is copied to where it can.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from core.embedded.server import Account
from core.errors import Misconfigured

_NAME = "pgserver"
_COPIES = Path("/var/lib/ladrillo")


def choose(cluster: Path) -> Account | None:
    """The account for the server; None for "as we are", which is everybody but root."""
    if os.geteuid() != 0:
        _require_name()
        return None
    if cluster.exists() and cluster.stat().st_uid != 0:
        status = cluster.stat()
        return Account(status.st_uid, status.st_gid)
    entry = _entry(_NAME) or _created() or _entry("nobody")
    if entry is None:
        raise Misconfigured(
            f"PostgreSQL does not run as root, and there is neither an account {_NAME} nor nobody to run it as. "
            "Start Ladrillo as an ordinary user, or set DATABASE_URL.",
            f"PostgreSQL no funciona como root y no hay una cuenta {_NAME} ni nobody con la que ejecutarlo. "
            "Inicie Ladrillo con un usuario normal o ponga DATABASE_URL.",
        )
    return Account(entry.pw_uid, entry.pw_gid)


def _require_name() -> None:
    """PostgreSQL looks its own user up in the system's list."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise Misconfigured(
            f"The user id {os.geteuid()} has no name on this system, and PostgreSQL needs one. "
            "Run the container as a user from its /etc/passwd, or set DATABASE_URL.",
            f"El id de usuario {os.geteuid()} no tiene nombre en este sistema y PostgreSQL lo necesita. "
            "Ejecute el contenedor con un usuario de su /etc/passwd o ponga DATABASE_URL.",
        ) from None


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _created() -> pwd.struct_passwd | None:
    program = shutil.which("useradd")
    if program is None:
        return None
    subprocess.run(
        [program, "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", _NAME],
        check=False, capture_output=True,  # another process may just have made it
    )
    return _entry(_NAME)


def reachable_install(install: Path, account: Account | None) -> Path:
    """`install`, or a copy of it that the account can execute (where the checkout is under /root, say).

    The programs find the wheel's libraries beside the package by a relative path, so the copy keeps the layout.
    """
    program = install / "bin" / "postgres"
    if account is None or _runs(program, account):
        return install
    status = program.stat()
    key = hashlib.sha256(f"{install} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:12]
    package = install.parent
    copy = _COPIES / f"postgresql-{key}"
    if not copy.exists():
        partial = _COPIES / f"{copy.name}.{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        for source in (install, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(
                    source, partial / source.relative_to(package.parent), symlinks=True,
                    ignore=shutil.ignore_patterns("*.a", "include", "pkgconfig"),
                )
        for path in (_COPIES, partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            partial.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return copy / package.name / install.name


def _runs(program: Path, account: Account) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"], user=account.uid, group=account.gid, extra_groups=[], capture_output=True, cwd="/"
        )
    except PermissionError:
        return False
    return done.returncode == 0
