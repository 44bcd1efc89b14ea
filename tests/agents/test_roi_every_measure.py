"""Whatever measure is asked of whatever was told, the answer can be written, in every locale, and its figures bind."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage

from agents.playbook import Brief
from agents.roi import SPECIALIST
from agents.specialist import write
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from graphs.evidence import facts_of
from graphs.grounding import accept
from knowledge.finance.analysis import MEASURES
from knowledge.resources import Resources
from tools.calculation import StatedCost
from tools.context import TurnContext
from tools.returns import analyse_returns

LET = {"price": 250_000.0, "monthly_rent": 1_100.0}
LOAN = {"down_payment_pct": 30.0, "rate_pct": 3.5, "rate_kind": "nominal", "term_years": 25.0}
HELD = {"horizon_years": 10.0, "growth_pct": 2.0, "rent_growth_pct": 2.0, "discount_pct": 6.0}
TOLD: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a price": {"price": 250_000.0},
    "a rent": {"monthly_rent": 1_100.0},
    "a let home": LET,
    "a let home, costs told": LET | {"costs": [StatedCost(label="comunidad", amount=90, period="month", of="money")]},
    "a let home, no costs": LET | {"costs": [], "costs_as_told": True},
    "a loan": LET | LOAN,
    "a loan, no costs told": LET | LOAN | {"costs_as_told": True},
    "own cash": LET | LOAN | {"down_payment_pct": None, "own_cash": 90_000.0, "costs_as_told": True},
    "own cash, costs on top": LET | LOAN | {"down_payment_pct": None, "own_cash": 90_000.0, "own_excludes_costs": True,
                                            "purchase_costs": 25_000.0},
    "own cash that pays the costs": LET | LOAN | {"down_payment_pct": None, "own_cash": 90_000.0, "purchase_costs": 25_000.0},
    "savings": {"price": 250_000.0, "savings": 40_000.0, "down_payment_pct": 20.0},
    "held": LET | LOAN | HELD,
    "held and sold": LET | LOAN | HELD | {"sale_price": 320_000.0, "selling_costs_pct": 3.0, "purchase_costs": 25_000.0},
    "held without a loan": LET | HELD | {"costs_as_told": True},
    "nights": {"price": 250_000.0, "currency": "EUR", "nights": 180.0, "nightly_rent": 90.0,
               "costs": [StatedCost(label="limpieza", amount=30, period="night", of="money"),
                         StatedCost(label="luz", amount=100, period="month", of="money")]},
    "flows": {"cash_flows": [-100_000.0, 5_000.0, 5_000.0, 120_000.0], "discount_pct": 5.0},
    "wished": LET | {"target_yield_pct": 6.0, "affordable_payment": 900.0, "rate_pct": 3.5, "rate_kind": "nominal",
                     "term_years": 25.0},
    "all of it": LET | LOAN | HELD | {"purchase_costs": 25_000.0, "savings": 40_000.0, "other_term_years": 20.0,
                                      "reach_pct": 60.0, "area_m2": 80.0, "vacancy_pct": 5.0, "new_rate_pct": 4.0,
                                      "price_cut_pct": 5.0},
}
WHERE = {"es-ES": ("ES", "EUR", "Madrid"), "es-CO": ("CO", "COP", "Bogotá"), "es-MX": ("MX", "MXN", "Mérida"),
         "en": ("ES", "EUR", "Madrid")}


class NoDatabase:
    def session(self, scope: Scope) -> Any:
        raise AssertionError("this needs no database")


def words_of(told: dict[str, Any]) -> str:
    """The message that tells these figures, nothing else."""
    numbers: list[Any] = []
    for value in told.values():
        several = value if isinstance(value, list) else [value]
        numbers += [each.amount if isinstance(each, StatedCost) else each for each in several]
    return "; ".join(f"{n:g}" if abs(n) < 1000 else f"{n:.0f}" for n in numbers if isinstance(n, float | int))


async def written(locale: str, measure: str, told: dict[str, Any], where: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    context = TurnContext(Resources(Settings(), NoDatabase()), Scope(), locale=LOCALES[locale], message_id="m",  # type: ignore[arg-type]
                          user_words=(words_of(told),), slots={})
    runtime = ToolRuntime(state={"messages": []}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)
    args = {k: v for k, v in (where | told).items() if v is not None} | {"measures": [measure]}
    _, artifact = await analyse_returns.coroutine(runtime=runtime, **args)  # type: ignore[misc]
    brief = Brief("roi", measure, LOCALES[locale].language, locale, slots={"price": told.get("price")}, request={})
    call = ToolCall(name="analyse_returns", args={}, id="analysis/0", type="tool_call")
    messages: list[BaseMessage] = [
        HumanMessage("", additional_kwargs={"brief": brief.to_dict()}), AIMessage("", tool_calls=[call]),
        ToolMessage("", tool_call_id="analysis/0", name="analyse_returns", artifact=artifact),
    ]
    return write(SPECIALIST, messages).text, [artifact]


@pytest.mark.parametrize("locale", WHERE)
@pytest.mark.parametrize("told", TOLD)
async def test_every_measure_can_be_told(locale: str, told: str) -> None:
    country, currency, city = WHERE[locale]
    for where in ({}, {"country": country, "currency": currency, "city": city, "property_type": "apartment"}):
        for measure in MEASURES:
            text, artifacts = await written(locale, measure, TOLD[told], where)
            verdict = accept(text, facts_of(artifacts), LOCALES[locale], (words_of(TOLD[told]),))
            assert verdict.offender is None, (measure, where, verdict.offender)
            assert "None" not in text, (measure, where, text)
