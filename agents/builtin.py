"""The built-in model: a chat model without weights that plans tool calls from playbooks and writes from templates.

Built per role and stateless. Each call derives the next step from the brief in the last human message's
`additional_kwargs` (which an endpoint never sees) and from the tool messages after it, so it can take over from an LLM
after any step. Asked for a structured output it answers with the one tool call of that schema.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

Think = Callable[[Sequence[BaseMessage], Sequence[dict[str, Any]]], AIMessage]


class BuiltinModel(BaseChatModel):
    """`role` names who it thinks for; `think` turns messages and offered tools into the next message."""

    role: str
    think: Think

    @property
    def _llm_type(self) -> str:
        return "ladrillo-builtin"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"role": self.role}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        # a specialist's playbook knows its tools; only a structured output needs to be told the schema
        offered = [convert_to_openai_tool(t) for t in tools] if tool_choice else []
        return self.bind(offered=offered)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        message = self.think(messages, kwargs.get("offered") or ())
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, None, **kwargs)
