"""What a message does not want: "que no sea planta baja", "no flats"."""

from __future__ import annotations

from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import Token

_NEGATORS = words("negators")
#: After these, `no` is politeness ("¿no tienen casas?"), not a refusal.
_POLITE = words("polite")
#: Words that may stand between a negator and what it refuses.
_REFUSING = words("refusing")
_RATHER = frozenset({("rather", "than"), ("instead", "of"), ("mejor", "que"), ("antes", "que"), ("vez", "de"), ("lugar", "de")})


def negated(tokens: list[Token], at: int) -> bool:
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


def refused_after(tokens: list[Token], at: int) -> bool:
    """ "chalets no, adosados": a type refused by the `no` right after it, which ends its clause."""
    if at + 1 >= len(tokens) or tokens[at + 1].text not in ("no", "not") or not _after_type(tokens, at + 1):
        return False
    return at + 2 == len(tokens) or tokens[at + 2].comma or tokens[at + 2].opens
