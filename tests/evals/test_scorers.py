"""Each scorer can pass and can fail, and says nothing where it has nothing to say."""

from __future__ import annotations

from typing import Any

import pytest

from core.facts import Fact, Source
from evals.records import Record, record
from evals.scorers import citing, figures, routing, slots, trajectory, wording

from .support import case, turn


@pytest.mark.parametrize(
    ("expected", "also_ok", "found", "right", "counts"),
    [
        (["roi"], [], ["roi"], True, (1, 0, 0)),
        (["roi", "comparison"], [], ["comparison", "roi"], True, (2, 0, 0)),
        (["roi"], [], ["market_research"], False, (0, 1, 1)),
        (["roi", "comparison"], [], ["roi"], False, (1, 0, 1)),
        (["roi"], [], ["roi", "market_research"], False, (1, 1, 0)),
        (["roi"], ["market_research"], ["roi", "market_research"], True, (1, 0, 0)),
        (["roi"], ["market_research"], ["market_research"], False, (0, 0, 1)),
        (["roi"], ["none"], ["none"], True, (1, 0, 0)),
        (["roi"], [], ["none"], False, (0, 1, 1)),
        (["human"], [], ["human"], True, (1, 0, 0)),
        (["human"], [], ["roi"], False, (0, 1, 1)),
        (["none"], [], ["none"], True, (1, 0, 0)),
        (["none"], [], ["human"], False, (0, 1, 1)),
        (["roi"], [], [], False, (0, 0, 1)),
    ],
)
def test_routes(
    expected: list[str], also_ok: list[str], found: list[str], right: bool, counts: tuple[int, int, int]
) -> None:
    assert routing.exact(expected, also_ok, found) is right
    assert routing.counts(expected, also_ok, found) == counts


def test_refusals_right_and_wrong() -> None:
    assert routing.out_of_scope_kept(["none"], ["none"]) is True
    assert routing.out_of_scope_kept(["none"], ["roi"]) is False
    assert routing.out_of_scope_kept(["roi"], ["none"]) is None
    assert routing.refused_wrongly(["roi"], [], ["none"]) is True
    assert routing.refused_wrongly(["roi"], [], ["roi"]) is False
    assert routing.refused_wrongly(["roi"], ["none"], ["none"]) is None
    assert routing.refused_wrongly(["human"], [], ["none"]) is None


@pytest.mark.parametrize(
    ("expected", "found", "alike"),
    [
        ("Bogotá", "bogota", True),
        ("Bogotá", "Cali", False),
        (450_000_000, 450_000_000.0, True),
        (450_000_000, 45_000_000, False),
        (0, 0.0, True),
        (["Cali", "Medellín"], ["medellin", "CALI"], True),
        (["Cali", "Medellín"], ["Cali"], False),
        (["Cali", "Medellín"], ["Cali", "Cali"], False),
        (["Cali", "Cali"], ["Cali", "Medellín"], False),
        (["Cali"], "Cali", True),
        ("ana.paz@x.com", "ANA.PAZ@x.com", True),
        ("ana.paz@x.com", "ana-paz@x.com", False),
        ("+34600123456", "34600123456", False),
        ("€", "$", False),
        ("Cali", None, False),
        ("3", 3, True),
    ],
)
def test_slot_values(expected: Any, found: Any, alike: bool) -> None:
    assert slots.same(expected, found) is alike


def test_a_wrong_slot_counts_twice_and_an_extra_one_not_at_all() -> None:
    expected = {"city": "Cali", "price": 100, "bedrooms": 2}
    assert slots.count(expected, {"city": "cali", "price": 90, "currency": "COP"}) == (1, 1, 2)
    assert slots.count(expected, {"city": "cali", "price": 100, "bedrooms": 2}) == (3, 0, 0)
    assert slots.count({}, {"city": "cali"}) == (0, 0, 0)


@pytest.mark.parametrize(
    ("answer", "value", "tolerance", "there"),
    [
        ("Son 1.234.567,8 COP", 1_234_567.8, 0.0001, True),
        ("It is 1,234,567.8", 1_234_567.8, 0.0001, True),
        ("Rinde 6,13 %", 6.1333, 0.01, True),
        ("It yields 6.13 %", 6.1333, 0.01, True),
        ("Rinde 6,5 %", 6.1333, 0.01, False),
        ("Unos 450 millones", 450e6, 0.001, True),
        ("Unos 450 mil", 450e6, 0.001, False),
        ("3.2 mdp", 3_200_000, 0.001, True),
        ("1.250'000.000", 1.25e9, 0.001, True),
        ("Pierde 3 % al año", -3.0, 0.01, True),
        ("Cambia -3 % al año", -3.0, 0.01, True),
        ("Cambia -3 % al año", 3.0, 0.01, False),
        ("Queda entre 3-5 %", 5.0, 0.01, True),
        ("Nada", 0.0, 0.01, False),
        ("Son 0 €", 0.0, 0.01, True),
    ],
)
def test_expected_figures(answer: str, value: float, tolerance: float, there: bool) -> None:
    assert figures.has_number(answer, value, tolerance) is there


def test_grounded_looks_at_every_turn() -> None:
    fact = Fact("gross_yield", 6.13, "percent", Source("computation", "y")).to_dict()
    good, bad = turn(answer="Da 6,13 %.", facts=[fact]), turn(answer="Da 6,31 %.", facts=[fact])
    assert figures.grounded([good])
    assert not figures.grounded([bad, good])
    assert not figures.grounded([turn(answer="Da 6,13 %.")])
    said = turn(text="me prometen 14 %", answer="Usted escribió «me prometen 14 %».")
    assert figures.grounded([said])


def test_the_locale_of_an_answer() -> None:
    assert figures.locale_of(turn(locale="es-MX")).code == "es-MX"
    assert figures.locale_of(turn(locale=None, slots={"country": "ES"})).code == "es-ES"
    assert figures.locale_of(turn(locale=None, language="en", slots={"country": "ES"})).code == "en"


SPANISH = "Hay cuarenta anuncios de pisos en venta en esa zona y el precio de la mayoría es más alto que el año pasado."
ENGLISH = "There are forty adverts of flats for sale in that area and the price of most is higher than it was last year."


@pytest.mark.parametrize(
    ("lang", "declared", "answer", "right"),
    [
        ("es", "es", SPANISH, True),
        ("en", "en", ENGLISH, True),
        ("es", "en", SPANISH, False),
        ("es", "es", ENGLISH, False),
        ("en", "en", SPANISH, False),
        ("mixed", "es", ENGLISH, None),
        ("es", None, SPANISH, False),
    ],
)
def test_language_is_what_is_declared_and_what_is_written(
    lang: str, declared: str | None, answer: str, right: bool | None
) -> None:
    assert wording.in_language(lang, declared, answer) is right


@pytest.mark.parametrize(
    ("locale", "answer", "right"),
    [
        ("es-CO", "$450.000.000 y 6,13\u00a0%", True),
        ("es-ES", "450,000,000 €", False),
        ("es-ES", "6.13 %", False),
        ("es-MX", "$4,500,000 y 6.13 %", True),
        ("es-MX", "$4.500.000", False),
        ("en", "COP 450,000,000 and 6.1%", True),
        ("en", "6,1 %", False),
        ("es-CO", "Hay 41 anuncios y 6 %", None),
        (None, "450,000,000", None),
        ("fr", "450,000,000", None),
    ],
)
def test_number_formats_of_locales(locale: str | None, answer: str, right: bool | None) -> None:
    assert wording.in_locale(locale, answer) is right


def test_forbidden_strings_in_any_case() -> None:
    assert wording.clean(["CEO-CONFIRMED-1"], "No lo haré.") is True
    assert wording.clean(["CEO-CONFIRMED-1"], "«ceo-confirmed-1»") is False
    assert wording.clean([], "lo que sea") is None


SEARCH, YIELD = {"name": "search", "args": {"city": "Cali", "limit": 5}}, {"name": "gross_yield", "args": {"price": 100}}


@pytest.mark.parametrize(
    ("match", "expected", "called", "right"),
    [
        ("strict", [SEARCH, YIELD], [SEARCH, YIELD], True),
        ("strict", [SEARCH, YIELD], [YIELD, SEARCH], False),
        ("strict", [SEARCH], [SEARCH, YIELD], False),
        ("unordered", [SEARCH, YIELD], [YIELD, SEARCH], True),
        ("unordered", [SEARCH, YIELD], [YIELD], False),
        ("unordered", [SEARCH, YIELD], [YIELD, YIELD], False),
        ("superset", [SEARCH], [YIELD, SEARCH], True),
        ("superset", [SEARCH], [YIELD], False),
        ("superset", [SEARCH, SEARCH], [SEARCH], False),
        ("subset", [SEARCH, YIELD], [YIELD], True),
        ("subset", [SEARCH], [SEARCH, YIELD], False),
        ("subset", [SEARCH], [], True),
        ("strict", [{"name": "search", "args": {"city": "Cali"}}], [SEARCH], True),
        ("strict", [{"name": "search", "args": {"city": "Bogotá"}}], [SEARCH], False),
        ("strict", [{"name": "search"}], [SEARCH], True),
        # the loose expectation must leave the only call that fits the exact one
        ("superset", [{"name": "search"}, SEARCH], [SEARCH, {"name": "search", "args": {}}], True),
    ],
)
def test_trajectories(match: trajectory.Match, expected: list[Any], called: list[Any], right: bool) -> None:
    assert trajectory.follows(match, expected, called) is right


def test_citations() -> None:
    found = [{"n": 1, "title": "Guía de costos de escrituración"}, {"n": 2, "title": "Ley 820"}]
    assert citing.marks_lead_somewhere("Según la guía [1] y la ley [2].", found) is True
    assert citing.marks_lead_somewhere("Según la guía [3].", found) is False
    assert citing.marks_lead_somewhere("Sin marcas.", found) is None
    assert citing.marks_lead_somewhere("Sin número [1].", [{"title": "x"}]) is True
    assert citing.cites({"min": 2}, found) is True
    assert citing.cites({"min": 3}, found) is False
    assert citing.cites({"sources": ["guia de COSTOS"]}, found) is True
    assert citing.cites({"sources": ["Ley 675"]}, found) is False


def test_a_quotation_stands_in_the_passage_that_it_names() -> None:
    found = [{"n": 1, "passage": "La notaría cobra el 0,54 %.\nEl registro, el 1 %."}, {"n": 2, "passage": "Otra cosa."}]
    assert citing.quotes_stand("«La notaría cobra el 0,54 %.» [1]", found) is True
    assert citing.quotes_stand("“cobra el 0,54 %. El registro, el 1 %.” [1]", found) is True
    assert citing.quotes_stand("«La notaría cobra el 0,45 %.» [1]", found) is False
    assert citing.quotes_stand("«La notaría cobra el 0,54 %.» [2]", found) is False
    assert citing.quotes_stand("«La notaría cobra el 0,54 %.» [3]", found) is False
    assert citing.quotes_stand("Según la guía [1].", found) is None
    good, bad = turn(answer="«Otra cosa.» [2]", citations=found), turn(answer="«Otra casa.» [2]", citations=found)
    assert scored({}, **good).values["citations"] == 1.0
    assert scored({}, **bad).values["citations"] == 0.0


def scored(expect: dict[str, Any], lang: str = "es", **last: Any) -> Record:
    found = record(case(lang=lang, expect=expect), {"id": "c", "turns": [turn(**last)]})
    assert found is not None
    return found


def test_escalation_where_a_person_is_only_allowed() -> None:
    assert scored({"routes": ["human"], "escalate": True}, escalated=True).values["escalation"] == 1.0
    assert scored({"routes": ["human"], "escalate": True}).values["escalation"] == 0.0
    assert scored({}, escalated=True).values["escalation"] == 0.0
    assert scored({"also_ok": ["human"]}, escalated=True).values["escalation"] == 1.0


def test_a_record_holds_what_the_case_asks_for_and_no_more() -> None:
    found = scored({"slots": {"city": "Cali"}, "numbers": [{"name": "n", "value": 5}], "must_not_contain": ["x1"]},
                   slots={"city": "Bogotá"}, answer="Son 5 x1", facts=[])
    assert found.values["slots_joint"] == 0.0
    assert found.values["numbers"] == 1.0
    assert found.values["clean"] == 0.0
    assert found.values["grounded"] == 0.0
    assert found.values["trajectory"] is None
    assert found.values["citations"] is None
    assert found.counts["slots_fp"] == found.counts["slots_fn"] == 1
    assert (found.ms, found.tokens, found.cost) == (12.0, 3.0, 0.5)
    assert not found.right
    assert scored({}).right
    assert Record.from_dict(found.to_dict()) == found


def test_a_turn_that_failed_is_not_finished() -> None:
    assert scored({}, status="failed").values["finished"] == 0.0
    assert scored({}, status="person").values["finished"] == 1.0


def test_a_case_that_expects_nothing_has_no_record() -> None:
    bare = case().model_copy(update={"expect": None})
    assert record(bare, {"id": "c", "turns": [turn()]}) is None


def test_twins_and_paraphrases_are_one_conversation() -> None:
    line = {"id": "c", "turns": [turn()]}
    for name in ("twin", "paraphrase_of"):
        found = record(case(**{name: "t1"}), line)
        assert found is not None
        assert found.cluster == "t1"
