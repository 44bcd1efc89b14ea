"""Opening a case for a person, when the investor's own words ask for it.

A model cannot decide alone that somebody should step in: the reason must be one that can be read in the investor's
messages. What follows from a turn's confidence (repeated failures, an accepted offer) is the policy's business.
"""

from __future__ import annotations

from langchain.tools import tool

from core.errors import BadInput
from core.facts import Fact, Source
from knowledge.records import cases
from tools.context import Runtime
from tools.result import Content, ToolResult

_SUMMARY = 500
#: Cues that ask for an adviser count as asking for a person.
_SAME = {"asked_adviser": "asked_person"}


@tool(response_format="content_and_artifact")
async def open_case(reason: str, summary: str, runtime: Runtime) -> Content:
    """Open a case so that a person takes over in this conversation; returns its label, e.g. C-1042.

    Only when the investor's own words ask for it. reason: asked_person, complaint, fraud_or_money, legal_tax_advice,
    data_request, anger or large_deal. summary: one or two sentences for the person who works it, only what the investor
    said. Quote the label to the investor; never claim a case that this tool did not return.
    """
    context = runtime.context
    if reason not in cases.REASONS:
        raise BadInput(
            f"{reason!r} is no reason for a case: expected one of {', '.join(cases.REASONS)}.",
            f"{reason!r} no es un motivo de caso: se espera uno de {', '.join(cases.REASONS)}.",
        )
    asked = reasons_in(context.user_words)
    if reason not in asked:
        found = ", ".join(sorted(asked)) or "none"
        raise BadInput(
            f"The investor's own words do not ask for {reason!r} (found: {found}). Answer, or offer a person instead.",
            f"Las palabras de la persona no piden {reason!r} (encontrado: {found}). Responda, u ofrezca una persona.",
        )
    words = " ".join(summary.split())[:_SUMMARY]
    if not words:
        raise BadInput("summary is empty: expected a sentence on what the investor needs.",
                       "summary está vacío: se espera una frase sobre lo que necesita la persona.")
    country = context.slots.get("country")
    async with context.resources.database.session(context.scope) as session:
        case, new = await cases.open_case(
            session, context.scope, conversation_id=context.conversation_id, run_id=context.run_id or None,
            reason=reason, reason_text=words, evidence={"message": context.user_words[-1]}, draft=None,
            language=context.locale.language, country=country if isinstance(country, str) else None,
            priority=cases.REASONS[reason],
        )
    label = cases.label(case)
    result = ToolResult()
    result.data = {"case": label, "new": new, "reason": reason}
    result.add(Fact("case", label, "text", Source("case", case.id)))
    result.say(f"case {label} {'opened' if new else 'was open already; this was added'}")
    return result.done()


def reasons_in(messages: tuple[str, ...]) -> set[str]:
    """Reasons for a person that can be read in the investor's messages."""
    from knowledge.understanding.cues import cue_book
    from knowledge.understanding.tokens import normalise, tokenise

    found: set[str] = set()
    for message in messages:
        for hit in cue_book().hits(tokenise(normalise(message))):
            code = dict(hit.cue.says).get("human")
            if hit.cue.route == "human" and code:
                found.add(_SAME.get(code, code))
    return found
