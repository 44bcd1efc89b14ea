"""The graph as LangGraph Studio opens it: what `langgraph.json` names draws every step and answers a question."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from agents.supervisor import SPECIALISTS
from core.settings import Settings
from graphs import studio
from graphs.context import Staff
from knowledge.resources import Resources

NAMED = json.loads((Path(__file__).parents[2] / "langgraph.json").read_text("utf-8"))["graphs"]["ladrillo"]


async def test_the_named_graph_shows_its_steps_and_answers(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def opened(settings: Settings) -> Resources:
        return resources

    monkeypatch.setattr(studio, "_held", {})
    monkeypatch.setattr(Resources, "open", opened)
    file, _, name = NAMED.partition(":")
    made = getattr(import_module(file.removeprefix("./").removesuffix(".py").replace("/", ".")), name)()

    drawn = {node.split(":")[-1] for node in made.get_graph(xray=True).nodes}
    assert {"screen", "supervisor", *SPECIALISTS, "compose", "ground", "decide"} <= drawn

    result = await made.ainvoke({"question": "yield on 200k euro renting 900?"})
    assert "5.4\N{NO-BREAK SPACE}%" in result["outcome"]["answer"]
    assert result["outcome"]["routes"] == ["roi"]
    staff = studio._held["staff"]
    assert isinstance(staff, Staff)
    await staff.close()
