"""Conversations, their transcript, runs with the event log, facts shown, cases, leads and profiles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from knowledge.tables.base import Owned, json_column, moment, text_key


class UserProfile(Owned, table=True):
    """An investor across conversations. `preferences` is empty without consent: each is `{"value", "at", "conversation"}`,
    with a `currency` where it is money.

    `token_hash` is the SHA-256 of the investor's token; `consent_text` is what they agreed to, word for word.
    """

    __tablename__ = "user_profiles"
    __table_args__ = (UniqueConstraint("tenant_id", "visitor"), UniqueConstraint("tenant_id", "token_hash"))
    id: str = Field(primary_key=True, sa_type=Text)
    visitor: str = Field(sa_type=Text)
    token_hash: str = Field(sa_type=Text)
    preferences: dict[str, Any] = json_column()
    consent_version: str | None = Field(default=None, sa_type=Text)
    consent_text: str | None = Field(default=None, sa_type=Text)
    consent_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Conversation(Owned, table=True):
    """The unit of order: `last_seq` numbers its events, `epoch` fences writers, `owner` says who answers.

    `token_hash` is the SHA-256 of the bearer token that reaches it; the token itself is not kept.
    """

    __tablename__ = "conversations"
    id: str = Field(primary_key=True, sa_type=Text)
    visitor: str = Field(sa_type=Text, index=True)
    token_hash: str = Field(sa_type=Text)
    channel: str = Field(default="api", sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    country: str | None = Field(default=None, sa_type=Text)
    owner: str = Field(default="bot", sa_type=Text, description="bot | person")
    epoch: int = 0
    last_seq: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Run(Owned, table=True):
    """One turn: queued -> running -> finished | failed | cancelled. At most one is active per conversation."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("uq_runs_active", "conversation_id", unique=True,
              postgresql_where=text("status IN ('queued', 'running')")),
        Index("ix_runs_lease", "lease_until", postgresql_where=text("status IN ('queued', 'running')")),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    conversation_id: str = text_key("conversations.id", cascade=True)
    message_id: str = Field(sa_type=Text)
    status: str = Field(default="queued", sa_type=Text)
    epoch: int = 0
    lease_owner: str | None = Field(default=None, sa_type=Text)
    lease_until: datetime | None = moment(nullable=True)
    stop_requested: bool = False
    brain: str = Field(default="builtin", sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    routes: list[str] = json_column(list)
    slots: dict[str, Any] = json_column()
    confidence: float | None = None
    outcome: dict[str, Any] = json_column()
    error_code: str | None = Field(default=None, sa_type=Text)
    usage: dict[str, Any] = json_column()
    created_at: datetime = moment()
    started_at: datetime | None = moment(nullable=True)
    finished_at: datetime | None = moment(nullable=True)


class Message(Owned, table=True):
    """The transcript of record. `role`: user, assistant, operator, system (a hand-back's resolution)."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_message_id"),
        Index("ix_messages_order", "conversation_id", "position"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    conversation_id: str = text_key("conversations.id", cascade=True)
    run_id: str | None = Field(default=None, sa_type=Text)
    position: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), nullable=False))
    role: str = Field(sa_type=Text)
    author: str = Field(default="", sa_type=Text)
    text: str = Field(sa_type=Text)
    client_message_id: str | None = Field(default=None, sa_type=Text)
    details: dict[str, Any] = json_column()
    created_at: datetime = moment()


class ClientTurn(Owned, table=True):
    """A message of a client that keeps the history itself (chat completions), and what finds it again.

    `asked` is the digest of the history with this message at its end; `memory` what the graph knew before the message;
    `preface` what the client was told before the answer, or instead of one.
    """

    __tablename__ = "client_turns"
    __table_args__ = (Index("ix_client_turns_visitor_asked", "visitor", "asked"),)
    message_id: str = Field(primary_key=True, sa_type=Text)
    conversation_id: str = text_key("conversations.id", cascade=True)
    visitor: str = Field(sa_type=Text)
    asked: str = Field(sa_type=Text)
    run_id: str | None = Field(default=None, sa_type=Text)
    memory: dict[str, Any] = json_column()
    preface: str = Field(default="", sa_type=Text)
    created_at: datetime = moment()


class RunEvent(Owned, table=True):
    """The append-only log that every reader tails. `payload` is the AG-UI event as sent."""

    __tablename__ = "run_events"
    __table_args__ = (Index("ix_run_events_run", "run_id"),)
    conversation_id: str = Field(
        sa_column=Column(Text, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    )
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    run_id: str | None = Field(default=None, sa_type=Text)
    type: str = Field(sa_type=Text)
    payload: dict[str, Any] = json_column()
    at: datetime = moment()


class FactRow(Owned, table=True):
    """A fact as found by a run; `shown` tells that the answer bound a number to it."""

    __tablename__ = "facts"
    run_id: str = Field(sa_column=Column(Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True))
    id: str = Field(primary_key=True, sa_type=Text)
    shown: bool = False
    body: dict[str, Any] = json_column()


class Case(Owned, table=True):
    """An escalation, worked in the inbox: open -> claimed -> (snoozed) -> resolved, or returned to the bot."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        Index("uq_cases_open", "conversation_id", unique=True,
              postgresql_where=text("status IN ('open', 'claimed', 'snoozed')")),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    number: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(start=1001), nullable=False))
    conversation_id: str = text_key("conversations.id", cascade=True)
    run_id: str | None = Field(default=None, sa_type=Text)
    status: str = Field(default="open", sa_type=Text, index=True)
    reason: str = Field(sa_type=Text, description="a code of the policy file")
    reason_text: str = Field(sa_type=Text, description="a sentence for the person who works it")
    evidence: dict[str, Any] = json_column()
    draft: str | None = Field(default=None, sa_type=Text)
    priority: int = 2
    language: str = Field(sa_type=Text)
    country: str | None = Field(default=None, sa_type=Text)
    assignee: str | None = Field(default=None, sa_type=Text)
    resolution: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    claimed_at: datetime | None = moment(nullable=True)
    resolved_at: datetime | None = moment(nullable=True)


class CaseEvent(Owned, table=True):
    """Who did what to a case, append-only."""

    __tablename__ = "case_events"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    case_id: str = text_key("cases.id", cascade=True)
    actor: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    payload: dict[str, Any] = json_column()
    at: datetime = moment()


class Lead(Owned, table=True):
    """A person who may buy, rent or sell. Contact data is stored only with the consent recorded beside it."""

    __tablename__ = "leads"
    __table_args__ = (UniqueConstraint("conversation_id"),)
    id: str = Field(primary_key=True, sa_type=Text)
    conversation_id: str = text_key("conversations.id", cascade=True)
    name: str | None = Field(default=None, sa_type=Text)
    email: str | None = Field(default=None, sa_type=Text)
    phone: str | None = Field(default=None, sa_type=Text)
    consent_text: str | None = Field(default=None, sa_type=Text)
    consent_at: datetime | None = moment(nullable=True)
    needs: dict[str, Any] = json_column()
    score: int = 0
    reasons: list[str] = json_column(list)
    status: str = Field(default="new", sa_type=Text)
    created_at: datetime = moment()
    updated_at: datetime = moment()
