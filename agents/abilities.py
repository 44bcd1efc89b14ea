"""What an endpoint can do: declared by the operator, or found out by what it refuses.

Small local servers refuse what they do not know, each in words of its own; a refusal is read once and not provoked again.
"""

from __future__ import annotations

import re

from core.clock import Monotonic, monotonic
from core.model_settings import CAPABILITIES
from core.retry import MalformedAnswer

#: Seconds after which what was learnt is tried again.
FORGET_SECONDS = 900.0
#: What a refusal speaks of, in this order: the first that fits is what is not done again.
_REFUSED = (
    ("stream_usage", re.compile(r"stream_options|include_usage")),
    ("parallel_calls", re.compile(r"parallel_tool_calls|parallel tool calls")),
    ("json_schema", re.compile(r"response_format|json_schema|json schema|structured output|guided|grammar")),
    ("tools", re.compile(r"\btools?\b|tool[_ ]choice|tool[_ -]call|function[_ ]call|\bfunctions\b")),
)
#: A request that is wrong for its own sake names no ability.
_STATUSES = frozenset({400, 404, 405, 415, 422, 501})
#: Such a one may speak of tools all the same: too long, a history without an answer to a call, a schema that cannot be.
_OWN_FAULT = re.compile(
    r"context.{0,8}length|context.window|context.size|too many tokens|reduce the length|tool_call_ids?\b|must be followed by"
    r"|must be a response to|schema for function|does not match pattern|invalid type for|messages\[|maximum length"
)
#: llama.cpp answers what it does not know with 500, as it does everything else that goes wrong.
_UNKNOWN = re.compile(r"unsupported param|param requires --")
#: That one tool cannot be insisted on does not mean that none can be offered.
_INSISTED = re.compile(r"invalid tool_choice|'tool_choice' value")


class Unable(MalformedAnswer):
    """The endpoint lacks an ability (`name`) that the call needs: there is another way to ask."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the endpoint does not offer {name}")


class Abilities:
    """`may(name)`; `learn(error)` names the ability that a refusal shows to be missing. What was learnt is tried again after
    a while: the server may have been started anew, or the refusal misread. `thinks_aloud`: its answers come after thoughts
    that no tag opens.
    """

    def __init__(self, declared: str | None, clock: Monotonic = monotonic) -> None:
        named = None if declared in (None, "auto") else frozenset((declared or "").split(","))
        self._declared = None if named is None else {name: name in named for name in CAPABILITIES}
        self._clock = clock
        self._lacking: dict[str, float] = {}
        self.thinks_aloud = False

    def may(self, name: str) -> bool:
        if self._declared is not None and not self._declared.get(name, True):
            return False
        return self._clock() >= self._lacking.get(name, 0.0)

    def lacks(self, name: str) -> None:
        self._lacking[name] = self._clock() + FORGET_SECONDS

    def learn(self, error: BaseException, used: frozenset[str]) -> str | None:
        """The ability that this refusal is about, of those that the request used; None where it is about something else.

        Requests that were under way together are refused alike: each learns the same, though one learnt it before.
        """
        said = str(getattr(error, "message", error)).lower()
        status = getattr(error, "status_code", None)
        if not (status in _STATUSES or (status == 500 and _UNKNOWN.search(said))) or _OWN_FAULT.search(said):
            return None
        for name, words in _REFUSED:
            if name in used and words.search(said):
                if not _INSISTED.search(said):
                    self.lacks(name)
                return name
        return None
