"""Which of the listings shown a message is about, over several turns."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.references import meant, shown_next, spoken_of_next

A, B, C, D = ({"id": name, "title": name, "kind": "listing"} for name in "abcd")
LIST = [A, B, C]


def message(
    *positions: int, market: tuple[str, ...] = (), deal: dict[str, Any] | None = None, **turn_slots: Any
) -> dict[str, Any]:
    return {"references": positions, "turn_slots": turn_slots, "request": {"market": list(market), "deal": deal or {}}}


@pytest.mark.parametrize(
    ("positions", "found"),
    [((2,), [B]), ((1, -1), [A, C]), ((0, 1), [B, A]), ((2, 0), [B]), ((9,), []), ((-4,), [])],
)
def test_positions_count_in_the_list_and_nought_is_what_was_spoken_of(positions: tuple[int, ...], found: list[Any]) -> None:
    assert meant(message(*positions), ["comparison"], LIST, [B]) == found


def test_this_one_without_one_spoken_of_is_the_last_shown() -> None:
    assert meant(message(0), ["roi"], LIST, []) == [C]
    assert meant(message(0), ["roi"], [], []) == []


@pytest.mark.parametrize(
    ("routes", "understood", "found"),
    [
        (["roi"], message(down_payment_pct=20), [B]),
        (["lead_qualification"], message(), [B]),
        (["market_research"], message(market=("detail",)), [B]),
        (["market_research"], message(market=("search",)), []),
        (["comparison"], message(), []),
        (["roi"], message(price=200_000), []),
        (["roi"], message(monthly_rent=900), [B]),
        (["roi"], message(monthly_rent=900, deal={"price": 200_000}), []),
        (["price_prediction"], message(city="Cali"), []),
        (["price_prediction"], message(area_m2=90), []),
    ],
)
def test_a_follow_up_stays_with_it_until_another_property_is_named(
    routes: list[str], understood: dict[str, Any], found: list[Any]
) -> None:
    assert meant(understood, routes, LIST, [B]) == found


def test_what_is_spoken_of_next() -> None:
    assert spoken_of_next(message(2), [B], [B], []) == [B]
    assert spoken_of_next(message(2), [B], [C, D], []) == [B]  # its comparables are not it
    assert spoken_of_next(message(), [], [D], [B]) == [D]
    assert spoken_of_next(message(), [], [C, D], [B]) == []
    assert spoken_of_next(message(), [], [], [B]) == [B]
    assert spoken_of_next(message(city="Cali"), [], [], [B]) == []


def test_a_closer_look_leaves_the_list() -> None:
    assert shown_next([B], LIST) == LIST
    assert shown_next([{**B, "id": "b", "title": "written otherwise"}, A], LIST) == LIST
    assert shown_next([], LIST) == LIST
    assert shown_next([D], LIST) == [D]
    assert shown_next([C, D], LIST) == [C, D]


def test_the_own_home_whose_rent_is_told_is_spoken_of_next() -> None:
    own = {**message(monthly_rent=3_200_000), "request": {"deal": {"price": 365_000_000}}}
    spoken_of = spoken_of_next(own, [], [], [A])
    assert meant(message(0), ["roi"], [A, B], spoken_of) == []  # "¿eso bruto cuánto rinde?"
    assert meant(message(1), ["roi"], [A, B], spoken_of) == [A]
