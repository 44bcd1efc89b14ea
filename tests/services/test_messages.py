"""The one check of a message: what is stored is text that a person can see, and nothing that they wrote is lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from services.messages import MAX_CHARACTERS, checked


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  hola\n", "hola"),
        ("uno\r\ndos\rtres\ncuatro\tcinco", "uno\ndos\ntres\ncuatro\tcinco"),
        ("Bogota\u0301", "Bogotá"),
        ("ho\x07la", "hola"),
        ("\ufeffhola", "\ufeffhola"),
        ("👩‍👩‍👧 ¿cabemos?", "👩‍👩‍👧 ¿cabemos?"),
        ("🫨🫨🫨🫨", "🫨🫨🫨🫨"),  # newer than the Unicode of Python 3.11
        ("مرحبا", "مرحبا"),
        ("?", "?"),
        ("x" * MAX_CHARACTERS, "x" * MAX_CHARACTERS),
        ("caf\ufffd", "caf\ufffd"),
    ],
)
def test_text_is_kept_as_written_but_for_its_form(written: str, stored: str) -> None:
    assert checked(written) == stored


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "empty_message"), (" \n\t ", "empty_message"), ("\u00a0\u2003", "empty_message"),
        ("\u200b\u200d\ufeff", "empty_message"), ("\x07\x07", "empty_message"), ("\ud800", "empty_message"),
        ("x" * (MAX_CHARACTERS + 1), "message_too_long"), ("a\0b", "binary_message"), ("\0", "binary_message"),
        ("\x01\x02\x03hola", "binary_message"), ("\ufffd\ufffd\ufffdPNG", "binary_message"),
        ("\ue000\ue001\ue002", "binary_message"),
    ],
)
def test_what_is_no_message_is_refused_in_both_languages(written: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked(written)
    assert refused.value.code == code
    assert refused.value.es != refused.value.en
    assert (refused.value.status, refused.value.exit_code, refused.value.retryable) == (422, 2, False)


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_string_is_refused_or_can_be_stored(written: str) -> None:
    try:
        stored = checked(written)
    except BadInput:
        return
    assert stored.encode("utf-8").decode("utf-8") == stored
    assert stored == stored.strip()
    assert any(not c.isspace() for c in stored)
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in stored)
    assert checked(stored) == stored
