"""Questions about a market over the demo portfolio: answered first, with facts that bind, in both languages."""

from __future__ import annotations

import pytest

from evals.scorers.citing import quotes_stand
from graphs.runner import Runner

from .conftest import talk
from .test_conversations import assert_bound


@pytest.mark.parametrize(
    ("question", "language", "keys"),
    [
        ("¿cómo está la demanda en Chapinero?", "es", {"demand_index", "stock", "absorption", "cuts_share"}),
        ("¿cómo está la demanda en Madrid?", "es", {"demand_index", "days_on_market", "months_of_stock", "demand_price_trend"}),
        ("how long does it take to sell in Mexico City?", "en", {"days_on_market", "demand_index"}),
        ("¿cuánto tarda en venderse un piso en Gràcia?", "es", {"stock", "days_on_market"}),
        ("¿están bajando los precios en Chapinero?", "es", {"trend_yearly", "change_year"}),
        ("are prices falling in Barcelona?", "en", {"trend_yearly"}),
        ("¿qué tan riesgoso es invertir en Usaquén?", "es", {"risk_score", "price_volatility", "months_of_stock", "vacancy"}),
        ("how risky is it to invest in Polanco with dollars?", "en", {"risk_score", "currency"}),
        ("rental yield by neighbourhood in Madrid", "en", {"area_gross_yield", "areas_compared"}),
        ("¿qué barrios de Bogotá rentan más?", "es", {"area_gross_yield"}),
        ("¿qué competencia tiene el proyecto Torres de Turpial?", "es", {"rival_adverts", "price_percentile"}),
        ("what else is for sale around Chapinero?", "en", {"rival_adverts", "price_m2_median"}),
        ("how is rental income taxed in Mexico?", "en", {"rent_blind_deduction_pct", "income_scale_pct"}),
        ("en términos generales, ¿qué impuestos paga un no residente cuando vende una vivienda en España?", "es",
         {"gain_non_resident_pct"}),
        ("what do people say about Roma Norte?", "en", {"opinions", "opinions_good"}),
        ("¿qué dicen de vivir en Laureles?", "es", {"opinions", "opinions_share"}),
    ],
)
async def test_a_market_question_is_answered(asked: Runner, question: str, language: str, keys: set[str]) -> None:
    [outcome] = await talk(asked, question)
    assert (outcome["status"], outcome["language"], outcome["routes"]) == ("finished", language, ["market_research"])
    assert not outcome["escalated"]
    shown = {f["key"] for f in outcome["facts"] if f["id"] in outcome["shown_facts"]}
    assert keys <= shown, (keys - shown, outcome["answer"])
    assert_bound(outcome, question)


async def test_the_competition_of_an_advert_pointed_at(asked: Runner) -> None:
    first, second = await talk(asked, "busco piso en Málaga", "¿qué competencia tiene el primero?")
    assert first["status"] == second["status"] == "finished"
    shown = {f["key"] for f in second["facts"] if f["id"] in second["shown_facts"]}
    assert {"rival_adverts", "price_percentile"} <= shown, second["answer"]
    assert_bound(second, "¿qué competencia tiene el primero?")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("¿qué competencia tiene el proyecto Torres de Zarcillo?", "No encuentro un proyecto"),
        ("how competitive is Salamanca in Madrid?", "is not among the areas I have"),
        ("what else is on the market within 200 km of Chapinero?", "check the place and the radius"),
        ("¿qué dicen los vecinos de vivir en Getafe?", "No tengo documentos con opiniones sobre Getafe"),
        ("what do people say about living in Getafe?", "I have no documents with opinions about Getafe"),
    ],
)
async def test_what_cannot_be_answered_is_said(asked: Runner, question: str, said: str) -> None:
    [outcome] = await talk(asked, question)
    assert said in outcome["answer"]
    assert outcome["status"] == "finished"


async def test_suggestions_of_market_answers_can_be_asked(asked: Runner) -> None:
    [outcome] = await talk(asked, "¿cómo está la demanda en Cali?")
    assert outcome["suggestions"]
    for words in outcome["suggestions"]:
        [next_] = await talk(asked, words)
        assert next_["status"] == "finished"
        assert [f for f in next_["facts"] if f["id"] in next_["shown_facts"]], (words, next_["answer"])


@pytest.mark.parametrize("question", ["¿qué dicen de vivir en Laureles?", "what do people say about Roma Norte?"])
async def test_what_is_quoted_stands_in_the_passage_cited(asked: Runner, question: str) -> None:
    [outcome] = await talk(asked, question)
    assert quotes_stand(outcome["answer"], outcome["citations"]) is True


async def test_ends_of_ranges_are_facts_of_the_place(asked: Runner) -> None:
    """Also where an end is the figure of one advert of the table: the answer binds by the facts that it carries alone."""
    [outcome] = await talk(asked, "cuánto vale un depa de 95 m2 en la Roma Norte")
    assert "llevados a este inmueble" in outcome["answer"]
    assert_bound(outcome, "cuánto vale un depa de 95 m2 en la Roma Norte")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("¿cuánto pueden cambiar los precios en Bogotá en dos años, sin inflación?", "Sin inflación es"),
        ("How much could prices change in Mexico City in two years in real terms?", "Without inflation it is"),
    ],
)
async def test_a_forecast_without_inflation_is_told(asked: Runner, question: str, said: str) -> None:
    [outcome] = await talk(asked, question)
    assert said in outcome["answer"]
    assert {"expected_change_real", "assumed_inflation"} <= {f["key"] for f in outcome["facts"]}
    assert_bound(outcome, question)
