"""Finding passages: across languages, in the right country, with nothing for what no document is about."""

from __future__ import annotations

import pytest

from core.database import Database
from core.scope import Scope
from knowledge.documents import retrieval
from knowledge.documents.index import rebuild
from knowledge.documents.retrieval import Retrieved, retrieve
from knowledge.meaning.chroma import MeaningIndex
from knowledge.meaning.embedding import BuiltinEmbedder

QUESTIONS = [
    ("how is the property tax set?", "CO", "co-predial"),
    ("how is the property tax set?", "ES", "es-ibi"),
    ("¿qué impuestos paga quien compra un piso usado?", "ES", "es-itp"),
    ("is there a cap on rents in Barcelona?", "ES", "es-rent-cap"),
    ("¿puede un extranjero comprar cerca de la playa?", "MX", "mx-trust"),
    ("where do foreign retirees restore colonial houses?", "MX", "mx-merida"),
    ("¿crece la demanda de arriendo?", "CO", "co-market"),
    ("nightlife and restaurants near universities", "CO", "co-guide"),
]
#: Asked with meaning search and without: both must hold.
OFFLINE = MeaningIndex("http://127.0.0.1:9", BuiltinEmbedder())


@pytest.fixture(params=["meaning", "keywords"])
async def ready(
    request: pytest.FixtureRequest, filled: Database, scope: Scope, index: MeaningIndex
) -> tuple[Database, MeaningIndex, bool]:
    """The filled database with an index that answers, or with one whose server is down."""
    if request.param == "keywords":
        return filled, OFFLINE, True
    await rebuild(filled, scope, index)
    return filled, index, False


def ids(found: Retrieved) -> list[str]:
    return [passage.document_id for passage in found.passages]


async def test_questions_find_their_document_in_either_language(
    ready: tuple[Database, MeaningIndex, bool], scope: Scope
) -> None:
    database, index, degraded = ready
    for question, country, wanted in QUESTIONS:
        found = await retrieve(database, scope, index, question, country=country)
        assert found.degraded is degraded
        assert ids(found)[:1] == [wanted], question
        assert all(passage.country == country for passage in found.passages)
        assert all(0 < passage.score <= 1 for passage in found.passages)


async def test_what_no_document_is_about_finds_nothing(
    ready: tuple[Database, MeaningIndex, bool], scope: Scope
) -> None:
    database, index, _ = ready
    for question in ("weather", "What's the weather in Bogotá today?", "receta de arepas", "¡Hola!", "…", "x" * 5000):
        assert ids(await retrieve(database, scope, index, question)) == [], question
    assert ids(await retrieve(database, scope, index, "fideicomiso", country="CO")) == []


async def test_the_asked_place_comes_first(ready: tuple[Database, MeaningIndex, bool], scope: Scope) -> None:
    database, index, _ = ready
    in_bogota = await retrieve(database, scope, index, "nightlife", area_id="co/bogota/chapinero")
    in_medellin = await retrieve(database, scope, index, "nightlife", area_id="co/medellin")
    assert ids(in_bogota)[0] == "co-guide"
    assert ids(in_medellin)[0] == "co-medellin"
    what_is_it_like = await retrieve(database, scope, index, "¿Cómo es Chapinero?", area_id="co/bogota/chapinero")
    assert ids(what_is_it_like)[0] == "co-guide"


async def test_a_passage_carries_what_a_citation_needs(
    ready: tuple[Database, MeaningIndex, bool], scope: Scope
) -> None:
    database, index, _ = ready
    found = (await retrieve(database, scope, index, "impuesto predial", country="CO", kind="rule")).passages[0]
    assert (found.id, found.document_id, found.title) == ("co-predial#1", "co-predial", "Impuesto predial en Colombia")
    assert (found.kind, found.language, found.country, found.area_id) == ("rule", "es", "CO", None)
    assert (found.published_on.isoformat(), found.attribution) == ("2026-10-01", "Editorial de prueba")
    assert (found.url, found.source, found.demo) == ("https://example.org/co-predial", "test", True)
    assert found.text.startswith("El impuesto predial lo cobra cada municipio")


async def test_a_tenant_finds_nothing_of_another(ready: tuple[Database, MeaningIndex, bool]) -> None:
    database, index, _ = ready
    assert ids(await retrieve(database, Scope(tenant="other"), index, "impuesto predial", country="CO")) == []


async def test_many_documents_are_filtered_by_word_in_postgresql(
    filled: Database, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "MOST_DOCUMENTS", 2)
    found = await retrieve(filled, scope, OFFLINE, "colonial houses")
    assert ids(found) == ["mx-merida"]
    assert found.degraded
    assert found.problem is not None


def test_accents_fold_one_to_one() -> None:
    assert len(retrieval._ACCENTED) == len(retrieval._PLAIN)
