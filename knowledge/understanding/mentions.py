"""What a message says about the property and the person: type, operation, features, contact, shown items, corrections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.understanding.gazetteer import default_places
from knowledge.understanding.lexicon import OTHER, lexicon, phrases, words
from knowledge.understanding.numerals import read_number
from knowledge.understanding.spelling import meant
from knowledge.understanding.tokens import Token, since_break, to_break, words_at

_NEGATORS = words("negators")
#: After these, `no` is politeness ("¿no tienen casas?"), not a refusal.
_POLITE = words("polite")
#: Words that may stand between a negator and what it refuses.
_REFUSING = words("refusing")
_SOLD, _ALTERNATIVES, _ACCOMPANIED, _THEIRS = words("sold"), words("alternatives"), words("accompanied"), words("theirs")
_LEAVES_LIST, _SOMEWHERE = words("leaves_list"), phrases("somewhere")
_EITHER = frozenset({"o", "u", "or", "vs", "versus", "contra", "against"})
_ONE = frozenset({"un", "una", "otro", "otra", "a", "an", "another"})
_RATHER = frozenset({("rather", "than"), ("instead", "of"), ("mejor", "que"), ("antes", "que"), ("vez", "de"), ("lugar", "de")})
_CLITICS = frozenset({"se", "me", "te", "nos", "os", "lo", "le", "les"})
#: Kinds that may be rooms of a house.
_PARTS = frozenset({"retail", "warehouse", "office", "studio", "room"})
_VERB_FORMS = words("verb_forms")
_HANDING, _SELLING = words("handing"), words("selling")
_PUTTING, _GETTING, _ON_SALE, _OWN = words("putting"), words("getting"), phrases("on_sale"), words("own_words")
#: Words between putting something and "on the market".
_REACH_ON_SALE = 6
#: Within so many words from "en venta" on it may be said whose the property is ("pongan en venta mi casa").
_REACH_OWN = 4
_INVESTING, _FOR_RENT = words("investing"), frozenset({"rentar", "alquilar", "arrendar"})
_OWNING, _OWNING_WHERE, _WHEREABOUTS = words("owning"), words("owning_where"), words("whereabouts")
_AFTER_PLOT = frozenset({"and", "to", "for", "with", "here", "there", "then"})
_OF_BLOCK, _BEFORE_BLOCK = words("of_block"), words("before_block")
_HOUSES = frozenset({("edificio",), ("building",)})
_FEES, _CHARGES, _CHARGED, _PAID_SO = words("fees"), words("charges"), words("charged"), words("paid_so")
_OF_A_HOUSE, _INSIDE = words("of_a_house"), words("inside")
_BY_THE_ROOM, _AMOUNT_OF = phrases("by_the_room"), words("amount_of")
_SPOKEN_OF = frozenset({"it", "this", "that", "them"})
_PRESENTING, _GREETINGS = words("presenting"), words("greetings")
_LONGEST_OPERATION, _REACH_AROUND = 5, 5
_NAME_STOP = words("name_stop")
_GIVEN, _TITLES = words("given_names"), words("titles")
_PARTICLES = frozenset(phrases("name_particles"))
_FORMAL = frozenset({"regards", "saludos", "saludo", "atentamente", "cordialmente", "sincerely", "wishes"})
_TELLING_OPENERS = frozenset(phrases("telling_openers"))
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
_SHORT_OPENERS = frozenset(phrases("short_openers"))
_CLAUSE_OPENERS = frozenset(phrases("clause_openers"))
_TITLE_ARTICLES = frozenset({"la", "el", "the"})
#: Of a flat that is called by its bedrooms: how many, and what may follow.
_ONE_OR_TWO = frozenset({"1", "one", "2", "two"})
_AFTER_BED = frozenset("in at for on near to with that which and or by".split())


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


def tag_types(tokens: list[Token], taken: set[int], english: bool) -> dict[int, str]:
    """Token -> property type; the tokens get the classes `type` and `types` (plural) for the cue grammar, `inner` those
    of a phrase that another token of it follows."""
    lex = lexicon()
    found: dict[int, str] = {}
    at = 0
    while at < len(tokens):
        step = 1
        for size in (3, 2, 1):
            words = words_at(tokens, at, size)
            if (
                len(words) < size
                or any(i in taken for i in range(at, at + size))
                or any(tokens[i].opens or tokens[i].comma for i in range(at + 1, at + size))
            ):
                continue
            if size == 1 and words not in lex.types and (word := meant(words[0], "misspelt_types")):
                words = (word,)
            if words not in lex.types or (size == 1 and (_is_verb(tokens, at) or _is_prefix(tokens, at))):
                continue
            if _of_a_fee(tokens, at, size) or (words in _HOUSES and _describes(tokens, at, bool(found))):
                continue
            step = size
            kind = "land" if words == ("a", "lot") and _is_plot(tokens, at) else lex.types[words]
            if kind and not _is_floor(tokens, at, words) and not (english and words == ("local",)):
                if kind != OTHER:
                    found[at + size - 1] = kind
                for i in range(at, at + size):
                    tokens[i].classes.add("type")
                    if i < at + size - 1:
                        tokens[i].classes.add("inner")
                if tokens[at + size - 1].text in lex.plurals or words[0] in lex.plurals or words[-1] in lex.plurals:
                    for i in range(at, at + size):
                        tokens[i].classes.add("types")
            break
        else:
            if _is_one_bed(tokens, at):
                found[at] = "apartment"
            elif at not in taken and _is_block(tokens, at):
                found[at] = "building"
                tokens[at].classes.add("type")
            elif tokens[at].text in lex.plurals and at not in taken:
                tokens[at].classes.update(("type", "types"))
        at += step
    return found


def _of_a_fee(tokens: Sequence[Token], at: int, size: int) -> bool:
    """ "building fee", "2,600 mensuales de condominio": what a cost is of."""
    after = {t.text for t in to_break(tokens[at + size : at + size + 1])}
    before = [t for t in since_break(tokens[max(0, at - 2) : at + 1])][:-1]
    paid = {t.text for t in tokens[at + size : at + size + 1]} & _PAID_SO and tokens[at].text in _CHARGES
    of = len(before) == 2 and before[1].text == "de" and (before[0].text in _CHARGED or before[0].kind == "num")
    charged = bool(paid) or of
    return bool(after & _FEES) or (charged and tokens[at].text in _CHARGES)


def _describes(tokens: Sequence[Token], at: int, another: bool) -> bool:
    """ "apartaestudio, edificio del 98", "a 2016 building": the house that what is sold (`another` type) lies in."""
    after = [t.text for t in to_break(tokens[at + 1 : at + 3])]
    before = [t.text for t in tokens[max(0, at - 3) : at]]
    dated = bool(before) and re.fullmatch(r"(19|20)\d\d", before[-1]) is not None
    of_kind = len(after) > 1 and (after[1],) in lexicon().types
    inside = bool(after and after[0] in _OF_A_HOUSE) or bool(_INSIDE & {*before})
    return dated or (another and inside and not of_kind)


def _is_verb(tokens: list[Token], at: int) -> bool:
    """ "¿nos lo aparta?", "se casa mi hija": no studio, no house."""
    after = at > 0 and tokens[at - 1].text in _CLITICS and not (tokens[at].opens or tokens[at].comma)
    return after and tokens[at].text in _VERB_FORMS


def _is_prefix(tokens: list[Token], at: int) -> bool:
    """ "semi furnished", "semi nuevo": no semi-detached house, which a clause ends with or a particle follows."""
    if tokens[at].text != "semi":
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return not (after is None or after.opens or after.comma or after.kind != "word" or after.text in lexicon().english)


def _is_plot(tokens: list[Token], at: int) -> bool:
    """Whether "a lot" is land: "buy a lot and build", "a lot of 300 m2", "have a lot in Tulum"; not "a lot of flats"."""
    before = tokens[at - 1].text if at and not tokens[at].opens and not tokens[at].comma else ""
    after = tokens[at + 2] if at + 2 < len(tokens) and not tokens[at + 2].opens else None
    if after is not None and after.text == "of":
        return at + 3 < len(tokens) and tokens[at + 3].kind == "num"
    if before in _OWNING:
        return after is None or after.comma or after.text in _WHEREABOUTS | _AFTER_PLOT
    return before in _OWNING_WHERE and after is not None and after.text in _WHEREABOUTS


def _is_one_bed(tokens: list[Token], at: int) -> bool:
    """ "bought a one-bed in El Poblado", "a 2-bed at 230k": a flat, where no kind of property follows; more beds may be those
    of a house."""
    if tokens[at].text not in ("bed", "bedder") or not at or tokens[at].opens or tokens[at - 1].text not in _ONE_OR_TWO:
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is None or after.opens or after.comma or after.text in _AFTER_BED


def _is_block(tokens: list[Token], at: int) -> bool:
    """Whether "block" is a building: "block in Murcia", "my block of 12 flats"; not "a block from the sea", "on the block"."""
    if tokens[at].text not in ("block", "bloque") or at + 1 >= len(tokens) or tokens[at + 1].opens:
        return False
    before = tokens[at - 1].text if at and not tokens[at].opens and not tokens[at].comma else ""
    if tokens[at].text == "bloque":
        return before in ("", "un", "mi", "nuestro") and tokens[at + 1].text in ("en", "de", "con") and not _one_of(tokens, at)
    counted = words_at(tokens, at + 1, 1) == ("of",) and read_number(tokens, at + 2) is not None
    return before not in _BEFORE_BLOCK and (counted or tokens[at + 1].text in _OF_BLOCK)


def _one_of(tokens: list[Token], at: int) -> bool:
    """ "un bloque de cemento", "un bloque de la calle": of what is no number of homes."""
    return tokens[at + 1].text == "de" and read_number(tokens, at + 2) is None


def _is_floor(tokens: list[Token], at: int, words: tuple[str, ...]) -> bool:
    """ "piso 8", "8.º piso": a storey, not a flat; "land" as in "land on" and so on is left to the vocabulary."""
    if words not in (("piso",), ("pisos",)):
        return False
    if at > 1 and lexicon().numbers.get(tokens[at - 1].text, 0) > 1 and tokens[at - 2].text in ("de", "con"):
        return True  # "una casa de dos pisos"
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is not None and after.kind == "num" and not after.opens and len(after.raw) <= 2:
        follows = tokens[at + 2].text if at + 2 < len(tokens) else ""
        return follows not in lexicon().counts
    return False


def _negated(tokens: list[Token], at: int) -> bool:
    """Whether a refusal governs token `at`: a negator with only words such as "quiero", "busco", "un" in between."""
    for i in range(at - 1, max(-1, at - 8), -1):
        listed = tokens[i].text in ("no", "not") and not _after_type(tokens, i)
        if tokens[i + 1].opens or (tokens[i + 1].comma and not listed):
            return False
        word = tokens[i].text
        if (tokens[i - 1].text if i else "", word) in _RATHER:
            return True  # "studios rather than flats", "mejor que en pisos"
        if word == "no" and tokens[i].comma and tokens[i + 1].comma:
            return False  # "una plaza, bueno, no, un local"
        if word in _NEGATORS:
            return not (word == "no" and tokens[i + 1].text in _POLITE)
        if word not in _REFUSING:
            return False
    return False


def _after_type(tokens: list[Token], at: int) -> bool:
    """Whether the `no` at `at` refuses the type before it: "chalets no: adosados"."""
    return at > 0 and "type" in tokens[at - 1].classes and not (tokens[at].opens or tokens[at].comma)


def _refused_after(tokens: list[Token], at: int) -> bool:
    """ "chalets no, adosados": a type refused by the `no` right after it, which ends its clause."""
    if at + 1 >= len(tokens) or tokens[at + 1].text not in ("no", "not") or not _after_type(tokens, at + 1):
        return False
    return at + 2 == len(tokens) or tokens[at + 2].comma or tokens[at + 2].opens


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
            if len(words) == size and words in lex.operations and not _negated(tokens, at):
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
            return any(t.text in _SELLING and not _negated(tokens, i) for i, t in enumerate(tokens[at:end], at))
    return False


def _puts_on_sale(tokens: list[Token]) -> bool:
    """ "put my house up for sale", "pónganla en venta", "get our flat on the market": for its owner."""
    for at, token in enumerate(tokens):
        if token.text not in _PUTTING | _GETTING or _negated(tokens, at):
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
            if here is not None and beside and (tokens[start].opens or tokens[start].comma):
                return here
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


def _wanted_types(
    tokens: list[Token], types_at: dict[int, str], correction: int | None
) -> tuple[list[str], list[str]]:
    """(types asked for, types refused); neither holds what is only part of another or belongs to the story."""
    refused = [k for at, k in types_at.items() if _negated(tokens, at) or _refused_after(tokens, at)]
    asked = {at: k for at, k in types_at.items() if not (_negated(tokens, at) or _refused_after(tokens, at))}
    if correction is not None and any(at >= correction for at in asked):
        asked = {at: k for at, k in asked.items() if at >= correction}
    if "room" in asked.values() and _lets_by_the_room(tokens, set(asked.values())):
        asked = {at: k for at, k in asked.items() if k != "room"}
    for aside in (_is_with_land, _is_part, _is_sold, _is_theirs, _is_around):
        if len(set(asked.values())) > 1:
            asked = {at: k for at, k in asked.items() if not aside(tokens, at, asked)} or asked
    wanted = list(dict.fromkeys(asked.values()))
    return ["building"] if "building" in wanted else wanted, [k for k in refused if k not in wanted]


def _is_part(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether a type is part of the one named before it: "naves con oficina", "casa con patio y bodega", "casa de dos
    plantas, local abajo", "chalet, 310 m2, parcela grande". What stands after "o" or "vs" never is."""
    before = [i for i in asked if i < at and not _is_part(tokens, i, asked)]
    if not before or asked[before[-1]] == asked[at] or any(t.text.startswith("compar") for t in tokens):
        return False
    head, gap = before[-1], tokens[before[-1] + 1 : at]
    between = [t.text for t in gap]
    if _EITHER & set(between):
        return False
    if _somewhere(tokens, at) and not _somewhere(tokens, head) and not any(t.opens for t in tokens[head + 1 : at + 1]):
        return True
    if _in_list_of_parts(tokens, head, at) or (asked[at] in _PARTS and _after_parts(tokens, head, at)):
        return True
    if _ALTERNATIVES & set(between):
        return False
    return bool(_ACCOMPANIED & set(between[-3:])) or (asked[at] == "land" and asked[head] == "house")


def _lets_by_the_room(tokens: list[Token], asked: set[str]) -> bool:
    """ "let it by the room, 4 rooms": how the property is let that is named or spoken of, not what it is."""
    for at in range(len(tokens)):
        if any(words_at(tokens, at, len(p)) == p for p in _BY_THE_ROOM):
            return asked != {"room"} or any(t.text in _SPOKEN_OF for t in tokens[max(0, at - 3) : at])
    return False


def _is_with_land(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """ "anything with a scrap of land? a house": land that what is wanted has."""
    if asked[at] != "land":
        return False
    before = at - 1
    while before >= 0 and tokens[before].text in _AMOUNT_OF | _ONE | {"of", "de"} and not tokens[before + 1].opens:
        before -= 1
    return 0 <= before < at - 1 and tokens[before].text in ("with", "con") and not tokens[before + 1].opens


def _somewhere(tokens: list[Token], at: int) -> bool:
    """Whether the words after a type say where in the whole it is: "local abajo", "shop on the ground floor"."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is None or after.opens or after.comma:
        return False
    return any(words_at(tokens, at + 1, len(p)) == p for p in _SOMEWHERE)


def _in_list_of_parts(tokens: list[Token], head: int, at: int) -> bool:
    """Whether a single thing stands in the list after the head's "con": "casa con patio, cocina y bodega"."""
    if "types" in tokens[at].classes or set(words_at(tokens, at + 1, 1)) & _ACCOMPANIED:
        return False
    for first in range(head + 1, at):
        if tokens[first].text in ("con", "with"):
            inside = tokens[first + 1 : at + 1]
            return not any(t.opens or t.text in _LEAVES_LIST for t in inside)
    return False


def _after_parts(tokens: list[Token], head: int, at: int) -> bool:
    """Whether a bare thing goes on with the rooms of the head: "casa, tres alcobas, local y patio"."""
    inside = tokens[head + 1 : at + 1]
    listed = any(t.comma for t in inside) and not any(t.opens or t.text in _LEAVES_LIST for t in inside)
    if not listed or "types" in tokens[at].classes:
        return False
    rooms = any("feature" in t.classes or t.text in lexicon().counts for t in inside[:-1])
    ends = at + 1 == len(tokens) or tokens[at + 1].comma or tokens[at + 1].opens or tokens[at + 1].text in ("y", "and")
    return rooms and ends and tokens[at - 1].text not in _ONE


def _is_sold(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether a type was sold already: "vendimos la casa de mi madre y queremos un piso"."""
    return any(t.text in _SOLD and not tokens[i + 1].opens for i, t in enumerate(tokens[max(0, at - 3) : at], max(0, at - 3)))


def _is_theirs(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether an office is that of a firm: "he llamado a la oficina", "me cambian de oficina", "your office"."""
    if asked[at] != "office" or "types" in tokens[at].classes:
        return False
    near = {t.text for t in (*tokens[max(0, at - 3) : at], *tokens[at + 1 : at + 3])}
    return bool(at) and tokens[at - 1].text in _THEIRS and not near & (_ALTERNATIVES - {"y", "and"})


def _is_around(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether a building is that of the flat named before: "the building", "flat in a block of 8", "local en un edificio"."""
    before = [i for i in asked if i < at and asked[i] != "building"]
    if asked[at] != "building" or not before:
        return False
    if tokens[at - 1].text in ("the", "el", "del"):
        return True
    start = max(before[-1] + 1, at - _REACH_AROUND)
    apart = any(t.opens or t.comma for t in tokens[start : at + 1]) or {t.text for t in tokens[start:at]} & _ALTERNATIVES
    return not apart and any(t.text in ("in", "en") for t in tokens[start:at])


def find_mentions(
    text: str, tokens: list[Token], taken: set[int], types_at: dict[int, str], name: str | None, references: bool = True
) -> Mentions:
    """Everything said about property and person; `taken` are tokens of figures and places."""
    correction = _correction(tokens)
    features, refused_features = _features(tokens, taken, types_at)
    wanted, refused = _wanted_types(tokens, types_at, correction)
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
