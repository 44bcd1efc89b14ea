"""The model card: what the model is, what it saw, how wrong it is and for whom, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knowledge.valuation.model import ValuationModel

_ROWS = (
    ("mdape", "MdAPE %"), ("mape", "MAPE %"), ("within_10", "±10 %"), ("within_20", "±20 %"), ("cod", "COD"),
    ("prd", "PRD"), ("prb", "PRB"), ("coverage_80", "80 %"), ("width_80", "80 % width"), ("coverage_90", "90 %"),
    ("width_90", "90 % width"), ("n", "n"),
)


def _table(metrics: Mapping[str, Any]) -> str:
    blocks = {"All / Todo": metrics} | dict(metrics["cities"])
    blocks["Brief / Breve"] = metrics["brief"]
    blocks |= {f"Brief / Breve: {city}": block for city, block in metrics["brief"]["cities"].items()}
    lines = ["| | " + " | ".join(title for _, title in _ROWS) + " |", "|---" * (len(_ROWS) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(str(block[key]) for key, _ in _ROWS) + " |" for name, block in blocks.items()]
    return "\n".join(lines)


def model_card(model: ValuationModel) -> str:
    """Markdown for people; the figures are those of `metadata.json`."""
    m, demo = model.metrics, sorted(city for city, generated in model.demo.items() if generated)
    generated = ", ".join(demo) or "-"
    return f"""# Valuation model {model.version}

Market {model.market}, sale listings, {model.currency}. Trained {model.trained_at} on {m["n"]} listings of
{m["dwellings"]} dwellings in {len(model.space.cities)} cities; data fingerprint `{model.fingerprint}`.
Cities whose listings are generated (demo): {generated}.

## Measured out of fold / Medido fuera de muestra

{_table(m)}

## English

**What it predicts.** The asking price of a dwelling that the model has not seen, with intervals that should hold 80 %
and 90 % of such prices. It is not an appraisal and knows nothing of closing prices.
**How.** Gradient-boosted trees (LightGBM) on log price per m2; {m["folds"]} models, each trained without one part of
the dwellings, averaged. A listing that was trained on is valued by the model that never saw it. Widths: a second model
predicts the size of the error; conformal multipliers from out-of-fold residuals make 80 % and 90 % true.
**Brief** rows are the same dwellings when only floor area, bedrooms, type and neighbourhood are told.
**Limits.** The trees pull to the middle: the cheapest dwellings come out too dear and the dearest too cheap (PRD above
1.03 means more than the IAAO standard accepts). Prices are those of the listings' dates. Cities, neighbourhoods and
property types without listings get no value or the surrounding area's, and the answer says so. COD, PRD, PRB: IAAO
Standard on Ratio Studies (2013).

## Español

**Qué predice.** El precio pedido de una vivienda que el modelo no ha visto, con intervalos que deberían contener el
80 % y el 90 % de esos precios. No es una tasación ni conoce precios de cierre.
**Cómo.** Árboles potenciados (LightGBM) sobre el logaritmo del precio por m2; {m["folds"]} modelos, cada uno entrenado
sin una parte de las viviendas, promediados. Un anuncio usado para entrenar se valora con el modelo que no lo vio.
Anchos: un segundo modelo predice el tamaño del error; multiplicadores conformes sobre residuos fuera de muestra hacen ciertos
el 80 % y el 90 %.
**Breve** son las mismas viviendas cuando solo se conocen superficie, habitaciones, tipo y barrio.
**Límites.** Los árboles tiran al centro: lo más barato sale caro y lo más caro sale barato (un PRD mayor que 1,03
excede el estándar de la IAAO). Los precios son los de la fecha de los anuncios.
Ciudades, barrios y tipos sin anuncios quedan sin valor o con el de la zona que los rodea, y la respuesta lo dice.
"""
