"""What a message says about the property and the person besides: operation, features, shown items, corrections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.negation import negated
from knowledge.understanding.tokens import Token, words_at
from knowledge.understanding.wanted_types import wanted_types

_HANDING, _SELLING = words("handing"), words("selling")
_PUTTING, _GETTING, _ON_SALE, _OWN = words("putting"), words("getting"), phrases("on_sale"), words("own_words")
#: Words between putting something and "on the market".
_REACH_ON_SALE = 6
#: Within so many words from "en venta" on it may be said whose the property is ("pongan en venta mi casa").
_REACH_OWN = 4
_INVESTING, _FOR_RENT = words("investing"), frozenset({"rentar", "alquilar", "arrendar"})
_LONGEST_OPERATION = 5
_ORDINALS = {
    "primer": 1,
    "primero": 1,
    "primera": 1,
    "primeros": 1,
    "primeras": 1,
    "first": 1,
    "segundo": 2,
    "segunda": 2,
    "second": 2,
    "tercer": 3,
    "tercero": 3,
    "tercera": 3,
    "third": 3,
    "cuarto": 4,
    "cuarta": 4,
    "fourth": 4,
    "quinto": 5,
    "quinta": 5,
    "fifth": 5,
    "sexto": 6,
    "sexta": 6,
    "sixth": 6,
    "ultimo": -1,
    "ultima": -1,
    "last": -1,
    "ultimos": -1,
    "ultimas": -1,
}
_NOT_ITEMS = words("not_items")
_THIS = frozenset({"ese", "esa", "este", "esta"})
_POINTED = re.compile(r"\b(?:quiero|me gusta|me interesa|compara|visitar|ver|reservar|separar) (?:ese|esa|este)\b")
_AGAINST = re.compile(r"\bcompar\w+l[oa]\b|\b(?:compare|rank) (?:it|that|this)\b|\bese (?:o|con|y|contra|vs)\b")
_BETWEEN_NOT = words("between_not")
_COUNTS = {"dos": 2, "two": 2, "tres": 3, "three": 3, "cuatro": 4, "four": 4, "2": 2, "3": 3, "4": 4}
_ITEM_OPENERS = words("item_openers")
_CORRECTIONS = phrases("corrections")
_CLAUSE_CORRECTIONS, _COMMA_CORRECTIONS = frozenset(phrases("clause_corrections")), phrases("comma_corrections")


@dataclass(slots=True)
class Mentions:
    """Values of this message alone; `types_at` are the tokens of the property types, by type."""

    types: list[str]
    refused_types: list[str]
    types_at: dict[int, str]
    features: list[str]
    refused_features: list[str]
    operation: str | None
    name: str | None
    email: str | None
    references: list[int]
    correction_at: int | None


def _features(tokens: list[Token], taken: set[int], types_at: dict[int, str]) -> tuple[list[str], list[str]]:
    lex = lexicon()
    wanted: list[str] = []
    refused: list[str] = []
    for at in range(len(tokens)):
        for size in (3, 2, 1):
            words = words_at(tokens, at, size)
            if len(words) < size or (size == 1 and at in taken):
                continue
            plain = words if words in lex.features else (*words[:-1], words[-1].rstrip("s"))
            name = lex.features.get(plain)
            if name is None:
                continue
            for i in range(at, at + size):
                tokens[i].classes.add("feature")
            if at in types_at and name not in ("duplex", "penthouse"):
                break
            (refused if _unwanted(tokens, at) else wanted).append(name)
            break
    return list(dict.fromkeys(wanted)), list(dict.fromkeys(refused))


def _unwanted(tokens: list[Token], at: int) -> bool:
    """Whether the feature at `at` is refused: "sin piscina", "que no sea un bajo", "not on the ground floor"."""
    for before in range(at - 1, max(-1, at - 5), -1):
        token, following = tokens[before], tokens[before + 1]
        if following.opens or following.comma:
            return False
        if token.text in lexicon().feature_negators:
            return True
        if token.text not in _BETWEEN_NOT:
            return False
    return False


def _operation(tokens: list[Token]) -> str | None:
    lex = lexicon()
    found: list[str] = []
    for at in range(len(tokens)):
        for size in range(_LONGEST_OPERATION, 0, -1):
            words = words_at(tokens, at, size)
            if len(words) == size and words in lex.operations and not negated(tokens, at):
                found.append(lex.operations[words])
                break
    if "sell" in found or _hands_over(tokens) or _puts_on_sale(tokens):
        return "sell"
    if not found and _wants_to_rent(tokens):
        return "rent"
    return found[0] if len(set(found)) == 1 else ("buy" if "buy" in found else None)


def _hands_over(tokens: list[Token]) -> bool:
    """ "quiero dejarles la casa pa que me la vendan": the property is to be sold for its owner."""
    for at, token in enumerate(tokens):
        if token.text in _HANDING:
            end = next((i for i in range(at + 1, len(tokens)) if tokens[i].opens), len(tokens))
            return any(t.text in _SELLING and not negated(tokens, i) for i, t in enumerate(tokens[at:end], at))
    return False


def _puts_on_sale(tokens: list[Token]) -> bool:
    """ "put my house up for sale", "pónganla en venta", "get our flat on the market": for its owner."""
    for at, token in enumerate(tokens):
        if token.text not in _PUTTING | _GETTING or negated(tokens, at):
            continue
        for end in range(at + 1, min(len(tokens), at + _REACH_ON_SALE)):
            if tokens[end].opens:
                break
            own = token.text in _PUTTING or any(t.text in _OWN for t in tokens[max(0, at - 1) : end + _REACH_OWN])
            if own and any(words_at(tokens, end, len(p)) == p for p in _ON_SALE):
                return True
    return False


def _wants_to_rent(tokens: list[Token]) -> bool:
    """ "departamentos para rentar en Mérida": homes to live in, where nothing speaks of an investment."""
    if any(t.text in _INVESTING for t in tokens):
        return False
    return any(
        "type" in tokens[at - 1].classes and words_at(tokens, at, 1) in (("para",), ("pa",)) and after.text in _FOR_RENT
        for at, after in enumerate(tokens[2:], 1)
    )


def _references(tokens: list[Token]) -> list[int]:
    """Positions of shown items: "las dos primeras", "the second one", "el 3"; 0 is what was spoken of ("ese", "compáralo
    con")."""
    found: list[int] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1].text if at + 1 < len(tokens) and not tokens[at + 1].opens else ""
        before = tokens[at - 1].text if at and not token.opens else ""
        if token.text in _ORDINALS and after not in _NOT_ITEMS and "type" not in token.classes:
            place = _ORDINALS[token.text]
            counted = _COUNTS.get(before) or _COUNTS.get(after)
            if after in _COUNTS and words_at(tokens, at + 2, 1) and tokens[at + 2].text in _NOT_ITEMS:
                continue
            if counted and place == 1:
                found.extend(range(1, counted + 1))
            elif counted and place == -1:
                found.extend(range(-counted, 0))
            elif before in _ITEM_OPENERS or after in ("one", "option", "opcion") or before in ("y", "and", "con", "vs"):
                found.append(place)
        elif (
            token.kind == "num"
            and token.raw.isdigit()
            and 1 <= int(token.raw) <= 9
            and (before in ("opcion", "option", "numero", "ficha", "anuncio", "listing") or token.gap.endswith("#"))
        ):
            found.append(int(token.raw))
    if not found:
        plain = [t.raw.lower() for t in tokens]
        joined = " ".join(plain)
        if (
            (plain[-1:] and plain[-1] in _THIS)
            or re.search(r"\b(?:that|this) one\b", joined)
            or _POINTED.search(joined)
        ):
            found.append(0)
    elif points_back(tokens):
        found.insert(0, 0)
    return list(dict.fromkeys(found))


def points_back(tokens: Sequence[Token]) -> bool:
    """ "compáralo con X", "rank it against X and Y": what was spoken of is one of those compared."""
    return _AGAINST.search(" ".join(t.text for t in tokens)) is not None


def _correction(tokens: list[Token]) -> int | None:
    """First token after the last correction marker ("quise decir", "no, perdón", "I meant"), or None."""
    found: int | None = None
    for at in range(len(tokens)):
        for phrase in _CORRECTIONS:
            if words_at(tokens, at, len(phrase)) != phrase:
                continue
            if phrase in _CLAUSE_CORRECTIONS and not (at == 0 or tokens[at].opens or tokens[at].comma):
                continue
            found = at + len(phrase)
    return found if found is not None else _interrupted(tokens)


def _interrupted(tokens: list[Token]) -> int | None:
    """First token after a call to stop that begins a message and that a comma ends ("wait, it was Malinalco")."""
    for phrase in _COMMA_CORRECTIONS:
        after = tokens[len(phrase)] if len(tokens) > len(phrase) else None
        if after is not None and words_at(tokens, 0, len(phrase)) == phrase and (after.comma or after.opens):
            return len(phrase)
    return None


def find_mentions(
    text: str, tokens: list[Token], taken: set[int], types_at: dict[int, str], name: str | None, references: bool = True
) -> Mentions:
    """Everything said about property and person; `taken` are tokens of figures and places."""
    correction = _correction(tokens)
    features, refused_features = _features(tokens, taken, types_at)
    wanted, refused = wanted_types(tokens, types_at, correction)
    email = next((t.raw.lower() for t in tokens if t.kind == "email"), None)
    return Mentions(
        types=wanted,
        refused_types=list(dict.fromkeys(refused)),
        types_at=types_at,
        features=features,
        refused_features=refused_features,
        operation=_operation(tokens),
        name=name,
        email=email,
        references=_references(tokens) if references else [],
        correction_at=correction,
    )


def option_groups(tokens: list[Token], members: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, bool]]:
    """Runs of alternatives ("Gijón o A Coruña", "local in Chamberí or in Tetuán"): (first, last, joined by or/versus).

    `members` are (first token, last token, kind) of places and types, in order.
    """
    joiners = frozenset(
        ["o", "u", "or", "vs", "versus", "contra", "against", "y", "e", "and", "con", "with", "frente", "than"]
    )
    fillers = frozenset(
        [
            "a",
            "en",
            "in",
            "la",
            "el",
            "los",
            "las",
            "un",
            "una",
            "the",
            "an",
            "del",
            "de",
            "al",
            "y",
            "buy",
            "comprar",
            "mejor",
            "bien",
            "then",
            "up",
            "house",
            "flat",
            "town",
            "depa",
            "terreno",
            "casa",
            "piso",
            "apartamento",
            "local",
            "invertir",
            "ciudad",
        ]
    )
    groups: list[tuple[int, int, bool]] = []
    for left, right in pairwise(members):
        if left[2] != right[2]:
            continue
        between = tokens[left[1] + 1 : right[0]]
        if len(between) > 7 or any(t.opens for t in between[1:]):
            continue
        words = [t.text for t in between]
        comma = tokens[right[0]].comma or any(t.comma for t in between)
        joined = [w for w in words if w in joiners]
        if not joined and not (comma and not words):
            continue
        rest = [w for w in words if w not in joiners and w not in fillers]
        if len(rest) > 3:
            continue
        choice = any(w in ("o", "u", "or", "vs", "versus", "contra", "against") for w in joined)
        if groups and groups[-1][1] >= left[0]:
            groups[-1] = (groups[-1][0], right[1], groups[-1][2] or choice)
        else:
            groups.append((left[0], right[1], choice))
    return groups
