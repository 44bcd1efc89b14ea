"""What a tool is given besides its arguments: the scope, the resources and the words of the investor.

LangGraph passes this object as `context=` on every run; it is never persisted. A tool takes the tenant from here and
nowhere else, so that no argument that a model writes can widen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain.tools import ToolRuntime
from pydantic_core import CoreSchema, core_schema

from core.facts import Fact
from core.locale import LOCALES, Locale
from core.scope import Scope
from knowledge.resources import Resources


class Marks:
    """The numbers of a turn's citations: one for each passage, whichever tool or specialist cites it, however often."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def of(self, kind: str, passage_id: str) -> int:
        """The number of a passage; a new one where it is cited for the first time."""
        return self._numbers.setdefault((kind, passage_id), len(self._numbers) + 1)


@dataclass(frozen=True)
class TurnContext:
    """One turn's surroundings.

    `user_words` are the investor's own messages, newest last: leads and cases are only written from these. `slots` are
    what is known after understanding the turn; a tool may read consent and contact data from them. `found` are the facts
    of another specialist's finding that this one's work rests on, `remembered` those slots that the investor filled in an
    earlier conversation, as facts. `intents` are the routes that the investor's own words call for, whatever a model says;
    None where nobody read them. `marks` numbers the passages that are cited: specialists that work side by side share it, so
    that `[1]` means one passage in the answer.
    """

    resources: Resources
    scope: Scope
    conversation_id: str = ""
    run_id: str = ""
    message_id: str = ""
    locale: Locale = LOCALES["es-CO"]
    user_words: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    found: tuple[Fact, ...] = ()
    intents: tuple[str, ...] | None = None
    remembered: Mapping[str, Fact] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)


if TYPE_CHECKING:
    Runtime = ToolRuntime[TurnContext, Any]
else:

    class Runtime(ToolRuntime):
        """What a tool declares as its `runtime` parameter; LangChain fills it in and hides it from the model.

        For Pydantic it is one opaque thing: LangChain writes a tool's arguments out before the call, and with them it would
        write out the agent's whole state and everything that the context leads to.
        """

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
            return core_schema.any_schema(serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value))
