"""What a slot holds where the investor named one thing, or several."""

from __future__ import annotations

from typing import Any


def one(value: Any) -> Any:
    """A slot's value, or None where several were named: nobody knows which is meant."""
    if isinstance(value, (list, tuple)):
        return value[0] if len(value) == 1 else None
    return value


def many(value: Any) -> list[Any]:
    """Every value named."""
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def nth(values: list[Any], index: int) -> Any:
    """The value of one of several things; a single one holds for all of them."""
    return values[index] if index < len(values) else values[0] if len(values) == 1 else None
