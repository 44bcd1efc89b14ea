"""One settings class. Every value has a working default in development; outside it, default secrets are refused.

Read from the environment and an optional `.env` file in the current folder. `OPENAI_*`, `DATABASE_URL`,
`CHROMA_URL` and `REDIS_URL` keep their usual names; everything of our own starts with `LADRILLO_`.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from core.errors import Misconfigured
from core.invalid import reason
from core.model_settings import ROLES, Address, Budget, Capabilities, Role, RoleModel

DEVELOPMENT_TOKEN = "development-only-token"
DEVELOPMENT_KEY = "development-only-key"
#: Two labels at least, and a last one that is no number: no address of a machine.
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ROLES = ("viewer", "adviser", "supervisor", "admin")
_RECIPE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def default_data_dir() -> Path:
    try:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError:
        raise Misconfigured(
            "This user has no home folder to keep the data in. Set LADRILLO_DATA_DIR to a folder that you may write to.",
            "Este usuario no tiene carpeta personal donde guardar los datos. Ponga en LADRILLO_DATA_DIR una carpeta en la "
            "que pueda escribir.",
        ) from None
    return Path(base) / "ladrillo"


def _entries(listed: SecretStr) -> list[str]:
    return [entry.strip() for entry in listed.get_secret_value().split(",") if entry.strip()]


def _env(name: str) -> AliasChoices:
    return AliasChoices(f"LADRILLO_{name}", name)


class Settings(BaseSettings):
    """What an operator can set; the table in README.md is checked against this class."""

    model_config = SettingsConfigDict(
        env_prefix="LADRILLO_", env_file=".env", extra="ignore", populate_by_name=True, env_nested_delimiter="__"
    )

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses default tokens"
    )
    data_dir: Path = Field(default_factory=default_data_dir, description="databases, indexes, models and logs")
    database_url: SecretStr | None = Field(
        None, validation_alias=_env("DATABASE_URL"), description="PostgreSQL; unset: an embedded server"
    )
    chroma_url: str | None = Field(
        None, validation_alias=_env("CHROMA_URL"), description="Chroma over HTTP; unset: an embedded server"
    )
    redis_url: SecretStr | None = Field(
        None, validation_alias=_env("REDIS_URL"), description="events between processes, shared cache; unset: LISTEN/NOTIFY"
    )
    host: str = Field("127.0.0.1", description="address that `serve` listens on")
    port: int = Field(8000, ge=0, le=65535, description="port that `serve` listens on; 0 picks a free one")
    staff_tokens: SecretStr = Field(
        SecretStr(f"adviser:desk:{DEVELOPMENT_TOKEN}"),
        description="`role:name:token`, separated by commas: who may work the cases; roles viewer, adviser, supervisor, admin",
    )
    api_keys: SecretStr = Field(
        SecretStr(f"developer:{DEVELOPMENT_KEY}"),
        description="`name:key`, separated by commas: which programs may call `/v1`, the OpenAI-compatible API",
    )
    brain: Literal["auto", "builtin", "llm"] = Field(
        "auto", description="`auto` uses an LLM when a key or base URL is set"
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias=_env("OPENAI_API_KEY"), description="key of the model endpoint"
    )
    openai_base_url: Address | None = Field(
        None, validation_alias=_env("OPENAI_BASE_URL"), description="any OpenAI-compatible endpoint"
    )
    model: str = Field("gpt-5-mini", description="chat model for router, specialists and compose")
    model_api_version: str | None = Field(
        None, description="`api-version` of Azure's older interface, whose base URL ends in `/openai/deployments/<name>`"
    )
    model_temperature: float | None = Field(None, ge=0, le=2, description="temperature; unset: the model's own")
    model_timeout: float = Field(30.0, gt=0, description="seconds that one model call may take")
    model_stall: float = Field(10.0, gt=0, description="seconds that may pass between two pieces of a model's answer")
    model_patience: float = Field(
        45.0, gt=0, description="seconds that all model calls of one turn may take together; then the built-in one finishes it"
    )
    model_concurrency: int = Field(64, ge=1, description="calls to one endpoint at the same time; more wait")
    model_capabilities: Capabilities = Field(
        "auto",
        description="`auto` finds out; else `none`, or what the endpoint can do: tools,json_schema,parallel_calls,stream_usage",
    )
    model_input_price: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="US dollars for a million tokens read by the model; unset: cost unknown"
    )
    model_cached_price: float | None = Field(
        None, ge=0, allow_inf_nan=False,
        description="US dollars for a million tokens that the endpoint had ready; unset: as read",
    )
    model_output_price: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="US dollars for a million tokens written by the model; unset: cost unknown"
    )
    router: RoleModel = Field(
        RoleModel(), description="model of the router where it differs: `LADRILLO_ROUTER__MODEL`, `…__BASE_URL`, …"
    )
    specialist: RoleModel = Field(RoleModel(), description="model of the specialists where it differs")
    compose: RoleModel = Field(RoleModel(), description="model that writes answers from findings where it differs")
    fallback: RoleModel = Field(
        RoleModel(), description="second model, asked when the first fails; unset: the built-in one takes over at once"
    )
    router_threshold: float = Field(
        0.9, ge=0, le=1,
        description="from this confidence on the built-in reading stands and no model routes or plans; 1: always a model",
    )
    budget: Budget = Field(
        Budget(), description="tokens and dollars that models may use: `LADRILLO_BUDGET__RUN_TOKENS`, `…__DAY_USD`, …"
    )
    embeddings: Literal["builtin", "openai"] = Field(
        "builtin", description="who turns text into vectors; changing it needs `ladrillo index rebuild`"
    )
    embeddings_model: str = Field("text-embedding-3-small", description="model name when embeddings are `openai`")
    link_hosts: str | None = Field(
        None, description="hosts that answers may link to besides their sources, separated by commas: the portal's own"
    )
    language: Literal["auto", "es", "en"] = Field("auto", description="language of the command line's own messages")
    tool_cache: float = Field(
        3600.0, ge=0, allow_inf_nan=False,
        description="seconds that a tool's result is given again for an equal call over unchanged data; 0: never",
    )
    turn_timeout: float = Field(90.0, gt=0, description="seconds that one turn may take before it ends as failed")
    log_level: Literal["debug", "info", "warning", "error"] = Field("error", description="level of the log on stderr")

    @field_validator("data_dir", mode="before")
    @classmethod
    def _an_empty_folder_is_none(cls, value: object) -> object:
        return default_data_dir() if value in ("", None) else value

    @field_validator("data_dir")
    @classmethod
    def _home_is_written_out(cls, value: Path) -> Path:
        """No shell does it for a `.env` file."""
        try:
            return value.expanduser()
        except RuntimeError:
            raise Misconfigured(
                f"LADRILLO_DATA_DIR is {str(value)!r}, and that user has no home folder here. Write the whole path.",
                f"LADRILLO_DATA_DIR es {str(value)!r} y ese usuario no tiene aquí carpeta personal. Escriba la ruta completa.",
            ) from None

    @model_validator(mode="after")
    def _staff_tokens_can_be_used(self) -> Settings:
        for number, (token, (role, name)) in enumerate(self.staff.items(), 1):
            if role not in _ROLES or not name:  # what is wrong may hold the token itself: it is not repeated
                roles = ", ".join(_ROLES)
                raise Misconfigured(
                    f"LADRILLO_STAFF_TOKENS: entry {number} is not `role:name:token` with a role of {roles}.",
                    f"LADRILLO_STAFF_TOKENS: la entrada {number} no es `rol:nombre:token` con un rol de {roles}.",
                )
            self._refuse_guessable("LADRILLO_STAFF_TOKENS", token, DEVELOPMENT_TOKEN, "tokens", "tokens")
        return self

    @model_validator(mode="after")
    def _api_keys_can_be_used(self) -> Settings:
        for number, (key, name) in enumerate(self.clients.items(), 1):
            if not name:  # an entry without a name may be the key itself: it is not repeated
                raise Misconfigured(
                    f"LADRILLO_API_KEYS: entry {number} is not `name:key`.",
                    f"LADRILLO_API_KEYS: la entrada {number} no es `nombre:clave`.",
                )
            self._refuse_guessable("LADRILLO_API_KEYS", key, DEVELOPMENT_KEY, "keys", "claves")
        return self

    def _refuse_guessable(self, setting: str, word: str, default: str, en: str, es: str) -> None:
        """In production a token or key is long and not the one that everybody knows. It is not repeated."""
        if self.environment == "production" and (word == default or len(word) < 24):
            raise Misconfigured(
                f"{setting} must hold {en} of at least 24 random characters in production ({_RECIPE}), or be empty.",
                f"{setting} debe tener en producción {es} de al menos 24 caracteres al azar ({_RECIPE}), o estar vacío.",
            )

    @model_validator(mode="after")
    def _link_hosts_are_hosts(self) -> Settings:
        for host in self.linkable:
            if not _HOST.fullmatch(host):
                raise Misconfigured(
                    f"LADRILLO_LINK_HOSTS holds {host!r}, which is no host name. Write names such as "
                    "www.portal.com, without https://, path, port or *, separated by commas.",
                    f"LADRILLO_LINK_HOSTS tiene {host!r}, que no es un nombre de servidor. Escriba nombres "
                    "como www.portal.com, sin https://, ruta, puerto ni *, separados por comas.",
                )
        return self

    @property
    def linkable(self) -> frozenset[str]:
        """The hosts that links may go to besides the turn's sources, in small letters."""
        return frozenset(host.strip().lower() for host in (self.link_hosts or "").split(",") if host.strip())

    @property
    def staff(self) -> dict[str, tuple[str, str]]:
        """token -> (role, name)."""
        found = {}
        for entry in _entries(self.staff_tokens):
            role, _, rest = entry.partition(":")
            name, _, token = rest.partition(":")
            found[token] = (role, name if token else "")
        return found

    def of_role(self, role: Role) -> RoleModel:
        """Everything that a role's model needs, each from the role's own settings or the general ones."""
        general = RoleModel.model_construct(
            model=self.model, base_url=self.openai_base_url, api_key=self.openai_api_key, api_version=self.model_api_version,
            temperature=self.model_temperature, timeout=self.model_timeout, capabilities=self.model_capabilities,
            input_price=self.model_input_price, cached_price=self.model_cached_price, output_price=self.model_output_price,
        )
        own: RoleModel = getattr(self, role)
        return own.over(general)

    @property
    def has_fallback(self) -> bool:
        return self.fallback.model is not None or self.fallback.base_url is not None

    @property
    def clients(self) -> dict[str, str]:
        """key -> name of the program that holds it."""
        found = {}
        for entry in _entries(self.api_keys):
            name, _, key = entry.partition(":")
            found[key.strip()] = name.strip() if key.strip() else ""
        return found

    @property
    def uses_llm(self) -> bool:
        return self.brain == "llm" or (self.brain == "auto" and self.has_endpoint)

    @property
    def has_endpoint(self) -> bool:
        """Whether every role knows whom to ask."""
        return all(found.api_key or found.base_url for role in ROLES for found in [self.of_role(role)])


def _may_be_repeated(error: Any) -> bool:
    """False for a value that is a secret or may hold one: a key under a misspelt name, an address with a password."""
    at, value = error["loc"], error.get("input")
    field = Settings.model_fields.get(str(at[0]).lower().removeprefix("ladrillo_")) if at else None
    if field is None or "SecretStr" in str(field.annotation) or at[-1] == "api_key" or error["type"] == "extra_forbidden":
        return False
    group = isinstance(field.default, BaseModel) and len(at) == 1
    address = str(at[-1]).lower().endswith("base_url") and bool(set("@?#") & set(str(value)))
    return not (group or address or isinstance(value, (dict, list)))


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once. Tests call `get_settings.cache_clear()` after changing the environment."""
    try:
        return Settings()
    except SettingsError as error:  # a group of settings whose JSON cannot be read; it may hold a key and is not repeated
        name = next((field for field in Settings.model_fields if f'"{field}"' in str(error)), "settings")
        raise Misconfigured(
            f"The setting {name} is not valid JSON. Correct it or set LADRILLO_{name.upper()}__… one by one. See .env.example.",
            f"El ajuste {name} no es JSON válido. Corríjalo o ponga LADRILLO_{name.upper()}__… uno por uno. Vea .env.example.",
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        shown = f" ({first.get('input')!r})" if _may_be_repeated(first) else ""
        raise Misconfigured(
            f"The setting {name} cannot be used{shown}: {reason(first, 'en')}. See .env.example.",
            f"El ajuste {name} no sirve{shown}: {reason(first, 'es')}. Vea .env.example.",
        ) from None
