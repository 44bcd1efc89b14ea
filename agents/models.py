"""The one place that chooses brains: for each role an OpenAI-compatible endpoint when configured, else the built-in model.

Clients never retry on their own; `core/retry.py` is the only layer that does. Roles at one address share its gate, and what
was found out about what it can do. At another address than OpenAI's own the chat completions API is spoken, which is the
one that everybody offers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import Misconfigured
from core.model_settings import ROLES, Role
from core.settings import Settings

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

    from agents.abilities import Abilities
    from agents.endpoint import Endpoint
    from core.gate import Gate


@dataclass(frozen=True)
class Models:
    """The language models of a process, one a role; `fallback` is asked when one of them fails."""

    router: Endpoint
    specialist: Endpoint
    compose: Endpoint
    fallback: Endpoint | None = None

    def others_serve(self, failed: Endpoint) -> bool:
        """Whether another address than that of the model that failed may be asked."""
        address = failed.openai_api_base
        return any(model is not None and model.openai_api_base != address and not model.resting
                   for model in (self.specialist, self.compose, self.fallback))

    async def aclose(self) -> None:
        """Let go of the connections."""
        for model in (self.router, self.specialist, self.compose, self.fallback):
            if model is not None:
                await model.aclose()


def language_models(settings: Settings) -> Models | None:
    """The language models of the settings, or None where the built-in one thinks.

    Raises `Misconfigured` when `brain` is `llm` and a role has neither key nor base URL.
    """
    if settings.brain == "builtin" or not settings.uses_llm:
        return None
    if not settings.has_endpoint:
        raise Misconfigured(
            "LADRILLO_BRAIN is 'llm' but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set.",
            "LADRILLO_BRAIN es 'llm' pero no hay OPENAI_API_KEY ni OPENAI_BASE_URL.",
        )
    if settings.budget.in_dollars:
        _priced(settings)
    builder = _Builder(settings)
    return Models(
        **{role: builder.build(role) for role in ROLES}, fallback=builder.build("fallback") if settings.has_fallback else None
    )


def _priced(settings: Settings) -> None:
    """Money can be kept within bounds only where it is known. Raises `Misconfigured`."""
    roles: tuple[Role, ...] = (*ROLES, "fallback") if settings.has_fallback else ROLES
    for role in roles:
        found = settings.of_role(role)
        if found.input_price is None or found.output_price is None:
            own = getattr(settings, role)
            name = "LADRILLO_MODEL" if own.model is None and own.base_url is None else f"LADRILLO_{role.upper()}_"
            raise Misconfigured(
                f"LADRILLO_BUDGET is in dollars, but the prices of the model {found.model!r} ({role}) are not set. "
                f"Set {name}_INPUT_PRICE and {name}_OUTPUT_PRICE, or give the budget in tokens.",
                f"LADRILLO_BUDGET está en dólares, pero faltan los precios del modelo {found.model!r} ({role}). "
                f"Ponga {name}_INPUT_PRICE y {name}_OUTPUT_PRICE, o dé el presupuesto en tokens.",
            )


class _Builder:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._gates: dict[str | None, Gate] = {}
        self._abilities: dict[tuple[str | None, str | None], Abilities] = {}
        self._clients: dict[str | None, DefaultAsyncHttpxClient] = {}

    def build(self, role: Role) -> Endpoint:
        from openai import DefaultAsyncHttpxClient as Client
        from pydantic import SecretStr

        from agents.abilities import Abilities
        from agents.endpoint import Endpoint
        from core.gate import Gate

        found, settings = self._settings.of_role(role), self._settings
        timeout = found.timeout or settings.model_timeout
        key = found.api_key or SecretStr("not-needed")
        azure = {
            "default_query": {"api-version": found.api_version}, "default_headers": {"api-key": key.get_secret_value()},
        } if found.api_version else {}
        return Endpoint.guarded(
            self._gates.setdefault(found.base_url, Gate(settings.model_concurrency)),
            self._abilities.setdefault((found.base_url, found.model), Abilities(found.capabilities)),
            found,
            role=role,
            model=found.model,
            api_key=key,
            base_url=found.base_url,
            temperature=found.temperature,
            timeout=timeout,
            call_seconds=timeout,
            stall_seconds=min(timeout, settings.model_stall),
            stream_chunk_timeout=None,  # `call_seconds` and `stall_seconds` bound the call
            max_retries=0,
            # of our own: LangChain's is shared by everything in the process, whatever its event loop, and never closed
            http_async_client=self._clients.setdefault(found.base_url, Client(timeout=timeout)),
            streaming=True,
            stream_usage=True,
            use_responses_api=False if found.base_url else None,
            **azure,
        )


def brain_name(models: Models | None) -> str:
    return "builtin" if models is None else "llm"
