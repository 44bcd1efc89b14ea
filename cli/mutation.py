"""`eval mutate`: how many altered figures grounding lets through, and how many right ones it refuses."""

from __future__ import annotations

from math import isnan
from pathlib import Path

from cli.console import figure, out, t
from core.errors import BadInput
from evals.mutation import Report, Row, Trial, examine
from evals.outputs import read_outputs

#: What is aimed at: the share of altered figures caught, and of right answers refused.
CAUGHT, ALARMS = 0.99, 0.01
_WORDS = {
    "digit": ("a digit", "una cifra"), "swap": ("two digits swapped", "dos cifras cambiadas"),
    "scale": ("scale", "escala"), "unit": ("unit", "unidad"), "currency": ("currency", "moneda"), "sign": ("sign", "signo"),
    "often": ("how often", "frecuencia"),
    "entity": ("another name", "otro nombre"), "borrowed": ("a figure of another", "una cifra de otro"),
    "unaltered": ("unaltered answers", "respuestas sin cambios"), "spacing": ("other spacing", "otros espacios"),
    "bold": ("bold marks", "negritas"), "fewer digits": ("fewer digits", "menos decimales"),
    "line break": ("a line break", "un salto de línea"), "all": ("all", "todo"),
}


def mutate(outputs: Path, seed: int, show: int) -> None:
    """A table of both shares by kind, with 95 % intervals over conversations, and some of the texts that went wrong."""
    report = examine(read_outputs(outputs), seed=seed)
    if not report.answers:
        raise BadInput(f"{str(outputs)!r} holds no answer.", f"{str(outputs)!r} no tiene ninguna respuesta.")
    out(t(f"{report.answers} answers, {report.figures} figures",
          f"{report.answers} respuestas, {report.figures} cifras"))
    _table(report.caught, t("altered figures", "cifras alteradas"), t("caught", "detectadas"))
    _table(report.alarms, t("harmless texts", "textos inofensivos"), t("refused", "rechazados"))
    _examples(report.survivors, show, t("altered and not caught", "alteradas y no detectadas"))
    _examples(report.false_alarms, show, t("harmless and refused", "inofensivos y rechazados"))
    out("")
    out(_verdict(report))


def _table(rows: tuple[Row, ...], what: str, share: str) -> None:
    out("")
    out(f"{what:<26}{t('texts', 'textos'):>8}{t('equivalent', 'equivalentes'):>14}{share:>14}")
    for row in rows:
        found = row.refused
        if found is None:
            continue
        spread = "" if isnan(found.low) else f"  [{found.low:.2%}, {found.high:.2%}]"
        out(f"{t(*_WORDS[row.kind]):<26}{row.tried:>8}{row.equivalent:>14}{found.value:>14.2%}{spread}")


def _examples(found: tuple[Trial, ...], show: int, what: str) -> None:
    if found and show:
        out("")
        out(f"{what} ({len(found)}):")
        for trial in found[:show]:
            out(f"  {trial.conversation}, {t(*_WORDS[trial.kind])}: {trial.passage[:160]}")


def _verdict(report: Report) -> str:
    caught, alarms = report.caught[-1].refused, report.alarms[-1].refused
    assert alarms is not None
    if caught is None:
        return t("No answer shows a figure.", "Ninguna respuesta muestra una cifra.")
    met = caught.value >= CAUGHT and alarms.value <= ALARMS
    told = f"{figure('share', CAUGHT)}, {figure('share', ALARMS)}"
    return (
        t(f"The targets are met (at least, at most: {told}).", f"Se cumplen los objetivos (mínimo y máximo: {told}).")
        if met else
        t(f"The targets are NOT met (at least, at most: {told}).", f"NO se cumplen los objetivos (mínimo y máximo: {told}).")
    )
