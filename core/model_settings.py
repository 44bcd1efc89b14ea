"""What an operator says about language models: one a role, what they can do, what they may cost.

Unset is what the general setting says. A role at another address is never sent the general key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from core.invalid import Expected

Role = Literal["router", "specialist", "compose", "fallback"]
#: Roles that every turn may need; `fallback` stands in for any of them.
ROLES: tuple[Role, ...] = ("router", "specialist", "compose")
#: What an endpoint may or may not be able to do.
CAPABILITIES = ("tools", "json_schema", "parallel_calls", "stream_usage")


def _capabilities(value: str) -> str:
    named = [part.strip() for part in value.split(",") if part.strip()]
    alone = named in (["auto"], ["none"])
    if not named or not (alone or set(named) <= set(CAPABILITIES)):
        choices = ", ".join(CAPABILITIES)
        raise Expected(f"expected auto, none, or some of {choices}", f"se espera auto, none o algunas de {choices}")
    return ",".join(named)


def _address(value: str) -> str | None:
    """An HTTP address, without a slash at its end; an empty text is none."""
    plain = value.strip().rstrip("/")
    if not plain:
        return None
    try:
        parts = urlsplit(plain)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that cannot be
        fit = False
    if not fit or set("?#") & set(plain):
        raise Expected("expected an address such as https://host/v1, without a query",
                       "se espera una dirección como https://servidor/v1, sin parámetros")
    return plain


Capabilities = Annotated[str, AfterValidator(_capabilities)]
Address = Annotated[str, AfterValidator(_address)]
Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RoleModel(BaseModel):
    """The model of one role. Prices are US dollars for a million tokens: read, kept ready by the endpoint, written."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())
    model: str | None = Field(None, min_length=1)
    base_url: Address | None = None
    api_key: SecretStr | None = None
    api_version: str | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    timeout: float | None = Field(None, gt=0)
    capabilities: Capabilities | None = None
    input_price: Dollars | None = None
    cached_price: Dollars | None = None
    output_price: Dollars | None = None

    @model_validator(mode="before")
    @classmethod
    def _an_empty_text_is_unset(cls, values: Any) -> Any:
        """As `LADRILLO_ROUTER__API_KEY=` in a `.env` file means it."""
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values

    def over(self, general: RoleModel) -> RoleModel:
        """This role's own settings, and the general ones where it has none that fit."""
        own = {name: value for name in self.model_fields_set if (value := getattr(self, name)) is not None}
        elsewhere = self.base_url is not None and self.base_url != general.base_url
        unfit = {"api_key", "api_version", "capabilities"} if elsewhere else set()
        if elsewhere or self.model not in (None, general.model):  # the prices of one model say nothing of another's
            unfit |= {"input_price", "cached_price", "output_price"}
        return general.model_copy(update={**dict.fromkeys(unfit), **own})


class Budget(BaseModel):
    """What language models may use, in tokens and in US dollars at the prices set. Unset: no limit.

    `day` is a portal's day and `tenant` a portal's calendar month, both in UTC.
    """

    model_config = ConfigDict(extra="forbid")
    run_tokens: int | None = Field(None, ge=1)
    run_usd: Dollars | None = None
    conversation_tokens: int | None = Field(None, ge=1)
    conversation_usd: Dollars | None = None
    day_tokens: int | None = Field(None, ge=1)
    day_usd: Dollars | None = None
    tenant_tokens: int | None = Field(None, ge=1)
    tenant_usd: Dollars | None = None

    @property
    def limits(self) -> dict[str, tuple[int | None, float | None]]:
        """(tokens, dollars) by what they are counted over, those that are set."""
        spans = {span: (getattr(self, f"{span}_tokens"), getattr(self, f"{span}_usd"))
                 for span in ("run", "conversation", "day", "tenant")}
        return {span: limit for span, limit in spans.items() if limit != (None, None)}

    @property
    def in_dollars(self) -> bool:
        return any(usd is not None for _, usd in self.limits.values())
