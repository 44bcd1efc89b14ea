"""What a tool is given besides its arguments: the scope, the resources and the words of the investor.

LangGraph passes this object as `context=` on every run; it is never persisted. A tool takes the tenant from here and
nowhere else, so that no argument that a model writes can widen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain.tools import ToolRuntime

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
    what is known after understanding the turn; a tool may read consent and contact data from them. `marks` numbers
    the passages that are cited: specialists that work side by side share it, so that `[1]` means one passage in the answer.
    """

    resources: Resources
    scope: Scope
    conversation_id: str = ""
    run_id: str = ""
    message_id: str = ""
    locale: Locale = LOCALES["es-CO"]
    user_words: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)


#: What a tool declares as its `runtime` parameter; LangChain fills it in and hides it from the model.
Runtime = ToolRuntime[TurnContext, Any]
