"""Which model is active after a training, in the database and on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.scope import Scope
from core.settings import Settings
from knowledge.resources import Resources
from knowledge.valuation import registry
from knowledge.valuation.promotion import Verdict
from tests.priced import priced, priced_template  # noqa: F401 - fixtures


@pytest.fixture
def own(priced: Resources, tmp_path: Path) -> Resources:  # noqa: F811
    """The priced market with a data folder that may be written."""
    folder = Path(shutil.copytree(priced.settings.data_dir, tmp_path / "data"))
    return Resources(Settings(data_dir=folder), priced.database)


async def test_trained_again_on_the_same_adverts_it_is_not_worse_and_becomes_active(own: Resources) -> None:
    before = await registry.active_model(own.database, Scope(), "ES")
    came = await registry.train_market(own.database, Scope(), own.settings.data_dir, "ES")
    assert (came.verdict.replaces, came.verdict.reason) == (True, "not_worse")
    after = await registry.active_model(own.database, Scope(), "ES")
    assert after[0] != before[0]
    assert (await own.valuation(Scope(), "ES")).version == came.version


async def test_without_promotion_it_is_compared_and_nothing_changes(own: Resources) -> None:
    before = await registry.active_model(own.database, Scope(), "ES")
    files = sorted(p.name for p in own.settings.data_dir.rglob("*"))
    came = await registry.train_market(own.database, Scope(), own.settings.data_dir, "ES", promote=False)
    assert (came.verdict.replaces, came.verdict.reason) == (False, "report_only")
    assert "--no-promote" in came.verdict.sentence("es")
    assert f"{came.verdict.old:.2f} %" in came.verdict.sentence("es")
    assert await registry.active_model(own.database, Scope(), "ES") == before
    assert sorted(p.name for p in own.settings.data_dir.rglob("*")) == files


async def test_a_worse_model_leaves_the_active_one_and_no_file_behind(
    own: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "compare", lambda *_: Verdict(False, "worse", 480, 10.0, 12.0, 1.5, 2.5))
    before = await registry.active_model(own.database, Scope(), "ES")
    files = sorted(p.name for p in own.settings.data_dir.rglob("*"))
    came = await registry.train_market(own.database, Scope(), own.settings.data_dir, "ES")
    assert not came.verdict.replaces
    assert "12.00 %" in came.verdict.sentence("en")
    assert await registry.active_model(own.database, Scope(), "ES") == before
    assert sorted(p.name for p in own.settings.data_dir.rglob("*")) == files


async def test_a_model_that_cannot_be_read_is_always_replaced(own: Resources) -> None:
    _, path = await registry.active_model(own.database, Scope(), "ES")
    (own.settings.data_dir / path / "metadata.json").write_text("{", encoding="utf-8")
    came = await registry.train_market(own.database, Scope(), own.settings.data_dir, "ES")
    assert (came.verdict.replaces, came.verdict.reason) == (True, "unreadable")
    assert (await own.valuation(Scope(), "ES")).version == came.version
