"""What a model says: everything but what it thinks aloud, the same however its text is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.speech import Speech


def heard(pieces: list[str]) -> str:
    speech = Speech()
    return "".join([*(speech.hear(piece) for piece in pieces), speech.rest()])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("La rentabilidad es 6,13 %.", "La rentabilidad es 6,13 %."),
        ("<think>Hm, 450…</think>\n\nSon 6,13 %.", "Son 6,13 %."),
        ("<thinking>\nHm\n</thinking>Son 6,13 %.", "Son 6,13 %."),
        ("Hola. <think>Hm</think>Adiós.", "Hola. Adiós."),
        ("Hola.<think>Hm</think>\nAdiós.", "Hola.\nAdiós."),
        ("<think>a</think><think>b</think>Sí.", "Sí."),
        ("<think>a <think> b</think>Sí.", "Sí."),  # who thinks of the tag still ends at the first end
        ("<think>a<think>b</think>c</think>d", "cd"),
        ("ya pensé</think>Sí.", "ya penséSí."),
        ("<think>sin fin", ""),
        ("<think>sin fin</thi", ""),
        ("Sí.<think>sin fin", "Sí."),
        ("<think></think>", ""),
        ("", ""),
        (" \n", ""),
        ("a < b y c > d", "a < b y c > d"),
        ("menos de <", "menos de <"),
        ("<thin", "<thin"),
        ("<thinker>x</thinker>", "<thinker>x</thinker>"),
        ("<thi<think>x</think>y", "<thiy"),
        ("| a | <br> |", "| a | <br> |"),
    ],
)
def test_thoughts_are_not_said(text: str, said: str) -> None:
    assert Speech.whole(text) == said
    assert heard(list(text)) == said


MARKS = ["<think>", "</think>", "<thinking>", "</thinking>", "<", ">", "</", "<thi", "nk>", "a", "6,13 %", " ", "\n", "think"]


@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=4), max_size=20).map("".join), st.data())
def test_any_cutting_of_a_text_gives_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=len(text))))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert "".join(pieces) == text
    assert heard(pieces) == Speech.whole(text)


@given(st.text(alphabet=st.characters(exclude_characters="<"), max_size=60))
def test_a_text_without_tags_is_said_as_it_is(text: str) -> None:
    assert Speech.whole(text) == text.lstrip()


@given(st.lists(st.sampled_from([*MARKS[:4], "a", " ", "\n"]), max_size=15).map("".join))
def test_no_tag_is_left_and_no_end_is_missed(text: str) -> None:
    assert "think" not in Speech.whole(text)
    assert Speech.whole(f"<think>{text}</think>x").endswith("x")


def test_words_are_said_as_soon_as_they_are_sure() -> None:
    speech = Speech()
    assert speech.hear("Son ") == "Son "
    assert speech.hear("menos de <") == "menos de "
    assert speech.hear("thi") == ""
    assert speech.hear("rteen> ") == "<thirteen> "
    assert speech.hear("hoy <think>a") == "hoy "
    assert speech.hear("b</thi") == ""
    assert speech.hear("nk> ya") == " ya"
    assert speech.rest() == ""


def test_a_long_thought_is_not_kept() -> None:
    speech = Speech()
    speech.hear("<think>")
    for _ in range(1000):
        assert speech.hear("y entonces ") == ""
    assert len(speech._held) < 20
    assert speech.hear("</think>Sí.") == "Sí."
