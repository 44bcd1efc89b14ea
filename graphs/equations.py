"""Formulas written out in a text: their operands, and the result that stands beside them (`12 × 900 ÷ 200.000 = 5,4 %`).

Whose formula it is, the facts tell (`graphs/binding.py`). Here the text itself is worked out: the same numbers set otherwise
give another result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from core.formulas import evaluate
from graphs.figures import Figure

_BETWEEN = re.compile(r"[ \u00a0\u202f()*]*([×÷−+^-])[ \u00a0\u202f()*]*(?:−|-)?")
_EQUALS = re.compile(r"[ \u00a0\u202f)*_]*[=≈][ \u00a0\u202f(*_]*(?:−|-)?")
_OPEN, _CLOSE = re.compile(r"[ \u00a0\u202f(*_−-]*\Z"), re.compile(r"[ \u00a0\u202f)*_]*")


def expressions(sentence: str, figures: Sequence[Figure]) -> list[list[Figure]]:
    """Runs of figures joined by signs of calculation, one of them × or ÷."""
    runs: list[list[Figure]] = []
    current, signs = list(figures[:1]), ""
    for before, figure in pairwise(figures):
        gap = _BETWEEN.fullmatch(sentence[before.end : figure.start])
        if gap is None:
            if set(signs) & set("×÷"):
                runs.append(current)
            current, signs = [figure], ""
        else:
            current.append(figure)
            signs += gap.group(1)
    return [*runs, current] if set(signs) & set("×÷") else runs


class Equation(NamedTuple):
    """A formula with its result. `text` is the formula with plain numbers, as `core/formulas.py` reads it."""

    result: Figure
    operands: Sequence[Figure]
    text: str


def equations(sentence: str, figures: Sequence[Figure], runs: Sequence[Sequence[Figure]]) -> list[Equation]:
    """The formulas of a sentence whose result stands behind, or before, a sign of equality."""
    found = []
    for run in runs:
        first, last = run[0], run[-1]
        behind = next((f for f in figures if f.start >= last.end and _EQUALS.fullmatch(sentence[last.end : f.start])), None)
        before = next((f for f in figures if f.end <= first.start and _EQUALS.fullmatch(sentence[f.end : first.start])), None)
        found += [Equation(result, run, _plain(sentence, run)) for result in (behind, before) if result is not None]
    return found


def adds_up(equation: Equation) -> bool:
    """False if the formula, worked out, does not give the result at the digits shown; what cannot be worked out may stand."""
    found = evaluate(equation.text)
    if found is None:
        return True
    # each operand may be off by half of its last digit: what the reader sees
    share = sum(figure.tolerance / abs(figure.value) for figure in equation.operands if figure.value and _rounded(figure))
    shares = (1.0, 100.0) if equation.result.unit in ("percent", "points") else (1.0,)
    values = [abs(found.value * s) for s in shares]
    result = equation.result
    return any(abs(v - abs(result.value)) <= result.tolerance + v * (share + 1e-9) for v in values)


def _rounded(figure: Figure) -> bool:
    return abs(figure.value) >= 1000 or not float(figure.value).is_integer()


def _plain(sentence: str, run: Sequence[Figure]) -> str:
    """The formula with plain numbers; parentheses that enclose more than it are left out."""
    opened, closed = _OPEN.search(sentence[: run[0].start]), _CLOSE.match(sentence, run[-1].end)
    pieces = [opened.group() if opened else ""]
    at = run[0].start
    for figure in run:
        pieces += [sentence[at : figure.start], f"{abs(figure.value):.12f}".rstrip("0").rstrip(".")]
        at = figure.end
    text = re.sub(r"[*_\u00a0\u202f]", " ", "".join([*pieces, closed.group() if closed else ""])).strip()
    while text.count("(") > text.count(")") and text.startswith("("):
        text = text[1:].lstrip()
    while text.count(")") > text.count("(") and text.endswith(")"):
        text = text[:-1].rstrip()
    return text
