"""Which candidate passages answer a question: cosine and keyword overlap fused, the right place preferred, a floor.

Pure functions. Keywords are the language-neutral terms of `knowledge.meaning.terms`, so a Spanish question overlaps
with an English passage. Names of places rank a passage but never qualify it alone: "the weather in Bogotá" must find
nothing, while "what is Chapinero like?", which asks about nothing but the place, finds its guide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.locale import COUNTRY_NAMES
from knowledge.documents.passages import Passage
from knowledge.meaning.terms import IDEA, broader, terms, weight

#: Okapi BM25's usual constants (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework").
K1, B = 1.2, 0.75
#: Share of the question's weight that a passage must cover, or the score it must reach, to be shown at all.
LEAST_COVERAGE, LEAST_SCORE = 0.4, 0.15
#: Ideas that weigh no more than this (zone, price, living) leave a question about a place one about the place.
LIGHT = 0.5
#: How much is left of the score of a passage about the asked place, a wider one, a neighbour in the city, another city.
SAME_PLACE, WIDER, SAME_CITY, ELSEWHERE = 1.0, 0.9, 0.7, 0.25
#: And of one in the other language.
TRANSLATION = 0.9


def rank(
    question: str,
    candidates: Sequence[Passage],
    cosines: Sequence[float] | None,
    *,
    relevant: float,
    area_id: str | None = None,
    language: str | None = None,
) -> list[Passage]:
    """The candidates worth showing, best first, with their score in [0, 1]; empty where none is about the question.

    `cosines` are theirs to the question, or None where only keywords can tell; `relevant` is the cosine that qualifies
    a passage on its own (see `Embedder`). `language` breaks near ties between a document and its translation.
    """
    asked = set(terms(question))
    if not asked or not candidates:
        return []
    bags = [bag(passage.title, passage.text) for passage in candidates]
    places = asked & place_terms([*(passage.area_id for passage in candidates), area_id])
    said = {key for key in asked - places if weight(key) > LIGHT}
    matched, coverage = overlap(said or asked, bags)
    named = overlap(places, bags)[1]
    kept: list[Passage] = []
    for i, passage in enumerate(candidates):
        cosine = cosines[i] if cosines is not None else None
        near = cosine is not None and cosine >= relevant and coverage[i] > 0
        if coverage[i] < LEAST_COVERAGE and not near:
            continue
        score = 0.45 * matched[i] + 0.45 * coverage[i] + 0.1 * named[i]
        if cosine is not None:
            score = 0.5 * score + 0.5 * min(max(cosine, 0.0) / (2 * relevant), 1.0)
        score *= place_factor(passage.area_id, area_id)
        if language is not None and passage.language != language:
            score *= TRANSLATION
        if score >= LEAST_SCORE:
            kept.append(replace(passage, score=round(float(score), 4)))
    return sorted(kept, key=lambda passage: (-passage.score, passage.id))


@lru_cache(maxsize=1024)
def bag(title: str, text: str) -> Counter[str]:
    """How often each term is said in a passage and its title, broader ideas included. Not to be changed: it is kept."""
    counts: Counter[str] = Counter()
    for key in terms(f"{title}. {text}"):
        counts.update((key, *broader(key)))
    return counts


def overlap(asked: Iterable[str], bags: Sequence[Counter[str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """BM25 as a share of the most it could be, and the share of the question's weight that is present; both (n,).

    Document frequencies are those among the bags. A term that all of them hold still counts its own weight (they are
    all about the question). So does a word that none holds, which may be a filler that the stop words miss; an idea of
    the lexicon is no filler and counts in full.
    """
    lengths = np.array([bag.total() for bag in bags], dtype=float)
    stretch = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0))
    score, present, total = np.zeros(len(bags)), np.zeros(len(bags)), 0.0
    for key in sorted(asked):
        counts = np.array([bag[key] for bag in bags], dtype=float)
        holders = int((counts > 0).sum())
        filler = holders == 0 and not key.startswith(IDEA)
        rarity = 1.0 if filler else math.log(1 + (len(bags) - holders + 0.5) / (holders + 0.5))
        value = weight(key) * max(rarity, 1.0)
        total += value
        present += value * (counts > 0)
        score += value * counts * (K1 + 1) / (counts + stretch)
    return (score / (total * (K1 + 1)), present / total) if total else (score, present)


def place_terms(area_ids: Iterable[str | None]) -> set[str]:
    """Terms that name a country or one of these areas (`co/bogota/chapinero` -> bogot, chapiner)."""
    names = {name for both in COUNTRY_NAMES.values() for name in both.values()}
    for area_id in area_ids:
        names.update(part.replace("-", " ") for part in (area_id or "").split("/")[1:])
    return {key for name in names for key in terms(name)}


def place_factor(area_id: str | None, asked: str | None) -> float:
    """How much of its score a passage about `area_id` (None: the whole country) keeps when `asked` is the place."""
    if asked is None:
        return SAME_PLACE
    own, wanted = (area_id or "").split("/"), asked.split("/")
    if own[: len(wanted)] == wanted:
        return SAME_PLACE
    if len(own) == 1 or wanted[: len(own)] == own:
        return WIDER
    return SAME_CITY if own[:2] == wanted[:2] else ELSEWHERE
