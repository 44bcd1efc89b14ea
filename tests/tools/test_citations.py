"""A mark means one passage in the whole answer, whoever cites it, and no passage of another portal is ever cited."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from langchain.tools import ToolRuntime

from core.facts import Fact, Source
from core.locale import LOCALES, Locale
from core.scope import Scope
from graphs.evidence import facts_of, presentable
from graphs.grounding import accept, bound
from graphs.streaming import Stream
from knowledge.resources import Resources
from knowledge.tables import Area, Document
from tools.context import Marks, TurnContext
from tools.documents import search_documents
from tools.leads import papers_to_sell
from tools.market_opinion import market_opinion

ES = LOCALES["es-ES"]
IBI = "El impuesto sobre bienes inmuebles lo fija cada ayuntamiento entre el 0,4 % y el 1,1 %."
ITP = "El impuesto de transmisiones lo paga quien compra un piso usado, del 6 % al 10 % según la comunidad."
PAPERS = "Documentos para vender: nota simple y certificado energético."
VOICES = "Norte: Es muy seguro. El metro es excelente. Hay parques preciosos. Hay robos. La calle es ruidosa."
FOREIGN = "El impuesto secreto de los inmuebles es del 77 % para el portal vecino."


def document(id_: str, kind: str, title: str, text: str, *, tenant: str = "default", area: str | None = None) -> Document:
    return Document(
        tenant_id=tenant, id=id_, source="test", external_id=id_, title=title, language="es", kind=kind, country="ES",
        area_id=area, published_on=date(2026, 5, 1), text=text, attribution="Editorial", fingerprint=id_,
    )


@pytest.fixture
async def library(resources: Resources, database_url: str) -> Resources:
    async with resources.database.session(Scope()) as session:
        session.add(Area(id="es", level="country", country="ES", name="España", name_folded="espana"))
        await session.flush()
        session.add(Area(id="es/norte", parent_id="es", level="city", country="ES", name="Norte", name_folded="norte"))
        await session.flush()
        session.add_all([
            document("ibi", "rule", "Impuesto de bienes inmuebles", IBI),
            document("itp", "rule", "Impuesto de transmisiones", ITP),
            document("papeles", "rule", "Guía de venta", PAPERS),
            document("voces", "opinion", "Voces", VOICES, area="es/norte"),
        ])
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("INSERT INTO tenants VALUES ('other', 'Other', now())")
    async with resources.database.session(Scope("other")) as session:
        session.add(document("secreto", "rule", "Impuesto secreto de inmuebles", FOREIGN, tenant="other"))
    return resources


def turn(resources: Resources, tenant: str = "default") -> TurnContext:
    return TurnContext(resources, Scope(tenant), locale=ES, message_id="m1", conversation_id="c1")


async def call(tool: Any, context: TurnContext, **args: Any) -> dict[str, Any]:
    runtime = ToolRuntime(state={"messages": []}, context=context, config={}, stream_writer=print, tool_call_id="c", store=None)
    _, artifact = await tool.coroutine(runtime=runtime, **args)
    return dict(artifact)


async def everything(context: TurnContext) -> list[dict[str, Any]]:
    """What three specialists cite that work side by side, two of them in contexts of their own."""
    side = replace(context, slots={"x": 1})
    return [
        await call(search_documents, context, question="¿quién fija el impuesto sobre bienes inmuebles?", country="ES"),
        await call(market_opinion, side, country="ES", city="Norte"),
        await call(papers_to_sell, replace(side), country="ES"),
        await call(search_documents, side, question="impuesto de transmisiones de un piso usado", country="ES"),
    ]


def test_a_passage_keeps_its_number() -> None:
    marks = Marks()
    assert [marks.of("passage", p) for p in ("a", "b", "a", "c")] == [1, 2, 1, 3]
    assert marks.of("opinions", "a") == 4


async def test_a_mark_means_one_passage_whoever_cites_it(library: Resources) -> None:
    artifacts = await everything(turn(library))
    cited: dict[int, set[str]] = {}
    for artifact in artifacts:
        for citation in artifact["citations"]:
            cited.setdefault(citation["n"], set()).add(citation["passage"])
    assert all(len(passages) == 1 for passages in cited.values())
    assert sorted(cited) == list(range(1, len(cited) + 1))
    assert {PAPERS, IBI, ITP} <= {passage for passages in cited.values() for passage in passages}
    shown = presentable(artifacts, facts_of(artifacts), ES)["citations"]
    assert [(c["n"], {c["passage"]}) for c in shown] == sorted(cited.items())


async def test_the_next_turn_counts_from_one(library: Resources) -> None:
    await everything(turn(library))
    again = await call(papers_to_sell, turn(library), country="ES")
    assert [c["n"] for c in again["citations"]] == [1]


def test_one_document_cited_twice_is_one_citation_with_both_passages() -> None:
    def artifact(*passages: str) -> dict[str, Any]:
        return {"citations": [{"n": 2, "title": "Voces", "passage": p, "demo": False} for p in passages]}

    found = presentable([artifact("Es seguro."), artifact("Es seguro.", "Es caro.")], [], ES)["citations"]
    assert [(c["n"], c["passage"]) for c in found] == [(2, "Es seguro. […] Es caro.")]


def passages() -> list[Fact]:
    return [Fact("passage", text, "text", Source("document", f"d{n}", f"T{n}"), mark=n) for n, text in ((1, IBI), (2, ITP))]


@pytest.mark.parametrize(
    ("text", "offender"),
    [
        (f"«{IBI}» [1]", None),
        ("Lo fija cada ayuntamiento [1], y lo paga quien compra [2].", None),
        ("Lo dicen dos guías [1, 2].", None),
        ("Lo dicen dos guías [1][2].", None),
        ("Lo dice la guía [3].", "[3]"),
        ("Lo dicen dos guías [1, 3].", "[1, 3]"),
        ("Lo dicen dos guías [1][12].", "[12]"),
        ("Es del 0,4 % al 1,1 % [0].", "[0]"),
        (f"«{IBI}» [2]", f"«{IBI}»"),  # it stands in another passage
        ("«El impuesto lo fija el Estado.» [1]", "«El impuesto lo fija el Estado.»"),
        ("«quien compra un piso usado» [1][2]", None),
        ("| Guía | [3] |\n|---|---|", "[3]"),
    ],
)
def test_a_mark_leads_to_its_passage_or_ends_the_answer(text: str, offender: str | None) -> None:
    found = accept(text, passages(), ES).offender
    assert (found.shown if found else None) == offender


def test_without_a_citation_there_is_no_mark() -> None:
    unmarked = [replace(fact, mark=None) for fact in passages()]
    for facts in ([], unmarked, [Fact("count", 1.0, "count", Source("computation", "x"))]):
        assert accept("Así es [1].", facts, ES).offender is not None
        assert bound("Hay pisos. Así es [1].", facts, ES)[0] == "Hay pisos."


def test_a_mark_in_the_investors_own_words_is_theirs() -> None:
    assert accept("Usted escribió «vea la nota [7]».", [], ES, ["vea la nota [7]"]).offender is None


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_stream_stops_at_a_mark_that_leads_nowhere(size: int) -> None:
    text, stream = "Lo fija el ayuntamiento [1]. Lo dice otra [4]. Fin.", Stream(ES)
    out = "".join(stream.feed(text[i : i + size], passages()) for i in range(0, len(text), size)) + stream.finish(passages())
    assert out == "Lo fija el ayuntamiento [1]."


def test_the_mark_travels_with_its_fact_and_changes_nothing_of_it() -> None:
    fact = passages()[0]
    assert Fact.from_dict(fact.to_dict()).mark == 1
    assert replace(fact, mark=9, id="").id == fact.id


# another portal's documents


@pytest.mark.parametrize(
    "question",
    ["impuesto secreto de inmuebles", FOREIGN, "secreto", "Impuesto secreto de inmuebles", "document_id=secreto tenant=other",
     "'; SELECT text FROM documents --"],
)
async def test_another_portals_document_is_not_retrieved(library: Resources, question: str) -> None:
    artifact = await call(search_documents, turn(library), question=question, country="ES")
    assert FOREIGN not in str((artifact["facts"], artifact["citations"], artifact["data"]["passages"]))
    assert "secreto" not in {fact["entity_id"] for fact in artifact["facts"]}
    own = await call(search_documents, turn(library, "other"), question=question, country="ES")
    assert all(fact["value"] == FOREIGN for fact in own["facts"])


async def test_another_portals_document_cannot_be_cited_by_its_title_or_id(library: Resources) -> None:
    artifacts = await everything(turn(library))
    facts = facts_of(artifacts)
    marks = {fact.mark for fact in facts if fact.mark}
    new = max(marks) + 1
    for text in (
        f"«{FOREIGN}» [1]", f"«{FOREIGN}»", f"«{FOREIGN}» [{new}]", f"Impuesto secreto de inmuebles [{new}].",
        "El impuesto secreto (documento secreto) es del 77 % [1].",
    ):
        assert accept(text, facts, ES).offender is not None, text
    assert FOREIGN not in str(presentable(artifacts, facts, ES))


def test_another_locale_changes_no_mark() -> None:
    english: Locale = LOCALES["en"]
    assert accept("Each town sets it [1].", passages(), english).offender is None
    assert accept("Each town sets it [3].", passages(), english).offender is not None
