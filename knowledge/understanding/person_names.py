"""The name of the person who writes: after "soy", "me llamo", "I'm", at the end of a letter, or beside a telephone."""

from __future__ import annotations

from knowledge.understanding.gazetteer import default_places
from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.tokens import Token, words_at

_PRESENTING, _GREETINGS = words("presenting"), words("greetings")
_NAME_STOP = words("name_stop")
_GIVEN, _TITLES = words("given_names"), words("titles")
_PARTICLES = frozenset(phrases("name_particles"))
_FORMAL = frozenset({"regards", "saludos", "saludo", "atentamente", "cordialmente", "sincerely", "wishes"})
_TELLING_OPENERS = frozenset(phrases("telling_openers"))
_SHORT_OPENERS = frozenset(phrases("short_openers"))
_CLAUSE_OPENERS = frozenset(phrases("clause_openers"))
_LEADS = words("leads_to_a_name")
_TITLE_ARTICLES = frozenset({"la", "el", "the"})


def find_names(text: str, tokens: list[Token], contact: set[int]) -> tuple[str | None, set[int]]:
    """(a person's name, its tokens): after "soy", "me llamo", "I'm", a closing, or beside a telephone or e-mail."""
    here = _named_after(tokens) or _presented(tokens) or _signed(tokens, contact) or _beside_contact(tokens, contact)
    if here is None:
        return None, set()
    return text[tokens[here[0]].start : tokens[here[-1]].end], set(here)


def _capitalised(tokens: list[Token], start: int, least: int) -> range | None:
    """The run of capitalised words of a name from `start` on, with particles between ("María del Carmen")."""
    end = start
    while end < len(tokens) and end - start < 5 and tokens[end].kind == "word":
        token = tokens[end]
        if end > start and (token.opens or token.comma):
            break
        two = words_at(tokens, end, 2)
        if end > start and (two in _PARTICLES or words_at(tokens, end, 3) in _PARTICLES):
            end += 2 if two in _PARTICLES else 3
            continue
        shouted = token.raw.isupper() and len(token.raw) > 1
        if not token.capital or token.text in _NAME_STOP or shouted:
            break
        end += 1
    return range(start, end) if end - start >= least else None


def _lower_case(tokens: list[Token], start: int, known: bool) -> range | None:
    """A name typed without capitals; `known`: only if it begins with a given name ("soy marta", not "soy inversor")."""
    end = start
    while end < len(tokens) and end - start < 3 and tokens[end].kind == "word" and not tokens[end].capital:
        token = tokens[end]
        if (end > start and (token.opens or token.comma)) or token.text in _NAME_STOP:
            break
        given = token.text in _GIVEN
        ends = end + 1 == len(tokens) or tokens[end + 1].comma or tokens[end + 1].opens or tokens[end + 1].text in ("y", "and")
        surname = end > start and ends and token.text not in lexicon().spanish | lexicon().english
        if not (given or surname) and (_means_something(token.text) or (known and end == start)):
            break
        end += 1
    return range(start, end) if end > start else None


def _means_something(word: str) -> bool:
    lex = lexicon()
    return word in lex.common or word in lex.spanish or word in lex.english or word in lex.vocabulary


def _named_after(tokens: list[Token]) -> range | None:
    openers = lexicon().name_openers
    for at in range(len(tokens)):
        for size in (4, 3, 2, 1):
            words = words_at(tokens, at, size)
            if len(words) < size or words not in openers:
                continue
            if words in _CLAUSE_OPENERS and not (tokens[at].opens or tokens[at].comma):
                continue
            start = after = at + size
            if start + 1 < len(tokens) and tokens[start].text in _TITLE_ARTICLES and tokens[start + 1].text in _TITLES:
                start = after = start + 1
            while start < len(tokens) and tokens[start].text in _TITLES:
                start += 1
            if start >= len(tokens) or (start > after and (tokens[start].comma or tokens[start].opens)):
                continue
            alone = start + 1 == len(tokens) or tokens[start + 1].comma or tokens[start + 1].opens
            given = tokens[start].text in _GIVEN
            stated = alone and not _means_something(tokens[start].text) and not tokens[start].opens
            titled = start > after
            least = 2 if words in _SHORT_OPENERS and not (given or stated or titled) else 1
            here = _capitalised(tokens, start, least) or _lower_case(tokens, start, words not in _TELLING_OPENERS)
            if here is not None:
                return here
    return None


def _is_first_name(token: Token) -> bool:
    """A name as a word alone may be: a known one, or a capitalised word without another meaning, and no place."""
    if token.kind != "word":
        return False
    stated = token.capital and not token.raw.isupper() and not _means_something(token.text) and token.text not in _NAME_STOP
    return token.text in _GIVEN or (stated and not default_places().known(token.text))


def _ends_at(tokens: list[Token], at: int) -> bool:
    return at >= len(tokens) or tokens[at].comma or tokens[at].opens


def _given_run(tokens: list[Token], start: int) -> int | None:
    """Last token of a first name and at most two surnames from `start` on, None where none begins there."""
    if not _is_first_name(tokens[start]):
        return None
    last = start
    while last + 1 < len(tokens) and last < start + 2 and not _ends_at(tokens, last + 1):
        token = tokens[last + 1]
        if token.kind != "word" or _means_something(token.text) or token.text in _NAME_STOP | _PRESENTING:
            break
        last += 1
    return last


def _presented(tokens: list[Token]) -> range | None:
    """ "Rafa here", "aquí Marcela Ríos", "its dave wilkes": who writes, where a clause begins."""
    for at, token in enumerate(tokens):
        if not (token.opens or token.comma or tokens[at - 1].text in _GREETINGS):
            continue
        if token.text in _PRESENTING and not _ends_at(tokens, at + 1):
            here = _capitalised(tokens, at + 1, 1)
            if here is not None and _is_first_name(tokens[here[0]]):
                return here
        said = next((size for size in (2, 1) if words_at(tokens, at, size) in (("it", "s"), ("its",))), 0)
        start = at + said
        last = _given_run(tokens, start) if start < len(tokens) and not (said and _ends_at(tokens, start)) else None
        if last is None:
            continue
        after = tokens[last + 1].text if not _ends_at(tokens, last + 1) else ""
        if after in _PRESENTING and _ends_at(tokens, last + 2):
            return range(start, last + 1)
        person = tokens[start].text in _GIVEN and not default_places().known(tokens[start].text)
        if said and person and after in ("", "from", "again"):  # "it's Santiago" may be a place
            return range(start, last + 1)
    return None


def _signed(tokens: list[Token], contact: set[int]) -> range | None:
    """ "Regards, Piers Ashdown" at the end of a message, or before its telephone."""
    for at in range(len(tokens)):
        for size in (2, 1):
            if words_at(tokens, at, size) not in lexicon().closings or not (tokens[at].opens or tokens[at].comma):
                continue
            here = _capitalised(tokens, at + size, 1)
            if here is None or not (tokens[here[0]].opens or tokens[here[0]].comma):
                continue
            after = here[-1] + 1
            followed = after < len(tokens) and (after in contact or tokens[after].kind in ("num", "email"))
            sure = len(here) > 1 or tokens[here[0]].text in _GIVEN or words_at(tokens, at, size)[-1] in _FORMAL
            if followed or (after == len(tokens) and sure):  # "gracias, Bogotá" names no person
                return here
    return None


def _beside_contact(tokens: list[Token], contact: set[int]) -> range | None:
    """ "Íñigo Larrea, 944 555 018", "310 555 0147, Yolima Pardo"."""
    for at in sorted(contact):
        for start in range(max(0, at - 4), at):
            here = _capitalised(tokens, start, 2)
            beside = here is not None and here[-1] + 1 >= at - 1 and len(here) <= 3
            led = start > 0 and tokens[start - 1].text in _LEADS  # "put Ann Lee (…) down", "hi, its Ann Lee, …"
            if here is not None and beside and (led or tokens[start].opens or tokens[start].comma):
                return here[1:] if tokens[start].text in _LEADS else here
        after = at + 1
        while after < len(tokens) and tokens[after].kind == "num" and not tokens[after].opens:
            after += 1
        here = _capitalised(tokens, after, 1)
        if (
            here is not None
            and (len(here) > 1 or _is_first_name(tokens[after]))
            and (tokens[after].opens or tokens[after].comma)
            and len(here) <= 3
            and (here[-1] + 1 == len(tokens) or tokens[here[-1] + 1].opens or tokens[here[-1] + 1].comma)
        ):
            return here
    return None
