"""What a tool is given besides its arguments: the scope, the resources and the words of the investor.

LangGraph passes this object as `context=` on every run; it is never persisted. A tool takes the tenant from here and
nowhere else, so that no argument that a model writes can widen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain.tools import ToolRuntime

from core.facts import Fact
from core.locale import LOCALES, Locale
from core.scope import Scope
from knowledge.resources import Resources


@dataclass(frozen=True)
class TurnContext:
    """One turn's surroundings.

    `user_words` are the investor's own messages, newest last: leads and cases are only written from these. `slots` are
    what is known after understanding the turn; a tool may read consent and contact data from them. `remembered`
    are those slots that the investor filled in an earlier conversation, as facts.
    """

    resources: Resources
    scope: Scope
    conversation_id: str = ""
    run_id: str = ""
    message_id: str = ""
    locale: Locale = LOCALES["es-CO"]
    user_words: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    remembered: Mapping[str, Fact] = field(default_factory=dict)


#: What a tool declares as its `runtime` parameter; LangChain fills it in and hides it from the model.
Runtime = ToolRuntime[TurnContext, Any]
