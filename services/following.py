"""Which conversation a message belongs to whose client sends the whole history every time.

The transcript stays the one memory of words: a history that ends where a conversation of the same visitor ends continues it;
any other (an edited message, an answer asked for anew, a history from elsewhere) starts a conversation of its own that is
seeded with it, and leaves the earlier one as it was. What the graph knew at that point is taken over; where nobody knows
it, it is read again from the user's words. What a client says the assistant said is text, never a fact.

Two identical requests at once that reach two processes may start two conversations, which is why a lock of this process is
enough: none is harmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import now
from core.errors import Language
from core.scope import Scope
from graphs.memory import recalled
from graphs.runner import HISTORY, Runner
from knowledge.records import client_turns, conversations
from knowledge.records.client_turns import Said, Told, plain
from knowledge.records.conversations import ACTIVE, RunActive, Sent
from knowledge.tables import ClientTurn, Message

#: Messages of a history that are kept with a conversation seeded with it.
SEEDED = 200
#: How long after a message the same one, sent as a retry, is answered by the same run.
RETRY = timedelta(minutes=10)
WITH_A_PERSON: dict[Language, str] = {
    "es": "Una persona de nuestro equipo atiende ahora esta conversación y tiene su mensaje. Lo que responda aparecerá aquí "
          "con su próximo mensaje.",
    "en": "A person of our team has this conversation now, and your message. What they answer is shown here with your "
          "next message.",
}
STOPPED: dict[Language, str] = {"es": "La respuesta se detuvo.", "en": "The answer was stopped."}
_locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Followed:
    """A message on its way: its conversation, its run (`sent.run_id` None: a person's turn), what is told before the answer,
    and the language spoken so far."""

    conversation_id: str
    sent: Sent
    preface: str
    language: Language | None


@dataclass(frozen=True, slots=True)
class _Parent:
    """The message before; `exact`: the history holds just what answered it."""

    turn: ClientTurn
    told: Told
    exact: bool


async def follow(
    runner: Runner, scope: Scope, history: Sequence[Said], words: str, *, named: bool = False, retry: bool = False,
    country: str | None = None, language: Language | None = None,
) -> Followed:
    """Send `words` in the conversation that `history` belongs to, found or made.

    `named`: the visitor is one person, not all users of a program; `retry`: the sender says that it has sent this before.
    Raises `RunActive` while the message before is still being answered.
    """
    lock = _locks.setdefault((scope.subject, client_turns.digest(history)), asyncio.Lock())
    async with lock:
        key = client_turns.digest([*history, Said("user", words)])
        async with runner.resources.database.session(scope) as session:
            # the first words of one nameless user are not told apart from those of another
            same = await _same(session, scope, key, retry=retry) if named or history else None
            parent = await _parent(session, scope, history) if same is None else None
        if same is not None:
            return await _joined(runner, scope, same)
        memory = await _memory(runner, scope, parent, history, country, language)
        if parent is not None and parent.exact and parent.told.last:
            followed = await _continued(runner, scope, parent, words, key, memory)
            if followed is not None:
                return followed
        return await _branched(runner, scope, history, words, key, memory, country, language)


async def _same(session: AsyncSession, scope: Scope, key: str, *, retry: bool) -> ClientTurn | None:
    """The same message sent before, where what became of it answers this one too: its run is still active, or has ended and
    this is a retry, or a person has it."""
    for turn in await client_turns.asked(session, scope.subject, key):
        told = await client_turns.told(session, turn)
        if told.run is not None and told.run.status in ACTIVE:
            return turn
        if told.run is None and (await conversations.get(session, turn.conversation_id)).owner == "person":
            return turn
        if retry and told.run is not None and told.run.status == "finished" and turn.created_at > now() - RETRY:
            return turn
    return None


async def _joined(runner: Runner, scope: Scope, turn: ClientTurn) -> Followed:
    """What became of the message; a person's turn also tells what advisers have written since."""
    async with runner.resources.database.session(scope) as session:
        kept = await session.merge(turn)
        message = await session.get(Message, turn.message_id)
        language = await conversations.language(session, turn.conversation_id)
        if kept.run_id is None or message is None:
            closing = WITH_A_PERSON[language or "es"]
            earlier = kept.preface.removesuffix(closing)
            kept.preface = earlier + _from_advisers(await client_turns.told(session, kept)) + closing
            return Followed(kept.conversation_id, Sent(kept.message_id, None, "person", 0), kept.preface, language)
    sent = await runner.send(scope, turn.conversation_id, message.text, client_message_id=message.client_message_id)
    return Followed(turn.conversation_id, sent, turn.preface, language)


def _from_advisers(told: Told) -> str:
    """What advisers wrote that the client has not been told, each in a paragraph with its author."""
    pieces = (f"**{m.author}:** {m.text}\n\n" for m in told.advisers)
    return "".join(piece for piece in pieces if piece not in told.text)


async def _parent(session: AsyncSession, scope: Scope, history: Sequence[Said]) -> _Parent | None:
    """The message that the history ends with, among those of this visitor; one whose conversation ends there, if any does."""
    asked = list(history)
    answers: list[str] = []
    while asked and asked[-1].role == "assistant":
        answers.insert(0, asked.pop().text)
    if not asked:
        return None
    answer = plain(" ".join(answers))
    found: _Parent | None = None
    active: str | None = None
    for turn in await client_turns.asked(session, scope.subject, client_turns.digest(asked)):
        told = await client_turns.told(session, turn)
        if told.run is not None and told.run.status in ACTIVE:
            active = active or told.run.id
            continue
        exact = answer in _closings(told.text)
        if exact and told.last:
            return _Parent(turn, told, exact=True)
        if (exact or plain(told.text).startswith(answer)) and (found is None or (exact and not found.exact)):
            found = _Parent(turn, told, exact)
    if found is None and active is not None:
        raise RunActive(active)
    return found


def _closings(text: str) -> set[str]:
    """What a client may hold that was told `text`: a run that ended early was closed with a sentence."""
    closing = (*WITH_A_PERSON.values(), *STOPPED.values())
    return {plain(text), *(plain(f"{text} {sentence}") for sentence in closing)}


async def _continued(
    runner: Runner, scope: Scope, parent: _Parent, words: str, key: str, memory: dict[str, Any]
) -> Followed | None:
    """The next message of the parent's conversation; None where another process was first with a message of its own."""
    turn = parent.turn
    sent = await runner.send(
        scope, turn.conversation_id, words, client_message_id=f"after {turn.message_id}", memory=memory
    )
    async with runner.resources.database.session(scope) as session:
        language = await conversations.language(session, turn.conversation_id)
        if sent.outcome == "joined":
            message = await session.get(Message, sent.message_id)
            if message is None or message.text != words:
                return None
        preface = _from_advisers(parent.told)
        if sent.run_id is None:
            preface += WITH_A_PERSON[language or "es"]
        if sent.outcome != "joined":
            await client_turns.keep(
                session, scope, message_id=sent.message_id, conversation_id=turn.conversation_id, run_id=sent.run_id,
                key=key, memory=memory, preface=preface,
            )
    return Followed(turn.conversation_id, sent, preface, language)


async def _branched(
    runner: Runner, scope: Scope, history: Sequence[Said], words: str, key: str, memory: dict[str, Any],
    country: str | None, language: Language | None,
) -> Followed:
    """A conversation of its own, seeded with the history and with what was known then."""
    async with runner.resources.database.session(scope) as session:
        row, _ = await conversations.create(
            session, scope, visitor=scope.subject, channel="openai", language=language, country=country
        )
        for said in history[-SEEDED:]:
            await conversations.add_message(
                session, scope, row.id, role=said.role, body=said.text, details={"seeded": True}
            )
    sent = await runner.send(scope, row.id, words, client_message_id="first", memory=memory)
    async with runner.resources.database.session(scope) as session:
        await client_turns.keep(
            session, scope, message_id=sent.message_id, conversation_id=row.id, run_id=sent.run_id, key=key,
            memory=memory, preface="",
        )
    return Followed(row.id, sent, "", language)


async def _memory(
    runner: Runner, scope: Scope, parent: _Parent | None, history: Sequence[Said], country: str | None,
    language: Language | None,
) -> dict[str, Any]:
    """What the graph knew after the parent, or what the user's words alone tell; nothing at the beginning."""
    known: dict[str, Any] = {}
    if parent is not None and parent.told.last:
        known = await runner.remembered(parent.turn.conversation_id)
    elif parent is not None:
        async with runner.resources.database.session(scope) as session:
            later = await client_turns.after(session, parent.turn)
            known = later.memory if later is not None else {}
    asked = [said.text for said in history if said.role == "user"][-HISTORY:]
    if known or not asked:
        return known
    places = await runner.resources.places()
    return await asyncio.to_thread(recalled, asked, places, country=country, language=language)
