"""Evaluation runs: what was run, on which version and data, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Text, UniqueConstraint
from sqlmodel import Field

from knowledge.tables.base import Owned, json_column, moment


class EvalRun(Owned, table=True):
    """One run of a file of cases. `records`, one a case and epoch, hold what its figures can be computed from again."""

    __tablename__ = "eval_runs"
    __table_args__ = (UniqueConstraint("tenant_id", "number"),)
    id: str = Field(primary_key=True, sa_type=Text)
    number: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), nullable=False))
    name: str = Field(sa_type=Text, index=True)
    brain: str = Field(sa_type=Text, description="builtin | llm")
    model: str | None = Field(default=None, sa_type=Text, description="the language model's name")
    cases_name: str = Field(sa_type=Text, description="the file's name")
    cases_digest: str = Field(sa_type=Text, description="SHA-256 of the cases that were run")
    case_count: int
    epochs: int = 1
    versions: dict[str, Any] = json_column()
    summary: list[dict[str, Any]] = json_column(list)
    records: list[dict[str, Any]] = json_column(list)
    created_at: datetime = moment()
