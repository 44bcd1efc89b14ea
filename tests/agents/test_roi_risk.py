"""Answers about the risk of a purchase, in both languages and every country's Spanish: each figure binds, the answer leads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agents.test_roi import ask

LENT = {"down_pct": 30.0, "rate_pct": 12.0, "term_years": 20.0}


def told(price: float, rent: float, currency: str | None, **more: float) -> dict[str, Any]:
    return {"price": price, "currency": currency, "rent": {"amount": rent, "period": "month", "net": False}} | more


ASKED = [
    ("es-CO", "¿qué tan riesgoso es?", "all", told(450e6, 2.3e6, "COP", **LENT), "de probabilidad de perder dinero**"),
    ("es-MX", "¿y si se queda vacío?", "vacancy", told(4.5e6, 23_000, "MXN"), "Si pasa vacío el"),
    ("es-CO", "¿y si baja el arriendo?", "rent", told(450e6, 2.3e6, "COP"), "Si el arriendo queda en"),
    ("es-CO", "¿y si sube la tasa?", "rate", told(450e6, 2.3e6, "COP", **LENT), "Si la tasa sube"),
    ("es-MX", "¿y si sube la tasa?", "rate", told(4.5e6, 23_000, "MXN"), "la tasa no te afecta"),
    ("es-MX", "¿y si los precios caen?", "growth", told(4.5e6, 23_000, "MXN"), "Si el precio se mueve"),
    ("es-CO", "dame escenarios", "scenarios", told(450e6, 2.3e6, "COP"), "**En el escenario pesimista la TIR es"),
    ("es-CO", "¿de qué depende más?", "sensitivity", told(450e6, 2.3e6, "COP"), "**Lo que más pesa es la valorización**"),
    ("en", "what could go wrong?", "all", told(250_000, 1_100, "USD"), "simulated futures loses money**"),
    ("en", "worst case?", "scenarios", told(250_000, 1_100, "USD"), "**In the pessimistic scenario the IRR is"),
    ("en", "what if it sits empty?", "vacancy", told(250_000, 1_100, "USD"), "If it is empty"),
    ("en", "sensitivity", "sensitivity", told(250_000, 1_100, "USD"), "**What weighs most is the price growth**"),
]


@pytest.mark.parametrize(("locale", "question", "of", "deal", "lead"), ASKED)
async def test_the_answer_leads_with_what_was_asked(
    locale: str, question: str, of: str, deal: dict[str, Any], lead: str
) -> None:
    slots = {"price": deal["price"], "monthly_rent": deal["rent"]["amount"], "currency": deal["currency"]}
    answer = await ask(question, slots, {"risk": of, "deal": deal}, locale=locale, turn={})
    assert lead in answer.text.split("\n\n")[0]
    assert ("Supuestos:" if locale != "en" else "Assumptions:") in answer.text
    assert 2 <= len(answer.suggestions) <= 3


async def test_a_deal_of_the_slots_alone_is_understood_too() -> None:
    slots = {"price": 450e6, "monthly_rent": 2.3e6, "currency": "COP", "rate_pct": 12, "term_years": 20, "down_payment_pct": 30,
             "horizon_years": 5}
    answer = await ask("¿qué riesgo tiene?", slots, {"risk": "all"}, turn={})
    assert "vendiendo a los 5 años" in answer.text
    assert "TIR de su dinero" in answer.text


async def test_without_a_rent_one_is_asked_for() -> None:
    answer = await ask("what could go wrong?", {"price": 250_000, "currency": "USD"}, {"risk": "all"}, locale="en", turn={})
    assert answer.text == "To measure the risk I need the monthly rent. Could you tell me?"
    assert answer.asks == "monthly_rent"


async def test_a_place_outside_keeps_its_own_sentence() -> None:
    answer = await ask("what could go wrong?", {"price": 250_000, "monthly_rent": 1_100, "currency": "USD"}, {"risk": "all"},
                       locale="en", turn={}, uncovered=("Lima",))
    assert answer.text.startswith("I have no data on Lima")
    assert "simulated futures" in answer.text


HELD = {"price": 200_000.0, "currency": "USD", "rent": {"amount": 1_500.0, "period": "month", "net": False}, "down_pct": 30.0,
        "rate_pct": 4.0, "term_years": 20.0, "hold_years": 8.0, "growth_pct": 2.0}


@pytest.mark.parametrize(("measure", "es", "en"), [
    ("leverage_effect", "sube la TIR de", "raises the IRR from"),
    ("equity_multiple", "veces vuelve su dinero**", "**An equity multiple of"),
    ("left_after_sale", "le quedan de la venta**", "is left of the sale**"),
])
async def test_what_the_loan_and_the_sale_do_is_told_in_both_languages(measure: str, es: str, en: str) -> None:
    slots = {"price": 200_000, "monthly_rent": 1_500, "currency": "USD", "country": "CO"}
    for locale, said in (("es-CO", es), ("en", en)):
        answer = await ask("?", slots, {"deal": HELD | {"turn": [measure]}}, locale=locale, turn={"price": 200_000})
        assert said in answer.text.split("\n\n")[0]


async def test_what_is_left_after_tax_stands_beside_what_is_before() -> None:
    slots = {"price": 450e6, "monthly_rent": 2.3e6, "currency": "COP", "horizon_years": 5}
    answer = await ask("¿qué riesgo tiene?", slots, {"risk": "all"}, turn={})
    assert "Después de los impuestos de la renta y de la venta, como residente fiscal" in answer.text
    assert "(lo supongo), la TIR" in answer.text
    assert "Las demás cifras son antes de impuestos" in answer.text
    away = await ask("¿qué riesgo tiene?", slots, {"risk": "all", "residence": "abroad"}, turn={})
    assert "como no residente, la TIR" in away.text


async def test_without_a_country_all_figures_are_before_tax() -> None:
    answer = await ask("what could go wrong?", {"price": 250_000, "monthly_rent": 1_100, "currency": "USD"}, {"risk": "all"},
                       locale="en", turn={})
    assert "After the taxes" not in answer.text
    assert "Before income tax; not a promise." in answer.text
