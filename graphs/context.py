"""What a turn of the graph is given: the tools' context, the agents, the screen that text is shown on, and patience."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph

from agents.models import brain_name, chat_model
from agents.specialist import Specialist, build
from core.settings import Settings
from graphs.grounding import Stream, unsaid
from tools.context import TurnContext

Agent = CompiledStateGraph[Any, TurnContext, Any, Any]


class Staff:
    """The specialists of a process, each built once per brain and language, on first use."""

    def __init__(self, settings: Settings, model: BaseChatModel | None = None) -> None:
        self.model = model if model is not None else chat_model(settings)
        self._agents: dict[tuple[str, str], Agent] = {}

    async def close(self) -> None:
        """Let go of the endpoint's connections."""
        closing = getattr(self.model, "aclose", None)
        if closing is not None:
            await closing()

    @property
    def brain(self) -> str:
        return brain_name(self.model)

    def specialist(self, route: str) -> Specialist:
        """The specialist of a route; its module, with the tools' libraries, is imported on first use."""
        from importlib import import_module

        found: Specialist = import_module(f"agents.{route}").SPECIALIST
        return found

    def agent(self, route: str, language: str) -> Agent:
        key = (route, language)
        if key not in self._agents:
            self._agents[key] = build(self.specialist(route), self.model, language)
        return self._agents[key]

    def substitute(self, route: str) -> Agent:
        """The specialist with the built-in brain, to finish what a language model could not."""
        key = (route, "")
        if key not in self._agents:
            self._agents[key] = build(self.specialist(route), None, "")
        return self._agents[key]


@dataclass
class Patience:
    """How long a turn counts on the language model: to `until` (the event loop's time), and no longer once it failed."""

    until: float | None = None
    lost: bool = False


@dataclass
class Screen:
    """What the reader has been shown of this turn's answer. Nodes show text only through it.

    `emit` receives each piece that may be shown; the pieces joined are exactly `stream.shown`.
    """

    stream: Stream
    emit: Callable[[str], None] = lambda piece: None

    @property
    def shown(self) -> str:
        return self.stream.shown

    def feed(self, piece: str, facts: Sequence[Any]) -> None:
        out = self.stream.feed(piece, facts)
        if out:
            self.emit(out)

    def finish(self, facts: Sequence[Any]) -> None:
        out = self.stream.finish(facts)
        if out:
            self.emit(out)

    def add(self, text: str, facts: Sequence[Any]) -> None:
        """Another paragraph after what is shown, from the same brain or another; it has to bind as well. What was held
        back of an earlier text is dropped.
        """
        if not text:
            return
        self.stream.restart()
        self.feed(("\n\n" if self.shown else "") + text, facts)
        self.finish(facts)

    def go_on(self, text: str, facts: Sequence[Any]) -> None:
        """Another brain's answer after what is shown, without what it would say twice."""
        stream = self.stream
        said = [binding.fact_id for binding in stream.bindings]
        self.add(unsaid(text, self.shown, said, facts, stream.locale, stream.user_words, hosts=stream.hosts), facts)


@dataclass(frozen=True)
class GraphContext(TurnContext):
    """A turn's surroundings as the graph's nodes see them. `case_open`: a person has been asked already."""

    staff: Staff | None = None
    screen: Screen | None = None
    patience: Patience = field(default_factory=Patience)
    case_open: bool = False
