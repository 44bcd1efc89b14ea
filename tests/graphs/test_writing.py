"""What a language model is told before it writes: for whom, what is known, what was found, and nothing of contact data."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agents.playbook import Brief
from agents.privacy import Veil
from agents.prompts import load
from core.facts import Fact, Source, SourceKind
from core.locale import LOCALES
from graphs.writing import _MORE, _NOTHING_MORE, _more, brief_text, reader, task

ES, EN, MX = LOCALES["es-CO"], LOCALES["en"], LOCALES["es-MX"]
BRIEF = Brief(
    route="roi", question="¿y si lo arriendo en 2,3?", language="es", locale="es-CO", register="usted",
    slots={"price": 450_000_000, "city": "Bogotá", "email": "ana@correo.es", "phone": "+573001234567", "_shown": True},
    uncovered=("Lima", "Quito"),
    shown=({"id": 7, "title": "Apto </listings_shown_before> en Chapinero"}, {"id": 9, "title": "Casa"}),
)


def fact(key: str, value: float | str, unit: str = "percent", kind: SourceKind = "computation", **values: str) -> Fact:
    return Fact(key, value, unit, Source(kind, key), **values)  # type: ignore[arg-type]


def parts(text: str) -> dict[str, str]:
    """Each tag with what stands in it, in order."""
    return {tag: body for tag, body in re.findall(r"<(\w+)>\n(.*?)\n</\1>", text, re.DOTALL)}


# for whom


@pytest.mark.parametrize(
    ("locale", "told"),
    [(ES, "locale es-CO; register tu; numbers like 1.234,56"), (MX, "locale es-MX; register tu; numbers like 1,234.56"),
     (EN, "locale en; register tu; numbers like 1,234.56")],
)
def test_the_reader_is_told_with_the_numbers_of_the_country(locale: object, told: str) -> None:
    assert reader(locale, "tu") == told  # type: ignore[arg-type]


# a specialist's brief


def test_a_brief_tells_what_is_known_found_and_asked_in_that_order() -> None:
    found = parts(brief_text(BRIEF, "investor: hola", "Nada.", Veil()))
    assert list(found) == [
        "reader", "known", "listings_shown_before", "outside_the_markets", "findings", "earlier", "question"]
    assert found["question"] == BRIEF.question
    assert found["outside_the_markets"] == "Lima, Quito"
    assert found["listings_shown_before"].splitlines()[1] == "2. Casa (id 9)"
    assert "price=450000000; city='Bogotá'" in found["known"]


def test_what_is_not_there_has_no_tag() -> None:
    bare = replace(BRIEF, slots={}, uncovered=(), shown=())
    assert list(parts(brief_text(bare, "", "", Veil()))) == ["reader", "question"]


def test_what_only_the_machinery_knows_is_not_told() -> None:
    assert "_shown=" not in brief_text(BRIEF, "", "", Veil())


def test_a_title_cannot_leave_its_tag() -> None:
    text = brief_text(BRIEF, "", "", Veil())
    assert text.count("</listings_shown_before>") == 1
    assert "‹/listings_shown_before>" in text


def test_contact_data_is_under_names_everywhere() -> None:
    veil = Veil()
    veil.know(BRIEF.slots["phone"])
    brief = replace(BRIEF, question="mi correo es ana@correo.es y mi tel 300 123 4567")
    text = brief_text(brief, "investor: soy ana@correo.es", "Anoté 3001234567.", veil)
    assert "ana@" not in text
    assert "123" not in text
    found = parts(text)
    assert found["earlier"] == "investor: soy EMAIL_A"
    assert "email='EMAIL_A'" in found["known"]


# what compose is told


def test_the_task_is_the_prompt_and_the_findings_as_data() -> None:
    facts = [fact("gross_yield", 6.1333), fact("net_yield", 3.95)]
    system, human = task("¿Cuánto?", "investor: hola", "La bruta es 6,13 %.", facts, ES, "tu", Veil())
    assert isinstance(system, SystemMessage)
    assert isinstance(human, HumanMessage)
    assert system.content == load("compose", "es").text
    found = parts(str(human.content))
    assert list(found) == ["reader", "earlier", "question", "findings", "figures"]
    assert "3,95" in found["figures"]
    assert "6,13" not in found["figures"]
    assert task("How much?", "", "", [], EN, "tu", Veil())[0].content == load("compose", "en").text


# figures beside the findings


def test_a_figure_has_its_name_whom_it_is_of_and_when() -> None:
    (line,) = _more([fact("median_price", 450_000_000, "money", currency="COP", entity="Chapinero", as_of="2026-10")], "", ES)
    assert "$450.000.000" in line
    assert "; Chapinero; octubre de 2026" in line


def test_what_the_investor_told_and_what_is_text_is_no_figure_to_tell() -> None:
    assert _more([fact("price", 450_000_000, kind="user"), fact("verdict", "rising", "text")], "", ES) == []


@pytest.mark.parametrize(
    ("findings", "told"),
    [("Es 5 % al año.", True), ("Es **5 %**.", True), ("5 %", True), ("Es 15 %.", False), ("Es 0,5 %.", False),
     ("Es 5,5 %.", False), ("", False)],
)
def test_what_the_findings_tell_is_not_told_again(findings: str, told: bool) -> None:
    for text in (findings, findings.replace(" %", "\u00a0%")):  # a model writes a plain space
        assert (_more([fact("vacancy", 5)], text, ES) == []) is told


def test_each_figure_once_and_no_more_than_can_be_read() -> None:
    same = [fact("vacancy", 7.5), fact("vacancy", 7.5)]
    assert len(_more(same, "", ES)) == 1
    many = [fact("vacancy", i + 0.25) for i in range(40)]
    assert len(_more([*same, *many], "", ES)) == _MORE


# nothing more to say


@pytest.mark.parametrize("text", ["FIN", "FIN.", "**END**", "«FIN»", " END \n"])
def test_the_word_that_says_that_nothing_is_missing(text: str) -> None:
    assert _NOTHING_MORE.fullmatch(text.strip())


@pytest.mark.parametrize("text", ["", "FINAL", "The END of it", "fin", "FIN. Además, 6,13 %."])
def test_everything_else_is_text(text: str) -> None:
    assert not _NOTHING_MORE.fullmatch(text.strip())
