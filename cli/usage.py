"""A command line that cannot be understood, in one sentence and with the call that helps.

Typer says these in English alone; the Spanish ones are told apart by what the error is about.
"""

from __future__ import annotations

import re
from typing import Any

from core.errors import Language

_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((?P<words>.*)\)")
_EXPECTED = (
    (re.compile(r"less than or equal to (\S+)"), r"debe ser como máximo \1"),
    (re.compile(r"greater than or equal to (\S+)"), r"debe ser como mínimo \1"),
    (re.compile(r"valid integer"), "debe ser un número entero"),
)
_NO_COMMAND = re.compile(r"No such command (?P<name>'.*?')\.(?: Did you mean (?P<near>.+)\?)?")


def misused(error: Exception, language: Language) -> str:
    """The sentence for one of Typer's usage errors; the help itself where nothing was asked for."""
    context = getattr(error, "ctx", None)
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        return str(error)
    if language == "es":
        help_ = f" Vea `{context.command_path} --help`." if context is not None else ""
        return f"ladrillo: {_spanish(kind, error)}{help_}"
    help_ = f" See `{context.command_path} --help`." if context is not None else ""
    return f"ladrillo: {_message(error)}{help_}"


def _message(error: Any) -> str:
    text: str = error.format_message() if hasattr(error, "format_message") else str(error)
    if _EXTRA.match(text):
        return f"{text}. Put words that belong together in quotes."
    return text if text.endswith((".", "?")) else f"{text}."


def _spanish(kind: str, error: Any) -> str:
    missing = _NO_COMMAND.match(_message(error))
    parameter = getattr(error, "param", None)
    name = parameter.get_error_hint() if parameter is not None else ""
    if missing:
        return f"No existe la orden {missing['name']}." + (f" ¿Quiso decir {missing['near']}?" if missing["near"] else "")
    if kind == "NoSuchOption":
        return f"No existe la opción {error.option_name}."
    if kind == "MissingParameter":
        return f"Falta {name}."
    if kind == "BadParameter":
        told = [match.expand(spanish) for pattern, spanish in _EXPECTED if (match := pattern.search(error.message))]
        return f"El valor de {name} no sirve{f' ({told[0]})' if told else ''}."
    if kind == "BadOptionUsage":
        return f"A la opción {error.option_name} le falta un valor."
    if extra := _EXTRA.match(_message(error)):
        return f"Sobra algo ({extra['words']}). Ponga entre comillas las palabras que van juntas."
    return f"La orden no se entiende ({_message(error)})"
