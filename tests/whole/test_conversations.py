"""Whole conversations over the demo portfolio: what is asked is answered, from facts, and what is suggested works."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from agents.supervisor import SPECIALISTS
from core.facts import Fact
from core.locale import LOCALES
from evals.scorers.figures import has_number
from graphs.grounding import accept
from graphs.runner import Runner

from .conftest import SCOPE, talk


def assert_bound(outcome: dict[str, Any], *words: str) -> None:
    """Every figure that the reader saw binds to a fact of the turn."""
    facts = [Fact.from_dict(f) for f in outcome["facts"]]
    verdict = accept(outcome["answer"], facts, LOCALES[outcome["locale"]], words)
    assert verdict.offender is None, (verdict.offender, outcome["answer"])


@pytest.mark.parametrize(
    ("question", "language", "routes", "keys"),
    [
        ("¿A cómo está el metro cuadrado en Laureles, Medellín?", "es", {"market_research"}, {"price_m2_median"}),
        ("precio m2 en Cali", "es", {"market_research"}, {"price_m2_median"}),
        ("precio medio por metro en Málaga", "es", {"market_research"}, {"price_m2_median"}),
        ("How much is a square metre in Guadalajara?", "en", {"market_research"}, {"price_m2_median"}),
        ("Busco depa de 2 recámaras en la Ciudad de México, máximo 6 millones", "es", {"market_research"}, {"price"}),
        ("Show me flats for sale in Madrid under 300k euros", "en", {"market_research"}, {"price"}),
        ("¿Cómo se han movido los precios en Bogotá?", "es", {"market_research"}, {"change_year"}),
        ("¿Cuánto vale un piso de 80 m² y 2 habitaciones en Málaga?", "es", {"price_prediction"}, {"value"}),
        ("What is a 70 sqm two-bedroom apartment in Medellín worth?", "en", {"price_prediction"}, {"value"}),
        ("¿Cuánto pueden subir los precios en Cali en dos años?", "es", {"price_prediction"}, {"expected_change"}),
        ("¿qué arriendo se pide en Laureles, Medellín?", "es", {"market_research"}, {"rent_median"}),
        ("¿qué renta se pide en Polanco?", "es", {"market_research"}, {"rent_median"}),
        ("how much is rent in Madrid?", "en", {"market_research"}, {"rent_median"}),
        ("Compara Bogotá y Medellín para invertir", "es", {"comparison"}, {"price_m2_median"}),
        ("Compare Madrid and Málaga for buying to let", "en", {"comparison"}, {"price_m2_median"}),
    ],
)
async def test_a_question_is_answered_from_the_portfolio(
    asked: Runner, question: str, language: str, routes: set[str], keys: set[str]
) -> None:
    [outcome] = await talk(asked, question)
    assert (outcome["status"], outcome["language"], set(outcome["routes"])) == ("finished", language, routes)
    assert not outcome["escalated"]
    shown = {f["key"] for f in outcome["facts"] if f["id"] in outcome["shown_facts"]}
    assert keys <= shown, outcome["answer"]
    assert_bound(outcome, question)
    demo = "demostración" if language == "es" else "demo data"
    assert demo in outcome["answer"]


@pytest.mark.parametrize(
    ("question", "keys", "words"),
    [
        ("¿en cuánto puedo arrendar mi apto de 80 m2 en Chapinero?", {"monthly_rent", "rent_m2_median"}, "al mes"),
        ("¿cuánto pido de alquiler por un piso de 70 m² en Ruzafa, Valencia?", {"monthly_rent", "rent_m2_median"}, "al mes"),
        ("how much could I rent my 90 m2 flat in Roma Norte out for?", {"monthly_rent", "rent_m2_median"}, "a month"),
        ("¿en cuánto puedo rentar mi depa en la Condesa?", {"rent_m2_median"}, "¿Cuántos metros cuadrados tiene?"),
        ("¿en cuánto alquilo mi piso?", set(), "¿En qué ciudad o zona está?"),
        ("rental value of a 60 m2 flat in Lima", set(), "no data on Lima"),
    ],
)
async def test_the_rent_of_a_home_is_estimated_from_its_area_and_size(
    asked: Runner, question: str, keys: set[str], words: str
) -> None:
    [outcome] = await talk(asked, question)
    assert set(outcome["routes"]) == {"market_research"}
    assert words in outcome["answer"]
    shown = {f["key"] for f in outcome["facts"] if f["id"] in outcome["shown_facts"]}
    assert keys <= shown if keys else not shown, outcome["answer"]
    assert "price_m2_median" not in shown
    assert_bound(outcome, question)


RETURNS = [
    ("Compro por 200.000 € en Málaga y alquilo por 900 € al mes. ¿Rentabilidad bruta?", [5.4]),
    ("Compro apto de 300 millones en Cali y lo arriendo en 1.600.000. ¿Qué rentabilidad bruta da?", [6.4]),
    ("I buy at MXN 3,000,000 in Guadalajara and rent it at 15,000 a month. Gross yield?", [6.0]),
    ("yield on 200k euro renting 900?", [5.4]),
    ("Hipoteca de 160.000 € a 25 años al 3,2 %: ¿qué cuota sale?", [775.49]),
    ("Monthly payment on a 200,000 euro mortgage over 30 years at 3 %?", [843.21]),
    ("tengo 300k euros, what monthly payment si financio 60% at 4% 20 años?", [1090.76, 180_000]),
    ("crédito al 80% de un apto de 300 millones de pesos colombianos al 12% EA a 15 años", [240_000_000]),
    # (12 × 1,250 − 2,000 − 12 × 868.34) ÷ 62,500
    ("I'm buying at 250k, rent 1,250 a month, 25% down, 3.75% over 30 years, taxes 2k a year in Valencia. Cash-on-cash?",
     [4.13, 868.34, 62_500]),
    ("Compro por 250.000 €, alquilo por 1.250 al mes, pongo 25% de entrada, hipoteca al 3,75% a 30 años, gastos 2.000 al año."
     " ¿Cash on cash?", [4.13, 868.34]),
    ("puedo pagar 900 € al mes a 25 años al 3,2 %, ¿cuánto me prestan?", [185_690]),
    ("How much can I borrow if I can afford 1,000 euros a month over 25 years at 3%?", [210_876]),
    ("compro en 180.000 € y se revaloriza un 3% al año, ¿cuánto tendría en 10 años?", [241_905]),
    ("I have 150k euros and want a 6% yield. What rent do I need?", [750]),
    ("¿En cuánto debo arrendar un apto de 300 millones para que me rente el 6%?", [1_500_000]),
    ("depa de 3 mdp, ¿cuánto de renta para sacarle 8%?", [20_000]),
    ("si lo alquilo en 800 € al mes ¿hasta cuánto debería pagar para sacarle un 6% bruto?", [160_000]),
    ("Compro por 200.000 € en Málaga y alquilo por 900 € al mes. ¿Llego al 6% de rentabilidad?", [5.4, 1000]),
    ("TIR de -250000, 15000, 15000, 15000, 290000", [8.21]),
    ("Calcula el VAN de invertir 100.000 y recibir 12.000 al año durante 12 años al 6%", [606.13]),
    ("si pago 12.500,50 de renta al año por un piso de 200.000, ¿qué bruto da?", [6.25, 12_500.50]),
    ("depa de 3.2 mdp en CDMX, at 18.5 MXN per dollar, I'd rent it for 900 USD a month. yield?", [16_650, 6.24]),
    ("compro en 150.000 USD un depa en Cancún y lo rento en 18,000 pesos mexicanos al mes, a 18 pesos por dólar. ¿bruto?",
     [1_000, 8.0]),
    ("Option 1: 300k rent 1.5k. Option 2: 350k rent 1.7k, which is better?", [6.0, 5.83]),
]


@pytest.mark.parametrize(("question", "figures"), RETURNS)
async def test_returns_are_those_of_hand_arithmetic(asked: Runner, question: str, figures: list[float]) -> None:
    [outcome] = await talk(asked, question)
    assert set(outcome["routes"]) <= {"roi", "comparison"}
    for value in figures:
        assert has_number(outcome["answer"], value, 1e-4), (value, outcome["answer"])
    assert_bound(outcome, question)


async def test_a_rent_in_another_currency_is_converted_at_a_dated_rate(asked: Runner) -> None:
    [outcome] = await talk(
        asked, "Compro un apartamento en Medellín por 400 millones de pesos y lo arriendo en 800 dólares al mes, ¿rentabilidad?"
    )
    facts = {f["key"]: f for f in outcome["facts"]}
    rent = facts["converted_amount"]
    assert (rent["currency"], rent["as_of"] is not None) == ("COP", True)
    assert facts["gross_yield"]["value"] == pytest.approx(12 * rent["value"] / 400e6 * 100)


async def test_growth_is_no_rate_of_a_loan(asked: Runner) -> None:
    """A rent that rises 4 % a year: the internal rate is above that of a rent that stays, and no loan is assumed."""
    told = "apto de 400 millones en Medellín, lo arriendo en 2 millones{}, lo vendo en 10 años, ¿cuál es la TIR?"
    rates = []
    for growth in ("", " con alza de 4% anual"):
        [outcome] = await talk(asked, told.format(growth))
        assert "rate_pct" not in outcome["slots"]
        rates += [f["value"] for f in outcome["facts"] if f["key"] == "irr"]
    assert 0 < rates[0] < rates[1] < 6


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("precio -200000, renta 900, ¿rentabilidad?", "-200000"),
        ("hipoteca de 200.000 € al 350 % a 20 años, ¿cuota?", "entre 0 y 100"),
        ("hipoteca de 200.000 € al 3 % a 300 años, ¿cuota?", "60 años"),
        ("price -200000, rent 900, what yield?", "-200000"),
        ("mortgage of 200,000 euros at 3% over 300 years, payment?", "60 years"),
    ],
)
async def test_a_figure_that_cannot_be_is_refused_with_the_reason(asked: Runner, question: str, words: str) -> None:
    [outcome] = await talk(asked, question)
    assert words in outcome["answer"]
    assert "%" not in outcome["answer"]


async def test_a_cost_of_one_option_is_taken_off_that_one_alone(asked: Runner) -> None:
    first, then = await talk(
        asked, "A: piso de 200.000 y alquiler 850. B: piso de 240.000 y alquiler 1.150. ¿cuál renta más?",
        "¿y si al A le descuento 100 de comunidad al mes?",
    )
    assert "Opción B rinde más: 5,75" in first["answer"]
    assert "| Rentabilidad neta anual | 4,5\xa0% | 5,75\xa0% |" in then["answer"]


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (("Piso de 200.000 € que alquilo en 900 €.", "¿Y si pido hipoteca?", "¿y si doy 30% de entrada?",
          "al 3 % a 25 años", "¿y a 20 años?"), (663.9, 776.44)),
        (("Flat of 200,000 euros that I let at 900 a month.", "What if I take a loan?", "and with 30% down?",
          "at 3% over 25 years", "and over 20 years?"), (663.9, 776.44)),
    ],
)
async def test_a_loan_is_talked_through(asked: Runner, words: tuple[str, ...], again: tuple[float, ...]) -> None:
    *_, third, fourth, fifth = await talk(asked, *words)
    assert has_number(third["answer"], 140_000, 1e-6)
    assert has_number(fourth["answer"], again[0], 1e-4), fourth["answer"]
    assert has_number(fifth["answer"], again[1], 1e-4), fifth["answer"]


async def test_a_follow_up_keeps_what_was_said(asked: Runner) -> None:
    first, second, third, fourth = await talk(
        asked, "Busco apartamento en venta en Medellín de hasta 500 millones", "¿y en Cali?", "compara los dos primeros",
        "¿Qué rentabilidad dejaría el segundo?",
    )
    assert (first["slots"]["city"], second["slots"]["city"]) == ("Medellín", "Cali")
    assert second["slots"]["budget_max"] == 500_000_000
    assert third["routes"] == ["comparison"]
    assert fourth["routes"] == ["roi"]
    for outcome in (first, second, third, fourth):
        assert_bound(outcome)


@pytest.mark.parametrize(
    "question",
    ["¿A cuánto está el metro cuadrado en Miami?", "¿Cuánto vale un piso de 80 m² en Lisboa?", "Price per m2 in Paris?",
     "What is a 3 bed house in Toronto worth?"],
)
async def test_a_city_without_data_gets_no_figure(asked: Runner, question: str) -> None:
    [outcome] = await talk(asked, question)
    assert outcome["status"] == "finished"
    shown = [f for f in outcome["facts"] if f["id"] in outcome["shown_facts"]]
    assert [f for f in shown if f["source"]["kind"] != "user"] == []
    assert_bound(outcome, question)


@pytest.mark.parametrize(
    ("words", "stated", "rooms", "areas"),
    [
        (("apartamentos de 2 alcobas en Medellín",), "de 2 alcobas en venta", (2, 2), (0, 1e9)),
        (("departamentos de 2 o 3 recámaras en Guadalajara",), "de 2 o 3 recámaras", (2, 3), (0, 1e9)),
        (("flats in Madrid with at least 3 bedrooms",), "with 3 bedrooms or more", (3, 99), (0, 1e9)),
        (("pisos de máximo 60 m² en Madrid",), "de hasta 60 m²", (0, 99), (0, 60)),
        (("flats with more than 90 sqm in Madrid",), "of at least 90 m²", (0, 99), (90, 1e9)),
        (("pisos de 80 m² en venta en Madrid, enséñame anuncios",), "de 68 m² a 92 m²", (0, 99), (68, 92)),
        (("apartamentos de al menos 2 alcobas en Cali", "¿y en Medellín?"), "de 2 alcobas o más", (2, 99), (0, 1e9)),
        (("apartamentos de al menos 2 alcobas en Cali", "mejor de 1 alcoba"), "de 1 alcoba en venta", (1, 1), (0, 1e9)),
    ],
)
async def test_a_search_keeps_to_the_sizes_asked_for_and_says_them(
    asked: Runner, words: tuple[str, ...], stated: str, rooms: tuple[float, float], areas: tuple[float, float]
) -> None:
    outcome = (await talk(asked, *words))[-1]
    assert stated in outcome["answer"].replace("\u00a0", " ")
    facts = [f for f in outcome["facts"] if f["entity_id"] in {str(c["id"]) for c in outcome["cards"]}]
    assert outcome["cards"]
    assert all(rooms[0] <= f["value"] <= rooms[1] for f in facts if f["key"] == "bedrooms")
    assert all(areas[0] <= f["value"] <= areas[1] for f in facts if f["key"] == "area_m2")
    assert_bound(outcome, *words)


@pytest.mark.parametrize(
    ("words", "stated", "key", "falling"),
    [
        (("Busco casa con jardín en Medellín", "¿cuál es la más barata?"), "De menor a mayor precio:", "price", False),
        (("el piso más caro de Madrid",), "De mayor a menor precio:", "price", True),
        (("flats in Madrid", "the largest ones"), "Largest first:", "area_m2", True),
        (("casas en Cali", "ordénalas por metro cuadrado"), "De menor a mayor precio por m²:", "price_per_m2", False),
    ],
)
async def test_an_order_is_kept_and_said(
    asked: Runner, words: tuple[str, ...], stated: str, key: str, falling: bool
) -> None:
    outcome = (await talk(asked, *words))[-1]
    assert stated in outcome["answer"].replace("\u00a0", " ")
    facts = {(f["entity_id"], f["key"]): f["value"] for f in outcome["facts"]}
    values = [facts[str(card["id"]), key] for card in outcome["cards"]]
    assert len(values) > 2
    assert values == sorted(values, reverse=falling)


@pytest.mark.parametrize(
    ("question", "lead"),
    [
        ("¿Qué barrios de Madrid son los más caros?", "**Los barrios más caros de Madrid**: "),
        ("colonias más baratas de Guadalajara", "**Las colonias más baratas de Guadalajara**: "),
        ("What's the cheapest neighbourhood in Madrid?", "**Cheapest neighbourhoods of Madrid**: "),
    ],
)
async def test_neighbourhoods_are_ranked_by_price(asked: Runner, question: str, lead: str) -> None:
    [outcome] = await talk(asked, question)
    assert outcome["answer"].startswith(lead)
    assert not outcome["cards"]
    assert_bound(outcome, question)


async def test_a_feature_no_longer_wanted_is_dropped(asked: Runner) -> None:
    before, after = await talk(asked, "pisos con piscina y garaje en Madrid", "¿y sin piscina?")
    assert "piscina" in before["answer"]
    assert "(garaje; no: piscina)" in after["answer"]
    assert after["slots"]["features"] == ["parking"]


@pytest.mark.parametrize(
    ("words", "stated"),
    [
        (("pisos con garaje en Madrid", "que no sea un bajo"), "(garaje; no: planta baja)"),
        (("apartamentos en Cali sin amoblar con balcón",), "(balcón; no: amueblado)"),
        (("flats in Málaga with a lift but not furnished",), "(lift; no: furnished)"),
    ],
)
async def test_what_is_not_wanted_is_left_out_and_said(asked: Runner, words: tuple[str, ...], stated: str) -> None:
    outcome = (await talk(asked, *words))[-1]
    assert stated in outcome["answer"]
    assert outcome["cards"]
    refused = stated.partition("no: ")[2].rstrip(")")
    assert not any(refused in card["features"] for card in outcome["cards"])


async def test_no_photos_are_promised(asked: Runner) -> None:
    *_, outcome = await talk(asked, "pisos en Madrid", "¿Me puedes mandar fotos del primero?")
    assert outcome["answer"].startswith("No tengo fotos ni planos")
    assert len(outcome["cards"]) == 1


@pytest.mark.parametrize(
    ("words", "payment", "moved", "stated"),
    [
        (("hipoteca de 150.000 € a 25 años al 3%", "¿y si baja medio punto?"), 711.32, 672.93, "baja 0,5 puntos"),
        (("hipoteca de 150.000 € a 25 años al 3%", "¿y si suben los tipos 1,5 puntos?"), 711.32, 833.75, "sube 1,5 puntos"),
        (("what if rates rise by three points on a 200k loan over 30 years at 4%?",), 954.83, 1330.60, "by 3 points"),
        (("Hipoteca de 160.000 € a 25 años al 3,2 %: ¿qué cuota sale?",), 775.49, 862.31, "sube un punto"),
    ],
)
async def test_a_rate_that_moves(
    asked: Runner, words: tuple[str, ...], payment: float, moved: float, stated: str
) -> None:
    outcome = (await talk(asked, *words))[-1]
    assert stated in outcome["answer"]
    assert has_number(outcome["answer"], payment, 0.00005)
    assert has_number(outcome["answer"], moved, 0.00005)
    assert_bound(outcome, *words)


async def test_the_change_of_a_year_is_that_years(asked: Runner) -> None:
    [outcome] = await talk(asked, "¿Cuánto subieron los precios en Bogotá en 2023?")
    assert "de diciembre de 2022 a diciembre de 2023" in outcome["answer"]
    assert not outcome["cards"]
    [outcome] = await talk(asked, "How much did rents rise in Madrid in 1950?")
    assert outcome["answer"].startswith("I have no figure for 1950.")


async def test_a_listing_is_spoken_of_until_another_is_named(asked: Runner) -> None:
    listed, yielded, financed, compared, detail, elsewhere = await talk(
        asked, "pisos en Madrid hasta 400.000 €", "¿qué rentabilidad dejaría el segundo?",
        "¿y si lo financio al 80% al 3,5% a 25 años?", "compáralo con el primero", "¿y el segundo tiene ascensor?",
        "¿y si lo compro por 200.000 € y lo alquilo en 900?",
    )
    facts = {(f["entity_id"], f["key"]): f["value"] for f in listed["facts"]}
    first, second, *_ = (str(card["id"]) for card in listed["cards"])
    price = facts[second, "price"]
    assert f"anuncio «{listed['cards'][1]['title']}»" in yielded["answer"]
    loan = next(f["value"] for f in financed["facts"] if f["key"] == "loan_amount")
    assert loan == pytest.approx(0.8 * price)
    assert {str(card["id"]) for card in compared["cards"]} == {first, second}
    assert [str(card["id"]) for card in detail["cards"]] == [second]
    assert {f["value"] for f in elsewhere["facts"] if f["key"] == "price"} == {200_000}


@pytest.mark.parametrize(
    ("question", "routes", "words"),
    [
        ("¿Cuánto cobran ustedes de comisión?", ["none"], "No conozco las comisiones"),
        ("what are your fees?", ["none"], "I don't know the team's commission"),
        ("¿Qué es el cap rate?", ["roi"], "**La tasa de capitalización** (cap rate) es"),
        ("what does LTV mean?", ["roi"], "**LTV** (loan to value) is"),
        ("¿qué es el predial?", ["market_research"], "**El predial** (Colombia y México) o **IBI** (España)"),
        ("what's the gross yield?", ["roi"], "What are the property's price and monthly rent?"),
        ("how much would I pay in total to buy a 300k flat in Madrid, all costs included?", ["roi"], "of buying costs"),
        ("¿qué tan seguro es Getsemaní?", ["market_research"], ""),
        ("¿qué tan seguro estás de esa cifra?", ["none"], "lleva su fuente"),
        ("recomiéndame un barrio para vivir con niños en Málaga", ["market_research"], "Esto dicen los documentos"),
        ("¿me conviene más hipoteca fija o variable?", ["market_research"], "No tengo un documento"),
        ("What taxes will I pay if I buy in Bogotá?", ["roi"], "With the price I can work it out"),
        ("Is now a good time to buy in Madrid?", ["price_prediction"], "Madrid"),
    ],
)
async def test_what_is_asked_is_what_is_answered(asked: Runner, question: str, routes: list[str], words: str) -> None:
    [outcome] = await talk(asked, question)
    assert outcome["routes"] == routes
    assert words in outcome["answer"]
    assert not outcome["escalated"]


async def test_a_payment_without_a_price_asks_for_the_price_alone(asked: Runner) -> None:
    *_, outcome = await talk(asked, "Busco casa en Medellín", "¿cuánto pagaría de cuota si doy el 30% de entrada?")
    assert outcome["answer"].startswith("¿De qué precio es el inmueble?")
    assert "arriendo" not in outcome["answer"]


async def test_what_had_to_be_given_up_is_said(asked: Runner) -> None:
    [outcome] = await talk(asked, "piso de 14 habitaciones en Madrid")
    assert "con otro número de habitaciones hay" in outcome["answer"]
    [outcome] = await talk(asked, "14-bedroom flats in Madrid of up to 80 m2")
    assert "with another number of bedrooms there are" in outcome["answer"]


async def test_cards_count_rooms_in_the_words_of_the_country(asked: Runner) -> None:
    for question, rooms in (("apartamentos de 2 alcobas en Medellín", "2 alcobas"),
                            ("pisos de 1 habitación en Madrid", "1 habitación"),
                            ("depas de 3 recámaras en Guadalajara", "3 recámaras"), ("2-bed flats in Madrid", "2 bedrooms")):
        [outcome] = await talk(asked, question)
        assert {card["bedrooms"] for card in outcome["cards"]} == {rooms}


async def test_a_neighbourhood_that_is_not_wanted_is_left_out(asked: Runner) -> None:
    every, rest = await talk(asked, "apartamentos en Medellín", "que no sean en Robledo")
    alone, = await talk(asked, "apartamentos en Robledo, Medellín")
    totals = [next(f["value"] for f in o["facts"] if f["key"] == "count") for o in (every, rest, alone)]
    assert totals[0] == totals[1] + totals[2]
    assert "Robledo" not in " ".join(c["place"] for c in rest["cards"])


async def test_inflation_of_a_year_is_that_years(asked: Runner) -> None:
    [mexico] = await talk(asked, "inflación de 2022 en México")
    assert "en México" in mexico["answer"]
    assert "(2022)" in mexico["answer"]


async def test_a_place_inside_a_city_without_data_is_never_the_city_unsaid(asked: Runner) -> None:
    [outcome] = await talk(asked, "¿a cuánto está el metro en Santa Fe, Ciudad de México?")
    assert "De Santa Fe, Ciudad de México no tengo anuncios suficientes" in outcome["answer"]


async def test_a_wish_to_speak_to_a_person_opens_one_case(asked: Runner) -> None:
    first, again = await talk(asked, "Quiero hablar con una persona, por favor", "¿ya viene alguien?")
    assert first["escalated"]
    assert first["case"]["case"] in first["answer"]
    async with asked.resources.database.session(SCOPE) as session:
        found = await session.execute(
            text("SELECT count(*) FROM cases WHERE id = :id"), {"id": first["case"]["id"]}
        )
        assert found.scalar_one() == 1
    assert again["case"] is None or again["case"]["id"] == first["case"]["id"]


@pytest.mark.parametrize(
    ("words", "case", "stored"),
    [
        (("Quiero vender mi piso en Sevilla", "mi teléfono es el 600 123 456", "vale, sí"), None, "600123456"),
        (("I'd like to visit the first flat you have in Madrid", "my phone is +44 7700 900123", "yes, you can store it"),
         None, "+447700900123"),
        (("Quiero vender mi casa en Guadalajara", "mi celular es 33 1234 5678", "no, no autorizo"), None, None),
        (("busco piso en Málaga", "prefiero no dar mis datos"), None, None),
        (("no quiero que me llaméis",), None, None),
        (("borra mi teléfono",), "data_request", None),
        (("estoy harto de esta lluvia, jaja",), None, None),
        (("¡estoy harto!",), "anger", None),
        (("¿cómo evito fraudes al arrendar?",), None, None),
        (("how do I avoid scams when buying in Mexico?",), None, None),
        (("pagué la separación y no me responden, creo que es una estafa",), "fraud_or_money", None),
        (("somos un fondo y queremos comprar 200 departamentos en Ciudad de México",), "large_deal", None),
    ],
)
async def test_cases_and_contacts(
    asked: Runner, words: tuple[str, ...], case: str | None, stored: str | None
) -> None:
    outcomes = await talk(asked, *words)
    assert [o["case"]["reason"] for o in outcomes if o["case"]] == ([case] if case else [])
    async with asked.resources.database.session(SCOPE) as session:
        found = await session.execute(text("SELECT phone, consent_at FROM leads ORDER BY created_at DESC LIMIT 1"))
        row = found.one_or_none()
    if stored:
        assert row is not None
        assert (row.phone, row.consent_at is not None) == (stored, True)
    elif row is not None and len(words) == 3:
        assert (row.phone, row.consent_at) == (None, None)


@pytest.mark.parametrize(
    ("person", "asks", "words", "before"),
    [
        ("Quiero hablar con una persona", "¿en qué va mi caso?", "está abierto", "No hay ningún caso"),
        ("I want to talk to a person", "any news on my case?", "is open", "There is no open case"),
    ],
)
async def test_the_state_of_a_case_is_told_as_it_is(
    asked: Runner, person: str, asks: str, words: str, before: str
) -> None:
    none, first, then = await talk(asked, asks, person, asks)
    assert before in none["answer"]
    assert first["case"]["case"] in then["answer"]
    assert words in then["answer"]
    assert then["case"] is None


@pytest.mark.parametrize("words", ["ok", "asdfghjkl", "???", "👍"])
async def test_what_is_in_no_language_is_answered_in_that_of_the_conversation(asked: Runner, words: str) -> None:
    [alone] = await talk(asked, words)
    _, after = await talk(asked, "Price per square metre in Medellín", words)
    assert (alone["language"], after["language"]) == ("es", "en")


SEEDS = {
    "greeting": "hola",
    "greeting en": "Hello! What can you do?",
    "search": "Busco apartamento en Laureles, Medellín, de hasta 500 millones",
    "rent search": "apartamentos en arriendo en Cali",
    "search en": "I want to buy a flat in Madrid under 400k",
    "value": "¿Cuánto vale un piso de 80 m² y 2 habitaciones en Málaga?",
    "value mx": "¿Cuánto vale un departamento de 90 m² y 2 recámaras en Polanco, Ciudad de México?",
    "value en": "How much is an 80 m² two-bedroom flat in Seville worth?",
    "yield": "Compro por 200.000 € en Málaga y alquilo por 900 € al mes, ¿rentabilidad?",
    "yield mx": "Compro depa en Guadalajara en 3 millones y lo rento en 15 mil al mes, ¿qué rendimiento da?",
    "yield en": "I buy in Madrid at 250k euros and rent at 1,250 a month: yield?",
    "loan": "Hipoteca de 160.000 € a 25 años al 3,2 %, ¿qué cuota sale?",
    "loan co": "¿Cuánto pagaría al mes por un crédito de 200 millones de pesos a 15 años al 12 %?",
    "loan en": "Mortgage of 200k euros over 30 years at 3%: what payment?",
    "compare": "Compara Medellín y Cali para invertir",
    "compare en": "Compare Mexico City and Guadalajara",
    "options": "Opción A: 300 millones y arriendo de 1,6 millones. Opción B: 350 millones y arriendo de 2 millones. ¿Cuál?",
    "level": "¿A cuánto está el metro cuadrado en Bogotá?",
    "level en": "Price per square metre in Medellín",
    "trend": "¿Cómo se han movido los precios en Bogotá?",
    "forecast": "¿Cuánto pueden subir los precios en Málaga en 3 años?",
    "forecast en": "How much could prices rise in Madrid in three years?",
}


@pytest.mark.parametrize("seed", SEEDS, ids=str)
async def test_what_is_suggested_works(asked: Runner, seed: str) -> None:
    """Each suggestion, sent as it stands, is answered: other words than before, figures that bind, or a question back."""
    [first] = await talk(asked, SEEDS[seed])
    assert first["suggestions"], first["answer"]
    assert len(set(first["suggestions"])) == len(first["suggestions"]) <= 3
    for words in first["suggestions"]:
        _, then = await talk(asked, SEEDS[seed], words)
        assert then["status"] == "finished"
        assert set(then["routes"]) <= set(SPECIALISTS), words
        assert then["answer"] != first["answer"], words
        assert words not in then["suggestions"]
        told = then["shown_facts"] or then["routes"] == ["lead_qualification"] or then["action"] == "question"
        assert told, (words, then["answer"])
        assert_bound(then, SEEDS[seed], words)
