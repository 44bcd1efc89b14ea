"""Personal data out of what people wrote: e-mails, telephones, names, papers and accounts, each replaced by a made-up one.

The same value becomes the same stand-in wherever it stands, in texts and in slots, and keeps its shape, so that what is
read from the message stays the same kind of thing. What is found is what can be recognised: a person reads the result
before it leaves the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.understanding.amounts import read_amounts
from knowledge.understanding.person_names import find_names
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import tokenise

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
#: A number said to be a telephone, however short.
_TELEPHONE = re.compile(
    r"\b(?:tel[eé]fono|tel|tlf|cel|celular|m[oó]vil|whats?app|wsp|phone|mobile|cell)\b\D{0,20}?"
    r"(\+?\(?\d[\d\s.()\-]{4,}\d)", re.I
)
_PAPER = re.compile(
    r"\b(?:c[eé]dula|c\.?c\.?|d\.?n\.?i\.?|n\.?i\.?[ef]\.?|n\.?i\.?t\.?|curp|rfc|ine|pasaporte|passport)\b[^\w\n]{0,4}"
    r"(?:(?:n[uú]mero|no|nº|es|is|de)\b[^\w\n]{0,3}){0,2}([A-Z0-9][A-Z0-9.\-]{5,})", re.I
)
#: Spanish identity numbers and bank accounts say what they are by their shape.
_SHAPED = re.compile(r"\b(?:\d{8}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,8})\b")
_OF_A_PERSON = ("name", "email", "phone")
_FIRST = {"es": ("Ana", "Luis", "Marta", "Hugo", "Elena"), "en": ("Ann", "Lewis", "Martha", "Hugh", "Ellen")}
_LAST = {"es": "Prueba", "en": "Sample"}
_MAIL = {"es": "persona", "en": "person"}


class Disguise:
    """One conversation's stand-ins. `known` values (a lead's contact) are replaced even where no sentence gives them away."""

    def __init__(self, language: str, texts: Iterable[str], known: Iterable[Mapping[str, Any]] = ()) -> None:
        self._language = "en" if language == "en" else "es"
        self._emails: dict[str, str] = {}
        self._phones: dict[str, int] = {}
        self._names: dict[str, str] = {}
        for text in texts:
            tokens = tokenise(text)
            amounts = read_amounts(text, tokens)
            contact = {a.first for a in amounts if a.kind == "phone"} | {i for i, t in enumerate(tokens) if t.kind == "email"}
            name, _ = find_names(text, tokens, contact)
            self._know({"name": name})
            phones = [amount for amount in amounts if amount.kind == "phone"]
            self._know({"phone": [amount.unit for amount in phones]})
            for match in _TELEPHONE.finditer(text):
                if not any(a.start < match.end(1) and a.end > match.start(1) for a in phones):
                    self._know({"phone": match.group(1)})
        for values in known:
            self._know(values)

    def _know(self, values: Mapping[str, Any]) -> None:
        for name in _strings(values.get("name")):
            self._names.setdefault(fold(name), self._stand_in(name))
        for phone in _strings(values.get("phone")):
            digits = _digits(phone)
            same = (n for known, n in self._phones.items() if known.endswith(digits) or digits.endswith(known))
            self._phones.setdefault(digits, next(same, len(self._phones) + 1))
        for email in _strings(values.get("email")):
            self._email(email)

    def text(self, words: str) -> str:
        """The same message about somebody else."""
        words = _EMAIL.sub(lambda match: self._email(match.group()), words)
        for pattern in (_PAPER, _SHAPED):
            words = pattern.sub(_blanked, words)
        for digits, number in sorted(self._phones.items(), key=lambda known: -len(known[0])):
            spaced = r"[\s.()\-]{0,3}".join(digits)
            words = re.sub(rf"(?<!\d)\+?\(?{spaced}(?!\d)", lambda match, n=number: _dialled(match.group(), n), words)  # type: ignore[misc]
        for name, stand_in in self._names.items():
            words = _replaced(words, name, stand_in)
        return words

    def slots(self, slots: Mapping[str, Any]) -> dict[str, Any]:
        """Known values, with those of the person replaced as in the texts."""
        return {key: self._slot(key, value) if key in _OF_A_PERSON else value for key, value in slots.items()}

    def _slot(self, key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._slot(key, part) for part in value]
        if key == "email":
            return self._email(str(value))
        if key == "phone":
            return _dialled(str(value), self._phones.get(_digits(str(value)), 1))
        return self._names.get(fold(str(value))) or self._stand_in(str(value))

    def _email(self, email: str) -> str:
        address = f"{_MAIL[self._language]}{len(self._emails) + 1}@example.com"
        return self._emails.setdefault(email.lower(), address)

    def _stand_in(self, name: str) -> str:
        firsts = _FIRST[self._language]
        first = firsts[len(self._names) % len(firsts)]
        return first if len(name.split()) == 1 else f"{first} {_LAST[self._language]}"


def _replaced(words: str, name: str, stand_in: str) -> str:
    """The whole name in any spelling, and then each part of it that stands alone and begins with a capital."""
    parts = name.split()
    whole = stand_in.split()
    for pattern, new in [(parts, stand_in), *(([part], whole[0] if at == 0 else whole[-1]) for at, part in enumerate(parts))]:
        if len(pattern) == 1 and len(pattern[0]) < 3:
            continue
        found = list(re.finditer(r"\b" + r"\s+".join(map(re.escape, pattern)) + r"\b", _aligned(words)))
        for match in reversed(found):
            if len(pattern) > 1 or len(parts) == 1 or words[match.start()].isupper():
                words = words[: match.start()] + new + words[match.end() :]
    return words


def _aligned(text: str) -> str:
    """Folded character by character: an offset in it is an offset in the text."""
    return "".join(folded if len(folded := fold(char)) == 1 else char for char in text)


def _strings(value: Any) -> list[str]:
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str) and part.strip()]


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


def _dialled(phone: str, number: int) -> str:
    """Zeros with the same spacing; what tells the country and the kind of number stays: a prefix and one digit."""
    kept = (2 if phone.lstrip().startswith("+1") else 3) if phone.lstrip().startswith("+") else 1
    total, seen, out = len(_digits(phone)), 0, []
    for char in phone:
        if char.isdigit():
            seen += 1
            char = char if seen <= kept else str(number % 10) if seen == total else "0"
        out.append(char)
    return "".join(out)


def _blanked(match: re.Match[str]) -> str:
    """The paper's number with zeros for digits and X for letters; words that only follow its name stay."""
    group = 1 if match.re.groups else 0
    held = match.group(group)
    if sum(char.isdigit() for char in held) < 5:
        return match.group()
    blank = re.sub(r"[A-Za-z]", "X", re.sub(r"\d", "0", held))
    start = match.start(group) - match.start()
    return match.group()[:start] + blank + match.group()[start + len(held) :]
