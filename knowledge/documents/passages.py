"""A passage: the piece of a document that is found, shown and cited. Passages are derived, never stored in PostgreSQL.

Its id is `<document id>#<n>`, n from 1, and depends on the document's text alone, so a citation stays good when the
index is rebuilt. Nothing here imports llama-index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from knowledge.tables import Document

#: Raised when passages are cut or labelled otherwise: documents are then indexed again although their text is the same.
FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Passage:
    """`score` in [0, 1] says how well it fits the question that found it; 0 where none did."""

    id: str
    document_id: str
    text: str
    title: str
    kind: str
    language: str
    country: str
    area_id: str | None
    published_on: date
    source: str
    attribution: str
    url: str
    demo: bool
    score: float = 0.0


def labels(document: Document) -> dict[str, str | bool]:
    """What is kept beside each passage of a document in the index (flat, no nulls)."""
    return {
        "title": document.title,
        "kind": document.kind,
        "language": document.language,
        "country": document.country,
        "area_id": document.area_id or "",
        "published_on": document.published_on.isoformat(),
        "source": document.source,
        "attribution": document.attribution,
        "url": document.url,
        "demo": document.demo,
        "fingerprint": fingerprint(document.fingerprint),
    }


def fingerprint(of_document: str) -> str:
    """What the index remembers of a document's version."""
    return f"{FORMAT}:{of_document}"


def document_of(passage_id: str) -> str:
    """`guide-7#2` -> `guide-7`."""
    return passage_id.rpartition("#")[0]


def passage(id_: str, text: str, found: Mapping[str, Any]) -> Passage:
    """The passage with this id and text, from the labels kept beside it."""
    return Passage(
        id=id_,
        document_id=document_of(id_),
        text=text,
        title=str(found["title"]),
        kind=str(found["kind"]),
        language=str(found["language"]),
        country=str(found["country"]),
        area_id=str(found["area_id"]) or None,
        published_on=date.fromisoformat(str(found["published_on"])),
        source=str(found["source"]),
        attribution=str(found["attribution"]),
        url=str(found["url"]),
        demo=bool(found["demo"]),
    )
