"""What documents say of a place: the sentences about it, each judged, counted by topic, with the passage it stands in.

A sentence is about a place where its document is of that place, where it names it, or where its paragraph begins by naming it.
Few opinions are shown but not summed up. What documents say is data: sentences that instruct the assistant are dropped, and
nothing in them is followed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.facts import Source
from knowledge.listings.areas import AreaRef
from knowledge.market.pace import wilson
from knowledge.market.sentiment.lexicon import topics
from knowledge.market.sentiment.model import Label, read
from knowledge.tables.market import OPINION
from knowledge.understanding.gazetteer import default_places
from knowledge.understanding.injection import without_orders
from knowledge.understanding.text import fold

#: Fewer opinions than this are quoted and not summed up; a topic needs this many.
FEWEST, FEWEST_OF_TOPIC = 5, 3
#: Documents read for one place, newest first; characters of a quote.
MOST_DOCUMENTS, QUOTE = 300, 280
#: A sentence counts as an opinion from this probability of its label on; one of a guide or a note, which gathers none, from a
#: higher one.
SURE, SURE_ELSEWHERE = 0.5, 0.8
_SENTENCES = re.compile(r"(?<=[.!?…])\s+")
_TWIN = re.compile(r"[-_.](es|en)$")
_DOCUMENTS = text(
    "SELECT id, external_id, source, title, language, kind, area_id, published_on, text, attribution, demo FROM documents"
    " WHERE country = :country AND kind <> 'rule' AND (area_id IS NULL OR area_id = ANY(:above) OR area_id LIKE :below)"
    " AND (kind = 'opinion' OR language = :language)"
    " ORDER BY published_on DESC, id LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A document as read."""

    id: str
    external_id: str
    source: str
    title: str
    language: str
    kind: str
    area_id: str | None
    published_on: date
    text: str
    attribution: str
    demo: bool

    def cite(self) -> Source:
        return Source("document", self.id, self.title, self.attribution or self.source, self.demo)


@dataclass(frozen=True, slots=True)
class Opinion:
    """One judged sentence with where it stands; `sure` is the probability of its label."""

    quote: str
    label: Label
    sure: float
    topics: tuple[str, ...]
    document: Text


@dataclass(frozen=True, slots=True)
class Tally:
    """How many opinions are good and bad; `share` of good ones (0 to 1) with its interval, None where they are few."""

    good: int
    bad: int
    share: float | None
    low: float | None
    high: float | None

    @property
    def count(self) -> int:
        return self.good + self.bad


@dataclass(frozen=True, slots=True)
class Opinions:
    """The opinions of a place, whole and by topic, with how many sentences judge nothing and how many documents spoke."""

    whole: Tally
    topics: dict[str, Tally]
    neutral: int
    documents: int
    opinions: tuple[Opinion, ...]


async def documents_about(session: AsyncSession, area: AreaRef, language: str) -> list[Text]:
    """The tenant's documents that may speak of an area: of itself, of what lies in it, of its city and country. Of a document
    that exists in both languages only the reader's."""
    parts = area.id.split("/")
    rows = await session.execute(_DOCUMENTS, {
        "country": area.country, "above": ["/".join(parts[:n]) for n in range(1, len(parts) + 1)], "below": f"{area.id}/%",
        "language": language, "most": MOST_DOCUMENTS,
    })
    found: dict[tuple[str, str], Text] = {}
    for row in (Text(**r._mapping) for r in rows):
        key = (row.source, _TWIN.sub("", row.external_id))
        if key not in found or row.language == language:
            found[key] = row
    return list(found.values())


def about(texts: Sequence[Text], area: AreaRef) -> list[tuple[str, Text]]:
    """The sentences that speak of the area, as they stand, with their documents."""
    names = _names(area)
    found: list[tuple[str, Text]] = []
    for document in texts:
        own = document.area_id is not None and (document.area_id == area.id or document.area_id.startswith(f"{area.id}/"))
        for paragraph in document.text.split("\n\n"):
            sentences = [s.strip() for s in _SENTENCES.split(paragraph) if s.strip()]
            headed = bool(sentences) and fold(sentences[0]).startswith(names)
            found += [(s, document) for s in sentences if own or headed or _mentions(s, names)]
    return [(kept, document) for sentence, document in found if (kept := without_orders(sentence))]


def read_opinions(texts: Sequence[Text], area: AreaRef) -> Opinions:
    """What the documents say of the area. The same sentence in several documents counts once."""
    names = _names(area)
    judged: dict[str, Opinion] = {}
    for sentence, document in about(texts, area):
        bare = _unheaded(sentence, names)
        reading = read(bare)
        judged.setdefault(fold(bare), Opinion(bare[:QUOTE], reading.label, reading.probabilities[reading.label], topics(bare),
                                              document))
    meant = [
        o for o in judged.values()
        if o.label != "0" and o.sure >= (SURE if o.document.kind == OPINION else SURE_ELSEWHERE)
    ]
    by_topic = {
        topic: tally([o for o in meant if topic in o.topics], FEWEST_OF_TOPIC)
        for topic in sorted({t for o in meant for t in o.topics})
    }
    ranked = sorted(meant, key=lambda o: (-o.sure, -o.document.published_on.toordinal(), o.quote))
    spoke = len({o.document.id for o in meant})
    return Opinions(tally(meant, FEWEST), by_topic, len(judged) - len(meant), spoke, tuple(ranked))


def tally(opinions: Sequence[Opinion], fewest: int) -> Tally:
    """Good and bad ones counted; the share of good ones from `fewest` on."""
    good = sum(o.label == "+" for o in opinions)
    count = len(opinions)
    if count < fewest:
        return Tally(good, count - good, None, None, None)
    return Tally(good, count - good, good / count, *wilson(good, count))


def _names(area: AreaRef) -> tuple[str, ...]:
    """How a text may name an area, folded."""
    spelled = [area.name, *default_places().spellings(area.name)]
    return tuple(dict.fromkeys(fold(name) for name in spelled if len(name) > 2))


def _mentions(sentence: str, names: tuple[str, ...]) -> bool:
    said = f" {' '.join(re.findall(r'[a-z0-9]+', fold(sentence)))} "
    return any(f" {' '.join(re.findall(r'[a-z0-9]+', name))} " in said for name in names)


def _unheaded(sentence: str, names: tuple[str, ...]) -> str:
    """Without the place's name and colon that a paragraph begins with."""
    head, colon, rest = sentence.partition(":")
    return rest.strip() if colon and rest.strip() and fold(head).strip() in names else sentence
