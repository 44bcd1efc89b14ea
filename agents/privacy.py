"""What a language model is not told: e-mail addresses, telephones, identity documents, cards and accounts of persons.

In what goes out each is replaced by a name of its own (`EMAIL_A`), the same each time; in the arguments of a tool call that
comes back the name is replaced by what it stands for, so that a lead can be saved by a model that never saw the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
#: DNI and NIE (Spain), CURP and RFC (Mexico), a cédula or NIT where it is called so, IBAN.
_DOCUMENT = re.compile(
    r"\b(?:\d{8}[A-HJ-NP-TV-Z]|[XYZ]\d{7}[A-Z]|[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d|[A-ZÑ&]{3,4}\d{6}[A-Z\d]{3}"
    r"|[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?)\b"
    r"|(?i:(?<=cédula )|(?<=cedula )|(?<=c\.c\. )|(?<=cc )|(?<=nit ))\d[\d.]{5,12}(?:-\d)?"
)
_INTERNATIONAL = re.compile(r"(?<![\w+])\+\d[\d ()./-]{7,17}\d")
_PLACE = re.compile(r"\b(?:EMAIL|PHONE|DOCUMENT)_[A-Z]\b")
_CARD = re.compile(r"(?<![\d.,])(?:\d[ -]?){13,19}(?![\d.,])")


class Veil:
    """One turn's. `cover` what goes to a model, `lift` what comes back."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._phones: list[re.Pattern[str]] = []

    def know(self, phone: object) -> None:
        """The telephone that was understood, however it is written: no pattern tells it from a price."""
        digits = re.sub(r"\D", "", phone) if isinstance(phone, str) else ""
        if len(digits) >= 7:
            self._phones.append(re.compile(r"\+?(?<!\d)" + r"[\s().\-/]*".join(digits) + r"(?!\d)"))

    def cover(self, text: str) -> str:
        text = _EMAIL.sub(lambda m: self._name("EMAIL", m.group()), text)
        for pattern in (*self._phones, _INTERNATIONAL):
            text = pattern.sub(lambda m: self._name("PHONE", m.group()), text)
        text = _CARD.sub(lambda m: self._name("DOCUMENT", m.group()) if _luhn(m.group()) else m.group(), text)
        return _DOCUMENT.sub(lambda m: self._name("DOCUMENT", m.group()), text)

    def cover_within(self, value: Any) -> Any:
        """The same with every text in it covered."""
        if isinstance(value, str):
            return self.cover(value)
        if isinstance(value, Mapping):
            return {key: self.cover_within(part) for key, part in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            return [self.cover_within(part) for part in value]
        return value

    def lift(self, value: Any) -> Any:
        """The same with names replaced by what they stand for, in texts, lists and mappings."""
        if isinstance(value, str):
            return _PLACE.sub(lambda match: self._names.get(match.group(), match.group()), value)
        if isinstance(value, Mapping):
            return {key: self.lift(part) for key, part in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            return [self.lift(part) for part in value]
        return value

    def _name(self, kind: str, hidden: str) -> str:
        for name, known in self._names.items():
            if known == hidden:
                return name
        count = sum(name.startswith(kind) for name in self._names)
        name = f"{kind}_{ascii_uppercase[count % 26]}"
        self._names.setdefault(name, hidden)
        return name


def _luhn(number: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    digits = [int(d) for d in re.sub(r"\D", "", number)]
    doubled = [d if i % 2 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits), 1)]
    return sum(doubled) % 10 == 0
