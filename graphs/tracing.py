"""A run as a tree of spans: the run, the graph's nodes, and in them model calls and tool calls.

Made from LangChain's callbacks, by run ids and not by the current context, so that specialists who work at the same time keep
their own children. What people wrote is left out unless the operator asks for it: names, counts, codes and ids only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from agents.supervisor import SPECIALISTS
from core import telemetry
from core.errors import LadrilloError
from core.scope import Scope

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer


class Trace:
    """One run's spans. This one, for a process that nobody traces, makes none."""

    callbacks: tuple[BaseCallbackHandler, ...] = ()

    def end(self, status: str, outcome: Mapping[str, Any] | None = None, code: str | None = None) -> None:
        """What became of the run; the first call counts."""


_NOTHING = Trace()


def begin(scope: Scope, conversation_id: str, run_id: str, brain: str) -> Trace:
    """The spans of a run that begins now, in the trace of the request that asked for it where that names one."""
    tracer = telemetry.tracer()
    if tracer is None:
        return _NOTHING
    return _Traced(tracer, {
        "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "ladrillo",
        "gen_ai.conversation.id": conversation_id, "session.id": conversation_id,
        "ladrillo.run.id": run_id, "ladrillo.tenant": scope.tenant, "ladrillo.brain": brain,
    })


class _Traced(Trace):
    def __init__(self, tracer: Tracer, attributes: dict[str, str]) -> None:
        self._span = tracer.start_span("ladrillo.run", attributes=attributes)
        self._spans = _Spans(tracer, self._span)
        self.callbacks = (self._spans,)

    def end(self, status: str, outcome: Mapping[str, Any] | None = None, code: str | None = None) -> None:
        if not self._span.is_recording():
            return
        self._span.set_attribute("ladrillo.status", status)
        told = outcome or {}
        for name in ("routes", "action", "confidence", "level", "language", "escalated"):
            if told.get(name) is not None:
                self._span.set_attribute(f"ladrillo.{name}", told[name])
        self._spans.abandon()
        if code is not None:
            _failed(self._span, code)
        self._span.end()


class _Spans(BaseCallbackHandler):
    """Called in place: a thread for each event would cost more than the turn."""

    run_inline = True
    ignore_retriever = True
    ignore_custom_event = True

    def __init__(self, tracer: Tracer, run: Span) -> None:
        self._tracer, self._run = tracer, run
        self._content = telemetry.captures_content()
        self._graph: UUID | None = None
        #: By LangChain's run id: the span that something belongs to, and whether that is its own.
        self._found: dict[UUID, tuple[Span, bool]] = {}

    def abandon(self) -> None:
        """End what a stopped run left open."""
        for span, own in self._found.values():
            if own:
                _failed(span, "cancelled")
                span.end()
        self._found.clear()

    def _begin(self, name: str, run_id: UUID, parent: UUID | None, attributes: dict[str, Any], *, remote: bool = False) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context

        within = set_span_in_context(self._within(parent))
        kind = SpanKind.CLIENT if remote else SpanKind.INTERNAL
        self._found[run_id] = self._tracer.start_span(name, within, kind, attributes), True

    def _within(self, parent: UUID | None) -> Span:
        return self._found[parent][0] if parent in self._found else self._run

    def _end(self, run_id: UUID, attributes: Mapping[str, Any] | None = None, error: BaseException | str | None = None) -> None:
        span, own = self._found.pop(run_id, (self._run, False))
        if not own:
            return
        for name, value in (attributes or {}).items():
            if value is not None:
                span.set_attribute(name, value)
        if error is not None:
            _failed(span, error)
        span.end()

    def on_chain_start(
        self, serialized: dict[str, Any], inputs: dict[str, Any], *, run_id: UUID, parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:
        name = kwargs.get("name") or ""
        if parent_run_id is None:
            self._graph = run_id
        elif parent_run_id == self._graph and name == (metadata or {}).get("langgraph_node"):
            agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name} if name in SPECIALISTS else {}
            self._begin(name, run_id, parent_run_id, {"ladrillo.node": name, **agent})
            return
        self._found[run_id] = self._within(parent_run_id), False

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        findings = (outputs.get("findings") if isinstance(outputs, dict) else None) or ()
        self._end(run_id, error="finding_failed" if any(finding.get("failed") for finding in findings) else None)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error=error)

    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], *, run_id: UUID, parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:
        told, how = metadata or {}, kwargs.get("invocation_params") or {}
        builtin = how.get("_type") == "ladrillo-builtin"
        provider = "ladrillo" if builtin else told.get("ls_provider") or "openai"
        model = "builtin" if builtin else told.get("ls_model_name") or how.get("model") or "unknown"
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": model}
        if self._content:
            attributes["gen_ai.input.messages"] = _as_json([m for batch in messages for m in batch])
        self._begin(f"chat {model}", run_id, parent_run_id, attributes, remote=not builtin)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        generation = response.generations[0][0] if response.generations and response.generations[0] else None
        if not isinstance(generation, ChatGeneration):
            self._end(run_id)
            return
        message = generation.message
        told, used = message.response_metadata, getattr(message, "usage_metadata", None) or {}
        finish = told.get("finish_reason") or (generation.generation_info or {}).get("finish_reason")
        self._end(run_id, {
            "gen_ai.response.model": told.get("model_name"), "gen_ai.response.id": told.get("id"),
            "gen_ai.response.finish_reasons": [finish] if finish else None,
            "gen_ai.usage.input_tokens": used.get("input_tokens"), "gen_ai.usage.output_tokens": used.get("output_tokens"),
            "gen_ai.usage.cache_read.input_tokens": (used.get("input_token_details") or {}).get("cache_read"),
            "gen_ai.usage.reasoning.output_tokens": (used.get("output_token_details") or {}).get("reasoning"),
            "gen_ai.output.messages": _as_json([message]) if self._content else None,
        })

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, error=error)

    def on_tool_start(
        self, serialized: dict[str, Any], input_str: str, *, run_id: UUID, parent_run_id: UUID | None = None,
        inputs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:
        name = (serialized or {}).get("name") or "tool"
        attributes: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        if self._content:
            attributes["gen_ai.tool.call.arguments"] = input_str
        self._begin(f"execute_tool {name}", run_id, parent_run_id, attributes)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        failed = isinstance(output, ToolMessage) and output.status == "error"
        content = output.text if isinstance(output, ToolMessage) else str(output)
        self._end(run_id, {"ladrillo.tool.ok": not failed, "gen_ai.tool.call.result": content if self._content else None},
                  "tool_failed" if failed else None)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id, {"ladrillo.tool.ok": False}, error)


def _failed(span: Span, error: BaseException | str) -> None:
    """Marks a span by the code or the name of what went wrong: its sentence may repeat what somebody wrote."""
    from opentelemetry.trace import Status, StatusCode

    name = error if isinstance(error, str) else error.code if isinstance(error, LadrilloError) else type(error).__name__
    span.set_attribute("error.type", name)
    span.set_status(Status(StatusCode.ERROR))


def _as_json(messages: Sequence[BaseMessage]) -> str:
    """Messages in the form of the semantic conventions."""
    roles = {"human": "user", "ai": "assistant"}
    return json.dumps([
        {"role": roles.get(message.type, message.type), "parts": [
            *([{"type": "text", "content": message.text}] if message.text else []),
            *({"type": "tool_call", "id": call["id"], "name": call["name"], "arguments": call["args"]}
              for call in getattr(message, "tool_calls", ())),
        ]}
        for message in messages
    ], ensure_ascii=False, default=str)
