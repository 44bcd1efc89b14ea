"""What a turn of the graph is given: the tools' context, the agents, the screen that text is shown on, and patience."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from langgraph.graph.state import CompiledStateGraph

from agents.models import Models, brain_name, language_models
from agents.privacy import Veil
from agents.specialist import Specialist, build
from core.settings import Settings
from graphs.grounding import unsaid
from graphs.preferences import Investor
from graphs.streaming import Stream
from tools.context import TurnContext

Agent = CompiledStateGraph[Any, TurnContext, Any, Any]


class Staff:
    """The specialists of a process, each built once per brain and language, on first use."""

    def __init__(self, settings: Settings) -> None:
        self.models: Models | None = language_models(settings)
        self.threshold = settings.router_threshold
        self._agents: dict[tuple[str, str, str], Agent] = {}

    async def close(self) -> None:
        """Let go of the endpoints' connections."""
        if self.models is not None:
            await self.models.aclose()

    @property
    def brain(self) -> str:
        return brain_name(self.models)

    def specialist(self, route: str) -> Specialist:
        """The specialist of a route; its module, with the tools' libraries, is imported on first use."""
        from importlib import import_module

        found: Specialist = import_module(f"agents.{route}").SPECIALIST
        return found

    def agent(self, route: str) -> Agent:
        """The specialist with the built-in brain."""
        return self._built(route, "", "builtin")

    def thinker(self, route: str, language: str, role: Literal["specialist", "fallback"]) -> Agent | None:
        """The specialist with the language model of this role; None where there is none, or it cannot be asked now."""
        model = None if self.models is None else getattr(self.models, role)
        if model is None or model.resting or not model.abilities.may("tools"):
            return None
        return self._built(route, language, role)

    def _built(self, route: str, language: str, who: str) -> Agent:
        key = (route, language, who)
        if key not in self._agents:
            model = None if who == "builtin" else getattr(self.models, who)
            self._agents[key] = build(self.specialist(route), model, language)
        return self._agents[key]


@dataclass
class Patience:
    """How long a turn counts on language models: to `until` (the event loop's time), and no longer once they failed."""

    until: float | None = None
    lost: bool = False


@dataclass
class Screen:
    """What the reader has been shown of this turn's answer. Nodes show text only through it.

    `emit` receives each piece that may be shown; the pieces joined are exactly `stream.shown`.
    """

    stream: Stream
    emit: Callable[[str], None] = lambda piece: None
    #: A language model has written the whole answer.
    complete: bool = False

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
    """A turn's surroundings as the graph's nodes see them. `veil` keeps contact data from language models; `case_open`: a
    person has been asked already; `investor`: whom the conversation belongs to, with what is remembered of them."""

    staff: Staff | None = None
    screen: Screen | None = None
    patience: Patience = field(default_factory=Patience)
    veil: Veil = field(default_factory=Veil)
    case_open: bool = False
    investor: Investor | None = None
