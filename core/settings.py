"""One settings class. Every value has a working default in development; outside it, default secrets are refused.

Read from the environment and an optional `.env` file in the current folder. `OPENAI_*`, `DATABASE_URL`,
`CHROMA_URL` and `REDIS_URL` keep their usual names; everything of our own starts with `LADRILLO_`.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import Misconfigured

DEVELOPMENT_SECRET = "development-only-secret"


def default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ladrillo"


def _env(name: str) -> AliasChoices:
    return AliasChoices(f"LADRILLO_{name}", name)


class Settings(BaseSettings):
    """What an operator can set; the table in README.md is checked against this class."""

    model_config = SettingsConfigDict(
        env_prefix="LADRILLO_", env_file=".env", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses default secrets"
    )
    data_dir: Path = Field(default_factory=default_data_dir, description="databases, indexes, models and logs")
    database_url: SecretStr | None = Field(
        None, validation_alias=_env("DATABASE_URL"), description="PostgreSQL; unset: an embedded server"
    )
    chroma_url: str | None = Field(
        None, validation_alias=_env("CHROMA_URL"), description="Chroma over HTTP; unset: an embedded server"
    )
    redis_url: SecretStr | None = Field(
        None, validation_alias=_env("REDIS_URL"), description="announces events between processes; unset: LISTEN/NOTIFY"
    )
    host: str = Field("127.0.0.1", description="address that `serve` listens on")
    port: int = Field(8000, ge=0, le=65535, description="port that `serve` listens on; 0 picks a free one")
    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET), description="signs conversation tokens; at least 32 characters in production"
    )
    staff_tokens: SecretStr = Field(
        SecretStr(""), description="`role:name:token` separated by commas, for advisers and admins"
    )
    brain: Literal["auto", "builtin", "llm"] = Field(
        "auto", description="`auto` uses an LLM when a key or base URL is set"
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias=_env("OPENAI_API_KEY"), description="key of the model endpoint"
    )
    openai_base_url: str | None = Field(
        None, validation_alias=_env("OPENAI_BASE_URL"), description="any OpenAI-compatible endpoint"
    )
    model: str = Field("gpt-5-mini", description="chat model for router, specialists and compose")
    model_timeout: float = Field(30.0, gt=0, description="seconds that one model call may take")
    embeddings: Literal["builtin", "openai"] = Field(
        "builtin", description="who turns text into vectors; changing it needs `ladrillo index rebuild`"
    )
    embeddings_model: str = Field("text-embedding-3-small", description="model name when embeddings are `openai`")
    language: Literal["auto", "es", "en"] = Field("auto", description="language of the command line's own messages")
    turn_timeout: float = Field(90.0, gt=0, description="seconds that one turn may take before it ends as failed")
    log_level: Literal["debug", "info", "warning", "error"] = Field("warning", description="level of the log on stderr")

    @model_validator(mode="after")
    def _no_default_secrets_outside_development(self) -> Settings:
        if self.environment == "production":
            secret = self.secret_key.get_secret_value()
            if secret == DEVELOPMENT_SECRET or len(secret) < 32:
                raise ValueError(
                    "LADRILLO_SECRET_KEY must be set to at least 32 random characters in production "
                    '(python -c "import secrets; print(secrets.token_urlsafe(48))")'
                )
        return self

    @property
    def uses_llm(self) -> bool:
        return self.brain == "llm" or (
            self.brain == "auto" and bool(self.openai_api_key or self.openai_base_url)
        )


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once. Tests call `get_settings.cache_clear()` after changing the environment."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        shown = "" if "secret" in name or "key" in name else f" (got {first.get('input')!r})"
        raise Misconfigured(
            f"The setting {name} cannot be used{shown}: {first['msg']}. See .env.example.",
            f"El ajuste {name} no sirve{shown}: {first['msg']}. Vea .env.example.",
        ) from None
