"""What is known of a lead's needs, what to ask next and what the lead is worth. Pure; words and points are in `leads.toml`.

Purpose and time are read from the investor's own words, so that both brains read them alike. A question is put once: who
does not answer it is not asked again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from core.data_files import Shape, read
from core.invalid import Expected
from core.locale import Language
from knowledge.understanding.text import fold, strip_accents

Wish = Literal["visit", "offer", "reserve", "contact", "sell", "buy", "rent"]
Purpose = Literal["rent_out", "live", "holiday", "resale", "business"]
Timeline = Literal["now", "months", "later"]


_FILE = Path(__file__).with_name("leads.toml")


class _Points(Shape):
    place: int = Field(ge=0)
    budget: int = Field(ge=0)
    purpose: int = Field(ge=0)
    timeline_now: int = Field(ge=0)
    timeline_months: int = Field(ge=0)
    timeline_later: int = Field(ge=0)
    contact: int = Field(ge=0)

    @model_validator(mode="after")
    def _whole(self) -> _Points:
        most = self.place + self.budget + self.purpose + self.contact + max(
            self.timeline_now, self.timeline_months, self.timeline_later)
        if most != 100:
            raise Expected(f"all points together make {most}, expected 100", f"todos los puntos suman {most} y se espera 100")
        return self


class _Words(Shape):
    phrases: list[str] = Field(min_length=1)
    answers: list[str] = Field([])
    documents: list[str] = Field([])


class _File(Shape):
    """`leads.toml`."""

    consent: dict[Language, str]
    points: _Points
    reasons: dict[str, dict[Language, str]]
    questions: dict[str, list[str]]
    asks: dict[str, str]
    purpose: dict[Purpose, _Words]
    timeline: dict[Timeline, _Words]
    project: _Words
    status: _Words
    papers: _Words


@lru_cache(maxsize=1)
def book(path: Path = _FILE) -> dict[str, Any]:
    """The file as it is. Raises `Misconfigured` for one that cannot be."""
    return read(path, _File).model_dump()


def consent_text(language: Language) -> str:
    """What a person agrees to before contact data is stored."""
    return str(book()["consent"][language])


def purpose_of(messages: Sequence[str], *, answering: bool = False) -> Purpose | None:
    """What the property is for, as the newest message that tells says; `answering`: the last one replies to the question."""
    found: Purpose | None = _told("purpose", messages, answering)
    return found


def timeline_of(messages: Sequence[str], *, answering: bool = False) -> Timeline | None:
    """When it is wanted, as the newest message that tells says."""
    found: Timeline | None = _told("timeline", messages, answering)
    return found


def mentions(kind: Literal["project", "papers", "status"], message: str) -> bool:
    """True if the message speaks of a development, of the papers of a sale, or asks what became of the request."""
    return _pattern(kind, "").search(f" {fold(message)} ") is not None


def _told(kind: str, messages: Sequence[str], answering: bool) -> Any:
    for age, message in enumerate(reversed(messages)):
        folded = f" {fold(message)} "
        # what says more wins: "no tengo prisa" over "tengo prisa"
        hits = [
            (len(match.group()), code)
            for code in book()[kind]
            for match in (_pattern(kind, code).search(folded),
                          _pattern(kind, code, True).search(folded) if answering and age == 0 else None)
            if match
        ]
        if hits:
            return max(hits)[1]
    return None


@lru_cache(maxsize=64)
def _pattern(kind: str, code: str, answers: bool = False) -> re.Pattern[str]:
    entry = book()[kind][code] if code else book()[kind]
    phrases = [re.escape(strip_accents(p).lower()) for p in entry["answers" if answers else "phrases"]]
    body = "|".join(p.replace(r"l\#", r"l\w{1,3}").replace(r"\#", r"(?:\w+ ){0,2}\w+") for p in phrases)
    return re.compile(rf"(?<= )(?:{body})(?= )")


def known_needs(needs: Mapping[str, Any], *, contact: bool) -> set[str]:
    """The needs that are known: place, budget, price, property_type, purpose, timeline, contact."""
    given = {name for name in ("price", "property_type", "purpose", "timeline") if needs.get(name)}
    if needs.get("city") or needs.get("neighbourhood") or needs.get("subject"):
        given.add("place")
    if needs.get("budget_max") or needs.get("price"):
        given.add("budget")
    if needs.get("operation") in ("rent", "sell"):  # a tenant lives there, a seller sells: nothing to ask
        given.add("purpose")
    return given | ({"contact"} if contact else set())


def score(needs: Mapping[str, Any], *, contact: bool) -> tuple[int, list[str]]:
    """Points from 0 to 100 and the codes they were given for. Contact counts only where it is stored with consent."""
    known = known_needs(needs, contact=contact)
    codes: list[str] = [name for name in ("place", "budget", "purpose") if name in known]
    if "timeline" in known:
        codes.append(f"timeline_{needs['timeline']}")
    if "contact" in known:
        codes.append("contact")
    points = book()["points"]
    return sum(int(points[code]) for code in codes), codes


def next_need(wish: str | None, operation: str | None, known: Collection[str], asked: Collection[str]) -> str | None:
    """The one need to ask for now, or None."""
    order = book()["questions"]
    key = "sell" if operation == "sell" else wish if wish in order else operation if operation in order else "buy"
    return next((need for need in order[key] if need not in known and need not in asked), None)


def stated_contact(contact: Mapping[str, str | None], messages: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Contact data that stands in the investor's own messages, and the names of what does not."""
    own: dict[str, str] = {}
    foreign: list[str] = []
    for name, value in contact.items():
        if not value or not value.strip():
            continue
        if any(_STANDS[name](value.strip(), message) for message in messages):
            own[name] = value.strip()
        else:
            foreign.append(name)
    return own, foreign


def _name_stands(name: str, message: str) -> bool:
    return 2 <= len(name) <= 80 and not re.search(r"\d|@", name) and f" {fold(name)} " in f" {fold(message)} "


def _email_stands(email: str, message: str) -> bool:
    valid = re.fullmatch(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+", email) is not None and len(email) <= 254
    return valid and re.search(rf"(?<![\w.+%-]){re.escape(email)}(?![\w-]|\.\w)", message, re.IGNORECASE) is not None


def _phone_stands(phone: str, message: str) -> bool:
    """The digits in order, with or without separators between them. 7 to 15 digits, as in ITU-T E.164."""
    digits = re.sub(r"\D", "", phone)
    if not 7 <= len(digits) <= 15 or not re.fullmatch(r"\+?[\d\s().\-/]+", phone):
        return False
    return re.search(r"(?<!\d)" + r"[\s().\-/]*".join(digits) + r"(?!\d)", message) is not None


_STANDS = {"name": _name_stands, "email": _email_stands, "phone": _phone_stands}
