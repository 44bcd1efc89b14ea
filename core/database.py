"""The only way to the database: a session that cannot be had without a scope.

Every transaction starts by taking the role `ladrillo_app` (no rights but rows) and setting `app.tenant`; row-level
security, forced in the first migration, does the rest, for raw SQL too. A statement outside a scope raises in
PostgreSQL ("no tenant is set"). On a server where the migration could not create the role, the connecting user itself
must be bound by row-level security: a superuser there is refused.
"""

from __future__ import annotations

import asyncio
import errno
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from core.errors import LadrilloError, Misconfigured, Unavailable
from core.scope import Scope

APP_ROLE = "ladrillo_app"
#: Key of `session.info`: conversation -> last event number written; announced after the commit.
ANNOUNCE = "ladrillo_announce"
Announcer = Callable[[dict[str, int]], Awaitable[None]]
_ENTER = text("SELECT set_config('role', :role, true), set_config('app.tenant', :tenant, true)")
_CHECK = text(
    "SELECT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user),"
    " EXISTS (SELECT FROM pg_roles WHERE rolname = :role AND pg_has_role(current_user, oid, 'MEMBER'))"
)

if sys.platform == "win32":  # psycopg's async connections need the selector loop
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())


def storable(value: Any) -> Any:
    """The same without what PostgreSQL stores neither as text nor in JSON: NUL, and half a surrogate pair."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    return [storable(part) for part in value] if isinstance(value, (list, tuple)) else value


def to_json(value: Any) -> str:
    """JSON for the database, `storable`; a look at the text tells whether there is anything to take out."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "\\u0000" in dumped or not _encodes(dumped):
        return json.dumps(storable(value), ensure_ascii=False, separators=(",", ":"))
    return dumped


def _encodes(dumped: str) -> bool:
    try:
        dumped.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def normalise_url(url: str) -> URL:
    """`postgres://…` in any spelling -> SQLAlchemy's async psycopg 3 URL."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise Misconfigured(
            "DATABASE_URL is not a database address; expected postgresql://user:password@host:5432/name.",
            "DATABASE_URL no es una dirección de base de datos; se esperaba postgresql://usuario:clave@host:5432/nombre.",
        ) from error
    if not parsed.drivername.startswith("postgres"):
        raise Misconfigured(
            f"DATABASE_URL names {parsed.drivername!r}; Ladrillo runs on PostgreSQL (postgresql://…).",
            f"DATABASE_URL nombra {parsed.drivername!r}; Ladrillo funciona con PostgreSQL (postgresql://…).",
        )
    return parsed.set(drivername="postgresql+psycopg")


def unavailable(error: BaseException) -> Unavailable:
    """What a person reads when the database does not answer."""
    detail = str(getattr(error, "orig", error)).strip().splitlines()
    return Unavailable(
        f"The database does not answer ({detail[0] if detail else type(error).__name__}). "
        "Nothing was lost; check DATABASE_URL or run `ladrillo doctor`, then try again.",
        "La base de datos no responde. No se perdió nada; revise DATABASE_URL o ejecute `ladrillo doctor` y "
        "vuelva a intentarlo.",
        code="database_unavailable",
    )


#: Operational by family, and yet the answer of a server that is well.
_ANSWERED = (
    psycopg.errors.LockNotAvailable, psycopg.errors.DiskFull, psycopg.errors.QueryCanceled,
    psycopg.errors.ProgramLimitExceeded,
)


def is_connection_failure(error: BaseException) -> bool:
    """True where the server is gone or refuses, as opposed to a statement that is wrong."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_connection_failure(error.orig))
    return isinstance(error, (psycopg.OperationalError, ConnectionError)) and not isinstance(error, _ANSWERED)


def is_disk_full(error: BaseException) -> bool:
    """True where the server, or a file of ours, found no room; nothing of the transaction is kept."""
    if isinstance(error, DBAPIError):
        return error.orig is not None and is_disk_full(error.orig)
    return isinstance(error, psycopg.errors.DiskFull) or (
        isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT))


@contextmanager
def connection_failures() -> Iterator[None]:
    """Raises `Unavailable` for whatever says that the server is gone or its disk full; the rest passes as it is."""
    try:
        yield
    except LadrilloError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise Unavailable(
                "The disk is full: nothing of this was stored. Free some space and try again.",
                "El disco está lleno: no se guardó nada de esto. Libere espacio y vuelva a intentarlo.",
                code="disk_full",
            ) from error
        if is_connection_failure(error):
            raise unavailable(error) from error
        raise


class Database:
    """A pool of connections to one PostgreSQL database. Close it with `await close()`."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = normalise_url(url)
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_recycle=1800,
            json_serializer=to_json,
            hide_parameters=True,  # messages and contact data do not belong in a log
            connect_args={"connect_timeout": 5, "application_name": "ladrillo"},
        )
        self._role: str | None = None
        self.announcer: Announcer | None = None

    async def _enter(self, connection: AsyncConnection | AsyncSession, scope: Scope) -> None:
        if self._role is None:
            bypasses, has_role = (await connection.execute(_CHECK, {"role": APP_ROLE})).one()
            if has_role:
                self._role = APP_ROLE
            elif bypasses:
                raise Misconfigured(
                    f"The database user ignores row-level security and the role {APP_ROLE} does not exist. "
                    "Run `ladrillo db upgrade` as this user, or connect as an ordinary owner of the tables.",
                    f"El usuario de la base de datos ignora la seguridad por filas y el rol {APP_ROLE} no existe. "
                    "Ejecute `ladrillo db upgrade` con este usuario o conéctese como un propietario normal.",
                )
            else:
                self._role = "none"
        await connection.execute(_ENTER, {"role": self._role, "tenant": scope.tenant})

    @asynccontextmanager
    async def session(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """An ORM session in one transaction, bound to the scope's tenant; committed at a clean exit.

        Raises `Unavailable` where the server is gone or its disk is full.
        """
        with connection_failures():
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                async with session.begin():
                    await self._enter(session, scope)
                    yield session
                announced = session.info.pop(ANNOUNCE, None)
            if announced and self.announcer is not None:
                await self.announcer(announced)

    @asynccontextmanager
    async def connection(self, scope: Scope) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A raw psycopg connection in one transaction of the scope, for COPY; committed at a clean exit."""
        with connection_failures():
            async with self.engine.begin() as connection:
                await self._enter(connection, scope)
                raw = await connection.get_raw_connection()
                driver: Any = raw.driver_connection
                yield driver

    @property
    def dsn(self) -> str:
        """The address for libraries that speak libpq (checkpoints, LISTEN)."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def close(self) -> None:
        await self.engine.dispose()
