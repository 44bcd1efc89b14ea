"""llama-index over Chroma: cutting documents into passages, storing them, retrieving the nearest.

Importing llama-index takes more than a second: import this module only inside the functions that index or retrieve
documents, in the thread that does the work. The splitter gets our own word counter and sentence cutter; the defaults
load a GPT vocabulary and an English sentence model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from chromadb.api.models.Collection import Collection
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import BaseNode, MetadataMode, QueryBundle
from llama_index.core.schema import Document as LlamaDocument
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from llama_index.vector_stores.chroma import ChromaVectorStore

from knowledge.documents.passages import Passage, labels, passage
from knowledge.meaning.chroma import filters as chroma_filters
from knowledge.meaning.chroma import require_whole
from knowledge.meaning.embedding import Embedder
from knowledge.tables import Document

#: Words in a passage and words repeated from the one before: a paragraph or two, short enough to quote.
PASSAGE_WORDS, OVERLAP_WORDS = 120, 20
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=\n)")


class LadrilloEmbedding(BaseEmbedding):
    """Our embedder in the form that llama-index calls."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.name, embed_batch_size=256)
        self._embedder = embedder

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = self._embedder.embed(texts).tolist()
        return rows

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


@lru_cache(maxsize=1)
def splitter() -> SentenceSplitter:
    """Whole sentences where possible, Spanish or English."""

    def number(position: int, document: BaseNode) -> str:
        return f"{document.node_id}#{position + 1}"

    words: Callable[[str], list[str]] = str.split
    return SentenceSplitter(
        chunk_size=PASSAGE_WORDS,
        chunk_overlap=OVERLAP_WORDS,
        tokenizer=words,
        chunking_tokenizer_fn=_sentences,
        paragraph_separator="\n\n",
        include_prev_next_rel=False,
        id_func=number,
    )


def _sentences(text: str) -> list[str]:
    """The text cut after each sentence, with nothing lost."""
    cuts = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    return [text[a:b] for a, b in pairwise(cuts) if b > a]


def nodes(documents: Sequence[Document]) -> list[BaseNode]:
    """The passages of these documents as llama-index nodes; only the title is embedded along with the text."""
    wrapped = []
    for document in documents:
        kept: dict[str, Any] = labels(document)
        wrapped.append(
            LlamaDocument(
                id_=document.id,
                text=document.text,
                metadata=kept,
                excluded_embed_metadata_keys=[key for key in kept if key != "title"],
                excluded_llm_metadata_keys=list(kept),
                metadata_template="{value}",
                text_template="{metadata_str}\n{content}",
            )
        )
    return list(splitter().get_nodes_from_documents(wrapped))


def passages(documents: Sequence[Document]) -> list[Passage]:
    """The passages of these documents, not scored."""
    return [passage(node.node_id, _text(node), node.metadata) for node in nodes(documents)]


def add(collection: Collection, embedder: Embedder, documents: Sequence[Document]) -> int:
    """Embeds and stores the passages of documents that the collection does not hold; returns how many. Blocking."""
    found = nodes(documents)
    _index(collection, embedder).insert_nodes(found)
    return len(found)


def nearest(
    collection: Collection, embedder: Embedder, question: str, n: int, where: dict[str, str]
) -> list[tuple[Passage, float]]:
    """The n passages nearest to the question among those whose labels equal `where`, with their cosine. Blocking."""
    equal: list[MetadataFilter | MetadataFilters] = [
        MetadataFilter(key=key, value=value, operator=FilterOperator.EQ) for key, value in where.items()
    ]
    retriever = _index(collection, embedder).as_retriever(
        similarity_top_k=n, filters=MetadataFilters(filters=equal) if equal else None
    )
    hits = retriever.retrieve(QueryBundle(question))
    require_whole(collection, len(hits), n, chroma_filters(where))
    # ChromaVectorStore reports exp(-distance); the distance is 1 - cosine
    return [
        (passage(hit.node.node_id, _text(hit.node), hit.node.metadata), 1.0 + math.log(max(hit.score or 0.0, 1e-9)))
        for hit in hits
    ]


def _text(node: BaseNode) -> str:
    return node.get_content(metadata_mode=MetadataMode.NONE).strip()


def _index(collection: Collection, embedder: Embedder) -> VectorStoreIndex:
    return VectorStoreIndex.from_vector_store(
        ChromaVectorStore(chroma_collection=collection),
        embed_model=LadrilloEmbedding(embedder),
        transformations=[splitter()],
    )
