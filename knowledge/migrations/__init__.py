"""Alembic migrations, run from code: `upgrade(url)` brings a database to `HEAD`.

`HEAD` is written out so that an ordinary start compares one row and does not import Alembic; a test holds it to the
newest file in `versions/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"


def config(url: str) -> Config:
    from alembic.config import Config

    cfg = Config()
    cfg.set_main_option("script_location", str(Path(__file__).parent))
    cfg.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return cfg


def current(url: str) -> str | None:
    """The revision a database is at, or None if it has never been migrated. Raises `Unavailable`."""
    import psycopg

    from core.database import normalise_url, unavailable

    dsn = normalise_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(dsn, connect_timeout=5) as connection:
            if connection.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return row[0] if row else None
    except psycopg.OperationalError as error:
        raise unavailable(error) from error


def upgrade(url: str) -> bool:
    """Bring the database to `HEAD`; True if anything was done. Two processes at once are safe (advisory lock)."""
    at = current(url)
    if at == HEAD:
        return False
    from alembic import command
    from alembic.script import ScriptDirectory

    from core.errors import Misconfigured

    cfg = config(url)
    known = {script.revision for script in ScriptDirectory.from_config(cfg).walk_revisions()}
    if at is not None and at not in known:
        raise Misconfigured(
            f"The database is at revision {at!r}, which this version of Ladrillo does not know (newest: {HEAD}). "
            "Install the newer version that migrated it.",
            f"La base de datos está en la revisión {at!r}, que esta versión de Ladrillo no conoce (última: {HEAD}). "
            "Instale la versión más nueva que la migró.",
        )
    command.upgrade(cfg, "head")
    return True
