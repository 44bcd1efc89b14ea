"""Kinds of property that a message names, and words that only look like one: a floor, a verb, the fee of a building."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.understanding.lexicon import OTHER, lexicon, phrases, words
from knowledge.understanding.numerals import read_number
from knowledge.understanding.spelling import meant
from knowledge.understanding.tokens import Token, since_break, to_break, words_at

_CLITICS = frozenset({"se", "me", "te", "nos", "os", "lo", "le", "les"})
_VERB_FORMS = words("verb_forms")
_OWNING, _OWNING_WHERE, _WHEREABOUTS = words("owning"), words("owning_where"), words("whereabouts")
_AFTER_PLOT = frozenset({"and", "to", "for", "with", "here", "there", "then"})
_OF_BLOCK, _BEFORE_BLOCK = words("of_block"), words("before_block")
_HOUSES = frozenset({("edificio",), ("building",)})
_FEES, _CHARGES, _CHARGED, _PAID_SO = words("fees"), words("charges"), words("charged"), frozenset(phrases("paid_so"))
_OF_A_HOUSE, _OF_A_TIME = words("of_a_house"), (["de", "los"], ["from", "the"])
#: Of a flat that is called by its bedrooms: how many, and what may follow.
_ONE_OR_TWO = frozenset({"1", "one", "2", "two"})
_AFTER_BED = frozenset("in at for on near to with that which and or by".split())


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
    paid = words_at(list(tokens), at + size, 2) in _PAID_SO and tokens[at].text in _CHARGES
    of = len(before) == 2 and before[1].text == "de" and (before[0].text in _CHARGED or before[0].kind == "num")
    charged = bool(paid) or of
    return bool(after & _FEES) or (charged and tokens[at].text in _CHARGES)


def _describes(tokens: Sequence[Token], at: int, another: bool) -> bool:
    """ "apartaestudio, edificio del 98", "a 2016 building": the house that what is sold (`another` type) lies in."""
    after = [t.text for t in to_break(tokens[at + 1 : at + 3])]
    before = [t.text for t in tokens[max(0, at - 2) : at]]
    dated = bool(before) and re.fullmatch(r"(19|20)\d\d", before[-1]) is not None and before[-2:-1] != ["a"]
    of_kind = len(after) > 1 and (after[1],) in lexicon().types
    beside = tokens[at].comma or tokens[at].opens  # "un estudio, edificio nuevo"
    of_a_house = bool(after) and (after[0] in _OF_A_HOUSE or after in _OF_A_TIME)
    return dated or (another and beside and of_a_house and not of_kind)


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
    counted = at > 1 and (lexicon().numbers.get(tokens[at - 1].text, 0) > 1 or re.fullmatch("[2-9]", tokens[at - 1].raw))
    spelled = at > 1 and lexicon().numbers.get(tokens[at - 1].text, 0) > 1
    of_a_house = at > 2 and "type" in tokens[at - 3].classes
    if counted and tokens[at - 2].text in ("de", "con") and (spelled or of_a_house):
        return True  # "una casa de dos pisos"
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is not None and after.kind == "num" and not after.opens and len(after.raw) <= 2:
        follows = tokens[at + 2].text if at + 2 < len(tokens) else ""
        return follows not in lexicon().counts
    return False
