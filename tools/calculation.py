"""What the tools over the finance engine share: costs as an investor states them, and facts as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from core.facts import Fact
from knowledge.finance.inputs import Cost, Period

if TYPE_CHECKING:
    from knowledge.finance.cautions import Caution
    from knowledge.finance.income import Assumed


class StatedCost(BaseModel):
    """A cost the investor stated: money, or a percentage of the year's rent or of the price."""

    label: str = Field(description="what it is, in the investor's words")
    amount: float = Field(description="money in the call's currency, or 10 for 10 %")
    period: Period = Field("year", description="once = paid at the purchase")
    of: Literal["money", "rent", "price"] = Field("money", description="what the amount is, or is a percentage of")


def engine_costs(stated: Sequence[StatedCost] | None) -> tuple[Cost, ...] | None:
    """Stated costs as the engine takes them; None stays None (nothing was said of costs). Raises `BadInput`."""
    return None if stated is None else tuple(Cost(c.label, c.amount, c.period, c.of) for c in stated)


def cost_rows(facts: Iterable[Fact]) -> list[dict[str, str | None]]:
    """The stated costs among the facts: each with its fact, its name, and its period or what it is a share of."""
    return [
        {"fact": fact.id, "label": str(fact.entity), "period": fact.key.removeprefix("cost_"),
         "of": fact.key.removeprefix("cost_pct_of_") if fact.unit == "percent" else None}
        for fact in facts if fact.key.startswith("cost_") and fact.unit in ("money", "percent")
    ]


def assumption_rows(assumed: Iterable[Assumed], facts: Mapping[str, Fact]) -> list[dict[str, Any]]:
    """The assumptions of a calculation, of those whose fact is there; `facts` are its settled ones by their former id."""
    return [{"key": a.key, "fact": facts[a.fact.id].id, "es": a.label_es, "en": a.label_en, "period": a.period}
            for a in assumed if a.fact.id in facts]


def warning_rows(warnings: Iterable[Caution]) -> list[dict[str, str]]:
    return [{"code": w.code, "es": w.es, "en": w.en} for w in warnings]


def figures_by_key(facts: Iterable[Fact]) -> dict[str, str]:
    """The id of the first fact of each key; stated costs, of which there may be several, have rows of their own."""
    figures: dict[str, str] = {}
    for fact in facts:
        if not fact.key.startswith("cost_"):
            figures.setdefault(fact.key, fact.id)
    return figures
