"""A figure binds to a fact of whom it is about, in its own unit and currency: what the mutation test found slipping through."""

from __future__ import annotations

import pytest

from core.facts import INPUT_CHECK, Fact, Source
from core.locale import LOCALES
from graphs.grounding import accept
from graphs.streaming import Stream

CO, ES, MX, EN = (LOCALES[c] for c in ("es-CO", "es-ES", "es-MX", "en"))
CALC, AREA, ADVERT, USER = (Source(kind, "r") for kind in ("computation", "aggregate", "listing", "user"))  # type: ignore[arg-type]


def euros(entity: str, value: float, source: Source = AREA, key: str = "price") -> Fact:
    return Fact(key, value, "money", source, currency="EUR", entity=entity)


def share(entity: str, value: float) -> Fact:
    return Fact("gross_yield", value, "percent", CALC, entity=entity)


HUELIN, RUSSAFA, VALENCIA = euros("Huelin, Málaga", 300_000), euros("Russafa, Valencia", 236_000), euros("Valencia", 180_000)
PISO, FLAT = euros("Piso de 2 dormitorios, Russafa", 215_000, ADVERT), euros("Flat in Huelin", 284_000, ADVERT)
SIZE = Fact("area_m2", 80.0, "m2", ADVERT, entity="Piso de 2 dormitorios, Russafa")
BOGOTA, SOACHA = share("Bogotá", 7.08), share("Soacha", 6.19)
ALL = [HUELIN, RUSSAFA, VALENCIA, PISO, FLAT, SIZE, BOGOTA, SOACHA]
TABLE = "| | Bogotá | Soacha |\n|---|---|---|\n| Rentabilidad | {} % | {} % |"
OPTION = [euros("Option 1", 90_000), euros("Option 2", 80_000)]
IBI, SEGURO = (Fact("cost_year", v, "money", USER, currency="EUR", entity=e) for e, v in (("IBI", 410.0), ("seguro", 380.0)))
NOI = Fact("noi", 11_030.0, "money", CALC, currency="EUR")
PRICE = Fact("price", 450e6, "money", USER, currency="COP")
RENT = Fact("monthly_rent", 2.3e6, "money", USER, currency="COP")
YIELD = Fact("gross_yield", 6.1333, "percent", CALC, formula="12 × 2300000 ÷ 450000000")
WRITTEN = [PRICE, RENT, YIELD]
PER_M2 = Fact("price_m2_median", 4_279.0, "money_per_m2", AREA, currency="EUR")
FALL = Fact("change", -3.1, "percent", CALC)
DOLLARS = Fact("amount", 300_000.0, "money", USER, currency="USD")


@pytest.mark.parametrize(
    ("true", "false", "facts", "locale"),
    [
        # the clause names nobody: whom the clause before it named
        ("**Huelin**: 300.000 €.", "**Russafa**: 300.000 €.", ALL, ES),
        ("- **Flat in Huelin**: 284.000 €.", "- **Flat in Huelin**: 215.000 €.", ALL, ES),
        ("- **Piso de 2 dormitorios, Russafa**: 215.000 €, 80 m².", "- **Flat in Huelin**: 284.000 €, 80 m².", ALL, ES),
        ("Bogotá rinde más: 7,08 % frente a 6,19 %.", "Bogotá rinde más: 7,08 % frente a 7,08 %.", ALL, CO),
        ("Baratos: Russafa (236.000 €), Huelin (300.000 €).", "Baratos: Russafa (300.000 €), Huelin (236.000 €).", ALL, ES),
        # a whole name is its own entity, also where it is a part of others
        ("En Valencia se piden 180.000 €.", "En Valencia se piden 236.000 €.", ALL, ES),
        ("En Russafa, que es de Valencia, piden 236.000 €.", "En Huelin, que es de Valencia, piden 236.000 €.", ALL, ES),
        # the sentence names nobody: whom the text spoke of
        ("En Huelin está la cosa así. Piden 300.000 €.", "En Huelin está la cosa así. Piden 236.000 €.", ALL, ES),
        ("En Valencia hay dos anuncios. Un anuncio pide 215.000 €.", "En Valencia hay dos. Piden 215.000 €.", ALL, ES),
        # an item that names nobody is about one
        ("- Piso: 215.000 €, 80 m².", "- Piso: 284.000 €, 80 m².", ALL, ES),
        # a table: whose column it is
        (TABLE.format("7,08", "6,19"), TABLE.format("6,19", "7,08"), ALL, CO),
        (TABLE.format("7,08", "6,19"), TABLE.format("7,08", "7,08"), ALL, CO),
        ("| Option 1 | €90,000 |\n| Option 2 | €80,000 |", "| Option 1 | €80,000 |\n| Option 2 | €90,000 |", OPTION, EN),
        # what the investor's own figures are called
        ("Menos IBI 410 € y seguro 380 €: 11.030 €.", "Menos IBI 380 € y seguro 410 €: 11.030 €.", [IBI, SEGURO, NOI], ES),
        # currency: a sign is what the reader takes it for
        ("Son USD 300,000.", "Son $300,000.", [DOLLARS], MX),
        ("It is $300,000.", "It is €300,000.", [DOLLARS], EN),
        ("Son $450.000.000.", "Son £450.000.000.", [PRICE], CO),
        ("Son 450.000.000 $.", "Son 450.000.000 US$.", [PRICE], CO),
        ("It is COP 450,000,000.", "It is $450,000,000.", [PRICE], EN),
        ("Son 450.000.000 pesos.", "Son 450.000.000 euros.", [PRICE], CO),
        # unit: an amount is not an amount per square metre
        ("Se piden 4.279 €/m².", "Se piden 4.279 €.", [PER_M2], ES),
        ("| Precio por m² | 4.279 € |", "| Precio | 4.279 € |", [PER_M2], ES),
        ("It costs €4,279/m².", "It costs €4,279/m².".replace("4,279", "4,297"), [PER_M2], EN),
        ("Vale 300.000 €.", "Vale 300.000 €/m².", [HUELIN], ES),
        # sign: a fall is told as one
        ("Bajó 3,1 %.", "Subió 3,1 %.", [FALL], ES),
        ("Cambió -3,1 %.", "Bajó +3,1 %.", [FALL], ES),
        # operands are of one formula, in their own unit and currency
        ("Da 6,13 %: 12 × $2.300.000 ÷ $450.000.000.", "Da 6,13 %: 14 × $2.300.000 ÷ $450.000.000.",
         [*WRITTEN, Fact("count", 14, "count", CALC)], CO),
        ("Da 6,13 %: 12 × 2.300.000 ÷ 450.000.000.", "Da 6,13 %: 12 × 2.300.000 meses ÷ 450.000.000.", WRITTEN, CO),
        ("Da 6,13 %: 12 × $2.300.000 ÷ $450.000.000.", "Da 6,13 %: 12 × $2.300.000 ÷ MXN 450.000.000.", WRITTEN, CO),
        ("Da 6,13 % (12 × 2.300.000 ÷ 450.000.000).", "Da 6,13 % y 12 € (12 × 2.300.000 ÷ 450.000.000).", WRITTEN, CO),
    ],
)
def test_what_is_true_is_shown_and_what_is_not_is_stopped(true: str, false: str, facts: list[Fact], locale) -> None:  # type: ignore[no-untyped-def]
    assert accept(true, facts, locale).offender is None
    assert accept(false, facts, locale).offender is not None


RANGE = Fact("rent_m2", 16.0, "money_per_m2", AREA, currency="EUR", low=12.0, high=21.0, level=0.5)


def test_how_sure_an_interval_is_is_no_amount() -> None:
    assert accept("La mitad central, el 50 % de los casos, pide entre 12 €/m² y 21 €/m².", [RANGE], ES).offender is None
    for text in ("Son 50 €/m².", "Hay 50 anuncios.", "Sube un +50 %.", "Rinde el 50 %."):
        assert accept(text, [RANGE], ES).offender is not None, text


@pytest.mark.parametrize(
    ("quote", "free"),
    [("me dijeron que rinde 14 %", True), ("14 %", True), ("rinde 14%", True), ("4 %", False), ("14 €", False), ("1", False),
     ("que rinde 14 % neto", False), ("costó 1,5", False), ("costó 1,5 millones", True), ("5 millones", False)],
)
def test_only_the_investors_own_words_are_quoted_freely(quote: str, free: bool) -> None:
    said = ["Me dijeron que rinde 14\u00a0%", "costó 1,5 millones"]
    assert (accept(f"Usted escribió «{quote}».", [], CO, said).offender is None) is free


def test_words_of_two_messages_are_no_quotation() -> None:
    assert accept("Usted escribió «rinde 14 % y 20».", [], CO, ["rinde 14 %", "y 20"]).offender is not None


def test_a_quotation_of_a_document_is_word_for_word() -> None:
    words = "The trust costs 2,500 to 3,000 dollars. Keeping it, 500."
    passage = Fact("passage", words, "text", Source("document", "d", "Trust"), mark=1)
    assert accept("It says “The trust costs 2,500 to 3,000 dollars.” [1]", [passage], EN).offender is None
    assert accept("It says “The trust costs 500 to 3,000 dollars.” [1]", [passage], EN).offender is not None


def test_little_words_make_no_name_of_a_number() -> None:
    name = [Fact("name", "Piso de 65 metros en la Calle 93", "text", CALC)]
    assert accept("Está en la Calle 93.", name, CO).offender is None
    assert accept("Tiene un valor de 65.", name, CO).offender is not None
    assert accept("Está en la Calle 9.", name, CO).offender is not None


def test_a_title_with_more_digits_is_another_title() -> None:
    flat = Fact("price", 700_000.0, "money", ADVERT, currency="MXN", entity="Depa en Amalucan, $700,000")
    assert accept("- **Depa en Amalucan, $700,000**: $700,000.", [flat], MX).offender is None
    assert accept("- **Depa en Amalucan, $700,000,000**: $700,000.", [flat], MX).offender is not None
    assert accept("- **Depa en Amalucan, $700,000 million**: $700,000.", [flat], MX).offender is not None


def test_the_figures_of_a_refusal_bind_to_it() -> None:
    """So that the fact is kept with the answer, which grounds again later."""
    words = "El plazo no puede ser 0.5: se espera de 1 a 60 años."
    refusal = Fact("refusal", words, "text", Source("computation", INPUT_CHECK))
    verdict = accept("El plazo no puede ser 0.5: se espera de 1 a 60 años. Revise.", [refusal], MX)
    assert verdict.offender is None
    assert {binding.fact_id for binding in verdict.bindings} == {refusal.id}


@pytest.mark.parametrize("size", [1, 5, 40])
def test_a_stream_knows_whom_it_spoke_of(size: int) -> None:
    for text in ("En Huelin está la cosa así.\nPiden 300.000 €. Fin.", "En Huelin está la cosa así.\nPiden 236.000 €. Fin."):
        stream = Stream(ES)
        shown = "".join(stream.feed(text[i : i + size], ALL) for i in range(0, len(text), size)) + stream.finish(ALL)
        assert shown == accept(text, ALL, ES).shown
