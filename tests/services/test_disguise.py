"""Nothing that tells who wrote stays; what the message is about does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.disguise import Disguise


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Me llamo Carlos Pérez, correo Carlos.Perez@gmail.com", "Me llamo Ana Prueba, correo persona1@example.com"),
        ("llame al +57 310 555 0199; sin prefijo, 310 555 0199", "llame al +57 300 000 0001; sin prefijo, 300 000 0001"),
        ("call 310 555 0199 or (55) 1234-5678", "call 300 000 0001 or (50) 0000-0002"),
        ("llámeme al 310 555 0199", "llámeme al 300 000 0001"),
        ("mi cel es +57 310-555-0199", "mi cel es +57 300-000-0001"),
        ("WhatsApp 555 1234", "WhatsApp 500 0001"),
        ("mi DNI es 12345678Z y mi NIE X1234567L", "mi DNI es 00000000X y mi NIE X0000000X"),
        ("cédula 1.020.345.678", "cédula 0.000.000.000"),
        ("consigné a la cuenta ES91 2100 0418 4502 0005 1332", "consigné a la cuenta XX00 0000 0000 0000 0000 0000"),
        ("apto de 450 millones en Chapinero, 80 m², arriendo 2.300.000", None),
        ("casa en Santiago de Querétaro por 3,200,000 con 120 m2", None),
        ("hipoteca de 160.000 € a 25 años al 3,2 %", None),
    ],
)
def test_a_message_about_somebody_else(text: str, shown: str | None) -> None:
    assert Disguise("es", [text]).text(text) == (shown or text)


def test_one_person_is_one_stand_in_everywhere() -> None:
    texts = ["Soy María José Gómez", "maria jose gomez, tel 3105550199", "dígale a Gómez que llame al 310 555 0199"]
    disguise = Disguise("es", texts)
    assert [disguise.text(text) for text in texts] == [
        "Soy Ana Prueba", "Ana Prueba, tel 3000000001", "dígale a Prueba que llame al 300 000 0001",
    ]
    slots = {"name": "María José Gómez", "phone": "3105550199", "email": "M@x.co", "city": "Bogotá", "price": 4.5e8}
    assert disguise.slots(slots) == {
        "name": "Ana Prueba", "phone": "3000000001", "email": "persona1@example.com", "city": "Bogotá", "price": 4.5e8,
    }


def test_two_people_are_two_stand_ins() -> None:
    texts = ["I'm John Smith, john@a.com", "My partner: my name is Jane Doe, jane@a.com"]
    disguise = Disguise("en", texts)
    assert [disguise.text(text) for text in texts] == [
        "I'm Ann Sample, person1@example.com", "My partner: my name is Lewis Sample, person2@example.com",
    ]


def test_what_the_lead_holds_is_replaced_though_no_sentence_tells() -> None:
    disguise = Disguise("es", ["hola"], [{"name": "Rosa Díaz", "phone": "5512345678", "email": None}])
    assert disguise.text("Rosa Díaz pidió cita: 55 1234 5678") == "Ana Prueba pidió cita: 50 0000 0001"


@given(st.text(max_size=80), st.from_regex(r"3\d{9}", fullmatch=True))
def test_a_telephone_never_stays(around: str, phone: str) -> None:
    text = f"{around} mi teléfono es {phone}"
    assert phone not in Disguise("es", [text]).text(text) or phone == "3000000001"
