"""Alembic's environment. Compares only our own tables (LangGraph's live in schema `langgraph`)."""

from __future__ import annotations

import time
from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool, text

from core.database import normalise_url
from knowledge.tables import metadata

_LOCK = 7_205_101


def include_object(obj: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    if kind == "table":
        return name in metadata.tables
    table = getattr(obj, "table", None)
    return table is None or table.name in metadata.tables


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(normalise_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar_one():
            connection.commit()  # asked again, not waited for: see core/turns.py
            time.sleep(0.05)
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
        connection.commit()
    engine.dispose()


run()
