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
_VALIDATIONS = {"spatial": "Unseen blocks of streets / Manzanas no vistas", "forward": "Later months / Meses posteriores"}
#: Effects of the hedonic reference that are shown.
_EFFECTS = 20


def _effects(model: ValuationModel) -> str:
    lines = ["| | % | 95 % |", "|---|---|---|"]
    lines += [f"| {e.term} | {e.percent:+.1f} | {e.low:+.1f} … {e.high:+.1f} |" for e in model.hedonic.effects()[:_EFFECTS]]
    return "\n".join(lines)


def _table(metrics: Mapping[str, Any]) -> str:
    blocks = {"All / Todo": metrics} | dict(metrics["cities"])
    blocks |= metrics["segments"]
    blocks["Brief / Breve"] = metrics["brief"]
    blocks |= {f"Brief / Breve: {city}": block for city, block in metrics["brief"]["cities"].items()}
    reference = metrics["hedonic"]
    blocks["Hedonic reference / Referencia hedónica"] = reference
    blocks |= {f"Hedonic / Hedónica: {city}": block for city, block in reference["cities"].items()}
    for name, block in (metrics.get("validation") or {}).items():
        blocks[_VALIDATIONS[name]] = block
        blocks |= {f"{_VALIDATIONS[name]}: {city}": own for city, own in block["cities"].items()}
    lines = ["| | " + " | ".join(title for _, title in _ROWS) + " |", "|---" * (len(_ROWS) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(str(block.get(key, "")) for key, _ in _ROWS) + " |" for name, block in blocks.items()]
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

## Hedonic effects on the price per m2, other things equal / Efectos hedónicos, a igualdad de lo demás

{_effects(model)}

## English

**What it predicts.** The asking price of a dwelling that the model has not seen, with intervals that should hold 80 %
and 90 % of such prices. It is not an appraisal and knows nothing of closing prices.
**How.** Gradient-boosted trees (LightGBM) on log price per m2; {m["folds"]} models, each trained without one part of
the dwellings, averaged. A listing that was trained on is valued by the model that never saw it. In large markets the value
of any other home moves by half of the mean out-of-fold error of almost the same homes next door. Widths: a second model
predicts the size of the error; conformal multipliers from out-of-fold residuals make 80 % and 90 % true, and move room
to the side where the trees err. In cities whose dearest homes come out too cheap the values are
stretched away from the mean, the unsure ones more, until the PRD keeps the IAAO's 1.03.
**Reference.** A hedonic regression on the same folds; an effect is what one unit more adds, with its 95 % interval
(`log_area`: a floor area e times as large; `decades`: built ten years later).
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
En mercados grandes, el valor de cualquier otra vivienda se mueve la mitad del error medio, fuera de muestra, de las casi
iguales de al lado.
Anchos: un segundo modelo predice el tamaño del error; multiplicadores conformes sobre residuos fuera de muestra hacen ciertos
el 80 % y el 90 %, y dan más espacio al lado hacia el que yerran los árboles. En las ciudades donde lo más caro sale barato,
los valores se alejan de la media, más los menos seguros, hasta que el PRD respeta el 1,03 de la IAAO.
**Referencia.** Una regresión hedónica sobre las mismas partes; un efecto es lo que añade una unidad más, con su intervalo
del 95 % (`log_area`: una superficie e veces mayor; `decades`: construida diez años después).
**Breve** son las mismas viviendas cuando solo se conocen superficie, habitaciones, tipo y barrio.
**Límites.** Los árboles tiran al centro: lo más barato sale caro y lo más caro sale barato (un PRD mayor que 1,03
excede el estándar de la IAAO). Los precios son los de la fecha de los anuncios.
Ciudades, barrios y tipos sin anuncios quedan sin valor o con el de la zona que los rodea, y la respuesta lo dice.
"""
