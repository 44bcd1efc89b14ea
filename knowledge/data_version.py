"""The version of the data that answers are made from, for whoever keeps a result until that changes.

It is the set of stamps that writing transactions left (migration `data_changes`): equal versions mean that nothing was
committed in between, by any process. It has to be read before the data: what is found after it may only be newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from core.scope import Scope

if TYPE_CHECKING:
    from core.database import Database

_VERSION = text(
    "SELECT md5(string_agg(owner || '/' || stamp, ',' ORDER BY owner, stamp)) FROM data_changes WHERE owner IN ('*', :tenant)"
)
_MARK = text("SELECT mark_data_change(:tenant)")


async def data_version(database: Database, scope: Scope) -> str:
    """Of the tenant's own data and of what all tenants share; unique to this database. Raises `Unavailable`."""
    async with database.session(scope) as session:
        return str((await session.execute(_VERSION, {"tenant": scope.tenant})).scalar_one())


async def mark_changed(database: Database, scope: Scope) -> None:
    """Say that something beside the database changed that answers are made from: the meaning index."""
    async with database.session(scope) as session:
        await session.execute(_MARK, {"tenant": scope.tenant})
