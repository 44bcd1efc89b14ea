"""`ask` and `chat`: a conversation in the terminal, through the same runner and log as everything else."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from cli.console import market_of, out, say, t
from cli.session import opened
from core.clock import new_id
from core.errors import BadInput, Unavailable
from core.locale import LOCALES
from core.scope import Scope
from graphs.runner import Runner
from knowledge.records import conversations
from knowledge.understanding.text import slug
from services.messages import checked

_STEPS = {
    "supervisor": ("Reading the question…", "Entendiendo la pregunta…"),
    "market_research": ("Looking at the market…", "Buscando en el mercado…"),
    "price_prediction": ("Estimating the value…", "Estimando el valor…"),
    "roi": ("Working out the return…", "Calculando la rentabilidad…"),
    "lead_qualification": ("Noting what you need…", "Tomando nota de lo que busca…"),
    "comparison": ("Comparing…", "Comparando…"),
    "compose": ("Writing the answer…", "Redactando la respuesta…"),
    "grounding": ("Checking the figures…", "Revisando las cifras…"),
}
_MOST = 1_000_000


async def ask(question: str, *, as_json: bool, country: str | None, charts: Path | None = None) -> None:
    """One question in a conversation of its own. With `as_json`, stdout is one JSON object; `charts` is a folder for the
    answer's charts."""
    text = checked(_read_stdin() if question == "-" else question)
    hint = market_of(country)
    if charts is not None:
        _folder(charts)
    async with opened() as runner:
        scope, conversation_id = await _start(runner, hint)
        outcome = await runner.ask(scope, conversation_id, text)
    if as_json:
        out(json.dumps(report(outcome), ensure_ascii=False))
    elif outcome["status"] == "finished":
        out(outcome["answer"])
        _after(outcome)
    if charts is not None:
        _draw(outcome, charts)
    if outcome["status"] != "finished":
        code = outcome["error_code"] or "not_recorded"
        raise Unavailable(
            f"The turn has no answer ({outcome['status']}, {code}). Your question is kept; you can ask it again.",
            f"El turno quedó sin respuesta ({outcome['status']}, {code}). Su pregunta se conserva; puede repetirla.",
            code=code,
        )


def _folder(charts: Path) -> None:
    """Made before anything starts: a place that cannot be is told at once."""
    try:
        charts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"The folder {str(charts)!r} for charts cannot be made ({error.strerror}); name another one.",
            f"No se puede crear la carpeta {str(charts)!r} para los gráficos ({error.strerror}); indique otra.",
        ) from error


def _draw(outcome: dict[str, Any], charts: Path) -> None:
    """Each chart of the answer as an SVG and a PNG, numbered in the order of the page."""
    drawn = outcome.get("charts") or []
    if not drawn:
        say(t("The answer has no chart to draw.", "La respuesta no tiene gráficos que dibujar."))
        return
    from knowledge.reports.drawing import draw

    for number, chart in enumerate(drawn, 1):
        name = slug(chart.get("title") or "") or "chart"
        for ending in ("svg", "png"):
            say(str(draw(chart, LOCALES[outcome["locale"]], charts / f"{number}-{name}.{ending}")))


def report(outcome: dict[str, Any]) -> dict[str, Any]:
    """What `ask --json` prints."""
    case = outcome.get("case") or {}
    return {
        "answer": outcome.get("answer") or "", "routes": outcome.get("routes") or [],
        "slots": outcome.get("slots") or {}, "confidence": outcome.get("confidence"),
        "escalated": bool(outcome.get("escalated")), "case": case.get("case"), "facts": outcome.get("facts") or [],
        "citations": outcome.get("citations") or [], "language": outcome.get("language"), "ms": outcome["ms"],
        "cards": outcome.get("cards") or [], "suggestions": outcome.get("suggestions") or [],
        "status": outcome["status"], "error": outcome.get("error_code"), "usage": outcome.get("usage") or {},
    }


def _read_stdin() -> str:
    raw = sys.stdin.buffer.read(_MOST)
    try:
        # a character cut in two by the limit is no fault of the sender
        return codecs.getincrementaldecoder("utf-8")().decode(raw, final=len(raw) < _MOST)
    except UnicodeDecodeError as error:
        raise BadInput(
            "Standard input is not UTF-8 text. Send the question as text.",
            "La entrada estándar no es texto UTF-8. Envíe la pregunta como texto.", code="binary_message",
        ) from error


async def _start(runner: Runner, country: str | None) -> tuple[Scope, str]:
    scope = Scope(role="visitor", subject=new_id("visitor"))
    async with runner.resources.database.session(scope) as session:
        row, _ = await conversations.create(
            session, scope, visitor=scope.subject, channel="cli", country=country
        )
    return scope, row.id


def _after(outcome: dict[str, Any]) -> None:
    for i, citation in enumerate(outcome.get("citations") or (), 1):
        out(f"  [{citation.get('n', i)}] {citation['title']} ({citation['source']})")
    if outcome.get("suggestions"):
        out("\n" + "\n".join(f"  › {text}" for text in outcome["suggestions"]))


async def chat(*, country: str | None) -> None:
    """Question after question; the answer streams. Ctrl-C stops an answer, Ctrl-D or `salir` ends."""
    hint = market_of(country)
    async with opened() as runner:
        scope, conversation_id = await _start(runner, hint)
        say(t("Ask away. Ctrl-C stops an answer, Ctrl-D ends.", "Pregunte. Ctrl-C detiene una respuesta, Ctrl-D termina."))
        while True:
            line = await _line()
            if line is None or line.strip().lower() in ("salir", "exit", "quit", "/q"):
                return
            try:
                text = checked(line)
            except BadInput as error:
                say(error.text("es" if t("en", "es") == "es" else "en"))
                continue
            await _turn(runner, scope, conversation_id, text)


async def _typed() -> None:
    """Until a terminal has a line. A thread that waits in `input` could not be left with Ctrl-C."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(sys.stdin, ready.set)
    except NotImplementedError:  # no selector for terminals on this system
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin)


async def _line() -> str | None:
    if sys.stdin.isatty():
        print("\n› ", end="", flush=True)  # noqa: T201
        await _typed()
    try:
        return await asyncio.to_thread(input)
    except (EOFError, KeyboardInterrupt):
        return None
    except UnicodeDecodeError:
        return "\ufffd" * 3


async def _turn(runner: Runner, scope: Scope, conversation_id: str, text: str) -> None:
    loop = asyncio.get_running_loop()
    sent = await runner.send(scope, conversation_id, text)
    if sent.run_id is None:
        say(t("A person has this conversation; your message is with them.",
              "Una persona tiene esta conversación; su mensaje le llegó."))
        return
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, lambda: asyncio.ensure_future(runner.stop(scope, conversation_id)))
    try:
        async for _, _, event in runner.tail(scope, conversation_id, sent.seq, run_id=sent.run_id):
            _show(event)
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
    out("")
    _after(await runner.outcome(scope, sent.run_id))


def _show(event: dict[str, Any]) -> None:
    match event["type"]:
        case "STEP_STARTED" if sys.stderr.isatty():
            en, es = _STEPS.get(event["stepName"].partition(":")[0], (event["stepName"],) * 2)
            print(f"\r\033[2K\033[2m{t(en, es)}\033[0m", end="", file=sys.stderr, flush=True)  # noqa: T201
        case "TEXT_MESSAGE_START" if sys.stderr.isatty():
            print("\r\033[2K", end="", file=sys.stderr, flush=True)  # noqa: T201
        case "TEXT_MESSAGE_CONTENT":
            print(event["delta"], end="", flush=True)  # noqa: T201
        case "RUN_ERROR":
            say(f"\n{event['message']}")
        case "RUN_FINISHED" if (event.get("outcome") or {}).get("type") == "cancelled":
            say(t("\n(stopped)", "\n(detenida)"))
