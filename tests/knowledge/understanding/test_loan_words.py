"""What is told of a loan beside other figures: how long it is kept, the margin of an index, more than the whole lent."""

import pytest

from knowledge.understanding.understand import default_places, understand


def deal(text: str, country: str = "ES") -> dict[str, object]:
    return dict(understand(text, places=default_places(), country_hint=country).request["deal"])


@pytest.mark.parametrize("text", [
    "What is the worst case for a 300,000 euro flat in Madrid with 1,300 rent, 20% down at 3% over 30 years for 10 years?",
    "Piso de 300.000 €, alquiler 1.300 €, entrada del 20 %, hipoteca al 3 % a 30 años, 10 años: ¿cuál es el peor caso?",
])
def test_years_after_the_longer_term_are_how_long_it_is_kept(text: str) -> None:
    told = deal(text)
    assert (told["term_years"], told["hold_years"]) == (30, 10)


def test_the_level_of_an_index_right_behind_its_name_is_raised_by_the_margin() -> None:
    assert deal("What do I pay on a 150,000 variable mortgage over 20 years at Euribor 2.4 + 0.8?")["rate_pct"] == 3.2


def test_more_than_the_whole_is_no_share_that_is_lent() -> None:
    told = deal("apto de 300 millones con crédito al 400 % E.A. a 20 años, ¿cuota?", "CO")
    assert "financed_pct" not in told
