"""Every table, in one import: Alembic's metadata and the list of owned tables come from here."""

from knowledge.tables.base import Owned, metadata
from knowledge.tables.conversations import (
    Case,
    CaseEvent,
    ClientTurn,
    Conversation,
    FactRow,
    Lead,
    Message,
    Run,
    RunEvent,
    UserProfile,
)
from knowledge.tables.evaluations import EvalRun
from knowledge.tables.market import (
    AnalyticsData,
    Area,
    Document,
    Forecast,
    Listing,
    Load,
    Model,
    Observation,
    PriceHistory,
    Project,
    ProjectOwner,
    Quarantine,
    Series,
)
from knowledge.tables.tenancy import DataChange, Job, Outbox, Tenant
from knowledge.tables.usage import ModelCallRow

OWNED_TABLES: tuple[str, ...] = tuple(
    sorted(table.name for table in metadata.tables.values() if "tenant_id" in table.columns)
)

__all__ = [
    "OWNED_TABLES", "AnalyticsData", "Area", "Case", "CaseEvent", "ClientTurn", "Conversation", "DataChange", "Document",
    "EvalRun", "FactRow", "Forecast", "Job", "Lead", "Listing", "Load", "Message", "Model", "ModelCallRow", "Observation",
    "Outbox", "Owned", "PriceHistory", "Project", "ProjectOwner", "Quarantine", "Run", "RunEvent", "Series", "Tenant",
    "UserProfile", "metadata",
]
