"""A language model writes the answer from the findings, on the screen, sentence by checked sentence.

What is shown cannot be taken back. So at the first sentence that may not be shown the model is stopped, told why, and
asked once to go on after what was shown; where the call breaks, the second model is asked to; what then lacks, the
built-in brain says, from the same facts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agents.playbook import Brief
from agents.privacy import Veil
from agents.prompts import told
from agents.rendering import figure, when
from agents.speech import Speech
from core.facts import Fact
from core.fence import fence
from core.locale import LOCALES, Language, Locale, number
from core.retry import MalformedAnswer, is_model_fault
from core.words import label
from graphs.context import GraphContext
from graphs.drafts import LONGEST, Drafting, names_of
from graphs.grounding import Offender, accept
from graphs.sentences import sentences

if TYPE_CHECKING:
    from agents.endpoint import Endpoint

log = logging.getLogger("ladrillo.graph")
#: Figures told beside the findings: what a specialist found and its own answer left out.
_MORE = 12
_NOTHING_MORE = re.compile(r"\W*(?:FIN|END)\W*")
_PROBLEMS: dict[str, dict[Language, str]] = {
    "figure": {"es": "la cifra «{shown}» no está en los datos", "en": "the figure “{shown}” is not in the data"},
    "improper": {"es": "«{shown}» no puede ir en una respuesta", "en": "“{shown}” may not stand in an answer"},
    "language": {"es": "no estaba en español", "en": "it was not in English"},
    "claim": {"es": "decía que se hizo algo que no se hizo", "en": "it said that something was done that was not"},
    "promise": {"es": "prometía una ganancia", "en": "it promised a profit"},
    "empty": {"es": "no daba ninguna de las cifras encontradas", "en": "it gave none of the figures that were found"},
    "machine": {"es": "no era texto para el lector", "en": "it was no text for the reader"},
    "unfilled": {"es": "repetía datos de contacto", "en": "it repeated contact data"},
    "repetition": {"es": "repetía lo mismo", "en": "it said the same again"},
    "rambling": {"es": "se alargaba sin responder", "en": "it went on without answering"},
}


def task(
    question: str, earlier: str, findings: str, facts: Sequence[Fact], locale: Locale, register: str, veil: Veil
) -> list[BaseMessage]:
    """What the writer is told: for whom, what was asked, what was found."""
    parts = {
        "reader": reader(locale, register), "earlier": earlier, "question": question, "findings": findings,
        "figures": "\n".join(_more(facts, findings, locale)),
    }
    body = "\n".join(fence(tag, veil.cover(text)) for tag, text in parts.items() if text)
    return [SystemMessage(told(locale.language, "compose")), HumanMessage(body)]


def reader(locale: Locale, register: str) -> str:
    """For whom to write: language and country, how to address them, how numbers look."""
    return f"locale {locale.code}; register {register}; numbers like {number(1234.56, locale, 2)}"


def brief_text(brief: Brief, earlier: str, findings: str, veil: Veil) -> str:
    """What a specialist's model reads: the question, what is known and found, and for whom it writes, all of it as data."""
    known = "; ".join(f"{name}={value!r}" for name, value in brief.slots.items() if not name.startswith("_"))
    remembered = "; ".join(f"{name}={value}" for name, value in brief.remembered.items())
    parts = {
        "reader": reader(LOCALES[brief.locale], brief.register), "known": known,
        "remembered_from_earlier_conversations": remembered,
        "listings_shown_before": "\n".join(f"{i}. {row['title']} (id {row['id']})" for i, row in enumerate(brief.shown, 1)),
        "outside_the_markets": ", ".join(brief.uncovered), "findings": findings, "earlier": earlier, "question": brief.question,
    }
    return "\n".join(fence(tag, veil.cover(body)) for tag, body in parts.items() if body)


def _more(facts: Sequence[Fact], findings: str, locale: Locale) -> list[str]:
    """Figures that the findings do not tell, one a line, each once: `5 %` is not told by `15 %`."""
    lines: dict[str, None] = {}
    for fact in facts:
        if fact.unit == "text" or fact.source.kind == "user" or len(lines) >= _MORE:
            continue
        shown = figure(fact, locale)
        said = r"\s".join(re.escape(part) for part in shown.split())
        if not re.search(rf"(?<![\w.,]){said}(?!\w|[.,]\d)", findings):
            parts = (f"{label(fact.key, locale)}: {shown}", fact.entity, when(fact.as_of, locale))
            lines["; ".join(part for part in parts if part)] = None
    return list(lines)


async def write(asked: list[BaseMessage], facts: Sequence[Fact], context: GraphContext) -> bool:
    """Have the answer written on the screen; False where another brain has to finish it.

    `asked` is the task; the models are the compose role's and the second one. Raises only what is no fault of theirs.
    """
    assert context.staff is not None
    assert context.staff.models is not None
    assert context.screen is not None
    screen = context.screen
    models = context.staff.models
    found = str(asked[-1].content)
    drafting = screen.stream.drafting = drafting_of(facts, screen.stream.locale.language, found)
    try:
        for model in (models.compose, models.fallback):
            if model is None or model.resting:
                continue
            try:
                if not screen.shown:
                    offender = await _stream(model, asked, facts, context)
                    return offender is None or await repair(model, asked, offender, facts, context)
                return await _go_on(model, asked, None, facts, context)
            except Exception as error:
                if not is_model_fault(error):
                    raise
                log.warning("the model %s of compose failed (%s)", model.model_name, type(error).__name__)
            screen.stream.restart()
            screen.stream.drafting = drafting if screen.shown else drafting_of(
                facts, screen.stream.locale.language, found)
        return False
    finally:
        screen.stream.drafting = None


def drafting_of(facts: Sequence[Fact], language: Language, found: str) -> Drafting:
    """What looks at an answer that is written from `facts` and from what was `found`."""
    expected = any(fact.unit != "text" and fact.source.kind != "user" for fact in facts)
    return Drafting(language, expected=expected, found=lambda: found)


async def _stream(
    model: Endpoint, messages: list[BaseMessage], facts: Sequence[Fact], context: GraphContext
) -> Offender | None:
    """Show what the model writes while it does; what may not be shown ends the call."""
    assert context.screen is not None
    screen, speech = context.screen, Speech(aloud=model.abilities.thinks_aloud)
    async with aclosing(model.astream(messages, config={"tags": ["nostream"]})) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            if chunk.tool_call_chunks:
                raise MalformedAnswer("the model called a tool that nobody offered")
            screen.feed(speech.hear(chunk.text), facts)
            if speech.stray:  # what was said so far was thought; the next answer is waited for
                model.abilities.thinks_aloud = True
                raise MalformedAnswer("the model thought aloud")
            if screen.stream.offender is not None:
                break
        else:
            screen.feed(speech.rest(), facts)
            screen.finish(facts)
    if (offender := screen.stream.offender) is None:
        if not screen.shown:
            raise MalformedAnswer("the model wrote nothing")
        screen.complete = True
    return offender


async def repair(
    model: Endpoint, asked: list[BaseMessage], offender: Offender, facts: Sequence[Fact], context: GraphContext
) -> bool:
    """One call that names what could not be shown, and goes on after what was. False where that does not do either."""
    log.warning("not shown (%s): %r in %r", offender.kind, offender.shown, offender.sentence)
    if offender.kind == "refusal":  # whoever refuses the task refuses it again
        return False
    return await resume(model, asked, facts, context, offender)


async def resume(
    model: Endpoint, asked: list[BaseMessage], facts: Sequence[Fact], context: GraphContext, offender: Offender | None = None
) -> bool:
    """A model goes on after what was shown when it, or another, broke off. False where it does not do either."""
    try:
        return await _go_on(model, asked, offender, facts, context)
    except Exception as error:
        if not is_model_fault(error):
            raise
        log.warning("the model %s did not go on (%s)", model.model_name, type(error).__name__)
        return False


async def _go_on(
    model: Endpoint, asked: list[BaseMessage], offender: Offender | None, facts: Sequence[Fact], context: GraphContext
) -> bool:
    """Text of the model's after what was shown, if all of it may be shown."""
    assert context.screen is not None
    screen, locale = context.screen, context.screen.stream.locale
    problem = _PROBLEMS[offender.kind][locale.language].format(shown=offender.shown) if offender else (
        "se cortó" if locale.language == "es" else "it was cut")
    shown = context.veil.cover(screen.shown)
    said = [told(locale.language, "repair"), fence("shown", shown), fence("problem", context.veil.cover(problem))]
    messages = [*asked, *([AIMessage(shown)] if shown else []), HumanMessage("\n".join(said))]
    speech, text = Speech(aloud=model.abilities.thinks_aloud), ""
    async with aclosing(model.astream(messages, config={"tags": ["nostream"]})) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            text += speech.hear(chunk.text)
            if len(text) > LONGEST:
                return False
    text += speech.rest()
    if _NOTHING_MORE.fullmatch(text.strip()):
        screen.complete = bool(screen.shown)
        return screen.complete
    if not text.strip():
        raise MalformedAnswer("the model wrote nothing")
    parts = [text[start:end] for start, end in sentences(text)]
    drafting = drafting_of((), locale.language, str(asked[-1].content))
    checked = accept(
        text, facts, locale, context.user_words, before=screen.shown, hosts=screen.stream.hosts, found=drafting.found)
    if checked.offender is not None or drafting.objection(parts, bound=len(checked.bindings), names=names_of(facts)):
        return False
    if offender is not None and offender.kind == "empty" and not checked.bindings:
        return False
    screen.stream.drafting = None
    screen.go_on(text, facts)
    screen.complete = True
    return True
