"""What a chat completion request may say, and what of it can be honoured.

What would change the meaning of the answer and cannot be honoured is refused with its name; sampling parameters and unknown
fields are ignored, as the clients that send them unasked expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.openai.errors import BadParameter
from core.errors import BadInput
from knowledge.records.client_turns import Said
from services.messages import checked

MAX_MESSAGES = 2_000


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class Hints(BaseModel):
    """Entries of `metadata` that are read; both are otherwise learned from what the investor writes."""

    language: Literal["es", "en"] | None = None
    country: Literal["CO", "ES", "MX"] | None = None


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Any = Field(None, description="a text, or a list of parts of type `text`")


class CompletionRequest(BaseModel):
    """A chat completion. Fields that are not listed here are ignored."""

    model: str = Field(description="`ladrillo`")
    messages: list[ChatMessage] = Field(
        min_length=1, max_length=MAX_MESSAGES,
        description="the whole history; the last message is the user's, at most 20,000 characters",
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = Field(None, max_length=512, description="tells the end users behind one key apart")
    metadata: Hints | None = Field(None, description="`language` and `country` are hints; others are ignored")
    n: int | None = Field(None, description="1")
    tool_choice: Any = Field(None, description="tools are never called: only `auto` and `none`")
    function_call: Any = Field(None, description="as `tool_choice`")
    response_format: Any = Field(None, description="only `text`")
    modalities: list[str] | None = Field(None, description="only `text`")
    logprobs: bool | None = Field(None, description="only false")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be answered: the history as said, and the message as it is stored."""

    history: list[Said]
    words: str


def read(request: CompletionRequest) -> Asked:
    """The history and the last message. Raises `BadParameter` for what cannot be honoured."""
    _refuse(request)
    last = len(request.messages) - 1
    if request.messages[last].role != "user":
        raise BadParameter(
            f"messages[{last}].role",
            f"The last message is of {request.messages[last].role!r}; it must be the user's, which is what gets an answer.",
            f"El último mensaje es de {request.messages[last].role!r}; debe ser del usuario, que es lo que se responde.",
        )
    history = [
        Said("user" if message.role == "user" else "assistant", text)
        for number, message in enumerate(request.messages[:last])
        if message.role in ("user", "assistant") and (text := _text(message.content, number, whole=False).strip())
    ]
    words = _text(request.messages[last].content, last, whole=True)
    try:
        return Asked(history, checked(words))
    except BadInput as error:
        raise BadParameter(f"messages[{last}].content", error.en, error.es, code=error.code) from None


def _text(content: Any, number: int, *, whole: bool) -> str:
    """The text of a message's content. What is no text is refused where `whole`, else left out: an earlier turn was refused."""
    if content is None and not whole:
        return ""
    if isinstance(content, str):
        return content
    place = f"messages[{number}].content"
    if not isinstance(content, list):
        raise BadParameter(
            place, f"{place!r} is {repr(content)[:80]}; expected a text or a list of text parts.",
            f"{place!r} es {repr(content)[:80]}; se esperaba un texto o una lista de partes de texto.",
        )
    texts = []
    for index, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif whole:
            shown = repr(kind if kind is not None and kind != "text" else part)[:80]
            raise BadParameter(
                f"{place}[{index}]",
                f"'{place}[{index}]' is {shown}; only parts of type 'text' are read, no images, sound or files.",
                f"'{place}[{index}]' es {shown}; solo se leen partes de tipo 'text', no imágenes, audio ni archivos.",
            )
    return "\n".join(texts)


def _refuse(request: CompletionRequest) -> None:
    if request.n not in (None, 1):
        raise BadParameter(
            "n", f"'n' is {request.n}; one answer is given. Leave it out or send 1.",
            f"'n' es {request.n}; se da una sola respuesta. Quítelo o envíe 1.", code="unsupported_value",
        )
    for name, value in (("tool_choice", request.tool_choice), ("function_call", request.function_call)):
        if value not in (None, "auto", "none"):
            raise BadParameter(
                name, f"{name!r} is {repr(value)[:80]}; tools of the client are never called. Leave it out or send 'auto'.",
                f"{name!r} es {repr(value)[:80]}; las herramientas del cliente no se llaman. Quítelo o envíe 'auto'.",
                code="unsupported_value",
            )
    form = request.response_format
    if form is not None and not (isinstance(form, dict) and form.get("type") == "text"):
        kind = form.get("type") if isinstance(form, dict) else form
        raise BadParameter(
            "response_format", f"'response_format' is {repr(kind)[:80]}; answers are text. Leave it out or send 'text'.",
            f"'response_format' es {repr(kind)[:80]}; las respuestas son texto. Quítelo o envíe 'text'.",
            code="unsupported_value",
        )
    if request.modalities is not None and request.modalities != ["text"]:
        raise BadParameter(
            "modalities", f"'modalities' is {str(request.modalities)[:80]}; answers are text. Leave it out or send ['text'].",
            f"'modalities' es {str(request.modalities)[:80]}; las respuestas son texto. Quítelo o envíe ['text'].",
            code="unsupported_value",
        )
    if request.logprobs:
        raise BadParameter(
            "logprobs", "'logprobs' is true; there are no token probabilities here. Leave it out.",
            "'logprobs' es true; aquí no hay probabilidades de tokens. Quítelo.", code="unsupported_value",
        )
