"""`eval judge`: how the answers of a run read, in the eyes of a language model."""

from __future__ import annotations

from math import isnan
from pathlib import Path

from agents.models import language_models
from cli.console import out, t
from core.errors import BadInput, Misconfigured
from core.settings import get_settings
from evals.outputs import read_outputs
from evals.tone import BEST, Judged, judge_tone, means

_NAMES = {"all": ("all", "todas"), "es": ("Spanish", "español"), "en": ("English", "inglés")}


async def judge(outputs: Path, parallel: int, show: int) -> None:
    """Mean scores by language with 95 % intervals, and the answers that read worst with the judge's reason."""
    settings = get_settings()
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise Misconfigured(
            "`eval judge` asks a language model and none is set. Set OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint of "
            "your own.",
            "`eval judge` consulta un modelo de lenguaje y no hay ninguno. Defina OPENAI_API_KEY, u OPENAI_BASE_URL si el "
            "servicio es propio.",
        )
    lines = [line for line in read_outputs(outputs) if line["turns"]]
    if not any(line["turns"][-1]["answer"] for line in lines):
        raise BadInput(f"{str(outputs)!r} holds no answer.", f"{str(outputs)!r} no tiene ninguna respuesta.")
    models = language_models(settings.model_copy(update={"brain": "llm"}))
    assert models is not None
    try:
        judged = await judge_tone(models.compose, lines, parallel=parallel)
    finally:
        await models.aclose()
    _table(judged)
    _worst(judged, show)


def _table(judged: list[Judged]) -> None:
    out(f"{t('tone', 'tono'):<12}{t('answers', 'respuestas'):>12}{t('mean of', 'media de')} {BEST}")
    for name, found in sorted(means(judged).items()):
        spread = "" if isnan(found.low) else f"  [{found.low:.2f}, {found.high:.2f}]"
        out(f"{t(*_NAMES[name]):<12}{found.n:>12}{found.value:>10.2f}{spread}")
    if unsaid := sum(found.verdict is None for found in judged):
        out(t(f"{unsaid} answers were not judged: the model said nothing usable.",
              f"{unsaid} respuestas quedaron sin calificar: el modelo no dijo nada aprovechable."))


def _worst(judged: list[Judged], show: int) -> None:
    ranked = [(found.verdict, found) for found in judged if found.verdict is not None and found.verdict.score < BEST]
    for verdict, found in sorted(ranked, key=lambda pair: (pair[0].score, pair[1].conversation))[:show]:
        out("")
        out(f"{found.conversation}: {verdict.score} – {' '.join(verdict.why.split())[:300]}")
        out(f"  {' '.join(found.answer.split())[:160]}")
