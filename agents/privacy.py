"""What a language model is not told: e-mail addresses, telephones, identity documents, cards and accounts of persons.

In what goes out each is replaced by a name of its own (`EMAIL_A`), the same each time; in the arguments of a tool call that
comes back the name is replaced by what it stands for, so that a lead can be saved by a model that never saw the address.
A number is covered where its form, its check digits or the word before it tell what it is: a price that looks like a
telephone has to reach the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase
from typing import Any

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_DAY = r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
#: DNI and NIE (Spain), CURP and RFC (Mexico).
_DOCUMENT = re.compile(
    rf"\b(?:\d{{8}}-?[A-HJ-NP-TV-Z]|[XYZ]-?\d{{7}}-?[A-Z]|[A-Z]{{4}}{_DAY}[HM][A-Z]{{5}}[A-Z\d]\d|[A-ZÑ&]{{3,4}}{_DAY}[A-Z\d]{{3}})\b"
)
#: A number that is called a document; a cédula and a NIT (Colombia) have no other sign.
_CALLED = re.compile(
    r"\b(?:(?:c[ée]dula|cc|nit|dni|nie|nif|rfc|curp|pasaporte|passport|id number)\b|c\. ?[ce]\.)\.?"
    r"(?: de (?:ciudadan[ií]a|extranjer[ií]a|identidad))?(?: (?:es|is|el|la|n[úu]mero|number|no|n)\b\.?)*[ :#°º]*"
    r"(?P<number>(?=[\w.-]*\d{3})[a-z]{0,3}\d[\d.]{4,13}\d(?:-?[a-z\d])?)(?!\w|[.,]\d)",
    re.IGNORECASE,
)
#: A DNI as it is read aloud; the letter tells it from a price.
_DOTTED = re.compile(r"\b\d{1,2}\.\d{3}\.\d{3}[ -]?[A-Z]\b|\b\d{8}[ -]?[A-Z]\b", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,3})?\b", re.IGNORECASE)
#: In groups as cards have them; years in a row are no card.
_CARD = re.compile(
    r"(?<![\w.,-])(?=[3-6]|2[2-7])(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5})(?![\w-]|[.,]\d)"
)
_CLABE = re.compile(r"(?<![\w.,-])\d{18}(?![\w-]|[.,]\d)")
#: At most fifteen digits (ITU-T E.164). Groups of three after dots alone are a change of a price.
_INTERNATIONAL = re.compile(r"(?<![\w+])\+(?!\d{1,3}(?:\.\d{3})+(?![\d.-]))\d(?:[ ()./-]{0,2}\d){8,14}(?![.,]?\d)")
#: Countries whose inhabitants leave their prefix out.
_NATIONAL = re.compile(r"\+(?P<prefix>57|34|52|1)(?P<rest>\d{9,10})")
_BETWEEN = r"[\s().\-/]*"
_PLACE = re.compile(r"\b(?:EMAIL|PHONE|DOCUMENT)_[A-Z]+\b")


class Veil:
    """One turn's. `cover` what goes to a model, `lift` what comes back."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._phones: list[re.Pattern[str]] = []

    def know(self, phone: object) -> None:
        """The telephone that was understood, however it is written: no pattern tells it from a price."""
        if not isinstance(phone, str):
            return
        prefix, digits = "", re.sub(r"\D", "", phone)
        if found := _NATIONAL.fullmatch(phone):
            prefix, digits = f"(?:{_BETWEEN.join(found['prefix'])}{_BETWEEN})?", found["rest"]
        if len(digits) >= 7:
            self._phones.append(re.compile(rf"(?<!\d)(?:\+|00)?\(?{prefix}{_BETWEEN.join(digits)}(?!\d)"))

    def cover(self, text: str) -> str:
        text = _EMAIL.sub(self._named("EMAIL"), text)
        for pattern in (*self._phones, _INTERNATIONAL):
            text = pattern.sub(self._named("PHONE"), text)
        document = self._named("DOCUMENT")
        text = _IBAN.sub(self._account, text)
        for pattern, holds in ((_CARD, _is_card), (_CLABE, _is_clabe), (_DOTTED, _is_dni)):
            text = pattern.sub(lambda m, holds=holds: document(m) if holds(m.group()) else m.group(), text)  # type: ignore[misc]
        return _CALLED.sub(self._called, _DOCUMENT.sub(document, text))

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

    def _named(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda match: self._name(kind, match.group())

    def _called(self, match: re.Match[str]) -> str:
        return match.group()[: match.start("number") - match.start()] + self._name("DOCUMENT", match["number"])

    def _account(self, match: re.Match[str]) -> str:
        """The pattern takes the next words for groups of the number: its check digits tell where it ends."""
        text = match.group()
        ends = [found.end() for found in re.finditer(r"\w\b", text)]
        end = next((end for end in reversed(ends) if _is_iban(text[:end])), 0)
        return self._name("DOCUMENT", text[:end]) + text[end:] if end else text

    def _name(self, kind: str, hidden: str) -> str:
        for name, known in self._names.items():
            if known == hidden:
                return name
        name = f"{kind}_{_letters(sum(name.startswith(kind) for name in self._names))}"
        self._names[name] = hidden
        return name


def _letters(count: int) -> str:
    """A, B, … Z, AA, AB, …: a digit would be taken for a figure."""
    found = ascii_uppercase[count % 26]
    while count := count // 26:
        count -= 1
        found = ascii_uppercase[count % 26] + found
    return found


def _is_card(number: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    digits = [int(d) for d in re.sub(r"\D", "", number)]
    doubled = [d if i % 2 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits), 1)]
    return sum(doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    """The check digits of an IBAN (ISO 13616)."""
    plain = re.sub(r"[ -]", "", text).upper()
    return len(plain) >= 15 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _is_clabe(number: str) -> bool:
    """The check digit of a Mexican account (CLABE)."""
    weighed = [int(digit) * (3, 7, 1)[i % 3] % 10 for i, digit in enumerate(number[:17])]
    return -sum(weighed) % 10 == int(number[17])


def _is_dni(text: str) -> bool:
    """The letter of a Spanish DNI: the number's rest by 23."""
    plain = re.sub(r"[ .-]", "", text).upper()
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(plain[:-1]) % 23] == plain[-1]
