"""What a person who tells of several options is answered: each option's figures, computed by hand, in an answer that binds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from agents import comparison, roi
from agents.playbook import Brief
from agents.specialist import build
from core.locale import locale_for
from core.scope import Scope
from core.settings import Settings
from graphs.evidence import facts_of
from graphs.grounding import accept
from knowledge.resources import Resources
from tests.agents.test_comparison import NoDatabase
from tests.knowledge.understanding.support import HERE, marked, read_lines, talk
from tools.context import TurnContext

_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)?")
CASES = [c for c in read_lines(HERE / "options.jsonl") if len(c["figures"]) > 1]


async def answer(*turns: str) -> str:
    """The built-in specialist's answer to the last of the turns, every figure of which binds; no database is needed."""
    found = talk(turns)
    specialist = comparison.SPECIALIST if "comparison" in found.routes else roi.SPECIALIST
    country = found.slots.get("country")
    locale = locale_for(found.answer_language, country if isinstance(country, str) else None)
    slots = {k: v for k, v in found.slots.items() if not k.startswith("_")}
    database: Any = NoDatabase()
    context = TurnContext(Resources(Settings(), database), Scope("default"), conversation_id="c", message_id="m", locale=locale,
                          user_words=turns, slots={**slots, **found.request})
    brief = Brief(specialist.name, turns[-1], found.answer_language, locale.code, slots=slots, turn_slots=found.turn_slots,
                  request=found.request)
    state = await build(specialist, None, locale.language).ainvoke(
        {"messages": [HumanMessage(turns[-1], additional_kwargs={"brief": brief.to_dict()})]}, context=context)
    text = str(state["messages"][-1].text)
    facts = facts_of([m.artifact for m in state["messages"] if getattr(m, "artifact", None)])
    verdict = accept(text, facts, locale, turns)
    assert verdict.offender is None, (verdict.offender, text)
    return text


def numbers(text: str) -> set[float]:
    """Every number of a text, in either country's way of writing."""
    found: set[float] = set()
    for token in _NUMBER.findall(text):
        for group, decimal in ((".", ","), (",", ".")):
            plain = token.replace(group, "").replace(decimal, ".")
            if plain.count(".") <= 1:
                found.add(float(plain))
    return found


@pytest.mark.parametrize("case", marked(CASES, "figures"))
async def test_every_options_figure_is_in_the_answer(case: dict[str, Any]) -> None:
    text = await answer(*case["turns"])
    shown = numbers(text)
    for value in case["figures"]:
        assert any(abs(n - value) <= 0.005 * value for n in shown), (value, text)


async def test_the_lower_payment_leads_with_the_interest_of_both() -> None:
    text = await answer("Bank A offers 200,000 euros at 3.1% over 30 years, bank B the same at 2.7% over 20. Payments?",
                        "the loan is 200,000 euros in both cases")
    assert text.startswith("**Bank A has the lower payment: €854.03 a month** against €1,079.40 for bank B.")
    assert "€107,452 with Bank A" in text
    assert "€59,056 with bank B" in text
    mexico = await answer("Crédito de 2 mdp: Banorte al 10.5% a 20 años, HSBC al 9.9% a 15 años. ¿Mensualidad, en México?")
    assert mexico.startswith("**Banorte tiene la mensualidad más baja: $19,968 al mes**")


async def test_the_net_yield_decides_where_each_has_its_costs() -> None:
    text = await answer("Piso A en Lugo: 200.000 €, alquiler 950, IBI 420 al año y comunidad 60 al mes. "
                        "Piso B en Lugo: 170.000 €, alquiler 820, IBI 350 al año y comunidad 45 al mes. ¿Neta de cada uno?")
    assert text.startswith("**Piso B rinde más: 5,26\u00a0% neto al año** frente a 5,13\u00a0% de Piso A")
    assert "- Gastos de Piso A: IBI 420\u00a0€ al año y comunidad 60\u00a0€ al mes." in text
