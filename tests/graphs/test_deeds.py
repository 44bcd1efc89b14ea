"""Nothing is told as done that no tool did."""

from __future__ import annotations

import pytest

from graphs.deeds import untrue

STORED, NOTHING = "lead created; contact stored now: email, phone; ask next: city", "lead created; contact stored now: nothing"


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Le abrí un caso para que lo vea un asesor.", ""),
        ("I have opened a case for you.", "gross_yield = 6.13"),
        ("Su caso es el C-1042.", "case C-1041 opened"),
        ("Ya guardé su correo.", NOTHING),
        ("I saved your phone number.", NOTHING),
        ("Agendé la visita para el martes.", STORED),
        ("Lo llamarán mañana.", STORED),
        ("I have booked a viewing for Friday.", STORED),
        ("Our team will call you tomorrow.", STORED),
    ],
)
def test_what_no_tool_did_is_untrue(sentence: str, found: str) -> None:
    assert untrue(sentence, lambda: found)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Abrí el caso C-1042 con su mensaje.", "case C-1042 opened"),
        ("Guardé su correo y su teléfono.", STORED),
        ("I saved your contact details.", STORED),
        ("En ese caso la rentabilidad baja.", ""),
        ("Se puede reservar con un anticipo.", ""),
        ("En cualquier caso, confirme los gastos.", ""),
        ("Un asesor puede llamarlo si lo autoriza.", ""),
        ("Si quiere, abro un caso.", ""),
        ("¿Autoriza que guarde su contacto?", NOTHING),
        ("Agende una cita cuando quiera.", ""),
        ("El piso está reservado.", ""),
        ("Rents are reserved for residents.", ""),
    ],
)
def test_what_was_done_or_only_spoken_of_may_be_told(sentence: str, found: str) -> None:
    assert not untrue(sentence, lambda: found)
