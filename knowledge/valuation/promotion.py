"""Whether a retrained model replaces the active one: only if it is not worse on the same rows.

Both value the same current adverts, each advert by a model that never saw its dwelling: folds follow from the dwelling's key
alone, so a dwelling keeps its fold from one training to the next. The errors are compared pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.errors import Language
from knowledge.valuation.columns import Columns, Numbers, group_keys, texts

if TYPE_CHECKING:
    from knowledge.valuation.model import ValuationModel

Reason = Literal["first", "unreadable", "covers_more", "not_worse", "worse", "report_only"]

#: Rows that are compared at most; a sample by the dwellings' keys, the same each time.
MOST_ROWS = 10_000
#: A new model may err by this share more: seeds alone move the mean error of the real market by up to 0.3 %.
TOLERANCE = 0.005
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Verdict:
    """`replaces` and why. Mean absolute log errors in percent of `old` and `new` over `rows` adverts, NaN where nothing could
    be compared; `low` and `high` bound `new - old` with 95 %."""

    replaces: bool
    reason: Reason
    rows: int = 0
    old: float = float("nan")
    new: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")

    def sentence(self, language: Language) -> str:
        """What happened and why, with the figures."""
        figures = {"old": f"{self.old:.2f} %", "new": f"{self.new:.2f} %", "rows": f"{self.rows:,}",
                   "range": f"{self.low:+.2f} … {self.high:+.2f}"}
        compared = self.reason == "report_only" and self.rows
        return (_SENTENCES[self.reason][language] + (_COMPARED[language] if compared else "")).format(**figures)


_SENTENCES: dict[Reason, dict[Language, str]] = {
    "first": {"en": "The new model is active: there was none before.",
              "es": "El modelo nuevo queda activo: no había ninguno."},
    "unreadable": {"en": "The new model is active: the previous one cannot be read any more.",
                   "es": "El modelo nuevo queda activo: el anterior ya no se puede leer."},
    "covers_more": {"en": "The new model is active: it values cities or property types that the previous one does not know.",
                    "es": "El modelo nuevo queda activo: valora ciudades o tipos de inmueble que el anterior no conoce."},
    "not_worse": {"en": "The new model is active: mean error {new} against {old} on the same {rows} adverts (difference "
                        "{range} points).",
                  "es": "El modelo nuevo queda activo: error medio de {new} frente a {old} en los mismos {rows} anuncios "
                        "(diferencia de {range} puntos)."},
    "worse": {"en": "The previous model stays active: the new one errs more, {new} against {old} on the same {rows} adverts "
                    "(difference {range} points).",
              "es": "El modelo anterior sigue activo: el nuevo yerra más, {new} frente a {old} en los mismos {rows} anuncios "
                    "(diferencia de {range} puntos)."},
    "report_only": {"en": "Nothing was replaced, as asked (--no-promote).",
                    "es": "No se reemplazó nada, como se pidió (--no-promote)."},
}
#: What `--no-promote` adds where there is an active model.
_COMPARED: dict[Language, str] = {
    "en": " Mean error {new} against {old} of the active model on the same {rows} adverts (difference {range} points).",
    "es": " Error medio de {new} frente a {old} del modelo activo en los mismos {rows} anuncios (diferencia de {range} "
          "puntos).",
}


def compare(old: ValuationModel, new: ValuationModel, columns: Columns, log_price: Numbers) -> Verdict:
    """`columns` are the rows that `new` was trained on, `log_price` (n,) their log prices."""
    cities, kinds = set(texts(columns, "city_id")), set(texts(columns, "property_type")) - {""}
    if cities - set(old.space.cities) or kinds - set(old.space.property_types):
        return Verdict(True, "covers_more")
    order = np.argsort(group_keys(columns), kind="stable")[:MOST_ROWS].tolist()
    rows = {name: [values[i] for i in order] for name, values in columns.items()}
    price = log_price[order]
    before, after = (np.abs(np.log(model.values_by_fold(rows)) - price) for model in (old, new))
    both = np.isfinite(before) & np.isfinite(after)
    if not both.any():
        return Verdict(True, "covers_more")
    before, after = before[both], after[both]
    difference = after - before
    mean, half = float(difference.mean()), Z95 * float(difference.std()) / float(np.sqrt(len(difference)))
    worse = mean > max(half, TOLERANCE * float(before.mean()))
    return Verdict(not worse, "worse" if worse else "not_worse", len(difference), 100 * float(before.mean()),
                   100 * float(after.mean()), 100 * (mean - half), 100 * (mean + half))
