"""What documents say of a place: good and bad counted by topic, with the sentences as evidence and where they stand."""

from __future__ import annotations

from typing import Any

from langchain.tools import tool

from core.facts import Fact, Source
from core.fence import fence
from knowledge.market.opinions import Opinion, Tally, documents_about, read_opinions
from tools.context import Marks, Runtime
from tools.market_area import asked, market_area
from tools.result import Content, ToolResult

#: Sentences shown for each side, and topics.
QUOTES, TOPICS = 3, 5


@tool(response_format="content_and_artifact")
async def market_opinion(
    runtime: Runtime, country: str | None = None, city: str | None = None, neighbourhood: str | None = None,
) -> Content:
    """What the documents say of a place, in Spanish and English: how many opinions are good and bad, by topic (security,
    transport, price, supply, noise, services, surroundings, building), with quotes, their document and date. Judged by a
    lexicon and a small model: about one sentence in eight is read wrongly, so quote the evidence. Few opinions are quoted, not
    summed up.
    """
    context = runtime.context
    result = ToolResult()
    place = asked(runtime, country, city, neighbourhood)
    result.data = {"place": place, "area": None, "found": False, "share": None, "topics": [], "good": [], "bad": []}
    async with context.resources.database.session(context.scope) as session:
        at = await market_area(session, runtime, country, city, neighbourhood)
        texts = await documents_about(session, at.area, context.locale.language) if at is not None else []
    if at is None:
        result.gap("no_data", what="opinions", place=place)
        return result.done()
    found = read_opinions(texts, at.area)
    demo = any(o.document.demo for o in found.opinions)
    result.data |= {"area": at.area.place, "exact": at.exact, "others": list(at.others), "demo": demo}
    if not found.whole.count:
        result.gap("no_data", what="opinions", place=place)
        return result.done()
    source = Source("computation", f"opinions/{at.area.id}", "sentiment", "", demo)

    def count(key: str, value: int, entity: str = at.area.place) -> str:
        return result.add(Fact(key, value, "count", source, entity=entity, entity_id=at.area.id))

    def share(key: str, told: Tally, entity: str = at.area.place) -> str | None:
        if told.share is None or told.low is None or told.high is None:
            return None
        return result.add(Fact(
            key, told.share * 100, "percent", source, entity=entity, entity_id=at.area.id, low=told.low * 100,
            high=told.high * 100, level=0.9, formula=f"{told.good} ÷ {told.count} × 100",
        ))

    result.data |= {
        "found": True, "count": count("opinions", found.whole.count), "good_count": count("opinions_good", found.whole.good),
        "bad_count": count("opinions_bad", found.whole.bad), "documents": count("opinion_documents", found.documents),
        "share": share("opinions_share", found.whole),
        "topics": [
            {"name": name, "count": count(f"opinions_{name}", told.count), "good": count(f"opinions_{name}_good", told.good),
             "share": share(f"opinions_{name}_share", told), "lean": _lean(told)}
            for name, told in sorted(found.topics.items(), key=lambda t: (-t[1].count, t[0])) if told.share is not None
        ][:TOPICS],
    }
    result.evidence["sample"] = found.whole.count
    if found.whole.share is None:
        result.gap("thin_data", what="opinions", place=at.area.place)
    cited: dict[str, dict[str, Any]] = {}
    for side, label in (("good", "+"), ("bad", "-")):
        chosen = _various([o for o in found.opinions if o.label == label])
        result.data[side] = [_quote(result, o, cited, context.marks) for o in chosen]
    return result.done()


def _lean(told: Tally) -> str:
    """Which way a topic leans: good, bad, or divided."""
    share = told.share or 0.0
    return "good" if share >= 2 / 3 else "bad" if share <= 1 / 3 else "divided"


def _various(opinions: list[Opinion]) -> list[Opinion]:
    """The surest sentence of each topic first, then the rest."""
    seen: set[str] = set()
    first: list[Opinion] = []
    rest: list[Opinion] = []
    for opinion in opinions:
        fresh = not opinion.topics or not seen & set(opinion.topics)
        seen |= set(opinion.topics)
        (first if fresh else rest).append(opinion)
    return [*first, *rest][:QUOTES]


def _quote(result: ToolResult, opinion: Opinion, cited: dict[str, dict[str, Any]], marks: Marks) -> dict[str, Any]:
    """The sentence with the number of its document; `cited` are the citations so far by document."""
    document = opinion.document
    citation = cited.get(document.id)
    if citation is None:
        citation = cited[document.id] = {
            "n": marks.of("opinions", document.id), "title": document.title, "source": document.attribution or document.source,
            "published_on": document.published_on.isoformat(), "passage": opinion.quote, "demo": document.demo,
        }
        result.citations.append(citation)
    elif opinion.quote not in citation["passage"]:  # one document, several of its sentences
        citation["passage"] += f" […] {opinion.quote}"
    n = citation["n"]
    quoted = result.add(Fact("opinion_quote", opinion.quote, "text", document.cite(), entity=document.title,
                             entity_id=document.id, as_of=document.published_on.isoformat(), mark=n), say=False)
    result.say(f"[{n}] {document.title} ({document.published_on}): {fence('passage', opinion.quote)}")
    return {"n": n, "id": quoted, "quote": opinion.quote, "topics": list(opinion.topics), "title": document.title,
            "published_on": document.published_on.isoformat()}
