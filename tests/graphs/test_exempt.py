"""Numbers that are no figures may stand in a text only where somebody named them: laws, ways to reach people, dates to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.clock import Clock, use_clock
from core.facts import Fact, Source
from core.locale import LOCALES
from graphs.grounding import accept

ES, EN = LOCALES["es-ES"], LOCALES["en"]
RULE = Fact("rent_rise", 3.0, "percent", Source("rule", "co", "Ley 820 de 2003 (artículos 20 y 22); Decreto 572 de 2025"))
GUIDE = Fact("passage", "Escriba a info@ocu.org o llame al +34 913 009 151.", "text", Source("document", "d1"))
FORECAST = Fact("forecast", 4100.0, "money_per_m2", Source("model", "f"), currency="EUR", as_of="2029-12-31")
PERIOD = Fact("first_year", 2031.0, "year", Source("computation", "x"))
OFTEN = Fact("value", 418_000.0, "money", Source("model", "v"), currency="EUR", low=370_000.0, high=470_000.0, level=0.9)
SAID = ["mi número es 315 555 0108, ana@correo.com; ¿qué dice la ley 9/2024? Vendo en 2033, el 5 de marzo de 2034"]


class In2026(Clock):
    def now(self) -> datetime:
        return datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_2026() -> Iterator[None]:
    with use_clock(In2026()):
        yield


@pytest.mark.parametrize(
    "text",
    [
        "Según la Ley 820 de 2003 y su artículo 22, sube 3 %.",
        "Under Law 820 of 2003, article 22.",
        "El Decreto 572 de 2025 lo dice.",
        "La ley 9/2024 es de lo que pregunta.",
        "Llame al +34 913 009 151 o escriba a info@ocu.org.",
        "Lo llaman al 315 555 0108 o al +57 315 555 0108, o a Ana@correo.com.",
        "En 2029 costaría 4.100 €/m².",
        "El 31 de diciembre de 2029 costaría 4.100 €/m².",
        "Desde 2031.",
        "Si vende en 2033 o el 5 de marzo de 2034, cambia.",
        "En 2019, en marzo de 2025 y el 3 de mayo de 2026.",
        "El 12/03/2026 y el 12/03/21.",
        "En 9 de cada 10 veces está entre 370.000 € y 470.000 €.",
        "The interval holds 9 out of 10.",
        "Opción n.º 2.",
        "2.ª planta.",
    ],
)
def test_what_somebody_named_may_stand(text: str) -> None:
    verdict = accept(text, [RULE, GUIDE, FORECAST, PERIOD, OFTEN], ES if "Law" not in text else EN, SAID)
    assert verdict.offender is None, verdict.offender


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Según la Ley 9876 de 2021 y el artículo 54, sube.", "Ley 9876 de 2021"),
        ("Según el artículo 54, sube.", "artículo 54"),
        ("Según la Ley 820 de 1999, sube.", "Ley 820 de 1999"),
        ("Under Decree 12 of 2025.", "Decree 12 of 2025"),
        ("Llame al +34 987 654 321.", "+34 987 654 321"),
        ("Llame al 987 654 321.", "987 654 321"),
        ("Escriba a ventas@evil.", "ventas@evil"),
        ("En 2031 costará el doble.", "2031"),
        ("El 12 de marzo de 2029 costará más.", "12 de marzo de 2029"),
        ("Desde marzo de 2027.", "marzo de 2027"),
        ("Vence el 12/03/2027.", "12/03/2027"),
        ("Vence el 12/03/27.", "12/03/27"),
        ("En 2027-2030 sube.", "2027-2030"),
        ("En T3 2027 sube.", "T3 2027"),
        ("9 de cada 10 se venden.", "9"),
        ("¿Conviene? No. 450,000 vale.", "450,000"),
    ],
)
def test_what_nobody_named_may_not(text: str, shown: str) -> None:
    offender = accept(text, [RULE, FORECAST, OFTEN], ES).offender
    assert offender is not None
    assert offender.shown == shown


def test_a_title_and_a_quotation_keep_their_dates() -> None:
    advert = Fact("price", 3e5, "money", Source("listing", "7"), currency="EUR", entity="Obra nueva 2028 en Gavà, entrega 2029")
    passage = Fact("passage", "La norma rige desde 2032 en todo el país.", "text", Source("document", "d"))
    assert accept("- **Obra nueva 2028 en Gavà, entrega 2029**: 300.000 €.", [advert], ES).offender is None
    assert accept("Dice: «rige desde 2032 en todo».", [passage], ES).offender is None
