"""What language models use in a turn: counted call by call, checked against the budget before each.

The meter of the turn at hand is found in a context variable, so that whoever calls a model need not be handed it.
Dollars are at the prices set; None where no price is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.model_settings import Budget
from core.retry import BudgetSpent

#: (tokens, dollars)
Amount = tuple[int, float]
#: What was used before this turn, over a conversation, a day and a month.
Earlier = Callable[[], Awaitable[Mapping[str, Amount]]]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call. `cached_tokens` are part of `input_tokens`; `estimated` tells that the endpoint did not count; `ms` is its
    whole time, `first_ms` until the first piece; `error` is the name of what went wrong."""

    role: str
    model: str
    at: datetime
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cost: float | None = None
    ms: int = 0
    first_ms: int | None = None
    error: str | None = None
    estimated: bool = False

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass
class Meter:
    """`await allow()` before a call, `add(call)` after it. `until` is the event loop's time at which the turn's patience with
    language models ends; `spent` is the span whose budget stopped a call."""

    budget: Budget = field(default_factory=Budget)
    until: float | None = None
    earlier: Earlier | None = None
    calls: list[ModelCall] = field(default_factory=list)
    prompts: dict[str, str] = field(default_factory=dict)
    spent: str | None = None

    async def allow(self) -> None:
        """Raises `BudgetSpent` where nothing is left."""
        limits = self.budget.limits
        if not limits:
            return
        before = await self.earlier() if self.earlier is not None and set(limits) - {"run"} else {}
        for span, (tokens, dollars) in limits.items():
            used, paid = before.get(span, (0, 0.0))
            used += sum(call.tokens for call in self.calls)
            paid += sum(call.cost or 0.0 for call in self.calls)
            if (tokens is not None and used >= tokens) or (dollars is not None and paid >= dollars):
                self.spent = span
                raise BudgetSpent(span)

    def add(self, call: ModelCall) -> None:
        self.calls.append(call)

    def usage(self) -> dict[str, Any]:
        """The turn's usage as plain data: totals, by role, and the versions of the prompts."""
        roles = {role: _sum(call for call in self.calls if call.role == role) for role in sorted({c.role for c in self.calls})}
        models, prompts = sorted({call.model for call in self.calls}), dict(sorted(self.prompts.items()))
        return _sum(self.calls) | {"models": models, "roles": roles, "prompts": prompts}


def _sum(calls: Iterable[ModelCall]) -> dict[str, Any]:
    found = list(calls)
    costs = [call.cost for call in found if call.cost is not None]
    counted = {name: sum(getattr(call, name) for call in found) for name in ("input_tokens", "cached_tokens", "output_tokens")}
    return {
        "calls": len(found), "tokens": sum(call.tokens for call in found), **counted,
        "cost": (round(sum(costs), 9) if len(costs) == len(found) else None) if found else 0.0,
        "estimated": any(call.estimated for call in found),
    }


meter: ContextVar[Meter | None] = ContextVar("ladrillo_meter", default=None)


def spent() -> str | None:
    """The span whose budget stopped a call of this turn."""
    found = meter.get()
    return None if found is None else found.spent
