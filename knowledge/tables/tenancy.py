"""Tenants (portals), the queues every tenant's background work goes through, and the stamps of changes of their data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from knowledge.tables.base import Owned, json_column, moment


class Tenant(SQLModel, table=True):
    """A portal. One row, `default`, exists from the first migration."""

    __tablename__ = "tenants"
    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    created_at: datetime = moment()


class Job(Owned, table=True):
    """Background work with a lease: a worker that dies loses it and another takes over."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "run_at", postgresql_where=text("status IN ('queued', 'running')")),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(sa_type=Text)
    payload: dict[str, Any] = json_column()
    status: str = Field(default="queued", sa_type=Text)
    attempts: int = 0
    run_at: datetime = moment()
    lease_until: datetime | None = moment(nullable=True)
    lease_owner: str | None = Field(default=None, sa_type=Text)
    error: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = moment()


class Outbox(Owned, table=True):
    """Messages to the outside, written in the transaction that caused them and delivered afterwards."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "available_at", postgresql_where=text("delivered_at IS NULL")),)
    id: str = Field(primary_key=True, sa_type=Text)
    topic: str = Field(sa_type=Text)
    payload: dict[str, Any] = json_column()
    attempts: int = 0
    available_at: datetime = moment()
    lease_until: datetime | None = moment(nullable=True)
    lease_owner: str | None = Field(default=None, sa_type=Text)
    delivered_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class DataChange(SQLModel, table=True):
    """A transaction that wrote what answers are made from; `owner` is the tenant, or `*` for what all share.

    Written by triggers, read by `knowledge/data_version.py`.
    """

    __tablename__ = "data_changes"
    owner: str = Field(primary_key=True, sa_type=Text)
    stamp: str = Field(primary_key=True, sa_type=Text)
