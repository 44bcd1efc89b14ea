"""An answer in OpenAI's words: one completion, or the chunks of a stream, which tails the run's log.

A client that leaves leaves the run alone. What Ladrillo knows besides the text stands under `ladrillo`, which clients ignore.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sse_starlette import ServerSentEvent

from api import conversations
from api.openai import errors
from core.clock import now
from core.errors import LadrilloError, Language
from core.scope import Scope
from graphs.runner import Runner
from knowledge.records.event_log import run_error
from services.following import STOPPED, WITH_A_PERSON, Followed

MODEL = "ladrillo"
_EXTRAS = {
    "conversation_id", "run_id", "routes", "confidence", "case", "facts", "citations", "cards", "suggestions", "language",
}
_LINE = "\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """Who answers what to whom."""

    runner: Runner
    scope: Scope
    followed: Followed
    reader: Language
    created: int

    @classmethod
    def to(cls, runner: Runner, scope: Scope, followed: Followed, reader: Language) -> Reply:
        return cls(runner, scope, followed, reader, int(now().timestamp()))

    @property
    def id(self) -> str:
        return f"chatcmpl-{self.followed.sent.run_id or self.followed.sent.message_id}"

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": MODEL}

    def completion(self, outcome: dict[str, Any] | None) -> dict[str, Any]:
        """The whole answer; `outcome` None: a person's turn, told by the preface."""
        text = self.followed.preface + (outcome.get("answer") or "" if outcome else "")
        text += self._closing(outcome, text)
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {
            **self._head("chat.completion"), "choices": [choice], "usage": usage(outcome), MODEL: self._extras(outcome),
        }

    def failure(self, code: str | None) -> tuple[int, str, str]:
        """Status, code and sentence of a run that failed."""
        code = code or "internal"
        return (500 if code == "internal" else 503), code, str(run_error(code, self.reader)["message"])

    def _closing(self, outcome: dict[str, Any] | None, shown: str) -> str:
        """What ends an answer that was cut short: that a person took over, or, where nothing was shown, that it was stopped."""
        if outcome is None or outcome["status"] != "cancelled":
            return ""
        language = self.followed.language or self.reader
        if outcome["error_code"] == "taken_over":
            return f"\n\n{WITH_A_PERSON[language]}" if shown else WITH_A_PERSON[language]
        return "" if shown else STOPPED[language]

    def _extras(self, outcome: dict[str, Any] | None) -> dict[str, Any]:
        found = self.followed
        if outcome is None:
            return {"conversation_id": found.conversation_id, "run_id": None, "owner": "person"}
        told = conversations.answer(found.conversation_id, outcome, 0).model_dump(mode="json", include=_EXTRAS)
        told |= {name: outcome.get(name) or [] for name in ("tables", "charts")}
        return told | {"owner": "person" if outcome["error_code"] == "taken_over" else "bot"}

    async def stream(self, *, with_usage: bool) -> AsyncIterator[ServerSentEvent]:
        """Chunks as the run's text is checked and written; then its end, what stands beside it, and `[DONE]`."""
        yield self._chunk({"role": "assistant", "content": ""}, with_usage=with_usage)
        shown = self.followed.preface
        if shown:
            yield self._chunk({"content": shown}, with_usage=with_usage)
        outcome: dict[str, Any] | None = None
        sent = self.followed.sent
        try:
            if sent.run_id is not None:
                async for _, _, event in self.runner.tail(
                    self.scope, self.followed.conversation_id, sent.seq, run_id=sent.run_id
                ):
                    if event["type"] == "TEXT_MESSAGE_CONTENT":
                        shown += event["delta"]
                        yield self._chunk({"content": event["delta"]}, with_usage=with_usage)
                    elif event["type"] == "RUN_ERROR":
                        yield self._failed(event["code"], event["message"])
                        return
                outcome = await self.runner.outcome(self.scope, sent.run_id)
        except LadrilloError as error:
            # the database is gone: the run's end cannot be read, and this is all that can be said
            yield self._failed(error.code, run_error(error.code, self.reader)["message"])
            return
        if closing := self._closing(outcome, shown):
            yield self._chunk({"content": closing}, with_usage=with_usage)
        yield self._chunk({}, finish="stop", with_usage=with_usage, **{MODEL: self._extras(outcome)})
        if with_usage:
            yield _frame({**self._head("chat.completion.chunk"), "choices": [], "usage": usage(outcome)})
        yield ServerSentEvent(data="[DONE]", sep=_LINE)

    def _chunk(
        self, delta: dict[str, Any], *, with_usage: bool, finish: str | None = None, **more: Any
    ) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        empty = {"usage": None} if with_usage else {}
        return _frame({**self._head("chat.completion.chunk"), "choices": [choice], **empty, **more})

    def _failed(self, code: str, message: str) -> ServerSentEvent:
        return _frame(errors.body(self.failure(code)[0], code, message))


def usage(outcome: dict[str, Any] | None) -> dict[str, int]:
    """Tokens as the model's endpoint reported them; zeros for the built-in model and for a person."""
    spent = (outcome or {}).get("usage") or {}
    read, written = int(spent.get("input_tokens") or 0), int(spent.get("output_tokens") or 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _frame(payload: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(data=json.dumps(payload, ensure_ascii=False, separators=(",", ":")), sep=_LINE)
