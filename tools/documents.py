"""Passages of documents that answer a question, with citations. Their figures are facts of kind `document`."""

from __future__ import annotations

import re

from langchain.tools import tool

from core.errors import BadInput
from core.facts import Fact, Source
from core.fence import fence
from knowledge.listings.areas import find_city, find_neighbourhood
from tools.context import Runtime
from tools.result import Content, ToolResult

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÁÉÍÓÚÑ¿¡])")
_SHOWN = 2


def excerpt(question: str, passage: str) -> str:
    """The three neighbouring sentences of a passage that share most ideas with the question, word for word."""
    from knowledge.meaning.terms import terms

    sentences = _SENTENCE.split(passage.strip())
    wanted = set(terms(question))
    shared = [len(wanted & set(terms(sentence))) for sentence in sentences]
    starts = range(max(1, len(sentences) - 1))
    best = max(starts, key=lambda i: sum(shared[i : i + 3]))
    return " ".join(sentences[best : best + 3])


def _about(area_id: str | None, kind: str, asked: str | None, named: bool) -> bool:
    """A passage about another place answers nothing; rules and notes of a whole country concern each of its places."""
    if area_id is None or "/" not in area_id:
        return kind == "rule" or not named
    return not named or (asked is not None and (asked == area_id or asked.startswith(f"{area_id}/")))


@tool(response_format="content_and_artifact")
async def search_documents(
    question: str, runtime: Runtime, country: str | None = None, city: str | None = None,
    neighbourhood: str | None = None, kind: str | None = None,
) -> Content:
    """Passages of area guides, market notes and rules about a question, with citations [1], [2]. Quote them, each with its own
    mark; never add to them. country: CO, ES or MX, so that another country's rules never come back. kind: area_guide,
    market_note or rule.
    """
    from knowledge.documents.retrieval import retrieve

    if not question.strip():
        raise BadInput("The question is empty.", "La pregunta está vacía.")
    context = runtime.context
    result = ToolResult()
    code = country.upper() if country else None
    async with context.resources.database.session(context.scope) as session:
        area = await find_city(session, city, code) if city else None
        if neighbourhood:
            area = await find_neighbourhood(session, neighbourhood, area.id if area else None, code) or area
    index = await context.resources.meaning_or_offline(context.scope)
    found = await retrieve(
        context.resources.database, context.scope, index, question, country=code, area_id=area.id if area else None,
        kind=kind, language=context.locale.language, n=6,
    )
    spoken = context.locale.language
    about = [p for p in found.passages if _about(p.area_id, p.kind, area.id if area else None, bool(city or neighbourhood))]
    passages = ([p for p in about if p.language == spoken] or about)[:_SHOWN]
    if found.degraded:
        context.resources.lost_meaning()
        result.gap("degraded", what="meaning search")
    result.data = {"passages": []}
    for passage in passages:
        number = context.marks.of("passage", passage.id)
        source = Source("document", passage.id, passage.title, passage.attribution or passage.source, passage.demo)
        entity = passage.title
        quoted = result.add(
            Fact("passage", passage.text, "text", source, entity=entity, entity_id=passage.document_id,
                 as_of=passage.published_on.isoformat(), mark=number), say=False,
        )
        result.data["passages"].append(
            {"n": number, "id": quoted, "title": passage.title, "excerpt": excerpt(question, passage.text),
             "published_on": passage.published_on.isoformat(), "kind": passage.kind}
        )
        result.citations.append(
            {"n": number, "title": passage.title, "source": passage.attribution or passage.source,
             "published_on": passage.published_on.isoformat(), "passage": passage.text, "demo": passage.demo}
        )
        result.say(f"[{number}] {passage.title} ({passage.published_on}): {fence('passage', passage.text)}")
    if not passages:
        result.gap("no_data", what="documents", place=city or code or "")
    return result.done()
