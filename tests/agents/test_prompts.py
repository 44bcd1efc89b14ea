"""The contract of prompts with the code: both languages alike, tools and tags that exist, no figure, no words to spare."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage

from agents import prompts, supervisor
from agents.abilities import Abilities
from agents.playbook import Brief
from agents.privacy import Veil
from agents.prompts import load, told
from agents.schemas import compact
from agents.specialist import _as_data, prompts_of
from agents.supervisor import SPECIALISTS, Route, RoutingDecision
from core import metering
from core.errors import Misconfigured
from core.facts import Fact, Source
from core.fence import _TAGS, fence
from core.locale import LOCALES, Language
from core.metering import Meter
from core.words import PROMPTS, label
from graphs import writing
from graphs.context import Screen
from graphs.drafts import foreign
from graphs.grounding import Offender
from graphs.sentences import sentences
from graphs.streaming import Stream

LANGUAGES: tuple[Language, ...] = ("es", "en")
NAMES = ("house_rules", *SPECIALISTS, "supervisor", "compose", "repair")
ES = LOCALES["es-CO"]
#: What results call things in the text that a model reads.
RESULT_WORDS = {"gap no_data", "verdict", "monthly_payment_if_effective"}
_IDENTIFIER = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


def ticked(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def figures(text: str) -> list[str]:
    return re.findall(r"\d[\d.,]*(?<=\d)", text)


def words_of(schema: Any) -> set[str]:
    """Every argument, however deep, and every word that one may be."""
    if isinstance(schema, list):
        return {word for part in schema for word in words_of(part)}
    if not isinstance(schema, dict):
        return set()
    own = {*schema.get("properties", {}), *(word for word in schema.get("enum", ()) if isinstance(word, str))}
    return own | {word for part in schema.values() for word in words_of(part)}


def tools_of(route: str) -> dict[str, set[str]]:
    """Each tool of a specialist with the words that it is offered with."""
    offered = [compact(tool)["function"] for tool in import_module(f"agents.{route}").SPECIALIST.tools]
    return {tool["name"]: words_of(tool["parameters"]) | set(_IDENTIFIER.findall(json.dumps(tool))) for tool in offered}


# files


def test_every_prompt_is_there_in_both_languages_and_no_other() -> None:
    found = {path.name for path in (PROMPTS / "agents").iterdir()}
    assert found == {f"{name}.{language}.md" for name in NAMES for language in LANGUAGES}


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_are_of_one_version_and_say_the_same(name: str) -> None:
    es, en = load(name, "es"), load(name, "en")
    assert (es.version, es.reads) == (en.version, en.reads)
    assert ticked(es.text) == ticked(en.text)
    assert figures(es.text) == figures(en.text)
    assert len(es.text.splitlines()) == pytest.approx(len(en.text.splitlines()), abs=2)
    assert 0.75 < len(es.text) / len(en.text) < 1.35


@pytest.mark.parametrize(
    "head",
    ["", "You are …\n", "---\nreads:\n---\nText", "---\nversion: 1\n---\nText", "---\nversion: new\nreads:\n---\n"],
)
def test_a_file_without_its_head_is_refused_by_name(head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "odd.es.md").write_text(head, "utf-8")
    monkeypatch.setattr(prompts, "PROMPTS", tmp_path)
    with pytest.raises(Misconfigured, match=r"odd\.es\.md does not begin with its version") as refused:
        load("odd", "es")
    assert "odd.es.md no empieza con su versión" in refused.value.es


def test_the_head_is_no_part_of_what_a_model_is_told() -> None:
    for name in NAMES:
        for language in LANGUAGES:
            text = load(name, language).text
            assert not text.startswith("---")
            assert "version:" not in text


def test_a_stamp_tells_the_version_and_the_words() -> None:
    assert re.fullmatch(r"\d+\.[0-9a-f]{8}", load("roi", "es").stamp)
    assert len({load(name, language).stamp for name in NAMES for language in LANGUAGES}) == 2 * len(NAMES)


def test_a_turn_notes_which_prompts_it_used() -> None:
    token = metering.meter.set(Meter())
    try:
        text = told("es", *prompts_of("roi"))
        found = metering.meter.get()
        assert found is not None
        assert found.prompts == {f"{name}.es": load(name, "es").stamp for name in ("house_rules", "roi")}
    finally:
        metering.meter.reset(token)
    assert text.startswith(load("house_rules", "es").text)  # what all share comes first
    assert told("es", *prompts_of("roi")) == text  # without a turn, too


# tools


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", SPECIALISTS)
def test_a_specialist_is_told_of_its_tools_and_of_nothing_that_it_has_not(route: Route, language: Language) -> None:
    text, tools = load(route, language).text, tools_of(route)
    named = ticked(text)
    known = {*tools, *RESULT_WORDS, *_TAGS, *(f"<{tag}>" for tag in _TAGS)}.union(*tools.values())
    assert named - known == set()
    assert set(_IDENTIFIER.findall(text)) - known - {"no_data"} == set()
    assert set(tools) - named == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_router_is_told_every_route_there_is(language: Language) -> None:
    text = load("supervisor", language).text
    routes = words_of(compact(RoutingDecision)["function"]["parameters"]["properties"]["routes"])
    assert re.findall(r"^- (\w+):", text, re.MULTILINE) == [*SPECIALISTS, "none", "human"]
    assert routes == {*SPECIALISTS, "none", "human"}
    assert ticked(text) == {"none", "human", "<earlier>", "<question>"}


@pytest.mark.parametrize("word", ["no_data", "verdict", "contact stored now", "ask next", "known"])
def test_what_a_prompt_quotes_of_results_is_what_tools_say(word: str) -> None:
    source = "".join(path.read_text("utf-8") for path in Path(import_module("tools").__file__ or "").parent.glob("*.py"))
    said = rf'gap\(\s*"{word}"' if word == "no_data" else rf'f"(?:[^"\n]*[;,] )?{word}[:,]'
    assert re.search(said, source), word


def test_a_measure_that_a_prompt_names_has_a_name_for_people() -> None:
    assert label("monthly_payment_if_effective", ES) != "monthly_payment_if_effective"


# tags


class _Model:
    """Notes what it is told."""

    abilities = Abilities("none")

    def __init__(self, answer: str) -> None:
        self.answer, self.told = answer, list[BaseMessage]()

    async def ainvoke(self, messages: list[BaseMessage], **_: Any) -> AIMessage:
        self.told = messages
        return AIMessage(self.answer)

    async def astream(self, messages: list[BaseMessage], **_: Any) -> Any:
        self.told = messages
        yield AIMessageChunk(self.answer)


def tags(messages: Iterable[BaseMessage]) -> set[str]:
    """The tags that what a user's or a tool's message holds stands in."""
    text = "\n".join(str(message.content) for message in messages if message.type in ("human", "tool"))
    return set(re.findall(r"^(?:\S.*)?<(\w+)>$", text, re.MULTILINE))


BRIEF = Brief(
    route="roi", question="¿Cuánto renta?", language="es", locale="es-CO", slots={"price": 450_000_000, "_shown": True},
    uncovered=("Lima",), shown=({"id": 7, "title": "Apto en Chapinero"},), remembered={"risk": "low"},
)
FACT = Fact("gross_yield", 6.1333, "percent", Source("computation", "gross_yield"))


def sent_to(name: str) -> set[str]:
    """The tags that the code really sends to whom this prompt is for."""
    if name == "compose":
        return tags(writing.task("¿Cuánto?", "investor: hola", "Nada.", [FACT], ES, "tu", Veil()))
    passage = fence("passage", "El predial se paga cada año.")
    looked_up = _as_data(ToolMessage(f"[1] Guía: {passage}", tool_call_id="1"), Veil())
    return tags([HumanMessage(writing.brief_text(BRIEF, "investor: hola", "Nada.", Veil())), looked_up])


def spoken_of(name: str, language: Language) -> set[str]:
    text = load(name, language).text
    return {tag for tag in _TAGS if f"`<{tag}>`" in text or f"`{tag}`" in text}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_the_head_names_the_tags_that_the_text_speaks_of(name: str, language: Language) -> None:
    assert spoken_of(name, language) == load(name, language).reads


@pytest.mark.parametrize("route", SPECIALISTS)
def test_a_specialist_is_told_what_every_tag_is_that_it_is_sent(route: str) -> None:
    reads = {tag for name in prompts_of(route) for tag in load(name, "es").reads}
    assert sent_to(route) == reads


def test_compose_is_told_what_every_tag_is_that_it_is_sent() -> None:
    assert sent_to("compose") == load("compose", "es").reads


async def test_the_router_is_told_what_every_tag_is_that_it_is_sent() -> None:
    model = _Model('{"routes": ["roi"], "language": "es", "confidence": 1}')
    understanding = {"answer_language": "es", "routes": ["roi"], "confidence": 1}
    decided = await supervisor.decide(model, "¿Cuánto?", "investor: hola", understanding, Veil())  # type: ignore[arg-type]
    assert decided.by_llm
    assert tags(model.told) == load("supervisor", "es").reads


async def test_repair_is_told_what_every_tag_is_that_it_is_sent_and_no_contact() -> None:
    screen = Screen(Stream(ES, ("ana@correo.es",)))
    screen.add("Le escribo a ana@correo.es.", [])
    veil = Veil()
    context: Any = SimpleNamespace(screen=screen, user_words=("ana@correo.es",), veil=veil)
    model = _Model("FIN")
    offender = Offender(0, 1, "7 %", "Son 7 %.")
    assert await writing.repair(model, [], offender, [], context)  # type: ignore[arg-type]
    assert tags(model.told) == load("repair", "es").reads
    assert "7 %" in str(model.told[-1].content)
    assert "ana@correo.es" not in str(model.told)
    assert load("repair", "es").text in str(model.told[-1].content)


def test_every_tag_is_fenced_and_no_other() -> None:
    assert {tag for name in NAMES for tag in load(name, "es").reads} == set(_TAGS)


# figures


#: Of numbers that look like data, prompts hold only these: how numbers are written, and examples of what people say.
EXAMPLES = {"house_rules": ["1.234,56", "1,234.56"], "roi": ["95", "70", "30"], "price_prediction": ["10"]}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_no_figure_could_be_taken_for_data(name: str, language: Language) -> None:
    text = load(name, language).text
    large = [figure for figure in figures(text) if len(re.sub(r"\D", "", figure)) > 1]
    assert set(large) == set(EXAMPLES.get(name, ()))
    assert not re.search(r"[$€£]\s?\d|\d\s?[€$]|\b(?:19|20)\d\d\b|\b(?:COP|EUR|MXN|USD)\b", text)


# length and language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("names", "longest"), [(prompts_of(r), 5500) for r in SPECIALISTS] + [
    (("supervisor",), 1700), (("compose",), 1300), (("repair",), 300)])
def test_prompts_are_no_longer_than_they_must_be(names: tuple[str, ...], longest: int, language: Language) -> None:
    """Characters: every one is paid for with every call."""
    assert len(told(language, *names)) <= longest


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_is_in_one_language(name: str, language: Language) -> None:
    text = re.sub(r"`[^`\n]*`|\S*_\S*", " ", load(name, language).text)
    assert [piece for start, end in sentences(text) if foreign(piece := text[start:end], language)] == []
    marks = re.findall(r"[¿¡ñ]|\b(?:el|los|las|una|con|para|que)\b", text.lower())
    assert bool(marks) == (language == "es")
