"""Whose data a piece of work may touch. Required by the session factory and passed as the graph's context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["visitor", "viewer", "adviser", "supervisor", "admin", "system"]

DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True)
class Scope:
    """`tenant` is a portal's id; `subject` the visitor, staff member or process that acts."""

    tenant: str = DEFAULT_TENANT
    role: Role = "visitor"
    subject: str = ""

    @property
    def staff(self) -> bool:
        return self.role in ("viewer", "adviser", "supervisor", "admin", "system")
