"""What language models were used for, call by call. No words of anybody are in it: it outlives an erased conversation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Identity, Index, Text
from sqlmodel import Field

from knowledge.tables.base import Owned, moment


class ModelCallRow(Owned, table=True):
    """One call of a turn. `cached_tokens` are part of `input_tokens`; `cost` in US dollars at the prices set, None where
    none is; `estimated`: the endpoint did not count; `error`: the name of what went wrong."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_at", "tenant_id", "at"), Index("ix_model_calls_conversation_id", "conversation_id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    conversation_id: str = Field(sa_type=Text)
    run_id: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    model: str = Field(sa_type=Text)
    input_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cost: float | None = None
    ms: int
    first_ms: int | None = None
    error: str | None = Field(default=None, sa_type=Text)
    estimated: bool = False
    at: datetime = moment()
