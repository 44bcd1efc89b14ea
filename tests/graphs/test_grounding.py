"""Numbers bind or are not shown."""

from __future__ import annotations

import pytest

from core.facts import Fact, Source
from core.locale import LOCALES
from graphs.grounding import accept
from graphs.sentences import sentences
from graphs.streaming import Stream

CO, ES, MX, EN = (LOCALES[c] for c in ("es-CO", "es-ES", "es-MX", "en"))
USER = Source("user", "m1")
CALC = Source("computation", "gross_yield")
MODEL = Source("model", "v1")

PRICE = Fact("price", 450e6, "money", USER, currency="COP")
RENT = Fact("monthly_rent", 2.3e6, "money", USER, currency="COP")
YIELD = Fact("gross_yield", 6.133333, "percent", CALC, formula="12 × 2300000 ÷ 450000000")
FLAT = Fact("price", 237_000.0, "money", Source("listing", "7"), currency="EUR",
            entity="Flat in Huelin, €237,000, 20 m² terrace")
GRACIA = Fact(
    "value", 418_237.0, "money", MODEL, currency="EUR", entity="la Vila de Gràcia, Barcelona", low=368_100.0,
    high=474_300.0, level=0.8,
)
LA_PAZ = Fact(
    "value", 1_740_000.0, "money", MODEL, currency="MXN", entity="La Paz, Puebla", low=1_220_000.0, high=2_480_000.0, level=0.8,
)
ZAVALETA = Fact("area_m2", 74.0, "m2", Source("listing", "8"), entity="Apartment in Zavaleta, MXN 1,730,000")
LAW = Fact("rent_rise", "tope", "text", Source("rule", "co", "Ley 820 de 2003, art. 20"))
PHONES = Fact("contact", "315 555 0108, +34 600 123 456", "text", Source("document", "d1"))
SANTS = Fact("value", 300_000.0, "money", MODEL, currency="EUR", entity="Sants, Barcelona")


@pytest.mark.parametrize(
    ("text", "facts", "locale"),
    [
        ("**6,13 % bruto al año**: 12 × $2.300.000 ÷ $450.000.000.", [PRICE, RENT, YIELD], CO),
        ("6.13 % gross, on COP 450,000,000.", [PRICE, YIELD], EN),
        ("Unos 450 millones.", [PRICE], CO),
        ("Alrededor de 418.000 € (8 de cada 10 veces, entre 368.000 y 474.000 €).", [GRACIA], ES),
        ("En la Vila de Gràcia vale 418.237 €.", [GRACIA, SANTS], ES),
        ("Around MXN 1,740,000 (eight times out of ten, between MXN 1,220,000 and MXN 2,480,000).", [LA_PAZ, ZAVALETA], EN),
        ("The fall was 3 %.", [Fact("change", -3.0, "percent", CALC)], EN),
        ("Según la Ley 820 de 2003, el 5 de marzo de 2024, 2.ª planta, caso C-1042.", [LAW], ES),
        ("1. Primero\n2) Segundo", [], ES),
        ("Llame al 315 555 0108 o al +34 600 123 456.", [PHONES], ES),
        ("Precios de oferta de 2018, del T3 2018.", [], ES),
        ("Hay 41 departamentos.", [Fact("count", 41, "count", CALC)], MX),
        ("Cerca del Parque 93, en Bogotá.", [Fact("name", "Parque 93", "text", CALC)], CO),
        ("| Roma | 5,900,000 |", [Fact("price", 5.9e6, "money", USER, currency="MXN")], MX),
        ("- **Flat in Huelin, €237,000, 20 m² terrace**: 237.000 €.", [FLAT], ES),
        ("Sin cifras.", [], ES),
        ("", [], ES),
    ],
)
def test_bound_text_is_shown_whole(text: str, facts: list[Fact], locale) -> None:  # type: ignore[no-untyped-def]
    verdict = accept(text, facts, locale)
    assert verdict.offender is None, verdict.offender
    assert verdict.shown == text


@pytest.mark.parametrize(
    ("text", "facts", "locale", "shown"),
    [
        ("Da 6,14 %.", [YIELD], CO, "6,14 %"),
        ("Da 61,3 %.", [YIELD], CO, "61,3 %"),
        ("- **Flat in Huelin, €237,000**: 20 m².", [FLAT], ES, "€237,000"),
        ("- **Flat in Huelin, €237,000, 20 m² terrace**: 238.000 €.", [FLAT], ES, "238.000 €"),
        ("Da 6,13 €.", [YIELD], CO, "6,13 €"),
        ("Son 450 mil.", [PRICE], CO, "450 mil"),
        ("Son 450.000.000 €.", [PRICE], CO, "450.000.000 €"),
        ("Son USD 450.000.000.", [PRICE], CO, "USD 450.000.000"),
        ("En Sants vale 418.237 €.", [GRACIA, SANTS], ES, "418.237 €"),
        ("Vale 419.000 €.", [GRACIA], ES, "419.000 €"),
        ("Mide 418.237 m².", [GRACIA], ES, "418.237 m²"),
        ("Hay 42 casas.", [Fact("count", 41, "count", CALC)], ES, "42"),
        ("Vale cuatrocientos mil euros.", [GRACIA], ES, "cuatrocientos mil"),
        ("Rinde siete por ciento.", [YIELD], ES, "siete por ciento"),
        ("Subió 3 puntos porcentuales.", [], ES, "3 puntos porcentuales"),
        ("9 de cada 10 veces acierta.", [GRACIA], ES, "9"),
    ],
)
def test_the_first_unbound_figure_stops_the_answer(  # type: ignore[no-untyped-def]
    text: str, facts: list[Fact], locale, shown: str
) -> None:
    verdict = accept(text, facts, locale)
    assert verdict.offender is not None
    assert verdict.offender.shown == shown
    assert verdict.shown == ""


def test_only_whole_sentences_before_the_offender_are_shown() -> None:
    verdict = accept("Da 6,13 % bruto. Y 9,99 % neto. Fin.", [YIELD], CO)
    assert verdict.shown == "Da 6,13 % bruto."
    assert verdict.offender is not None
    assert verdict.offender.sentence == "Y 9,99 % neto."


def test_bindings_point_at_the_figure() -> None:
    text = "Vale 418.237 €, y el bruto es 6,13 %."
    verdict = accept(text, [GRACIA, YIELD], ES)
    assert [(text[b.start : b.end], b.fact_id) for b in verdict.bindings] == [
        ("418.237 €", GRACIA.id), ("6,13 %", YIELD.id),
    ]


def test_the_investors_quoted_words_need_no_fact() -> None:
    said = ["me dijeron que rinde 14 %"]
    assert accept("Usted escribió «me dijeron que rinde 14 %».", [], CO, said).offender is None
    assert accept("Usted escribió «me dijeron que rinde 15 %».", [], CO, said).offender is not None


def test_every_digit_changed_is_caught() -> None:
    text = "Vale 418.237 € y rinde 6,13 % con 41 anuncios."
    facts = [GRACIA, YIELD, Fact("count", 41, "count", CALC)]
    assert accept(text, facts, ES).offender is None
    missed = []
    for i, char in enumerate(text):
        if char.isdigit():
            for other in "0123456789":
                altered = text[:i] + other + text[i + 1 :]
                if other != char and accept(altered, facts, ES).offender is None:
                    missed.append(altered)
    assert missed == []


def test_a_decimal_point_and_an_abbreviation_end_no_sentence() -> None:
    text = "Son 1.234,5 m² aprox. en Av. Caracas. Fin."
    assert [text[a:b].strip() for a, b in sentences(text)] == ["Son 1.234,5 m² aprox. en Av. Caracas.", "Fin."]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_stream_shows_what_the_whole_would(size: int) -> None:
    text = "Da 6,13 % bruto.\n\n- Precio: $450.000.000.\n- Y 7,77 % neto.\nFin."
    stream = Stream(CO)
    out = ""
    for i in range(0, len(text), size):
        out += stream.feed(text[i : i + size], [YIELD, PRICE])
    out += stream.finish([YIELD, PRICE])
    assert out == stream.shown
    assert out.strip() == accept(text, [YIELD, PRICE], CO).shown.strip()
    assert stream.offender is not None
    assert stream.offender.shown == "7,77 %"


PASSAGE = Fact(
    "passage", "Notary costs: the reference is 0.54 % of the value. Above 20,000 UVT it changes.", "text",
    Source("document", "d1#0", "Costs"), mark=1,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dice: «Notary costs: the reference is 0.54 % of the value. Above 20,000 UVT it changes.» [1]", None),
        ("El documento da 0,54 % [1].", None),
        ("El documento da 0,55 % [1].", "0,55 %"),
        ("Dice: «Notary costs: the reference is 0.58 % of the value.»", "0.58 %"),
    ],
)
def test_a_passage_may_be_quoted_and_its_figures_repeated(text: str, shown: str | None) -> None:
    offender = accept(text, [PASSAGE], CO).offender
    assert (offender.shown if offender else None) == shown
