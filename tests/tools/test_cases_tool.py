"""Cases opened by a model: only for a reason that the investor's own words hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from langchain.tools import ToolRuntime

from core.clock import now
from core.database import Database
from core.errors import BadInput
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from knowledge.records import cases
from knowledge.resources import Resources
from knowledge.tables import Conversation
from tools.cases import open_case, reasons_in
from tools.context import TurnContext


def runtime(database: Any, *words: str) -> Any:
    context = TurnContext(
        Resources(Settings(), database),
        Scope(),
        conversation_id="conv_1",
        run_id="run_1",
        locale=LOCALES["es-CO"],
        user_words=words,
        slots={"country": "CO"},
    )
    return ToolRuntime(
        state={"messages": []}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None
    )


def test_the_reasons_are_those_of_the_policy() -> None:
    policy = tomllib.loads((Path(__file__).resolve().parents[2] / "graphs" / "policy.toml").read_text("utf-8"))
    assert set(policy["reasons"]) == set(cases.REASONS)


async def test_a_case_is_opened_once_and_its_label_returned(database: Database, scope: Scope) -> None:
    async with database.session(scope) as session:
        session.add(
            Conversation(
                id="conv_1", tenant_id="default", visitor="v", token_hash="h", created_at=now(), updated_at=now()
            )
        )
    said = "Pagué la separación y nadie me responde. Esto parece una estafa."
    text, artifact = await open_case.coroutine("fraud_or_money", "Pagó y no le\nresponden.", runtime(database, said))
    async with database.session(scope) as session:
        case = await cases.current(session, "conv_1")
    assert case is not None
    assert artifact["data"] == {"case": cases.label(case), "new": True, "reason": "fraud_or_money"}
    assert (case.priority, case.reason_text, case.country, case.evidence) == (
        1,
        "Pagó y no le responden.",
        "CO",
        {"message": said},
    )
    assert cases.label(case) in text
    _, again = await open_case.coroutine("fraud_or_money", "Insiste.", runtime(database, said))
    assert again["data"]["case"] == cases.label(case)
    assert again["data"]["new"] is False


@pytest.mark.parametrize("reason", ["fraud_or_money", "accepted_offer", "repeated_failure"])
async def test_a_model_cannot_decide_it_alone(reason: str) -> None:
    with pytest.raises(BadInput, match="own words"):
        await open_case.coroutine(reason, "Parece molesto.", runtime(None, "busco un apto en Cali"))


async def test_an_unknown_reason_and_an_empty_summary_are_refused() -> None:
    with pytest.raises(BadInput, match="'boredom'"):
        await open_case.coroutine("boredom", "x", runtime(None, "hola"))
    with pytest.raises(BadInput, match="summary"):
        await open_case.coroutine("fraud_or_money", "  ", runtime(None, "esto es una estafa"))


def test_reasons_are_read_in_both_languages() -> None:
    assert "fraud_or_money" in reasons_in(("this is a scam",))
    assert reasons_in(("muéstrame pisos en Gijón",)) == set()
