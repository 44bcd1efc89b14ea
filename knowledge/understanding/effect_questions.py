"""Whether a message asks what a characteristic adds to the price of homes, and which, or how well values are estimated
(`data/effects.toml`).

Words alone decide, as with taxes: nothing here is trained. A message that tells a price, a floor area or a rent asks about
one home, which the value answers; one about rents asks what no regression of ours knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from core.data_files import read
from knowledge.understanding.cues import CueBook
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.tokens import Token

#: The whole answer: the strongest characteristics.
ANY = "any"
#: The longest message, in words, that goes on with such a question by naming another characteristic ("¿y con garaje?").
_FEW_WORDS = 6
#: What a few words that name a place ask besides, if they hold these.
_OTHERS = frozenset({"types", "type", "num", "money", "area"})
#: Words of rents and loans, whose figures a characteristic's price says nothing of.
_NOT_OF_PRICES = ("rent", "alquil", "arriend", "arrend", "canon", "cuota", "hipotec", "credit", "mortgage", "loan", "rentabil",
                  "yield", "administracion", "predial", "impuest", "tax")


@lru_cache(maxsize=1)
def _books() -> dict[str, dict[str, CueBook]]:
    raw = read(DATA / "effects.toml", dict[str, dict[str, str]])
    return {section: {name: CueBook([f"{name};1;;{' '.join(text.split())}"]) for name, text in entries.items()}
            for section, entries in raw.items()}


def effect_question(
    tokens: Sequence[Token], features: Sequence[str], before: Sequence[str] = (), placed: bool = False
) -> list[str]:
    """Terms of the hedonic regression that are asked about ("feature:lift", "bathrooms"), `ANY` for the strongest; empty where
    none is. `features`: those that the message names, as wanted or not; `before`: what the turn before asked so, which a few
    words with a place (`placed`) ask again."""
    if any(token.text.startswith(_NOT_OF_PRICES) for token in tokens):
        return []
    said = list(tokens)
    books = _books()
    terms = [f"feature:{name}" for name in features]
    terms += [name for name, book in books["terms"].items() if name not in terms and book.hits(said)]
    goes_on = bool(before) and len(said) <= _FEW_WORDS
    if terms and (goes_on or books["asked"]["of_one"].hits(said)):
        return terms
    if goes_on and placed and not any(t.classes & _OTHERS for t in said):
        return list(before)
    return [ANY] if books["asked"]["of_any"].hits(said) else []


def asks_accuracy(tokens: Sequence[Token]) -> bool:
    """Whether it is asked how values are estimated, or how far off they are."""
    return bool(_books()["asked"]["accuracy"].hits(list(tokens)))
