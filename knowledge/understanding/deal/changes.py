"""What a later message changes of what was told: so much more or less of a figure, a cost that is another now or falls away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.rules.settle import ENTRIES
from knowledge.understanding.rules.vocabulary import words
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token

_LESS, _MORE = words("less_of"), words("more_of")
#: What so much more or less is said to be of, by the role of such a figure.
_NOUNS = {"loan": words("of_loans"), "rent": words("of_rents"), "price": words("of_prices")}
_MOVES_UP, _MOVES_DOWN, _BY = tuple(words("moves_up")), tuple(words("moves_down")), words("by")
_VERBS, _FALLS, _NO_ORDER = words("dropped_verbs"), words("falls_away"), words("no_order")
_DROPPED, _WITHOUT, _FILLERS = tuple(words("cost_dropped")), words("without"), words("without_fillers")
_GENERIC = words("plain_costs") | words("running") | {"de", "del", "of", "los", "the", "mis", "my", "-"}
_TOO = words("too")
#: So far (in tokens) before a figure its verb stands, behind "without" the name of a cost, behind a figure what it is of.
_VERB, _NAME, _BEHIND = 5, 4, 6
#: Kinds of figure that can be so much more or less: roles, by what is known of them.
_CHANGED = frozenset({"price", "loan", "debt", "sale", "own", "savings", "instalment", "affordable", "term", "hold", "down",
                      "financed", "value"})  # fmt: skip


def relative(
    figures: Sequence[Figure], tokens: Sequence[Token], amounts: Sequence[Amount], known: Mapping[str, Any]
) -> None:
    """ "con 500k menos de crédito", "two years longer", "if the rent goes up by 50": what was told before, so much changed."""
    spans = {a.first: a for a in amounts}
    for figure in figures:
        amount = spans.get(figure.at)
        sign = _direction(tokens, amount) if amount is not None else 0
        if not sign or (figure.kind == "percent" and figure.role not in ("down", "financed")):
            continue
        behind = [t.text for t in tokens[figure.at + 1 : figure.at + 1 + _BEHIND]]
        figure.role = next((role for role, nouns in _NOUNS.items() if nouns & set(behind) and known.get(role)), figure.role)
        if figure.role == "rent" and isinstance(known.get("rent"), Mapping):
            held, period = float(known["rent"]["amount"]), known["rent"]["period"]
            if figure.period in (None, period):
                figure.period, figure.net = period, bool(known["rent"].get("net"))
            else:
                continue
        elif figure.role in _CHANGED:
            held = float(known.get(ENTRIES[figure.role]) or 0.0)
        else:
            continue
        if held > figure.value:
            figure.value = held + sign * figure.value


def _direction(tokens: Sequence[Token], amount: Amount) -> int:
    """1 where a figure is so much more, -1 where it is so much less, 0 where it is neither."""
    after = tokens[amount.last + 1 : amount.last + 2]
    if after and not after[0].opens and after[0].text in _LESS | _MORE:
        return 0 if _bounded(tokens, amount) else -1 if after[0].text in _LESS else 1
    before = [t.text for t in tokens[max(0, amount.first - _VERB) : amount.first]]
    if before and before[-1] in _BY:
        up, down = (any(w.startswith(verbs) for w in before) for verbs in (_MOVES_UP, _MOVES_DOWN))
        return 1 if up and not down else -1 if down and not up else 0
    return 0


def _bounded(tokens: Sequence[Token], amount: Amount) -> bool:
    """ "unos 500 más o menos" is no change."""
    return any(t.text in ("o", "or") for t in tokens[amount.last + 2 : amount.last + 4])


def dropped(
    figures: Sequence[Figure], tokens: Sequence[Token], costs: Sequence[Mapping[str, Any]]
) -> tuple[list[Figure], list[dict[str, Any]]]:
    """(the figures that still count, the costs that are left): "y si me ahorro ese 10 %", "¿y sin el seguro?"."""
    left, kept = [dict(c) for c in costs], []
    for figure in figures:
        same = [c for c in left if abs(float(c["amount"]) - figure.value) < 1e-6 and _kind(c) == figure.role]
        before = [t.text for t in tokens[max(0, figure.at - _VERB) : figure.at]]
        if same and any(w.startswith(_DROPPED) or w in _WITHOUT for w in before):
            left.remove(same[0])
        else:
            kept.append(figure)
    for at, token in enumerate(tokens):
        falls = token.text in _VERBS and at + 1 < len(tokens) and tokens[at + 1].text == "lo"  # "quite lo de aseo"
        refused = any(t.text in _NO_ORDER for t in tokens[max(0, at - 2) : at])
        if token.text not in _WITHOUT and (refused or not (falls or token.text in _FALLS)):
            continue
        name = next((t.text for t in tokens[at + 1 : at + 1 + _NAME] if t.text not in _FILLERS), "")
        if name not in _GENERIC:
            left = [c for c in left if name not in fold(str(c["label"])).split()]
    return kept, left


def _kind(cost: Mapping[str, Any]) -> str:
    return {"rent": "rent_cost", "price": "price_cost"}.get(str(cost.get("of")), "cost")


def is_generic(label: str) -> bool:
    """Whether a cost is called nothing but costs: "gastos", "gastos del año", "running costs"."""
    return set(fold(label).split()) <= _GENERIC


def replaces(tokens: Sequence[Token]) -> bool:
    """Whether costs told now stand in the place of those told before: nothing says that they come on top."""
    return not any(t.text in _TOO for t in tokens)
