"""The glossary: every term in both languages, without a figure, and under names that no other term has."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from agents.supervisor import SPECIALISTS
from core.locale import LOCALES
from core.words import _table, glossary_names, meaning
from knowledge.understanding.text import fold

TERMS = sorted(_table("glossary"))


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_explained_in_both_languages_without_a_figure(term: str) -> None:
    texts = {meaning(term, LOCALES[code]) for code in ("es-CO", "en")}
    assert len(texts) == 2
    assert all(text.startswith("**") or " **" in text or text[0].isupper() for text in texts)
    assert not any(re.search(r"\d", text) for text in texts)  # a figure would need a source


def test_names_are_written_as_they_are_looked_up_and_belong_to_one_term() -> None:
    names = [name for entry in _table("glossary").values() for name in entry["names"].split("|")]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for name in names if fold(name) != name] == []
    assert {route for _, route in glossary_names().values()} <= set(SPECIALISTS)
