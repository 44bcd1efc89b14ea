"""What `train` and `ingest` do on an empty folder: each market is trained once, on the rows that are there in the end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli import data
from cli.session import filled
from core.database import Database
from core.errors import BadInput
from core.locale import COUNTRIES
from services import filling

Done = list[tuple[str, bool, bool]]


@pytest.fixture
def done(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Done:
    """Every load and training, in order: what it was, whether it may promote, whether it validates."""
    seen: Done = []

    async def train_market(*given: Any, promote: bool = True, validate: bool = False) -> None:
        seen.append((given[3], promote, validate))
        raise BadInput("too few", "muy pocos")

    def step(name: str) -> Any:
        async def run(*given: Any) -> None:
            seen.append((name, True, False))
        return run

    async def opened(*given: Any) -> Any:
        async def close() -> None: ...
        return SimpleNamespace(database=database, settings=SimpleNamespace(data_dir=tmp_path), close=close,
                               forget_places=lambda: None)

    monkeypatch.setattr("knowledge.valuation.registry.train_market", train_market)
    for name in ("_reference", "_demo", "_forecasts", "sync_index"):
        monkeypatch.setattr(filling, name, step(name))
    monkeypatch.setattr("cli.session.Resources", SimpleNamespace(open=opened))
    return seen


def trained(done: Done) -> list[tuple[str, bool, bool]]:
    return [entry for entry in done if entry[0] in COUNTRIES]


async def test_a_market_is_trained_once_and_as_asked(done: Done) -> None:
    await data.train(["ES"], promote=True, validate=True)
    assert [name for name, *_ in done] == ["_reference", "_demo", "ES", "CO", "MX", "_forecasts", "sync_index"]
    assert trained(done) == [("ES", True, True), ("CO", True, False), ("MX", True, False)]
    await data.train(["ES"], promote=True, validate=False)
    assert trained(done)[3:] == [("ES", True, False)]  # filled: what is asked is done again, and nothing else


async def test_a_report_needs_the_models_that_it_is_held_against(done: Done) -> None:
    await data.train(["ES"], promote=False, validate=False)
    assert trained(done) == [("CO", True, False), ("ES", True, False), ("MX", True, False), ("ES", False, False)]


async def test_rows_are_loaded_before_models_are_trained(done: Done, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def load(*given: Any, **more: Any) -> Any:
        done.append(("load", True, False))
        return SimpleNamespace(file="own.csv", rows=1, mapping="own", inserted=1, updated=0, unchanged=0, price_changes=0,
                               quarantined=0, skipped=0, seconds=0.0, withdrawn=0)

    async def markets(*given: Any) -> list[str]:
        return ["MX"]

    monkeypatch.setattr("knowledge.loaders.ingest_file", load)
    monkeypatch.setattr(data, "_markets", markets)
    monkeypatch.setattr(filling, "_tidy", lambda database: markets())
    (tmp_path / "own.csv").write_text("a")
    assert await data.ingest([tmp_path / "own.csv"], None, refresh=False) == 0
    assert [name for name, *_ in done] == ["_reference", "_demo", "load"]
    done.clear()
    assert await data.ingest([tmp_path / "own.csv"], None, refresh=True) == 0
    assert [name for name, *_ in done] == [
        "load", "MX", "sync_index", "CO", "ES", "_forecasts", "sync_index"]


async def test_after_an_upgrade_of_their_format_models_are_trained_again_and_nothing_else_is_done(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    await data.train(["ES"], promote=True, validate=False)
    done.clear()
    monkeypatch.setitem(filling._KINDS, "train", "fill.train-of-the-next-format")
    async with filled():
        pass
    assert [name for name, *_ in done] == ["CO", "ES", "MX"]
    done.clear()
    async with filled():
        pass
    assert done == []
