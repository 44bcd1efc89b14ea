"""What a language model is not told, what it is, and how names come back as what they stand for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.privacy import Veil
from knowledge.understanding.understand import default_places, understand

EMAILS = ["ana@correo.es", "ana.lopez+pisos@sub.correo.com.mx", "A_L%x@xn--bcher-kva.example", "ñandú@correo.co"]
PHONES = ["+57 300 123 4567", "+34612345678", "+34 612-345-678", "+52 (55) 1234 5678", "+1 415.555.0132", "+44 20 7946 0958"]
DOCUMENTS = [
    "12345678Z", "12345678-Z", "12.345.678-Z", "12345678z", "X1234567L", "X-1234567-L",  # DNI, NIE
    "GODE561231HDFRRN09", "GODE561231GR8", "ABC680524P76",  # CURP, RFC of a person and of a company
    "ES9121000418450200051332", "ES91 2100 0418 4502 0005 1332", "de89 3704 0044 0532 0130 00",  # IBAN
    "4111111111111111", "4111 1111 1111 1111", "5500-0055-5555-5559", "3782 822463 10005",  # cards
    "032180000118359719",  # CLABE
]
CALLED = [
    "cédula 79.456.789", "Cédula: 1020304050", "cedula de ciudadanía 1.020.304.050", "mi cédula es 1020304050", "CC 79456789",
    "C.C. 79.456.789", "c.c. No. 79456789", "NIT 900.123.456-7", "nit: 900123456-7", "DNI 30123456", "pasaporte AB123456",
    "passport number X1234567", "cédula de extranjería n.º 345678",
]
FIGURES = [
    "450.000.000", "$450.000.000", "$1.250.000.000", "COP 1.250.000.000", "450,000,000", "MXN 5,900,000", "465.000 €",
    "450000000", "1250000000", "2300000 COP", "+12.500.000", "+1.250.000.000 COP", "-4.500.000", "+450,000", "+6,13 %",
    "90 m²", "120 m2", "1.020 m²",
    "2019 2020 2021 2022", "2021 2022 2023 2024", "2015-2016-2017-2018", "12 × 2.300.000 ÷ 450.000.000",
    "12 × $2.300.000 ÷ $450.000.000", "listing 12345678", "id 1234567", "(id 40123)", "prop_0001", "BOG123456789",
    "demo:CO-000123", "C-1001", "conv_0192f3a4b5c6d7e8", "2026-11-30", "30/11/2026", "11:45", "3.95 %", "12 % E.A.",
    "USDCOP 4,040.85", "Ley 820 de 2003", "artículo 18", "art. 1.454", "calle 93 # 11-27", "carrera 7 No. 71-21", "110111",
    "45.000.000M", "30 40 50 60 70 80 90 100",
    "1 2 3 4 5 6 7 8 9 10 11 12 13", "300 a 450 a 500", "cédula de habitabilidad", "CC Andino, $450.000.000", "RFC 2119",
    "1600 m² a 4.850 €/m²", "de 250.000 a 300.000 euros", "lat 4.65310 lon -74.06214", "0.12345678901234567",
]


@pytest.mark.parametrize("text", EMAILS)
def test_an_address_is_covered(text: str) -> None:
    assert Veil().cover(f"Mi correo es {text}, gracias.") == "Mi correo es EMAIL_A, gracias."


@pytest.mark.parametrize("text", PHONES)
def test_an_international_telephone_is_covered(text: str) -> None:
    assert Veil().cover(f"Llámeme al {text}. Gracias") == "Llámeme al PHONE_A. Gracias"


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("after", ["", ".", ", gracias", " y ya", ")", "\n"])
def test_a_document_a_card_or_an_account_is_covered(text: str, after: str) -> None:
    assert Veil().cover(f"Es {text}{after}") == f"Es DOCUMENT_A{after}"


@pytest.mark.parametrize("text", CALLED)
def test_what_is_called_a_document_is_covered(text: str) -> None:
    covered = Veil().cover(f"Soy Luis, {text}, y busco un apto de 450.000.000.")
    assert "DOCUMENT_A, y busco un apto de 450.000.000." in covered
    assert not any(part.isdigit() for part in covered.split("450.000.000")[0])


@pytest.mark.parametrize("text", FIGURES)
def test_a_figure_reaches_the_model(text: str) -> None:
    for whole in (text, f"Sale a {text} hoy.", f"({text})", f"| {text} | {text} |"):
        assert Veil().cover(whole) == whole


@given(st.integers(0, 10**13), st.sampled_from([",", "."]), st.sampled_from(["", "$", "COP ", "+", "-", "€ "]))
def test_no_amount_in_groups_is_covered(amount: int, sign: str, currency: str) -> None:
    text = f"El precio es {currency}{f'{amount:,}'.replace(',', sign)} hoy."
    assert Veil().cover(text) == text


# the telephone that was understood


@pytest.mark.parametrize(
    "told",
    ["mi teléfono es 300 123 4567", "mi teléfono es 3001234567", "mi cel: 300-123-4567", "llámame al (300) 1234567",
     "mi whatsapp es +57 300 123 4567", "mi número es 0057 300 123 4567", "mi teléfono es 300.123.4567",
     "teléfono 300 12 34 567"],
)
def test_the_understood_telephone_is_covered_however_it_is_written(told: str) -> None:
    phone = understand(told, places=default_places()).slots["phone"]
    veil = Veil()
    veil.know(phone)
    for text in (told, "antes: 300 123 4567", "luego 3001234567.", f"phone={phone!r}"):
        covered = veil.cover(text)
        assert "PHONE_" in covered, text
        assert not any(sign.isdigit() for sign in covered), covered


def test_a_telephone_leaves_longer_numbers_alone() -> None:
    veil = Veil()
    veil.know("3001234567")
    assert veil.cover("13001234567 y 30012345678 y 3.001.234.568") == "13001234567 y 30012345678 y 3.001.234.568"


@pytest.mark.parametrize("phone", [None, "", "12345", 3001234567, "+"])
def test_what_is_no_telephone_covers_nothing(phone: object) -> None:
    veil = Veil()
    veil.know(phone)
    assert veil.cover("12345 y 3001234567") == "12345 y 3001234567"


# names


def test_each_has_a_name_of_its_own_the_same_each_time() -> None:
    veil = Veil()
    assert veil.cover("a@x.co, b@x.co y a@x.co") == "EMAIL_A, EMAIL_B y EMAIL_A"
    assert veil.cover("b@x.co +34 612 345 678") == "EMAIL_B PHONE_A"


def test_names_do_not_run_out() -> None:
    veil = Veil()
    emails = [f"p{i}@x.co" for i in range(800)]
    names = veil.cover(" ".join(emails)).split()
    assert (names[0], names[25], names[26], names[27], names[701], names[702]) == (
        "EMAIL_A", "EMAIL_Z", "EMAIL_AA", "EMAIL_AB", "EMAIL_ZZ", "EMAIL_AAA")
    assert veil.lift(names) == emails


def test_covering_twice_changes_nothing() -> None:
    veil = Veil()
    once = veil.cover("ana@x.co, +34 612 345 678, 12345678Z, cédula 1020304050")
    assert veil.cover(once) == once


# back


def test_what_comes_back_is_what_was_covered_in_texts_lists_and_mappings() -> None:
    veil = Veil()
    veil.know("3001234567")
    veil.cover("ana@x.co 300 123 4567 12345678Z")
    args: dict[str, Any] = {
        "email": "EMAIL_A", "phones": ["PHONE_A", "call PHONE_A."], "deep": {"papers": [{"id": "DOCUMENT_A"}]}, "price": 4.5e8,
        "none": None, "yes": True,
    }
    assert veil.lift(args) == {
        "email": "ana@x.co", "phones": ["300 123 4567", "call 300 123 4567."], "deep": {"papers": [{"id": "12345678Z"}]},
        "price": 4.5e8, "none": None, "yes": True,
    }


@pytest.mark.parametrize("text", ["EMAIL_B", "EMAIL_", "MY_EMAIL_A", "EMAIL_A1", "email_a"])
def test_a_name_that_nobody_gave_stays(text: str) -> None:
    veil = Veil()
    veil.cover("ana@x.co")
    assert veil.lift(text) == text


def test_another_turns_names_mean_nothing() -> None:
    Veil().cover("ana@x.co")
    assert Veil().lift("EMAIL_A") == "EMAIL_A"


PIECES = st.sampled_from([*EMAILS, *PHONES, *DOCUMENTS, *FIGURES[:20], "hola,", "y", "\n"])


@given(st.lists(PIECES, max_size=8))
def test_covered_and_lifted_is_as_before(pieces: list[str]) -> None:
    veil, text = Veil(), "  ".join(pieces)
    covered = veil.cover(text)
    assert veil.lift(json.loads(json.dumps({"x": [covered]}))) == {"x": [text]}
    assert not [secret for secret in EMAILS if secret in covered]
