"""What each figure is, which option it is of, and which measures are asked: as told by hand, in words nobody was trained on."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.understanding.amounts import read_amounts
from knowledge.understanding.figures.history import Told, history
from knowledge.understanding.figures.marked import turn_of
from knowledge.understanding.figures.read import from_slots, later, to_slots
from knowledge.understanding.tokens import normalise, tokenise
from tests.knowledge.understanding.support import talk


def told(turns: list[str]) -> list[tuple[str, float, int | None]]:
    """(role, value, option) of every figure that is something, in order."""
    figures = talk(turns).slots["_figures"]["told"]
    return [(role, value, option) for role, value, _, _, option in figures if role not in ("x", "area")]


@pytest.mark.parametrize(
    ("turns", "roles"),
    [
        (["The asking price is €212,000, a tenant pays €940 a month and the running costs are €1,900 a year"],
         ["price", "rent/month", "cost/year"]),
        (["Crédito de 180 millones al 12,4 % E.A. a 15 años"], ["loan", "rate", "term"]),
        (["Pongo 45.000 € de entrada y el banco me deja 135.000 € al 2,9 % a 25 años"], ["own", "loan", "rate", "term"]),
        (["Bought at €98,000", "rent 560 a month", "make the rent 590"], ["price", "rent/month", "rent/month"]),
        (["depa de 2.4 mdp con 20% de enganche, tasa 10.9% a 20 años"], ["price", "down", "rate", "term"]),
        (["piso de 160.000 €, alquiler 780 al mes, comunidad 55 al mes, IBI 320 al año"],
         ["price", "rent/month", "cost/month", "cost/year"]),
    ],
)
def test_a_figure_is_what_its_words_make_it(turns: list[str], roles: list[str]) -> None:
    assert [role for role, *_ in told(turns)] == roles


@pytest.mark.parametrize(
    ("turns", "options"),
    [
        (["Piso A: 150.000 €, alquiler 700. Piso B: 180.000 €, alquiler 820. ¿Bruta de cada uno?"], [0, 0, 1, 1]),
        (["One costs 150,000 and rents for 700, the other costs 180,000 and rents for 820"], [0, 0, 1, 1]),
        (["prices 150,000 and 180,000", "rents 700 and 820"], [0, 1, 0, 1]),
        (["200.000 € al 3 % a 20 o a 30 años, ¿cuota?"], [None, None, 0, 1]),
        (["Local de 300 millones que renta 2 millones, administración 200.000, predial 1.800.000 al año"], [0, 0, 0, 0]),
    ],
)
def test_a_figure_is_of_the_option_it_is_told_of(turns: list[str], options: list[int | None]) -> None:
    assert [option for *_, option in told(turns)] == options


@pytest.mark.parametrize(
    ("turns", "measures"),
    [
        (["Piso de 150.000 €, alquiler 700: ¿rentabilidad bruta?"], ["gross_yield"]),
        (["loan of 150,000 euros at 3 % over 25 years, what do I pay a month?"], ["monthly_payment"]),
        (["loan of 150,000 euros at 3 % over 25 years, what do I pay a month?", "and over 20?"], ["monthly_payment"]),
        (["casa de 300.000, el banco financia el 70 %, ¿cuánto tengo que poner yo?"], ["down_payment"]),
        (["I paid 120,000 and it nets 7,200 a year. How many years until I have my money back?"], ["payback_years"]),
    ],
)
def test_what_is_asked_is_found_without_its_name(turns: list[str], measures: list[str]) -> None:
    assert talk(turns).request["deal"]["turn"] == measures


@pytest.mark.parametrize(
    ("turns", "entry", "value"),
    [
        (["apto de 350 millones que se arrienda en 1.9, ¿bruta?"], "rent", 1_900_000),
        (["piso: 180k, renta 850, ¿bruta?", "y si lo saco por 165?"], "price", 165_000),
        (["Compro en 140.000 con un préstamo de 98, al 3 % a 20 años, ¿cuota?"], "loan", 98_000),
    ],
)
def test_a_bare_figure_takes_the_size_spoken_of(turns: list[str], entry: str, value: float) -> None:
    held = talk(turns).request["deal"][entry]
    assert (held["amount"] if isinstance(held, dict) else held) == value


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("Invierto 180 millones; flujos netos al cierre de cada año: 20, 22, 24 y en el cuarto 215 millones. ¿TIR?",
         [[1, 20e6], [2, 22e6], [3, 24e6], [4, 215e6]]),
        ("I put in 100,000 today, get 8,000 in year 1, 9,000 in year 2 and 125,000 in year 3. IRR?",
         [[1, 8_000], [2, 9_000], [3, 125_000]]),
    ],
)
def test_flows_are_of_their_years(text: str, flows: list[list[float]]) -> None:
    assert talk([text]).request["deal"]["dated"] == flows


def test_what_every_year_brings_is_no_single_flow() -> None:
    told = talk(["Invierto 130.000 € hoy, recibo 11.000 cada año durante 4 años y vendo a 135.000 en el año 4. VAN al 8 %"])
    assert told.request["deal"]["rent"] == {"amount": 11_000, "period": "year", "net": True}


def test_marks_are_taken_out_of_the_text() -> None:
    turn = turn_of("compro en {240.000 €|price@1} y alquilo en {1.150|rent/month@2}")
    assert turn.text == "compro en 240.000 € y alquilo en 1.150"
    assert [(turn.text[start:end], role, option) for start, end, role, option in turn.marks] == [
        ("240.000 €", "price", "1"), ("1.150", "rent/month", "2")]


def test_a_figure_goes_on_with_the_pattern_before_it() -> None:
    text = normalise("198/990, 310/1400")
    amounts = read_amounts(text, tokenise(text))
    past = [Told("price", 198, "other", 0), Told("rent/month", 990, "other", 0), Told("price", 310, "other", 0)]
    assert "goes on rent/month" in set(history(amounts[-1], past))


def test_what_was_told_is_kept_with_the_conversation() -> None:
    kept: dict[str, Any] = talk(["Piso A: 150.000 €, alquiler 700. Piso B: 180.000 €, alquiler 820"]).slots["_figures"]
    assert to_slots(from_slots(kept)) == kept
    assert from_slots(kept).several
    assert all(t.ago == 2 for t in later(from_slots(kept)).told)
    assert not from_slots(None).told


def test_areas_of_options_are_no_prices() -> None:
    found = talk(["Flat A is 210k renting at 1,050, flat B 265k renting at 1,240. €/m2 if A is 70 sqm and B 92?"])
    options = found.request["options"]
    assert [(o["price"], o["monthly_rent"], o["area_m2"]) for o in options] == [(210_000, 1_050, 70), (265_000, 1_240, 92)]


@pytest.mark.parametrize(("text", "price", "rent"), [
    ("yield on 200k euros renting 300k a month", 200_000, 300_000),
    ("piso de 200.000 € alquilado a 300.000 al mes, ¿rentabilidad?", 200_000, 300_000),
    ("piso de 200.000 con alquiler de 250.000 al mes, ¿rentabilidad?", 200_000, 250_000),
    ("flat for 200,000 renting at 300,000 a month, yield?", 200_000, 300_000),
    ("depa de 4 millones, renta de 5 millones al mes, ¿rentabilidad?", 4e6, 5e6),
    ("apto de 450 millones arrendado en 500 millones al mes, ¿cuánto renta?", 450e6, 500e6),
])
def test_a_price_beside_a_rent_above_it_stays_the_price(text: str, price: float, rent: float) -> None:
    """So that the return can refuse the two, instead of asking for a price."""
    slots = talk([text]).slots
    assert (slots["price"], slots["monthly_rent"]) == (price, rent)


@pytest.mark.parametrize("text", [
    "two flats in Leeds, one at 780 a month and a shop on 1,300: they cost 240,000 together, yield?",
    "edificio en Bogotá de 900 millones: un apto renta 1.200.000 al mes y otro 1.500.000, ¿bruta?",
])
def test_rents_of_several_homes_stay_rents(text: str) -> None:
    assert talk([text]).slots["price"] >= 240_000
