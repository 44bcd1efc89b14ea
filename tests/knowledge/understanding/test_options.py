"""Several options told in words, in rows, in lists or over turns: whose each figure is. Expectations were written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.knowledge.understanding.support import HERE, marked, read_lines, talk

CASES = read_lines(HERE / "options.jsonl")
_OWN = ("price", "monthly_rent", "rate_pct", "term_years", "area_m2")


@pytest.mark.parametrize("case", marked(CASES, "slots"))
def test_slots_are_in_the_order_of_mention(case: dict[str, Any]) -> None:
    found = talk(case["turns"]).slots
    for name, value in case["slots"].items():
        assert found.get(name) == value, name


@pytest.mark.parametrize("case", marked(CASES, "own"))
def test_each_option_has_its_own_figures(case: dict[str, Any]) -> None:
    options = [o for o in talk(case["turns"]).request.get("options") or () if any(name in o for name in _OWN)]
    lists = {name: value for name, value in case["slots"].items() if name in _OWN and isinstance(value, list)}
    assert bool(options) == bool(lists) or not lists
    for name, values in lists.items():
        assert [o.get(name) for o in options] == values, name


def options_of(*turns: str) -> list[dict[str, Any]]:
    return list(talk(turns).request.get("options") or ())


def test_costs_belong_to_the_option_they_are_told_of() -> None:
    one, other = options_of(
        "Piso A: 200.000 €, alquiler 950, IBI 420 al año y comunidad 60 al mes. Piso B: 170.000 €, alquiler 820, IBI 350 al año"
    )
    assert [(c["label"], c["amount"], c["period"]) for c in one["deal"]["costs"]] == [
        ("IBI", 420, "year"), ("comunidad", 60, "month")]
    assert [(c["amount"], c["period"]) for c in other["deal"]["costs"]] == [(350, "year")]


def test_what_is_told_of_all_is_everybodys() -> None:
    loans = options_of("La hipoteca fija al 2,9 % a 30 años o la variable al 2,2 % a 25, las dos de 170.000 €: ¿qué cuota?")
    assert [(o["loan_amount"], o["rate_pct"], o["term_years"]) for o in loans] == [(170_000, 2.9, 30), (170_000, 2.2, 25)]
    let = options_of("A: 200.000 € y 1.000 € de renta; B: 160.000 € y 850 € de renta; las dos con 1.200 € de gastos al año")
    assert [[(c["amount"], c["period"]) for c in o["deal"]["costs"]] for o in let] == [[(1200, "year")], [(1200, "year")]]


def test_a_bank_is_no_place() -> None:
    found = talk(["Santander me da 160.000 € al 3,2 % a 25 años y Sabadell al 2,9 % a 20 años. ¿Qué cuota en cada uno?"])
    assert "city" not in found.slots
    assert [o["label"] for o in found.request["options"]] == ["Santander", "Sabadell"]


def test_an_option_is_corrected_and_another_added_later() -> None:
    told = ["A cuesta 190.000 y renta 900; B cuesta 175.000 y renta 850"]
    assert [o["price"] for o in options_of(*told, "perdón, el B cuesta 172.000")] == [190_000, 172_000]
    assert [o["price"] for o in options_of(*told, "el segundo, mejor dicho, son 171.000")] == [190_000, 171_000]
    three = options_of(*told, "y una opción C de 160.000 que renta 790")
    assert [(o["price"], o["monthly_rent"]) for o in three] == [(190_000, 900), (175_000, 850), (160_000, 790)]


@pytest.mark.parametrize(
    "turns",
    [
        ["compré un local por 150.000 € y lo vendo en 5 años por 190.000, lo alquilo a 800 al mes. ¿TIR?"],
        ["bought a studio in Murcia for 69,000 euros", "spent 12,500 doing it up and 6,500 on taxes", "rent's 520. gross?"],
        ["un edificio en Pachuca de 12 mdp con 10 departamentos rentados a 6,500 cada uno, rendimiento?"],
        ["LTV if I owe €132,000 on a place worth €220,000"],
        ["outlay today 150,000 euros", "end of years 1 to 4: 7,800 each. Sale at end of year 4 nets 171,000 on top. IRR?"],
        ["busco piso en Bilbao entre 200.000 y 250.000, 3 habitaciones"],
        ["pisos en Lleida hasta 150.000 € y qué cuota pagaría por 120.000 € al 3 % a 25 años"],
        ["Buying at 250k with 50k down, mortgage 200k at 3% over 25 years, rent 1,200: cash flow?"],
    ],
)
def test_one_property_is_not_split(turns: list[str]) -> None:
    found = talk(turns)
    assert not any("price" in o for o in found.request.get("options") or ())
    assert "comparison" not in found.routes
