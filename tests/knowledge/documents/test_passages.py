"""Cutting documents, and the pure part of ranking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge.documents.llama import PASSAGE_WORDS, passages
from knowledge.documents.passages import document_of
from knowledge.documents.ranking import place_factor, place_terms, rank
from tests.knowledge.documents.samples import document


def test_a_short_document_is_one_passage_with_its_text() -> None:
    [only] = passages([document("co-predial")])
    assert only.id == "co-predial#1"
    assert only.text == document("co-predial").text


def test_a_long_document_is_cut_at_sentences_with_stable_ids() -> None:
    long = document("es-itp")
    sentences = [f"¿Frase número {i} con varias palabras dentro?" for i in range(100)]
    long.text = " ".join(sentences)
    found = passages([long])
    assert [passage.id for passage in found] == [f"es-itp#{n}" for n in range(1, len(found) + 1)]
    assert len(found) > 4
    assert found == passages([long])
    for passage in found:
        assert len(passage.text.split()) <= PASSAGE_WORDS
        assert passage.text.startswith("¿")
        assert passage.text.endswith("?")
    assert all(any(sentence in passage.text for passage in found) for sentence in sentences)


@pytest.mark.parametrize("text", ["", "   ", "palabra " * 1000, "x" * 20000, "sin punto final"])
def test_odd_texts_do_no_harm(text: str) -> None:
    odd = document("es-ibi")
    odd.text = text
    assert all(document_of(passage.id) == "es-ibi" for passage in passages([odd]))


def test_the_source_of_an_id_may_hold_the_separator() -> None:
    assert document_of("guide#1#2") == "guide#1"


def test_names_of_places_rank_but_do_not_qualify() -> None:
    candidates = passages([document("co-guide"), document("co-market")])
    assert rank("el clima de Bogotá", candidates, None, relevant=0.3, area_id="co/bogota") == []
    assert rank("Chapinero", candidates, None, relevant=0.3)[0].document_id == "co-guide"
    assert {"bogot", "chapiner", "=colombia"} <= place_terms(["co/bogota/chapinero", None])


def test_of_a_document_and_its_translation_the_askers_language_comes_first() -> None:
    [spanish] = passages([document("co-predial")])
    english = replace(spanish, id="co-predial-en#1", document_id="co-predial-en", language="en")
    for language in ("es", "en"):
        best = rank("predial", [spanish, english], [0.5, 0.5], relevant=0.3, language=language)[0]
        assert best.language == language


@pytest.mark.parametrize(
    ("area_id", "asked", "closer_than"),
    [("co/bogota/chapinero", "co/bogota", "co/medellin"), (None, "co/bogota", "co/medellin"),
     ("co/bogota", "co/bogota/chapinero", "co/bogota/usaquen"),
     ("co/bogota/usaquen", "co/bogota/chapinero", "co/cali")],
)
def test_nearer_places_keep_more_of_their_score(area_id: str | None, asked: str, closer_than: str) -> None:
    assert place_factor(area_id, asked) > place_factor(closer_than, asked)
