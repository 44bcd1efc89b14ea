"""Which language a message is in, which one to answer in, and whether it says tú or usted.

Function words decide, because place names and loan words ("loft", "cap rate") travel between the languages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.tokens import Token, stretches

Language = Literal["es", "en"]
#: A message is mixed when the smaller language has at least two function words and this share of them.
MIXED_SHARE = 0.22
#: Spelling alone decides only from two words on that look like the language.
ENOUGH_SPELLING = 1.0
#: Said in both languages, and of a message that is nothing but such a word.
_BORROWED = words("borrowed")
_SHARED = frozenset({"ok", "okay", "okey"})
_SPANISH_SIGNS = re.compile(r"[¿¡ñÑáéíóúÁÉÍÓÚ]")
_SPANISH_ENDINGS = re.compile(
    r"(?:cion|ciones|mente|idad|idades|ando|iendo|aria|eria|itos|itas|ados|adas|amos|emos|imos|arlo|erlo|arla|arme|[^s]os|as)$"
)
_ENGLISH_SPELLING = re.compile(r"(?:ing|tion|ness|ould|ery|ful|less|ly|ed)$|w|k|th|sh|gh|oo|ee|ph|ck")


def detect(
    text: str, tokens: Sequence[Token], previous: str | None, skip: set[int] | None = None
) -> tuple[Literal["es", "en", "mixed"], Language]:
    """(language of the message, language of the answer). At a tie the conversation's language, else Spanish.

    `skip` holds tokens that belong to neither language (names of places and people, figures).
    """
    lex = lexicon()
    spanish = english = 0.0
    telling = {True: False, False: False}
    hints = 0.0
    of_the_trade = stretches(tokens, phrases("trade_words"))
    for at, token in enumerate(tokens):
        if at in of_the_trade or token.kind != "word" or token.text in _SHARED or (skip and at in skip):
            continue
        if token.text in lex.spanish:
            spanish += 1
            telling[True] |= token.text in lex.telling
        elif token.text in lex.english:
            english += 1
            telling[False] |= token.text in lex.telling
        elif _SPANISH_SIGNS.search(token.raw) or _SPANISH_ENDINGS.search(token.text):
            hints += 0.5
        elif _ENGLISH_SPELLING.search(token.text):
            hints -= 0.5
    if re.search(r"[¿¡]", text):
        hints += 0.5
    before: Language = "en" if previous == "en" else "es"
    if previous and tokens and all(t.text in _BORROWED for t in tokens):
        return before, before  # "bye", "ok gracias": said in either language
    total_es, total_en = spanish + max(hints, 0.0), english + max(-hints, 0.0)
    if total_es == total_en or (not spanish and not english and abs(hints) < ENOUGH_SPELLING):
        answer: Language = before
    else:
        answer = "es" if total_es > total_en else "en"
    low, high = min(spanish, english), max(spanish, english)
    lone = low == 1 and (high <= 3 or telling[spanish < english])
    if (low >= 2 and low / (low + high) >= MIXED_SHARE) or lone:
        return "mixed", answer
    return answer, answer


def register(tokens: Sequence[Token]) -> Literal["tu", "usted", "unknown"]:
    """Whether a Spanish message addresses the assistant as tú (or vosotros) or as usted(es)."""
    lex = lexicon()
    tu = sum(t.text in lex.tu for t in tokens)
    usted = sum(t.text in lex.usted for t in tokens)
    if tu == usted:
        return "unknown"
    return "tu" if tu > usted else "usted"
