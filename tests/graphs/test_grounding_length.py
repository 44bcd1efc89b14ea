"""However long a text is, and however it comes: looking at it takes work in proportion to it, and a model's has an end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.facts import Fact, Source
from core.locale import LOCALES
from graphs import grounding, streaming
from graphs import sentences as where_they_end
from graphs.drafts import LONGEST, Drafting
from graphs.sentences import quotations, sentences
from graphs.streaming import LONGEST_PENDING, Stream

ES = LOCALES["es-CO"]
YIELD = Fact("gross_yield", 6.13, "percent", Source("computation", "gross_yield"))
ENDLESS = {
    "abbreviations": "A. ", "openings": "« ", "rows of a table": "| a | b | 6,13 % |\n", "words": "palabra ", "letters": "x",
    "one quotation": "«palabra " + "x" * 8, "dots": ".", "signs": "<",
}


def drafted() -> Stream:
    stream = Stream(ES)
    stream.drafting = Drafting("es", expected=False)
    return stream


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the texts that were cut into sentences."""
    lengths: list[int] = []

    def counting(text: str) -> list[tuple[int, int]]:
        lengths.append(len(text))
        return sentences(text)

    for module in (where_they_end, grounding, streaming):
        monkeypatch.setattr(module, "sentences", counting)
    return lengths


@pytest.mark.parametrize("unit", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_huge_text_in_one_piece_is_not_even_looked_at(unit: str, looked_at: list[int]) -> None:
    stream = drafted()
    assert stream.feed(unit * (500_000 // len(unit)), [YIELD]) == ""
    assert stream.offender is not None
    assert (stream.offender.kind, stream.shown, looked_at) == ("rambling", "", [])
    assert len(stream.offender.sentence) <= 200


@pytest.mark.parametrize("unit", ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.parametrize("step", [1, 7])
def test_what_comes_in_small_pieces_without_an_end_is_looked_at_a_few_times(unit: str, step: int, looked_at: list[int]) -> None:
    stream, text = drafted(), unit * (2 * LONGEST // len(unit) + 1)
    for at in range(0, len(text), step):
        stream.feed(text[at : at + step], [YIELD])
    assert stream.offender is not None
    assert (stream.offender.kind, stream.shown) == ("rambling", "")
    assert sum(looked_at) < 60 * LONGEST_PENDING
    assert len(stream.fed) <= LONGEST + step


def test_a_sentence_that_has_no_end_is_none_and_what_stands_before_it_stays() -> None:
    stream = drafted()
    shown = stream.feed("La rentabilidad es 6,13 %. " + "palabra " * (LONGEST_PENDING // 8 + 1), [YIELD])
    assert shown == "La rentabilidad es 6,13 %."
    assert stream.offender is not None
    assert stream.offender.kind == "rambling"


def test_after_it_another_text_may_follow() -> None:
    stream = drafted()
    stream.feed("x" * (LONGEST + 1), [YIELD])
    stream.restart()
    assert stream.feed("La rentabilidad es 6,13 %.\n", [YIELD]) == "La rentabilidad es 6,13 %."


def test_a_template_may_be_as_long_as_it_is() -> None:
    stream, table = Stream(ES), "| a | 6,13 % |\n" * 420
    assert len(table) > LONGEST
    assert stream.feed(table + "\nYa.", [YIELD]) + stream.finish([YIELD]) == table + "\nYa."


def test_a_table_of_a_usual_length_is_shown_once_it_is_whole() -> None:
    stream, table = drafted(), "| a | 6,13 % |\n" * 40
    for at in range(0, len(table), 3):
        assert stream.feed(table[at : at + 3], [YIELD]) == ""
    assert stream.feed("\nEs la tabla entera de lo que hay en los datos. ", [YIELD]).startswith(table.rstrip())


class Counting:
    """A pattern that counts the characters it is given."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern, self.given = pattern, 0

    def search(self, text: str) -> Any:
        self.given += len(text)
        return self._pattern.search(text)


def test_an_abbreviation_is_looked_for_right_before_the_dot_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = Counting(where_they_end._ABBREVIATION)
    monkeypatch.setattr(where_they_end, "_ABBREVIATION", pattern)
    text = "A. " * 12_000
    assert sentences(text) == [(0, 36_000)]
    assert 0 < pattern.given <= 20 * len(text)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("dice «uno» y «dos»", ["«uno»", "«dos»"]),
        ('dice "uno" y “dos”', ['"uno"', "“dos”"]),
        ("« « « uno»", ["« « « uno»"]),
        ("«» «x» «xy»", ["«xy»"]),
        ('""uno"', ['"uno"']),
        ("«uno\ndos» «tres»", ["«tres»"]),
        (f"«{'x' * 1201}»", []),
        (f"«{'x' * 1200}»", [f"«{'x' * 1200}»"]),
        (f"«{'x' * 9}«{'y' * 1195}»", [f"«{'y' * 1195}»"]),
        ("» uno", []),
        ("", []),
    ],
)
def test_what_stands_in_quotation_marks(text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in quotations(text)] == quoted
