"""Text of a specialist's model on its way to the screen, while the agent runs."""

from __future__ import annotations

from langchain_core.messages import AIMessageChunk

from agents.abilities import Abilities
from agents.speech import Speech
from core.facts import Fact
from graphs.context import Screen
from graphs.sentences import sentences


class Live:
    """Feeds a model's text to the screen while it is written, holding each message until it reads like an answer.

    Before any tool has answered nothing is fed, and no sentence without a figure is fed alone: that is how a model
    announces what it is about to look up, and a message that carries tool calls is not shown.
    """

    def __init__(self, screen: Screen, abilities: Abilities) -> None:
        self._screen, self._abilities, self._speech = screen, abilities, Speech(aloud=abilities.thinks_aloud)
        self._message: str | None = None
        self._held = ""
        self._calls = self._open = False

    def chunk(self, message: AIMessageChunk, facts: list[Fact], *, answered: bool) -> None:
        if message.id != self._message:
            self._message, self._held, self._calls, self._open = message.id, "", False, False
            self._speech = Speech(aloud=self._abilities.thinks_aloud)
        self._calls = self._calls or bool(message.tool_call_chunks)
        if self._calls or not message.text:
            return
        self._held += self._speech.hear(message.text)
        if self._speech.stray:
            self._abilities.thinks_aloud = True
        if not self._open:
            if not answered or not _reads_like_an_answer(self._held):
                return
            self._open = True
            self._screen.stream.restart()
            self._held = ("\n\n" if self._screen.shown else "") + self._held.lstrip()
        self._screen.feed(self._held, facts)
        self._held = ""

    def end(self, text: str, facts: list[Fact]) -> None:
        """The rest of the message that is the answer, which may have been held to the end."""
        if self.stopped or not text:
            return
        stream = self._screen.stream
        fed = stream.fed.strip() if self._open else ""
        if not (self._open and text.startswith(fed)):
            stream.restart()
            text, fed = ("\n\n" if self._screen.shown else "") + text, ""
        self._screen.feed(text[len(fed) :], facts)
        self._screen.finish(facts)
        self._screen.complete = not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether something was written that may not be shown."""
        return self._screen.stream.offender is not None


def _reads_like_an_answer(text: str) -> bool:
    """Two whole sentences, or one with a figure."""
    whole = [text[start:end] for start, end in sentences(text)[:-1] if text[start:end].strip()]
    return len(whole) > 1 or any(character.isdigit() for character in "".join(whole))
