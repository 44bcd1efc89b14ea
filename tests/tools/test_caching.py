"""Every tool is declared: whether its results may be kept, and what it reads."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from langchain_core.tools import BaseTool

import tools
from tools.caching import KEEPING


def all_tools() -> dict[str, BaseTool]:
    modules = [import_module(f"tools.{path.stem}") for path in sorted(Path(tools.__file__).parent.glob("[a-z]*.py"))]
    return {found.name: found for module in modules for found in vars(module).values() if isinstance(found, BaseTool)}


def test_every_tool_is_declared_and_nothing_else() -> None:
    assert KEEPING.keys() == all_tools().keys()


@pytest.mark.parametrize("name", ["save_lead", "open_case", "weigh_options", "analyse_returns", "convert_currency"])
def test_what_writes_or_looks_at_the_turn_is_never_kept(name: str) -> None:
    assert KEEPING[name].never
    assert not KEEPING[name].allows({})


def test_arguments_named_in_the_table_are_arguments() -> None:
    found = all_tools()
    for name, keeping in KEEPING.items():
        assert set(keeping.turn) <= found[name].args.keys(), name
        assert not (keeping.never and (keeping.reads or keeping.turn)), name


def test_a_figure_of_the_investor_makes_a_call_one_of_the_turn() -> None:
    assert KEEPING["value_property"].allows({"listing_id": 3, "asking_price": None})
    assert not KEEPING["value_property"].allows({"listing_id": 3, "asking_price": 200_000})
