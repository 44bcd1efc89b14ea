"""What Pydantic says about a value that cannot be used, in the reader's language."""

from __future__ import annotations

from typing import Any

from core.errors import Language

#: By the error's type; `{…}` come from the error's context.
_ES = {
    "missing": "falta", "extra_forbidden": "ese campo no existe aquí", "string_type": "debe ser un texto",
    "string_unicode": "no es texto Unicode", "string_too_short": "necesita al menos {min_length} caracteres",
    "string_too_long": "admite como máximo {max_length} caracteres",
    "string_pattern_mismatch": "tiene caracteres que no se admiten", "literal_error": "debe ser uno de {expected}",
    "int_parsing": "debe ser un número entero", "float_parsing": "debe ser un número",
    "int_from_float": "debe ser un número entero", "bool_parsing": "debe ser true o false",
    "date_type": "debe ser una fecha (AAAA-MM-DD)", "date_parsing": "debe ser una fecha (AAAA-MM-DD)",
    "date_from_datetime_parsing": "debe ser una fecha (AAAA-MM-DD)",
    "int_type": "debe ser un número entero", "float_type": "debe ser un número", "bool_type": "debe ser true o false",
    "list_type": "debe ser una lista", "tuple_type": "debe ser una lista", "too_short": "necesita al menos {min_length}",
    "finite_number": "debe ser un número finito",
    "greater_than": "debe ser mayor que {gt}", "greater_than_equal": "debe ser al menos {ge}",
    "less_than": "debe ser menor que {lt}", "less_than_equal": "debe ser como máximo {le}",
    "model_attributes_type": "debe ser un objeto JSON",
    "dict_type": "debe ser un objeto JSON", "model_type": "debe ser un objeto JSON",
}


class Expected(ValueError):
    """What a validator of ours expected, in both languages."""

    def __init__(self, en: str, es: str) -> None:
        super().__init__(en)
        self.es = es


def reason(error: Any, language: Language) -> str:
    """Why, for one entry of `ValidationError.errors()`; English where there are no Spanish words for it."""
    own = error.get("ctx", {}).get("error")
    if isinstance(own, Expected):
        return own.es if language == "es" else str(own)
    words = _ES.get(error["type"]) if language == "es" else None
    context = {name: f"{value:g}" if isinstance(value, float) else str(value).replace(" or ", " o ")
               for name, value in error.get("ctx", {}).items()}
    return words.format_map(context) if words else str(error["msg"])
