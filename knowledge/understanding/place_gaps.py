"""Places that no index names: neighbourhoods and regions unknown, parts of the city spoken of, its centre."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.understanding.lexicon import lexicon, words
from knowledge.understanding.model import Place
from knowledge.understanding.place_spans import is_word, typed_before
from knowledge.understanding.tokens import Token, words_at

_NATURAL = words("natural")
_INTO = frozenset({"en", "in"})
_NO_AREAS = words("no_areas")
_DEFINITE = words("definite")
_GIVEN = words("given_names")


def unknown_neighbourhoods(text: str, tokens: list[Token], taken: set[int], places: list[Place]) -> list[Place]:
    """Names no list has, in positions that make them neighbourhoods: "barrio X", "X, Toronto"."""
    lex = lexicon()
    found: list[Place] = []
    busy = set(taken)
    for place in places:
        busy |= {i for i, t in enumerate(tokens) if t.start < place.end and t.end > place.start}
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if (
            at in busy
            or not token.capital
            or token.kind != "word"
            or (token.text in lex.common and not (at and tokens[at - 1].text in lex.place_markers))
            or (token.opens and at == 0)
        ):
            at += 1
            continue
        end = at
        while (
            end + 1 < len(tokens)
            and end + 1 not in busy
            and tokens[end + 1].capital
            and not tokens[end + 1].opens
            and not (tokens[end + 1].comma)
        ):
            end += 1
        before = [] if token.opens else [t.text for t in tokens[max(0, at - 3) : at]]
        after = next(
            (
                p
                for p in places
                if end + 1 < len(tokens) and p.start == tokens[end + 1].start and p.level in ("city", "other")
            ),
            None,
        )
        joined = after is not None and (tokens[end + 1].comma or False)
        marker = any(w in lex.place_markers for w in before[-2:])
        strong = bool(before) and (
            before[-1] in ("en", "in", "near", "de")
            or (before[-1] in lex.articles and before[:-1][-1:] in (["en"], ["in"], ["de"]))
        )
        typed = joined and typed_before(tokens, at) and token.text not in _GIVEN
        if (marker or (joined and strong) or typed) and len(token.text) > 2:
            name = text[token.start : tokens[end].end]
            city = after.name if after else None
            country = after.country if after else None
            covered = after.covered if after else True
            found.append(
                Place(
                    name, "neighbourhood", country, None, city, covered, None, None, token.start, tokens[end].end, 0.5
                )
            )
        at = end + 1
    return found


def parts_of_known(
    text: str, tokens: list[Token], taken: set[int], places: list[Place], previous: Mapping[str, object]
) -> list[Place]:
    """A capitalised name of no list after `en` or `in` is a neighbourhood of the city spoken of ("mejor en Zarabanda")."""
    city, country = previous.get("city"), previous.get("country")
    if not isinstance(city, str) or any(p.level != "country" for p in places):
        return []
    busy = set(taken) | {i for i, t in enumerate(tokens) for p in places if t.start < p.end and t.end > p.start}
    for at, token in enumerate(tokens):
        if at in busy or not at or not token.capital or token.kind != "word" or token.opens or token.comma:
            continue
        before = [t.text for t in tokens[max(0, at - 2) : at]]
        placed = before[-1] in _INTO or (before[-1] in lexicon().articles and before[0] in _INTO)
        end = at
        while end + 1 < len(tokens) and _goes_on(tokens[end + 1]) and end + 1 not in busy:
            end += 1
        part = tokens[at : end + 1]
        if not placed or any(is_word(t.text) for t in part) or any(t.text in _NO_AREAS for t in part):
            continue
        if len(token.text) > 3 and not (token.raw.isupper() and len(token.raw) > 1):
            name, covered = text[token.start : part[-1].end], isinstance(country, str)
            where = country if isinstance(country, str) else None
            return [Place(name, "neighbourhood", where, None, city, covered, None, None, token.start, part[-1].end, 0.4)]
    return []


def _goes_on(token: Token) -> bool:
    """Whether a word goes on with the name before it."""
    return token.capital and token.kind == "word" and not (token.opens or token.comma)


def unknown_regions(text: str, tokens: list[Token], taken: set[int], places: list[Place]) -> list[Place]:
    """A stretch of coast, an island or another name that no list has, so that a place named never goes unnoticed.

    "Costa Quebrada", "Isla Fuerte": always; another capitalised name ("pisos en Villarriba") only after `en` or `in`
    where the message names a kind of property and no other place.
    """
    lex = lexicon()
    busy = set(taken) | {
        i for i, t in enumerate(tokens) for p in places if t.start < p.end and t.end > p.start
    }
    typed = any((t.text,) in lex.types or t.text in lex.plurals for t in tokens)
    follows = words_at(tokens, 0, 2) in (("y", "en"), ("and", "in"), ("what", "about"), ("que", "tal"))
    alone = (typed or follows) and not any(p.level != "country" for p in places)
    for at, token in enumerate(tokens):
        if at in busy or not token.capital or token.kind != "word" or (token.raw.isupper() and len(token.raw) > 4):
            continue
        before = [t.text for t in tokens[max(0, at - 2) : at]]
        placed = bool(before) and not token.opens and not token.comma and (
            before[-1] in _INTO or (before[-1] in lex.articles and before[0] in (*_INTO, "on"))
        )
        end = at
        while (
            end + 1 < len(tokens)
            and end + 1 not in busy
            and tokens[end + 1].capital
            and tokens[end + 1].kind == "word"
            and not (tokens[end + 1].opens or tokens[end + 1].comma)
        ):
            end += 1
        natural = token.text in _NATURAL and end > at
        own = alone and placed and len(token.text) > 3 and not any(is_word(t.text) for t in tokens[at : end + 1])
        article = alone and placed and token.text in _DEFINITE and end > at and not is_word(tokens[at + 1].text)
        if (natural and placed) or own or article:
            name = text[token.start : tokens[end].end]
            return [Place(name, "region", None, None, None, True, None, None, token.start, tokens[end].end, 0.4)]
    return []


def centre(tokens: list[Token], places: list[Place], had_city: bool, taken: set[int]) -> list[Place]:
    """ "en el centro de Morelia", "vigo, centro", "downtown Cali": the neighbourhood called Centro."""
    lex = lexicon()
    city = next((p for p in places if p.level == "city"), None)
    if (city is None and not had_city) or any(p.level == "neighbourhood" for p in places):
        return []
    for at in range(len(tokens)):
        for count in (2, 1):
            words = words_at(tokens, at, count)
            if len(words) < count or words not in lex.centre:
                continue
            after = words_at(tokens, at + count, 1)
            before = words_at(tokens, at - 1, 1) if at else ()
            beside = (
                city is not None
                and at + count < len(tokens)
                and any(p is city and 0 <= p.start - tokens[at + count - 1].end <= 5 for p in places)
            )
            if (after and after[0] in lex.not_centre) or (tokens[at].text in ("old",) and not beside):
                continue
            if not (beside or tokens[at].comma or (before and before[0] in ("el", "in", "en", "the", "del"))):
                continue
            name = "Centro Histórico" if "historico" in words else "Casco Antiguo" if "casco" in words else "Centro"
            return [
                Place(
                    name,
                    "neighbourhood",
                    city.country if city else None,
                    None,
                    city.name if city else None,
                    city.covered if city else True,
                    None,
                    None,
                    tokens[at].start,
                    tokens[at + count - 1].end,
                    0.6,
                )
            ]
    return []
