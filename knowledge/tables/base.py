"""Column helpers and the two kinds of table: reference data that all tenants share, and rows that a tenant owns.

An owned table has `tenant_id NOT NULL` and a row-level-security policy (see `core/database.py` and the first
migration): a statement outside a scope raises in PostgreSQL itself, raw SQL included.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata


class Owned(SQLModel):
    """Mixed into every table whose rows belong to one tenant."""

    tenant_id: str = Field(sa_type=Text, foreign_key="tenants.id", index=True, nullable=False)


def text_key(target: str, *, nullable: bool = False, index: bool = True, cascade: bool = False) -> Any:
    """A text foreign key; `cascade` deletes this row with its parent (erasure of a conversation)."""
    return Field(
        default=None if nullable else ...,
        sa_column=Column(
            Text, ForeignKey(target, ondelete="CASCADE" if cascade else None), nullable=nullable, index=index
        ),
    )


def json_column(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_column=Column(JSONB, nullable=False))


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A UTC instant."""
    return Field(
        default=None if nullable else ...,
        sa_column=Column(DateTime(timezone=True), nullable=nullable, index=index),
    )


Moment = datetime
