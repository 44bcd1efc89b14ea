"""Follow-ups without figures: what they change of the purchase told before, and what they ask of it."""

from __future__ import annotations

from typing import Any

import pytest

from .support import talk

BOGOTA = "Apartamento en Bogotá por 480 millones, arriendo 2,3 millones, financio el 70 % al 12 % a 20 años"
MADRID = "Piso en Madrid por 240.000 €, alquiler 1.100 € al mes, hipoteca del 80 % al 3 % a 25 años, ¿rentabilidad?"
MEXICO = "Depa en la Condesa de 6 millones de pesos, lo rento en 30 mil, crédito del 70 % al 10.5 % a 20 años"
POLANCO = ("I buy a flat in Polanco for 6 million pesos, rent 30,000 a month, 70 % loan at 10.5 % over 20 years. What's the "
           "return?")
CASH = "Piso en Madrid por 240.000 €, alquiler 1.100 € al mes"


def deal_after(*turns: str) -> dict[str, Any]:
    found = talk(turns)
    assert found.routes == ("roi",)
    return dict(found.request["deal"])


@pytest.mark.parametrize("told", [BOGOTA, MADRID, MEXICO, POLANCO])
@pytest.mark.parametrize(("asked", "measures"), [
    ("¿y si es obra nueva?", ["purchase_costs", "net_yield"]),
    ("¿y si fuera de segunda mano?", ["purchase_costs", "net_yield"]),
    ("and if it is a new build?", ["purchase_costs", "net_yield"]),
    ("¿y al venderlo?", ["left_after_sale", "levered_irr"]),
    ("and on selling it?", ["left_after_sale", "levered_irr"]),
    ("¿cuánto me queda al vender?", ["left_after_sale"]),
    ("what do I keep after selling?", ["left_after_sale"]),
    ("¿cuánto gano con el apalancamiento?", ["leverage_effect"]),
    ("¿cuánto gano con la hipoteca?", ["leverage_effect"]),
    ("¿me conviene el crédito?", ["leverage_effect"]),
    ("¿vale la pena el crédito?", ["leverage_effect"]),
    ("how much do I gain from the leverage?", ["leverage_effect"]),
    ("is the mortgage worth it?", ["leverage_effect"]),
])
def test_a_follow_up_asks_of_the_purchase_in_hand(told: str, asked: str, measures: list[str]) -> None:
    assert deal_after(told, asked)["turn"] == measures


@pytest.mark.parametrize(("asked", "new"), [
    ("¿y si es obra nueva?", True), ("¿y si es a estrenar?", True), ("and if it is a new build?", True),
    ("¿y si es de segunda mano?", False), ("and if it's second hand?", False),
])
def test_it_may_be_new(asked: str, new: bool) -> None:
    assert talk([MADRID, asked]).request["new_build"] is new


@pytest.mark.parametrize("first", [
    "Piso nuevo en Madrid por 300.000 €, ¿cuánto son los gastos de compra?",
    "Piso a estrenar en Madrid por 300.000 €, ¿gastos de compra?",
    "Compro sobre planos en Valencia un piso de 250.000 €, ¿cuánto pago de gastos de compra?",
    "Vivienda nueva en Sevilla de 250.000 €, ¿gastos e impuestos de compra?",
    "Departamento nuevo en preventa en CDMX de 4 millones de pesos, ¿gastos de escrituración?",
    "Apartamento nuevo en Bogotá de 400 millones, ¿gastos de compra?",
    "New-build flat in Barcelona for 300,000 euros: purchase costs?",
    "Off-plan flat in Málaga at 300,000 euros, what are the buying costs?",
])
def test_a_first_message_may_tell_that_it_is_new(first: str) -> None:
    assert talk([first]).request["new_build"] is True


def test_another_property_is_not_new_because_the_last_one_was() -> None:
    found = talk(["Piso nuevo en Madrid por 300.000 €, ¿gastos de compra?",
                  "Un piso en Sevilla por 180.000 €, ¿gastos de compra?"])
    assert "new_build" not in found.request


@pytest.mark.parametrize(("told", "asked", "sale", "years"), [
    (MADRID, "¿y al venderlo en 5 años por 300.000?", 300_000, 5),
    (BOGOTA, "¿y al venderlo en 5 años por 600 millones?", 600e6, 5),
    (POLANCO, "and on selling it in 5 years for 7 million?", 7e6, 5),
])
def test_a_sale_keeps_what_the_property_cost(told: str, asked: str, sale: float, years: float) -> None:
    found = talk([told, asked])
    before = talk([told]).slots
    deal = found.request["deal"]
    assert (deal["sale"], deal["hold_years"], found.slots["price"]) == (sale, years, before["price"])
    assert found.slots["term_years"] == before["term_years"]


def test_years_and_a_price_answer_when_it_is_sold() -> None:
    deal = deal_after(CASH, "¿y al venderlo?", "en 6 años por 280.000")
    assert (deal["price"], deal["sale"], deal["hold_years"], deal["turn"]) == (240_000, 280_000, 6, ["left_after_sale", "irr"])


@pytest.mark.parametrize("asked", ["¿y a 15 años?", "and after 15 years?"])
def test_years_alone_are_how_long_it_is_kept_after_a_return_over_years(asked: str) -> None:
    deal = deal_after(MADRID, "¿y al venderlo en 5 años por 300.000?", asked)
    assert (deal["hold_years"], deal["term_years"]) == (15, 25)
    assert deal_after(MADRID, "¿y a 15 años?")["term_years"] == 15


@pytest.mark.parametrize("asked", ["¿y sin hipoteca?", "¿y al contado?", "and without the mortgage?", "¿y si pago de contado?"])
def test_the_loan_is_set_aside(asked: str) -> None:
    found = talk([MADRID, asked])
    deal = found.request["deal"]
    assert not {"financed_pct", "rate_pct", "term_years"} & deal.keys()
    assert not {"rate_pct", "term_years", "down_payment_pct"} & found.slots.keys()
    again = deal_after(MADRID, asked, "¿cuánto gano con la hipoteca?")
    assert (again["financed_pct"], again["rate_pct"], again["term_years"], again["turn"]) == (80, 3, 25, ["leverage_effect"])
    other = deal_after(MADRID, asked, "¿y con el 30 % de entrada?")
    assert (other["down_pct"], other["rate_pct"], other["term_years"]) == (30, 3, 25)


@pytest.mark.parametrize(("turns", "measures"), [
    ([MADRID, "¿y al venderlo en 5 años por 300.000?", "¿y después de impuestos?"],
     ["sale_proceeds", "sale_taxes", "after_tax_levered_irr"]),
    ([MADRID, "¿y al venderlo en 5 años por 300.000?", "¿cuánto gano con la hipoteca?", "and after tax?"],
     ["after_tax_levered_irr", "after_tax_irr"]),
    ([MADRID, "¿y al venderlo en 5 años por 300.000?", "¿cuánto me queda al vender?", "¿y después de impuestos?"],
     ["sale_proceeds", "sale_taxes"]),
    ([POLANCO, "what's the monthly cash flow?", "and after tax?"],
     ["after_tax_cash_flow_month", "after_tax_cash_flow_year", "rent_tax"]),
    (["Depa en Polanco que compro en 3 millones y rento en 20 mil, ¿cuánto pago de impuestos por la renta?",
      "and on selling it for 4 million in 6 years?"], ["sale_taxes", "sale_proceeds"]),
    (["Piso en Madrid de 200.000 que alquilo a 900, ¿cuánto pago de impuestos por el alquiler?",
      "¿y al venderlo en 260.000 dentro de 6 años?"], ["sale_taxes", "sale_proceeds"]),
])
def test_what_is_wanted_after_tax_is_what_was_asked_before(turns: list[str], measures: list[str]) -> None:
    assert talk(turns).request["tax"]["measures"] == measures


@pytest.mark.parametrize(("turns", "route"), [
    ([MADRID, "¿y tienen obra nueva?"], "market_research"),
    ([MADRID, "¿y cuánto se tarda en vender un piso en Madrid?"], "market_research"),
    ([MADRID, "quiero venderlo con ustedes"], "lead_qualification"),
])
def test_what_is_about_something_else_stays_so(turns: list[str], route: str) -> None:
    assert route in talk(turns).routes


@pytest.mark.parametrize("asked", ["¿me conviene la hipoteca fija o variable?", "¿cuánto gano al mes con la hipoteca?"])
def test_which_loan_is_another_question(asked: str) -> None:
    assert talk([MADRID, asked]).request["deal"].get("turn") != ["leverage_effect"]


@pytest.mark.parametrize(("text", "measures"), [
    ("Compro por 300.000 € en Madrid y alquilo por 1.300, gastos 2.000 al año, hipoteca de 200.000 al 3 % a 25 años. "
     "Dame el cap rate, el DSCR y el punto de equilibrio", ["cap_rate", "dscr", "break_even_rent"]),
    ("I buy at 300,000 in Madrid, rent 1,300, costs 2,000 a year, loan 200,000 at 3% over 25 years. "
     "Give me cap rate, DSCR and break-even occupancy", ["break_even_occupancy", "cap_rate", "dscr"]),
    ("Depa de 3 millones, renta 20 mil, mantenimiento 2 mil al mes, crédito de 2 millones al 11 % a 20 años: "
     "cap rate, DSCR y renta de equilibrio", ["cap_rate", "dscr", "break_even_rent"]),
])
def test_measures_of_one_list_are_all_answered(text: str, measures: list[str]) -> None:
    assert sorted(deal_after(text)["turn"]) == sorted(measures)


@pytest.mark.parametrize("text", [
    "¿qué tan riesgoso es invertir en Polanco con dólares financiando el 70 %?",
    "how risky is it to invest in Polanco with a 70% mortgage?",
])
def test_a_share_borrowed_tells_no_purchase(text: str) -> None:
    found = talk([text])
    assert (found.routes, found.request["market"]) == (("market_research",), ["risk"])


@pytest.mark.parametrize(("turns", "market", "operation"), [
    (["¿cómo está el precio del metro cuadrado en Chapinero?", "¿y los alquileres?"], ["area_stats"], "rent"),
    (["¿cómo está el precio del metro cuadrado en Chapinero?", "¿y hace un año?"], ["trend"], None),
    (["How are prices in Chamberí, Madrid?", "and a year ago?"], ["trend"], None),
    (["¿cuánto costaba el metro en Chapinero hace un año?"], ["trend"], None),
])
def test_a_market_is_gone_on_with(turns: list[str], market: list[str], operation: str | None) -> None:
    found = talk(turns)
    assert (found.routes, found.request["market"], found.slots.get("operation")) == (("market_research",), market, operation)


@pytest.mark.parametrize("text", [
    "crédito UVR, ¿cómo funciona?", "how does a UDI loan work?", "¿cómo funciona un crédito en UVR?", "UVR, ¿qué es?",
    "how do UDI loans work?",
])
def test_how_an_indexed_loan_works_is_explained(text: str) -> None:
    assert talk([text]).request["define"] == "uvr"


@pytest.mark.parametrize(("told", "asked", "measures"), [
    (MADRID, "¿y en términos reales?", ["real_irr", "levered_irr"]),
    (CASH, "¿y descontando la inflación?", ["real_irr", "irr"]),
    (POLANCO, "and in real terms?", ["real_irr", "levered_irr"]),
    (POLANCO, "and after inflation?", ["real_irr", "levered_irr"]),
])
def test_a_return_is_asked_in_real_terms(told: str, asked: str, measures: list[str]) -> None:
    assert deal_after(told, asked)["turn"] == measures
    later = deal_after(told, asked, "en 5 años por 300.000" if told != POLANCO else "in 5 years for 7 million")
    assert (later["hold_years"], later["turn"]) == (5, measures)


@pytest.mark.parametrize(("told", "asked", "currency"), [
    (BOGOTA, "¿y en dólares?", "USD"), (MADRID, "¿y en dólares?", "USD"), (POLANCO, "and in dollars?", "USD"),
    (POLANCO, "and in euros?", "EUR"), (MADRID, "¿y en euros?", None),
])
def test_a_return_is_asked_in_another_currency(told: str, asked: str, currency: str | None) -> None:
    found = talk([told, asked])
    assert (found.routes, found.request.get("shown_in")) == (("roi",), currency)
    assert found.request["deal"].get("target_currency") == currency


@pytest.mark.parametrize(("turns", "entry", "value"), [
    (["compra 90.000 reforma 22.000 gastos 9.500 venta en 149.000", "beneficio antes de impuestos?",
      "y en % sobre lo puesto, descontando 4.200 de la inmobiliaria al vender"], "sale", 149_000),
    (["Necesito la TIR de una operación", "inversión 185.000 €, flujo neto anual 8.400 durante 4 años",
      "al final del 4.º vendo y me quedan 198.000 además de ese flujo"], "sale", 198_000),
])
def test_a_sale_that_is_told_asks_nothing_of_it(turns: list[str], entry: str, value: float) -> None:
    deal = talk(turns).request["deal"]
    assert deal[entry] == value
    assert "left_after_sale" not in deal.get("asked", ())
