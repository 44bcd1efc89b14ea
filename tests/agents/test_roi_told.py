"""Returns told in words, over several turns: from the messages to the figure in the answer, without a database.

`told_returns.jsonl` (yields, flows, costs) and `told_purchases.jsonl` (loans, cash at signing, currencies, square metres,
wished yields, nights) hold conversations with the figures that follow from them, worked out apart from the program.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from agents.playbook import Brief
from agents.roi import SPECIALIST
from agents.specialist import build
from core.clock import FixedClock, use_clock
from core.locale import LOCALES
from core.scope import Scope
from core.settings import Settings
from evals.scorers.figures import has_number
from graphs.evidence import facts_of, stated_facts
from graphs.grounding import accept
from knowledge.resources import Resources
from knowledge.understanding.understand import Understanding, default_places, understand
from tools.context import TurnContext

HERE = Path(__file__).parent
TOLD = [
    json.loads(line)
    for name in ("told_returns", "told_purchases")
    for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]
#: Conversations marked `open` are read as those of several properties.
OPEN = pytest.mark.xfail(strict=True, reason="figures of this wording are not told apart yet")


class NoDatabase:
    def session(self, scope: Scope) -> Any:
        raise AssertionError("what was told needs no database")


def understood(turns: list[str]) -> Understanding:
    last: Understanding | None = None
    for turn in turns:
        last = understand(
            turn, places=default_places(), previous_slots=last.slots if last else {},
            previous_routes=last.routes if last else (), previous_language=last.answer_language if last else None,
        )
    assert last is not None
    return last


def locale_of(message: Understanding) -> str:
    country = message.slots.get("country")
    spanish = {"ES": "es-ES", "MX": "es-MX"}.get(country, "es-CO") if isinstance(country, str) else "es-CO"
    return "en" if message.answer_language == "en" else spanish


async def answered(turns: list[str]) -> str:
    """The ROI specialist's answer; every figure in it binds to a fact."""
    message = understood(turns)
    where = LOCALES[locale_of(message)]
    brief = Brief("roi", message.text, where.language, where.code, register=message.register, routes=("roi",),
                  slots=message.slots, turn_slots=message.turn_slots, request=message.request)
    resources = Resources(Settings(), NoDatabase())  # type: ignore[arg-type]
    context = TurnContext(resources, Scope("default"), locale=where, message_id="msg_1", user_words=tuple(turns),
                          slots=message.slots)
    state = await build(SPECIALIST, None, where.language).ainvoke(
        {"messages": [HumanMessage(message.text, additional_kwargs={"brief": brief.to_dict()})]}, context=context)
    messages = state["messages"]
    facts = facts_of([m.artifact for m in messages if getattr(m, "artifact", None)])
    facts += stated_facts({"slots": message.slots, "quantities": []}, "msg_1")
    text = str(messages[-1].text)
    assert accept(text, facts, where, (message.text,)).offender is None, text
    return text


@pytest.mark.parametrize(
    "told",
    [pytest.param(told, marks=[OPEN] if told.get("open") else [], id=told["turns"][-1][:60]) for told in TOLD],
)
async def test_a_told_return_is_worked_out(told: dict[str, Any]) -> None:
    text = await answered(told["turns"])
    for value in told["values"]:
        assert has_number(text, value, 0.005), (value, text)


@pytest.mark.parametrize(("turns", "led"), [
    (["piso en Valencia de 200.000 €, alquiler de 900, ¿cuáles son los gastos de compra?"], "Entre **20.000"),
    (["flat in Valencia 200,000, what are the closing costs if I let it at 900?"], "Between **€20,000**"),
    (["piso en Valencia de 200.000 €, alquiler de 900, gastos de compra 10 %, ¿qué rentabilidad?"], "**5,4"),
])
async def test_costs_of_a_purchase_lead_where_they_are_asked_and_not_where_they_are_told(turns: list[str], led: str) -> None:
    with use_clock(FixedClock(datetime(2026, 11, 30, tzinfo=UTC))):
        text = await answered(turns)
    assert text.startswith(led)
    assert ("ITP" in text) == ("20" in led)
    if "20" not in led:
        assert "Neto" in text  # the costs told count in what is left


@pytest.mark.parametrize(
    ("turns", "entry", "value"),
    [
        (["Piso de 200.000, alquiler 900, ¿bruta?", "¿y si bajo el precio a 180?"], "price", 180_000),
        (["loan of 100k at 4% for 20 years, monthly?", "sorry, 15 years, not 20"], "term_years", 15),
        (["Debo 87.000 de una casa tasada en 145.000, ¿LTV?"], "debt", 87_000),
        (["me financian el 80 % de un piso de 150.000"], "financed_pct", 80),
        (["doy la mitad y el banco me financia la otra mitad"], "financed_pct", 50),
        (["alquilo a 800 y un mes vacío al año, precio 150.000, ¿neta?"], "vacancy_pct", 8.333333),
        (["apto de 500 millones, pongo 300 de mi bolsillo"], "own", 300e6),
        (["la letra del banco es de 415 al mes"], "instalment", 415),
        (["si la mensualidad es 1.500 y pago 6.000 de gastos al año"], "instalment", 1_500),
    ],
)
def test_what_is_told_has_its_name(turns: list[str], entry: str, value: float) -> None:
    assert understood(turns).request["deal"][entry] == pytest.approx(value)


@pytest.mark.parametrize(
    ("turns", "costs"),
    [
        (["piso 200.000, alquiler 900, IBI 410, comunidad 65, ¿neta?"], [("IBI", 410, "year"), ("comunidad", 65, "month")]),
        (["Building fee is 410k a month and property tax 3.1 million a year"],
         [("Building fee", 410_000, "month"), ("property tax", 3_100_000, "year")]),
        (["alquiler 900, gastos 1.200 al año", "perdón, los gastos son 1.500 al año"], [("gastos", 1_500, "year")]),
    ],
)
def test_costs_are_no_rents(turns: list[str], costs: list[tuple[str, float, str]]) -> None:
    told = understood(turns).request["deal"]["costs"]
    assert [(c["label"], c["amount"], c["period"]) for c in told] == costs


def test_two_properties_are_no_single_return() -> None:
    assert "deal" not in understood(["casa 1: 2.6 mdp y renta 14 mil; casa 2: 3.1 mdp y renta 15,500. bruto de ambas"]).request


def test_another_property_starts_afresh() -> None:
    deal = understood(["Piso de 150.000 alquilado a 700, comunidad 60 al mes, ¿neta?",
                       "Ahora un local en Reus: cuesta 90.000 y lo alquilan a 600, ¿bruta?"]).request["deal"]
    assert (deal["price"], deal["rent"]["amount"], deal.get("costs")) == (90_000, 600, None)


@pytest.mark.parametrize(
    ("turns", "fx", "target"),
    [
        (["Vendo en 3 millones de pesos", "el euro lo tomo a 20.5, ¿cuántos euros son?"], (20.5, "MXN", "EUR"), "EUR"),
        (["I have 90,000 pounds and get 1.18 euros for each pound, how much is that in euros?"], (1.18, "EUR", "GBP"), "EUR"),
        (["Piden 210.000 dólares, con el dólar a 4.120 ¿cuánto es en pesos?"], (4120, "COP", "USD"), "COP"),
        (["Son 2 millones de pesos y el tipo de cambio es 19 por dólar, ¿cuánto es en dólares?"], (19, "MXN", "USD"), "USD"),
    ],
)
def test_an_exchange_rate_is_so_much_of_one_for_one_of_the_other(
    turns: list[str], fx: tuple[float, str, str], target: str
) -> None:
    deal = understood(turns).request["deal"]
    assert (deal["fx"]["value"], deal["fx"]["quote"], deal["fx"]["base"], deal["target_currency"]) == (*fx, target)
    assert deal["turn"] == ["converted"]


@pytest.mark.parametrize(
    "turns",
    [
        ["Piso de 120.000 euros a 900 al mes, ¿bruta?"],
        ["A flat at 150,000 euros or a house at 180,000 dollars"],
        ["Pago 300 euros por el seguro"],
    ],
)
def test_prices_are_no_exchange_rates(turns: list[str]) -> None:
    assert "fx" not in understood(turns).request.get("deal", {})


@pytest.mark.parametrize(
    ("turns", "entries"),
    [
        (["160 noches a 95 € la noche y 20 € de limpieza por noche"], {"nights": 160, "nightly": 95}),
        (["Let 200 nights a year at 110"], {"nights": 200, "nightly": 110}),
        (["tengo 30.000 ahorrados para un piso de 150.000"], {"savings": 30_000}),
        (["me presta 20 millones al 1,1 % mensual a 36 meses, ¿cuota?"],
         {"rate_pct": 1.1, "rate_period": "month", "loan": 20e6}),
        (["180k, 3.25 over 25 years, what's the pmt?"], {"rate_pct": 3.25, "loan": 180_000, "term_years": 25}),
        (["200.000 al 3 % a 30 años, ¿intereses?", "¿y cuánto me ahorro en intereses a 25?"],
         {"term_years": 25, "other_term": 30}),
    ],
)
def test_loans_savings_and_nights_have_their_names(turns: list[str], entries: dict[str, Any]) -> None:
    deal = understood(turns).request["deal"]
    assert {name: deal[name] for name in entries} == entries


@pytest.mark.parametrize(
    ("turns", "entries"),
    [
        # of a price that changed only the last counts
        (["Ha bajado de 212.000 a 198.000 y renta 870, ¿bruta?"], {"price": 198_000}),
        (["They dropped it from 310k to 285k, rent 1,400: gross yield?"], {"price": 285_000}),
        (["Piso de 96.000 a 540 al mes, ¿bruta?"], {"price": 96_000}),
        # a figure told before is the wrong one where a message tells it again beside another
        (["Local de 88.000 que renta 610", "perdón, la renta es 640; 610 pagaba el de antes. ¿bruta?"],
         {"rent": {"amount": 640.0, "period": "month", "net": False}}),
        # own money and price
        (["equity of 90k in a 240k block; rent 2,100, expenses 500 a month, mortgage 700 a month: cash on cash?"],
         {"own": 90_000, "price": 240_000}),
        # what may be paid a month is a share of what is earned
        (["gano 6'000.000 y el banco acepta hasta el 40 % del ingreso, a 15 años al 12 % EA: ¿cuánto me presta?"],
         {"affordable": 2_400_000.0}),
        (["We earn 60,000 a year and may spend 30% of our income on it. 20 years at 4%, what loan?"], {"affordable": 1_500.0}),
        # a list of as many figures as options, dues, costs of the purchase
        (["Depto de 3.9 mdp, renta anual 300,000, cuota de mantenimiento 2,800 al mes: ¿cap rate?"],
         {"costs": [{"label": "cuota de mantenimiento", "amount": 2800.0, "period": "month"}]}),
        (["Nave de 410.000, renta 33.000 al año y 8.400 de gastos de compra: neta sobre la inversión total"],
         {"upfront": [{"label": "gastos de compra", "amount": 8400.0}]}),
        (["tres trasteros por 24.000 los tres, a 55 al mes cada uno: ¿bruta?"], {"rooms": 3}),
        (["piso de 150.000 a 700 al mes, comunidad 60: ¿neta?", "¿y si se queda vacío mes y medio al año?"],
         {"vacancy_pct": 12.5, "turn": ["net_yield"]}),
        (["gross on a 120k flat renting for 700?", "and with 9k of closing costs in the base"], {"base": "invested"}),
        # millions with an m
        (["office in Bogotá, price 720m pesos, NOI 54m pesos: cap rate?"], {"price": 720_000_000.0}),
        # rates of exchange
        (["one euro is 1.092 dollars: how many dollars are 150,000 euros?"],
         {"fx": {"value": 1.092, "quote": "USD", "base": "EUR"}}),
        (["at 17.4 how many pesos is 95,000 dollars?", "and at 18?"], {"fx": {"value": 18.0, "quote": "MXN", "base": "USD"}}),
        (["piden 130 mil dólares", "el tipo de cambio a 17.9", "¿cuánto es en pesos?"],
         {"fx": {"value": 17.9, "quote": "MXN", "base": "USD"}, "turn": ["converted"]}),
        (["tengo 40.000 dólares y los paso a 4.150 pesos cada uno, ¿cuántos pesos son?"],
         {"fx": {"value": 4150.0, "quote": "COP", "base": "USD"}}),
    ],
)
def test_what_changed_and_what_is_no_figure_of_the_property(turns: list[str], entries: dict[str, Any]) -> None:
    deal = understood(turns).request["deal"]
    assert {name: deal.get(name) for name in entries} == entries


def test_days_of_the_year_are_no_price_of_a_night() -> None:
    deal = understood(["La casa costó 3.2 mdp, 1,600 la noche, 55 % de ocupación en los 365 días: ¿cap rate?"]).request["deal"]
    assert deal["nightly"] == 1_600


def test_the_rate_of_exchange_is_no_price() -> None:
    assert understood(["one euro is 1.092 dollars: how many dollars are 150,000 euros?"]).slots["price"] == 150_000


def test_a_list_of_as_many_figures_as_options_is_of_one_each() -> None:
    found = understood(
        ["vi tres: el de Suba a 290 millones, el de Cedritos a 340 y el de Usaquén a 450", "rentan 1.7, 2.1 y 2.6 millones"]
    )
    assert [o.get("monthly_rent") for o in found.request["options"]] == pytest.approx([1_700_000, 2_100_000, 2_600_000])


@pytest.mark.parametrize(
    ("turns", "values"),
    [
        # purchase costs with the price, gains in money
        (["Casa de 131.000 €: 7 % de ITP, 900 de notaría y 610 de registro. ¿Cuánto suman los gastos de compra?"],
         [10_680, 141_680]),
        (["Lo compré en 172.000 y lo vendo en 214.000, ¿qué retorno total saco?"], [24.4186, 42_000]),
        # the dearest price
        (["We can pay 1,050 a month at 4% over 30 years with 15% down. What's the most expensive flat we could buy?"],
         [258_746.24, 219_934.30]),
        (["Tenemos 84.000 € y el banco presta el 80 %; los gastos son el 8 % del precio. ¿A qué precio máximo llegamos?"],
         [300_000, 240_000]),
        (["I've saved 66k and have to put 30% down. What purchase price does that mean?"], [220_000, 154_000]),
        (["Puedo pagar 760 al mes al 3 % en 25 años y tengo 35.000, ¿qué vivienda me puedo permitir?"], [195_266.10]),
        # what a value still bears
        (["Debo 88.000 de una casa tasada en 230.000, ¿cuánto más me prestarían hasta el 65 %?"], [61_500, 38.2609]),
        (["I owe 205k on a house worth 300k, how much more could I borrow up to 60%?"], [25_000]),
        # a rate that changes
        (["Hipoteca de 132.000 a 20 años: paso del 1,95 % al 3,2 %. ¿Cuánto más de cuota?"], [664.64, 745.35, 80.71]),
        (["My loan of 1.9 million over 15 years goes from 9.2 to 10.7, what happens to the monthly payment?"],
         [19_497.79, 21_238.77, 1_741.00]),
        # a yield in money, a rent that rises, a price that is cut
        (["¿Cuánto es al año una neta del 4,8 % sobre 156.000?"], [7_488]),
        (["Cobro 930 de alquiler y lo subo 3 % cada año, ¿en cuánto queda tras cuatro subidas?"], [1_046.72]),
        (["The rent is 1,180 and goes up 2% a year. What will it be after 7 years?"], [1_355.45]),
        (["They knocked 6% off the 265k asked: what's the new price, and the gross yield at 1,250 a month?"],
         [249_100, 6.0217]),
        (["Piso de 210.000 alquilado a 890, ¿bruta?", "¿y si me rebajan un 5 %?"], [199_500, 5.3534]),
        # occupancy that breaks even
        (["Estudio por noches a 80 €, gastos fijos de 9.600 al año. ¿Qué ocupación mínima necesito?"], [120, 32.8767]),
        (["Local arrendado en 3.000.000 al mes con gastos de 9 millones al año. ¿Con cuántos meses alquilado cubro gastos?"],
         [25, 3]),
        # interest alone, and what is still owed
        (["What's the interest-only payment on 240k at 4.8%?"], [960]),
        (["Hipoteca de 165.000 al 2,7 % a 25 años. ¿Cuánto deberé todavía a los 9 años?"], [117_907.21]),
        (["Flat at 220,000 with 75% financed at 4% over 25 years, monthly payment?",
          "and what will I still owe after 10 years?"], [117_743.00]),
    ],
)
async def test_what_is_asked_in_the_same_breath_is_answered(turns: list[str], values: list[float]) -> None:
    text = await answered(turns)
    for value in values:
        assert has_number(text, value, 0.001), (value, text)


@pytest.mark.parametrize(
    ("turns", "asked", "entries"),
    [
        (["¿Hasta cuánto pago por un piso que renta 820 si quiero un 6 % bruto?"], ["price_for_yield"], {"target_pct": 6}),
        (["How much can I borrow with 1,400 a month at 4% over 30 years?"], ["affordable_loan"], {"affordable": 1_400}),
        (["apartamento 380 millones", "canon 2.300.000", "descuente 4% de vacancia y administración de 280.000", "¿neta?"],
         ["net_yield"], {"vacancy_pct": 4}),
        (["Precio 150.000, alquiler 760 que sube 2 % al año, vendo en 5 años en 171.000. ¿TIR?"], ["irr"], {"sale": 171_000}),
        (["Credito de 90.000 al 3 % a 15 años, ¿cuánto pago de intereses en total?"], ["total_interest"], {"rate_pct": 3}),
        (["q neto saco sobre precio de compra? alquilo a 700, gastos 1.900 al año y me costó 120.000"], ["net_yield"],
         {"price": 120_000}),
    ],
)
def test_look_alikes_stay_what_they_are(turns: list[str], asked: list[str], entries: dict[str, Any]) -> None:
    deal = understood(turns).request["deal"]
    assert deal["turn"] == asked
    assert {name: deal[name] for name in entries} == entries
    assert not deal.keys() & {"cut_pct", "reach_pct", "new_rate"}
