"""The `loads` row of a load, and its rejected rows in `quarantine`.

A load holds an advisory lock named by its id for as long as its transaction lives, so a `running` row without its lock
belongs to a process that died, and the next load says so. One more lock lets loads follow one another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from core.clock import new_id, now
from core.database import Database
from core.scope import Scope
from knowledge.loaders.rejects import Reject
from knowledge.loaders.staging import Connection, copy, stage_like

_ALIVE = 0x4C41_4452  # "LADR": our advisory locks, in a space of their own
_TURN = 0


async def begin(database: Database, scope: Scope, file: str, mapping: str, fingerprint: str) -> str:
    """Write a `running` row in a transaction of its own; its id."""
    load_id = new_id("load")
    async with database.connection(scope) as connection:
        await connection.execute(
            "INSERT INTO loads (tenant_id, id, file, mapping, fingerprint, status, counts, started_at) "
            "VALUES (%s, %s, %s, %s, %s, 'running', '{}', %s)",
            (scope.tenant, load_id, file, mapping, fingerprint, now()),
        )
    return load_id


async def take_turn(connection: Connection, load_id: str) -> None:
    """Hold this load's lock and wait for other loads; mark those that died."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_ALIVE, load_id))
    await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_ALIVE, _TURN))
    await connection.execute(
        """
        UPDATE loads SET status = 'failed', finished_at = %s, counts = counts || '{"error": "interrupted"}'
        WHERE status = 'running' AND id <> %s AND started_at < %s AND NOT EXISTS (
          SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s::bigint::oid
            AND objid = (hashtext(loads.id)::bigint & 4294967295)::oid
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        """, (now(), load_id, now(), _ALIVE))


async def finish(connection: Connection, load_id: str, counts: dict[str, Any]) -> None:
    """Mark the load done, in its own transaction: it is done only if everything else is."""
    await connection.execute(
        "UPDATE loads SET status = 'done', counts = %s, finished_at = %s WHERE id = %s",
        (json.dumps(counts), now(), load_id))


async def fail(database: Database, scope: Scope, load_id: str, error: str) -> None:
    """Mark the load failed, after its transaction has gone."""
    async with database.connection(scope) as connection:
        await connection.execute(
            "UPDATE loads SET status = 'failed', counts = counts || %s, finished_at = %s WHERE id = %s",
            (json.dumps({"error": error[:500]}), now(), load_id))


async def quarantine(
    connection: Connection, tenant: str, load_id: str, file: str, rejects: Sequence[Reject]
) -> None:
    """Keep rejected rows whole. A row that is already there with the same content is kept once."""
    if not rejects:
        return
    columns = ("tenant_id", "load_id", "file", "row_number", "reason", "raw", "fingerprint")
    await stage_like(connection, "staged_quarantine", "quarantine", columns)
    await copy(connection, "staged_quarantine", columns, (
        (tenant, load_id, file, reject.row, readable(reject.reason), raw, hashlib.sha256(raw.encode()).hexdigest())
        for reject in rejects for raw in (_raw_json(reject.raw),)
    ))
    await connection.execute(
        "INSERT INTO quarantine (tenant_id, load_id, file, row_number, reason, raw, fingerprint) "
        "SELECT tenant_id, load_id, file, row_number, reason, raw, fingerprint FROM staged_quarantine "
        "ON CONFLICT (tenant_id, file, row_number, fingerprint) DO UPDATE SET reason = excluded.reason "
        "WHERE quarantine.reason <> excluded.reason")


def readable(text: str) -> str:
    r"""What PostgreSQL cannot store, written out: NUL as \x00, an undecoded byte as \xff, half a pair as \ud800."""
    def shown(char: str) -> str:
        if char == "\x00":
            return "\\x00"
        if "\udc80" <= char <= "\udcff":
            return f"\\x{ord(char) - 0xDC00:02x}"
        return f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char

    if text.isascii() and "\x00" not in text:
        return text
    return "".join(map(shown, text))


def _raw_json(raw: dict[str, Any]) -> str:
    return json.dumps(_readable(raw), ensure_ascii=False, sort_keys=True)


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {readable(str(key)): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value
