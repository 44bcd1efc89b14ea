"""What makes a model's text no answer though its figures bind, and what must not be taken for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.facts import Fact, Source
from core.locale import LOCALES, Language
from graphs.drafts import LONGEST, WITHOUT_FIGURES, Drafting, Objection, foreign, names_of
from graphs.sentences import sentences
from graphs.streaming import Stream
from graphs.writing import _PROBLEMS

#: Answers of the built-in brain over the demo portfolio, of every specialist, with the names in their facts.
ANSWERS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).with_name("builtin_answers.jsonl")).read_text("utf-8").splitlines()
]


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


# language: what must pass


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_sentence_of_a_real_answer_is_foreign(language: Language) -> None:
    told = [row for row in ANSWERS if row["language"] == language]
    assert len(told) > 25
    assert [piece for row in told for piece in pieces(row["text"]) if foreign(piece, language, row["names"])] == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_whole_real_answer_stands(language: Language) -> None:
    for row in ANSWERS:
        if row["language"] == language:
            drafting = Drafting(language, expected=True, found=lambda text=row["text"]: text)
            found = drafting.objection(pieces(row["text"]), bound=1, names=row["names"])
            assert found in (None, "refusal"), row["text"]
            assert (found == "refusal") == ("help with that" in row["text"] or "no puedo ayudar" in row["text"]), row["text"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The advert says «se vende piso en la calle de la Marina, con todo lo que se necesita»."),
        ("en", 'In its own words: "El piso es muy luminoso y está en una de las mejores zonas".'),
        ("en", "The median in Santa María la Ribera and Roma Norte is MXN 52,000 per m²."),
        ("en", "Dearest: El Pla del Remei, Ciutat de les Arts and La Vila de Gràcia."),
        ("en", "- **Piso en venta en la calle de la Marina**: €450,000, 90 m²"),
        ("en", "6.13 % · 450,000,000"),
        ("en", "Predial, vacancia, administración: COP 350,000."),
        ("es", "El rendimiento es el cap rate (net operating income over the price)."),
        ("es", "El aviso dice “the best flat in the heart of the city, with a view of the sea”."),
        ("es", "Loft en The Point, open kitchen."),
        ("es", "La TIR (internal rate of return) es 9 %."),
        ("es", "<a href='the of the in the'>"),
        ("es", "α, β y γ"),
        ("es", ""),
        ("es", "Bogotá."),
    ],
)
def test_names_quotations_and_words_of_the_trade_may_be_in_any_language(language: Language, sentence: str) -> None:
    assert not foreign(sentence, language)


def test_a_known_name_may_be_in_any_language() -> None:
    title = "Piso en venta en una de las calles más tranquilas de la zona"
    assert foreign(f"1. {title}: €450,000", "en")
    assert not foreign(f"1. {title}: €450,000", "en", [title])


@pytest.mark.parametrize(
    "sentence",
    [
        "1. Piso en venta en una de las calles más tranquilas de la zona: €450,000",
        "The first, Piso en venta en una de las calles más tranquilas, asks for €450,000.",
        "En una de las calles más tranquilas de la zona, €450,000.",
        "**Piso en venta** en una de las calles: €450,000 (listing).",
    ],
)
def test_a_title_may_be_shortened_and_need_not_be_bold(sentence: str) -> None:
    title = "Piso en venta en una de las calles más tranquilas de la zona, con todo lo que se necesita"
    advert = Fact("price", 450_000.0, "money", Source("listing", "7"), currency="EUR", entity=title)
    assert not foreign(sentence, "en", names_of([advert]))
    assert foreign("El que busca una casa con las vistas no lo va a ver.", "en", names_of([advert]))


# language: what must not


@pytest.mark.parametrize(
    ("sentence", "languages"),
    [
        ("La rentabilidad bruta es 6,13 % al año.", ["en"]),
        ("No hay datos de esa ciudad.", ["en"]),
        ("Sale de un arriendo de $2.300.000 al mes sobre un precio de $450.000.000.", ["en"]),
        ("The gross yield is 6.13 % a year.", ["es"]),
        ("There is no data for this city.", ["es"]),
        ("That's 14 % below the central value.", ["es"]),
        ("- The rent is not in the data: tell me what it is.", ["es"]),
        ("O preço médio de um apartamento é de 450 milhões de pesos.", ["es", "en"]),
        ("A rentabilidade bruta é de 6,13 % ao ano.", ["es", "en"]),
        ("Com o arrendamento que você indicou, o retorno fica em 6 %.", ["es", "en"]),
        ("Le rendement brut est de 6,13 % par an.", ["es", "en"]),
        ("Le prix moyen d'un appartement à Bogota est de 450 millions.", ["es", "en"]),
        ("Il rendimento lordo è del 6,13 % all'anno.", ["es", "en"]),
        ("Non ci sono dati per questa città.", ["es", "en"]),
        ("Für diese Stadt gibt es keine Daten.", ["es", "en"]),
        ("Die Bruttorendite beträgt 6,13 % pro Jahr.", ["es", "en"]),
        ("毛收益率为每年 6.13%。", ["es", "en"]),
        ("Валовая доходность составляет 6,13 % в год.", ["es", "en"]),
        ("العائد الإجمالي هو 6.13٪ سنويا.", ["es", "en"]),
    ],
)
def test_another_language_is_seen(sentence: str, languages: list[Language]) -> None:
    assert [language for language in ("es", "en") if foreign(sentence, language)] == languages


def test_the_first_foreign_sentence_ends_the_answer() -> None:
    drafting = Drafting("es", expected=True)
    assert drafting.objection(["La rentabilidad es 6,13 %."], bound=1) is None
    assert drafting.objection([" It rests on the rent and the price that you gave me."], bound=1) == "language"


# refusals


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I'm sorry, but I can't assist with that request."),
        ("en", "I’m sorry. I cannot help with this."),
        ("en", "I am unable to comply."),
        ("en", "As an AI, I don't have opinions on this."),
        ("en", "As a language model I have no access to prices."),
        ("en", "I cannot provide financial advice."),
        ("es", "Lo siento, pero no puedo ayudarte con eso."),
        ("es", "Lo siento mucho. No puedo responder a esa pregunta."),
        ("es", "Como modelo de lenguaje, no tengo acceso a precios."),
        ("es", "Como una inteligencia artificial, no opino."),
        ("es", "No puedo proporcionar asesoría financiera."),
        ("en", "I can't continue, this violates my usage policy."),
        ("en", "This goes against our content guidelines."),
        ("es", "Esto va contra mis políticas de uso."),
        ("es", "No puedo seguir con esto."),
    ],
)
def test_a_refusal_is_no_answer(language: Language, text: str) -> None:
    assert Drafting(language, expected=False).objection(pieces(text), bound=0) == "refusal"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I can't provide figures for Lima: I cover Colombia, Spain and Mexico."),
        ("en", "I cannot provide a local price there, but I can do the sums on yours."),
        ("en", "The bank can't help but ask for 30 % down."),
        ("es", "No puedo proporcionar cifras de Lima: cubro Colombia, España y México."),
        ("es", "No tengo datos de Lima."),
        ("es", "Como modelo, el apartamento sirve para comparar."),
        ("es", "Se toma como un modelo de vivienda nueva."),
    ],
)
def test_what_is_lacking_may_be_said(language: Language, text: str) -> None:
    assert Drafting(language, expected=False).objection(pieces(text), bound=0) is None


def test_a_limit_told_after_an_answer_is_no_refusal() -> None:
    answer = "**6,13 % bruto al año**: 12 × $2.300.000 ÷ $450.000.000, con el precio y el arriendo que me dio."
    limit = " No puedo responder por los impuestos de su caso."
    assert Drafting("es", expected=True).objection([answer, limit], bound=1) is None


# repetition, rambling, places left unfilled


def test_the_same_sentence_for_the_third_time_is_too_much() -> None:
    drafting, said = Drafting("es", expected=False), "El precio está en la parte alta del rango."
    assert drafting.objection([said, said], bound=1) is None
    assert drafting.objection([said.upper()], bound=1) == "repetition"


@pytest.mark.parametrize("said", ["Sí.", "Precio: $450.", "| Apartamento en Chapinero | sin datos | sin datos |"])
def test_short_lines_and_rows_of_a_table_may_be_alike(said: str) -> None:
    assert Drafting("es", expected=False).objection([said] * 8, bound=0) is None


def test_going_on_without_a_figure_that_was_found_is_rambling() -> None:
    sentence = "El mercado depende de muchas cosas y conviene mirar cada una con calma, en el lugar {} de la lista. "
    many = [sentence.format("abcdefghijkl"[i] * 5) for i in range(12)]
    assert len("".join(many)) > WITHOUT_FIGURES
    assert Drafting("es", expected=True).objection(many, bound=0) == "rambling"
    assert Drafting("es", expected=True).objection(many, bound=1) is None
    assert Drafting("es", expected=False).objection(many, bound=0) is None


def test_an_answer_has_an_end() -> None:
    letters = [f"{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(120)]
    many = [f"Es la parte {part} de una respuesta muy larga que no termina. " for part in letters]
    assert len("".join(many)) > LONGEST
    assert Drafting("es", expected=False).objection(many, bound=9) == "rambling"


@pytest.mark.parametrize("name", ["EMAIL_A", "PHONE_B", "DOCUMENT_AB"])
def test_a_place_for_contact_data_is_not_shown(name: str) -> None:
    assert Drafting("es", expected=False).objection([f"Le escribo a {name}."], bound=0) == "unfilled"


def test_a_model_can_be_told_of_every_objection_but_a_refusal() -> None:
    assert set(_PROBLEMS) == {"figure", "improper", *get_args(Objection)} - {"refusal"}
    assert all(set(problem) == {"es", "en"} for problem in _PROBLEMS.values())


# promises


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("es", "Le garantizo que ganará dinero sin ningún riesgo."),
        ("es", "Es una rentabilidad garantizada."),
        ("es", "No lo dude, es una inversión sin riesgo."),
        ("es", "Con esta compra es imposible perder."),
        ("es", "La plusvalía está asegurada."),
        ("es", "Le aseguro ganancias."),
        ("es", "Es una compra libre de riesgo."),
        ("en", "It is a guaranteed profit."),
        ("en", "I guarantee that you will earn money."),
        ("en", "This is a risk-free purchase."),
        ("en", "The return is guaranteed."),
        ("en", "You can't lose."),
    ],
)
def test_a_promise_of_a_profit_is_no_answer(language: Language, sentence: str) -> None:
    assert Drafting(language, expected=False).objection([sentence], bound=1) == "promise"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("es", "La rentabilidad no está garantizada."),
        ("es", "Nadie puede garantizar una ganancia."),
        ("es", "Nadie, por experto que sea, le garantiza ganancias."),
        ("es", "No hay inversión sin riesgo."),
        ("es", "Desconfíe de una rentabilidad garantizada."),
        ("es", "El aviso dice «rentabilidad garantizada»."),
        ("es", "Es más que la tasa libre de riesgo."),
        ("es", "El crédito se garantiza con la hipoteca."),
        ("en", "The return is not guaranteed."),
        ("en", "There is no guaranteed profit, and no one can promise it."),
        ("en", "Nobody can say that it is risk-free."),
        ("en", "It is above the risk-free rate."),
        ("en", "The bank guarantees the rent."),
    ],
)
def test_a_denial_is_no_promise(language: Language, sentence: str) -> None:
    assert Drafting(language, expected=False).objection([sentence], bound=1) is None


# on the screen


ES = LOCALES["es-CO"]
YIELD = Fact("gross_yield", 6.13, "percent", Source("computation", "gross_yield"))


def drafted(expected: bool = True) -> Stream:
    stream = Stream(ES)
    stream.drafting = Drafting("es", expected=expected)
    return stream


def test_what_stands_before_the_objection_is_shown_though_it_came_in_one_piece() -> None:
    stream = drafted()
    good = "La rentabilidad bruta es 6,13 %. Es lo que deja el arriendo."
    shown = stream.feed(f"{good} The rest of it is in the notes that you have.\n", [YIELD])
    assert shown == stream.shown == good
    assert stream.offender is not None
    assert (stream.offender.kind, stream.offender.sentence) == ("language", "The rest of it is in the notes that you have.")
    assert [binding.shown for binding in stream.bindings] == ["6,13 %"]


def test_a_long_answer_in_one_piece_with_its_figure_is_no_rambling() -> None:
    text = "".join(f"Hay que mirar el punto {chr(97 + i)} de los que pesan en la compra con calma. " for i in range(14))
    stream = drafted()
    stream.feed(f"{text}La rentabilidad bruta es 6,13 %.\n", [YIELD])
    assert len(text) > WITHOUT_FIGURES
    assert stream.offender is None
    assert stream.shown.endswith("6,13 %.")


def test_a_figure_that_does_not_bind_comes_before_a_later_objection() -> None:
    stream = drafted()
    stream.feed("La rentabilidad es 9 %. The rest of it is in the notes that you have.\n", [YIELD])
    assert stream.offender is not None
    assert (stream.offender.kind, stream.shown) == ("figure", "")


@pytest.mark.parametrize("text", ["Pinta bien.", "No encontré nada", "Pinta muy bien. Es buena zona"])
def test_an_answer_without_any_of_the_figures_found_is_none(text: str) -> None:
    stream = drafted()
    shown = stream.feed(text, [YIELD]) + stream.finish([YIELD])
    assert stream.offender is not None
    assert (stream.offender.kind, stream.shown) == ("empty", shown)
    assert shown == ("Pinta muy bien." if "zona" in text else "")


def test_without_figures_to_give_an_answer_may_have_none() -> None:
    stream = drafted(expected=False)
    assert stream.feed("Pinta bien.", [YIELD]) + stream.finish([YIELD]) == "Pinta bien."
    assert stream.offender is None


PARTS = st.sampled_from(["La rentabilidad bruta es 6,13 %. ", "Es buena. ", "The rest of it is in the notes. ", "\n"])


@given(st.lists(PARTS, max_size=6))
def test_however_it_comes_the_same_is_shown(parts: list[str]) -> None:
    whole, cut, text = drafted(), drafted(), "".join(parts)
    whole.feed(text, [YIELD])
    whole.finish([YIELD])
    for sign in text:
        cut.feed(sign, [YIELD])
    cut.finish([YIELD])
    assert cut.shown == whole.shown
    assert (cut.offender is None) == (whole.offender is None)


@pytest.mark.parametrize("text", ['{"answer": "La rentabilidad es 6,13 %."}', "```markdown\nLa rentabilidad es 6,13 %.\n```"])
def test_what_is_written_for_a_program_is_no_answer(text: str) -> None:
    assert Drafting("es", expected=True).objection([text], bound=1) == "machine"
