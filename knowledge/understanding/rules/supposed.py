"""What a message supposes of the purchase in hand, or asks of it, in words alone: "¿y si es obra nueva?", "and on selling it?",
"¿me conviene la hipoteca?".

Closed phrases of `data/returns.toml` decide; no trained reader knows these questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.understanding.rules.exchange import currency_at
from knowledge.understanding.rules.vocabulary import said
from knowledge.understanding.tokens import Token

#: The longest message that asks for a return in another currency and names nothing else.
_FEW_WORDS = 8


@dataclass(frozen=True, slots=True)
class Supposed:
    """`new_build`: it is new, or (False) second-hand; `loan`: it is bought without one (False), or with the one told before.
    `sold`: it is sold; `kept`: what a sale leaves is asked; `leverage`: what the loan does to the return is;
    `real`: the return without inflation is, `currency`: it is in another one (PESO: pesos whose country is open)."""

    new_build: bool | None = None
    loan: bool | None = None
    sold: bool = False
    kept: bool = False
    leverage: bool = False
    real: bool = False
    currency: str | None = None

    def __bool__(self) -> bool:
        return self != Supposed()


def supposed(tokens: Sequence[Token]) -> Supposed:
    """What the words suppose; nothing of it where they do not."""
    leverage = bool(said(tokens, "loan_worth_it")) and not said(tokens, "which_loan")
    without = bool(said(tokens, "without_a_loan"))
    loan = False if without else True if leverage or said(tokens, "with_the_loan") else None
    used = bool(said(tokens, "second_hand"))
    new = False if used else True if said(tokens, "new_build") else None
    kept = bool(said(tokens, "keeps_of_sale"))
    money = said(tokens, "in_money_of") if len(tokens) <= _FEW_WORDS and not any(t.kind == "num" for t in tokens) else []
    currency = currency_at(tokens, money[0].end - 1) if money else None
    sold = kept or bool(said(tokens, "sells_it"))
    return Supposed(new, loan, sold, kept, leverage, bool(said(tokens, "in_real_terms")), currency)
