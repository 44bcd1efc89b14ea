"""The one place that chooses a brain: an OpenAI-compatible endpoint when configured, else the built-in model (None).

Clients never retry on their own; `core/retry.py` is the only layer that does. At another address than OpenAI's own the
chat completions API is spoken, which is the one that everybody offers.
"""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from core.errors import Misconfigured
from core.settings import Settings


def chat_model(settings: Settings) -> BaseChatModel | None:
    """The language model of the settings, or None where the built-in one thinks.

    Raises `Misconfigured` when `brain` is `llm` and neither key nor base URL is set.
    """
    if settings.brain == "builtin" or not settings.uses_llm:
        return None
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise Misconfigured(
            "LADRILLO_BRAIN is 'llm' but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set.",
            "LADRILLO_BRAIN es 'llm' pero no hay OPENAI_API_KEY ni OPENAI_BASE_URL.",
        )
    from openai import DefaultAsyncHttpxClient
    from pydantic import SecretStr

    from agents.endpoint import Endpoint

    return Endpoint(
        model=settings.model,
        api_key=settings.openai_api_key or SecretStr("not-needed"),
        base_url=settings.openai_base_url,
        timeout=settings.model_timeout,
        call_seconds=settings.model_timeout,
        stream_chunk_timeout=None,  # `call_seconds` bounds the whole call
        max_retries=0,
        # of our own: LangChain's is shared by everything in the process, whatever its event loop, and never closed
        http_async_client=DefaultAsyncHttpxClient(timeout=settings.model_timeout),
        streaming=True,
        stream_usage=True,
        use_responses_api=False if settings.openai_base_url else None,
    )


def brain_name(model: BaseChatModel | None) -> str:
    return "builtin" if model is None else "llm"
