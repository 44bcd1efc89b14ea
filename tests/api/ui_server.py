"""A server that plays scripted conversations to the chat page: the contract of the real one over a log in memory.

A script is what the run writes to the log, plus three stage directions: `Gate` holds the run until the test opens it,
`Cut` breaks the connection of the run's own stream (the run goes on), `Call` changes the conversation on the way.
Run as a program it serves the page for looking at: `python tests/api/ui_server.py [port]`.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from graphs.events import details

STATIC = Path(__file__).resolve().parents[2] / "api" / "static"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'"
PATIENCE_S = 10.0

CONSENT = {"version": "1", "es": "Autorizo a este portal a recordar mis preferencias.",
           "en": "I allow this portal to remember my preferences."}

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gate:
    name: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The stream of the run breaks here, without a last event."""


@dataclass(frozen=True, slots=True)
class Call:
    do: Callable[[Conversation], None]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The message is refused with this error; nothing is stored."""

    status: int
    code: str
    message: str
    retryable: bool = False
    run_id: str | None = None


Step = Event | Gate | Cut | Call
Script = Callable[[str], Iterable[Step]]


@dataclass
class Profile:
    """An investor as the page can see them."""

    granted: bool = False
    preferences: list[dict[str, Any]] = field(default_factory=list)

    def view(self) -> dict[str, Any]:
        at = "2026-10-03T09:00:00Z" if self.granted else None
        return {
            "consent": {"granted": self.granted, "at": at, "version": "1", "text": CONSENT["es"] if self.granted else None},
            "consent_text": CONSENT, "preferences": self.preferences,
        }


@dataclass
class Conversation:
    """One log, with the cursor, readers and memory that a page can see."""

    id: str
    token: str
    language: str
    country: str | None
    changed: threading.Condition = field(default_factory=threading.Condition)
    log: list[tuple[int, Event]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    owner: str = "bot"
    run: dict[str, str] | None = None
    case: dict[str, Any] | None = None
    cut: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def write(self, event: Event) -> int:
        with self.changed:
            seq = len(self.log) + 1
            self.log.append((seq, event))
            self.changed.notify_all()
            return seq

    def break_off(self) -> None:
        with self.changed:
            self.cut.set()
            self.changed.notify_all()

    def after(self, seq: int, closed: Callable[[], bool]) -> Iterator[tuple[int, Event]]:
        """Everything after `seq` as it comes, until `closed` and nothing is left."""
        while True:
            with self.changed:
                while len(self.log) <= seq and not closed():
                    self.changed.wait(timeout=1.0)
                ready = self.log[seq:]
            if not ready:
                return
            yield from ready
            seq += len(ready)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeLadrillo

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that leaves in the middle of a stream is part of the play; anything else is not."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class FakeLadrillo:
    """The scripts by text, the conversations, and every request that arrived."""

    def __init__(self, scripts: dict[str, Script | Refuse], port: int = 0) -> None:
        self.closing = threading.Event()
        self.gates: dict[str, threading.Event] = {}
        self.reset(scripts)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self

    def reset(self, scripts: dict[str, Script | Refuse]) -> None:
        """Empties the stage; whoever still waits behind a gate is let go."""
        for gate in self.gates.values():
            gate.set()
        self.gates = {}
        self.scripts = scripts
        self.conversations: dict[str, Conversation] = {}
        self.profiles: dict[str, Profile] = {}
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.refused: set[str] = set()
        self.deaf = False  # no tail is answered

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def start(self) -> FakeLadrillo:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def close(self) -> None:
        self.closing.set()
        for gate in self.gates.values():
            gate.set()
        self._server.shutdown()
        self._server.server_close()

    def gate(self, name: str) -> threading.Event:
        return self.gates.setdefault(name, threading.Event())

    def calls(self, ending: str) -> list[dict[str, Any]]:
        return [body for _, path, body in self.requests if path.partition("?")[0].endswith(ending)]

    def only(self) -> Conversation:
        (conversation,) = self.conversations.values()
        return conversation

    def play(self, talk: Conversation, run_id: str, steps: Iterable[Step]) -> None:
        """The run, in a thread of its own: it does not care who is listening."""
        talk.run = {"id": run_id, "status": "running"}
        talk.write({"type": "RUN_STARTED", "threadId": talk.id, "runId": run_id})
        answer: dict[str, Any] = {"id": "", "role": "assistant", "author": None, "text": "", "details": {}}
        frames: list[tuple[str, dict[str, Any]]] = []
        language = "en" if talk.language == "en" else "es"
        end: Event = {"type": "RUN_FINISHED", "threadId": talk.id, "runId": run_id}
        for step in steps:
            if talk.stopped.is_set() or self.closing.is_set():
                break
            if isinstance(step, Gate):
                gate = self.gate(step.name)
                for _ in range(int(PATIENCE_S / 0.02)):
                    if gate.wait(0.02) or talk.stopped.is_set():
                        break
            elif isinstance(step, Cut):
                talk.break_off()
            elif isinstance(step, Call):
                step.do(talk)
            elif step["type"] == "RUN_ERROR":
                end = step
            else:
                language = _spoken(step) or language
                _remember(answer, frames, step)
                talk.write(step)
        if answer["id"]:
            answer["details"] = details({"routes": [], "language": language}, frames)
            talk.messages.append(answer | {"created_at": "2026-11-23T09:30:00Z"})
        if talk.stopped.is_set():
            end["outcome"] = {"type": "cancelled"}
        talk.run = None
        talk.stopped.clear()
        talk.write(end)


def _spoken(event: Event) -> str | None:
    changes = event["delta"] if event["type"] == "STATE_DELTA" else []
    return next((change["value"] for change in changes if change["path"] == "/language"), None)


def _remember(answer: dict[str, Any], frames: list[tuple[str, dict[str, Any]]], event: Event) -> None:
    if event["type"] == "TEXT_MESSAGE_START":
        answer["id"] = event["messageId"]
    elif event["type"] == "TEXT_MESSAGE_CONTENT":
        answer["text"] += event["delta"]
    elif event["type"] == "CUSTOM":
        frames.append((event["name"].removeprefix("ladrillo."), event["value"]))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: a test's output is its own."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            self.server.fake.requests.append(("GET", self.path, {}))
            if path.endswith("/profile"):
                self._profile(lambda profile: None)
                return
            talk = self._talk(path)
            if talk is None:
                return
            if path.endswith("/events") and self.server.fake.deaf:
                self._error(Refuse(503, "unavailable", "Nadie responde.", retryable=True))
            elif path.endswith("/events"):
                self._tail(talk)
            else:
                self._json(200, _state(talk))
            return
        file = STATIC / ("index.html" if path == "/" else path.removeprefix("/static/"))
        if not file.is_file():
            self._json(404, {})
            return
        self._send(200, file.read_bytes(), TYPES[file.suffix])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = urlsplit(self.path).path
        self.server.fake.requests.append(("POST", self.path, body))
        if path == "/api/investors":
            token = f"investor-{len(self.server.fake.profiles) + 1}"
            self.server.fake.profiles[token] = Profile()
            self._json(201, {"token": token})
            return
        if path == "/api/conversations" and body.get("investor") not in (None, *self.server.fake.profiles):
            self._error(Refuse(401, "unauthenticated", "Ese token no se conoce."))
            return
        if path == "/api/conversations":
            number = len(self.server.fake.conversations) + 1
            talk = Conversation(f"c{number}", f"token-{number}", body["language"], body["country"])
            self.server.fake.conversations[talk.id] = talk
            self._json(201, {"id": talk.id, "token": talk.token, "language": talk.language})
            return
        found = self._talk(path)
        if found is None:
            return
        if path.endswith("/stop"):
            found.stopped.set()
            self._json(202, {})
            return
        self._run(found, body)

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.fake.requests.append(("PUT", self.path, body))
        self._profile(lambda profile: setattr(profile, "granted", body["granted"]))

    def do_DELETE(self) -> None:
        self.server.fake.requests.append(("DELETE", self.path, {}))
        token = self.headers["Authorization"].removeprefix("Bearer ")
        self._profile(lambda profile: self.server.fake.profiles.pop(token), empty=True)

    def _profile(self, change: Callable[[Profile], object], *, empty: bool = False) -> None:
        profile = self.server.fake.profiles.get(self.headers["Authorization"].removeprefix("Bearer "))
        if profile is None:
            self._error(Refuse(401, "unauthenticated", "Ese token no se conoce."))
            return
        change(profile)
        if empty:
            self.send_response(204)
            self.end_headers()
        else:
            self._json(200, profile.view())

    def _talk(self, path: str) -> Conversation | None:
        talk = self.server.fake.conversations.get(path.split("/")[3])
        if talk is None or self.headers.get("Authorization") != f"Bearer {talk.token}":
            self._error(Refuse(404, "not_found", "Esa conversación no existe."))
            return None
        return talk

    def _run(self, talk: Conversation, body: dict[str, Any]) -> None:
        text = body["text"]
        script = self.server.fake.scripts.get(text, self.server.fake.scripts["*"])
        if isinstance(script, Refuse) and text not in self.server.fake.refused:
            self.server.fake.refused.add(text)
            self._error(script)
            return
        talk.messages.append(
            {
                "id": body["client_message_id"],
                "role": "user",
                "author": None,
                "text": text,
                "created_at": "2026-11-23T09:29:00Z",
                "details": {},
            }
        )
        if talk.owner == "person":
            self._json(202, {"owner": "person"})
            return
        start = len(talk.log)
        run_id = f"run-{len(talk.messages)}"
        steps = self.server.fake.scripts["*"] if isinstance(script, Refuse) else script
        assert not isinstance(steps, Refuse)
        threading.Thread(target=self.server.fake.play, args=(talk, run_id, steps(text)), daemon=True).start()
        self._stream()
        for seq, event in talk.after(start, lambda: talk.cut.is_set() or self._closed()):
            self._frame(seq, event)
            if event["type"] in ("RUN_FINISHED", "RUN_ERROR"):
                self._chunk(b"")
                return
        talk.cut.clear()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _tail(self, talk: Conversation) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self._stream()
        self._chunk(b": ping\n\n")
        for seq, event in talk.after(int(query["after"][0]), self._closed):
            self._frame(seq, event)

    def _closed(self) -> bool:
        return self.server.fake.closing.is_set()

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _frame(self, seq: int, event: Event) -> None:
        kind = "event: ladrillo\n" if event.get("between") else ""
        body = {key: value for key, value in event.items() if key != "between"}
        self._chunk(f"id: {seq}\n{kind}data: {json.dumps(body, ensure_ascii=False)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _error(self, error: Refuse) -> None:
        body = {"code": error.code, "message": error.message, "retryable": error.retryable}
        self._json(error.status, {"error": body | ({"run_id": error.run_id} if error.run_id else {})})

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        if not self.path.startswith("/api/"):
            self.send_header("Cache-Control", "max-age=60")
        self.end_headers()
        self.wfile.write(data)


def _state(talk: Conversation) -> dict[str, Any]:
    return {
        "id": talk.id,
        "language": talk.language,
        "country": talk.country,
        "owner": talk.owner,
        "last_seq": len(talk.log),
        "messages": talk.messages,
        "run": talk.run,
        "case": talk.case,
    }


# ---- the words of a script


def step(name: str) -> list[Step]:
    return [{"type": "STEP_STARTED", "stepName": name}, {"type": "STEP_FINISHED", "stepName": name}]


def custom(name: str, **value: Any) -> Event:
    return {"type": "CUSTOM", "name": f"ladrillo.{name}", "value": value}


def say(message: str, text: str, size: int = 7) -> list[Step]:
    """A whole message in pieces of `size` characters."""
    pieces: list[Step] = [
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": message, "delta": text[at : at + size]}
        for at in range(0, len(text), size)
    ]
    return [
        {"type": "TEXT_MESSAGE_START", "messageId": message, "role": "assistant"},
        *pieces,
        {"type": "TEXT_MESSAGE_END", "messageId": message},
    ]


def fact(id: str, shown: str, label: str, **more: Any) -> Event:
    source = {
        "kind": "computation",
        "ref": "gross_yield",
        "label": "Fórmula de renta bruta",
        "attribution": "",
        "demo": False,
    } | more.pop("source", {})
    return {
        "id": id,
        "key": label,
        "label": label,
        "value": 0.0,
        "unit": "percent",
        "currency": None,
        "entity": "",
        "as_of": None,
        "low": None,
        "high": None,
        "level": None,
        "formula": None,
        "inputs": [],
        "source": source,
        "shown_as": [shown],
    } | more


def listing(id: str, position: int, title: str, place: str, price: str, per_m2: str, area: str, **more: Any) -> Event:
    value = {
        "kind": "listing",
        "id": id,
        "position": position,
        "title": title,
        "place": place,
        "price": price,
        "price_per_m2": per_m2,
        "area": area,
        "bedrooms": "3 habitaciones",
        "features": ["ascensor", "terraza"],
        "observed_on": "2018-11-15",
        "demo": False,
        "source": "Anuncios de Barcelona",
    }
    return custom("card", **(value | more))


YIELD = """**6,13 % bruto al año**: 12 × $2.300.000 ÷ $450.000.000.

Neto quedaría en **3,95 %**, con estos supuestos: vacancia 5 %, administración $350.000 al mes, \
predial $2.520.000 al año, mantenimiento 5 % del arriendo y gastos de compra 1,94 %. \
Cámbieme el que no le cuadre y lo recalculo.

Como referencia, el arriendo legal tiene tope: 1 % mensual del valor comercial [1], o sea $4.500.000; \
el suyo está en 0,51 %.

¿Sigo con crédito (cuota inicial y tasa), con impuestos, o comparo con otros aptos de la zona?"""

VALUE = """**Alrededor de 418.000 €** (8 de cada 10 veces, entre 368.000 y 474.000 €). Los 465.000 € que piden \
están en la parte alta: un 11 % por encima del valor central, pero dentro del rango.

Lo que más pesa:

- la zona, la Vila de Gràcia
- sin ascensor: −6 %
- 3.ª planta

Son precios de oferta de 2018, no de escritura: para hoy hay que actualizarlos con el índice."""

COMPARE = """**Narvarte yields more: 6.15 % gross against 5.69 %**, with 1.8 million pesos less tied up.

| | Roma Norte | Narvarte |
|---|---|---|
| Price | MXN 5,900,000 | MXN 4,100,000 |
| Rent a month | 28,000 | 21,000 |
| Gross yield | 5.69 % | 6.15 % |
| Years of rent to the price | 17.6 | 16.3 |

What this leaves out: ISAI and closing costs, vacancy, and how each area has moved. I can add those, or a loan."""


def yield_turn(_: str) -> list[Step]:
    user = {"kind": "user", "ref": "m1", "label": "Su mensaje"}
    facts = [
        fact("f_price", "$450.000.000", "precio", value=450_000_000, unit="money", currency="COP", source=user),
        fact("f_rent", "$2.300.000", "arriendo mensual", value=2_300_000, unit="money", currency="COP", source=user),
        fact(
            "f_yield",
            "6,13 %",
            "renta bruta anual",
            value=6.13,
            as_of="2026-11-23",
            entity="Apartamento en Chapinero, Bogotá",
            formula="12 × arriendo ÷ precio",
            inputs=["f_rent", "f_price"],
        ),
        fact(
            "f_net",
            "3,95 %",
            "renta neta anual",
            value=3.95,
            formula="(12 × arriendo − gastos) ÷ (precio + gastos de compra)",
        ),
        fact(
            "f_cap",
            "1 %",
            "tope legal del arriendo mensual",
            value=1.0,
            as_of="2003-07-10",
            source={"kind": "rule", "ref": "co.rent_cap", "label": "Ley 820 de 2003, artículo 18"},
        ),
        fact("f_max", "$4.500.000", "arriendo máximo legal", value=4_500_000, unit="money", currency="COP"),
    ]
    return [
        *step("screen"),
        *step("supervisor"),
        {"type": "STEP_STARTED", "stepName": "roi"},
        {"type": "TOOL_CALL_START", "toolCallId": "t1", "toolCallName": "returns"},
        {"type": "TOOL_CALL_END", "toolCallId": "t1"},
        {"type": "STEP_FINISHED", "stepName": "roi"},
        {"type": "STEP_STARTED", "stepName": "compose"},
        Gate("yield"),
        *say("m_yield", YIELD),
        {"type": "STEP_FINISHED", "stepName": "compose"},
        *step("grounding"),
        custom("facts", facts=facts, message_id="m_yield"),
        custom(
            "citations",
            citations=[
                {
                    "n": 1,
                    "title": "Ley 820 de 2003, artículo 18",
                    "source": "Congreso de Colombia",
                    "published_on": "2003-07-10",
                    "demo": False,
                    "passage": "El precio mensual del arrendamiento […] no podrá exceder el uno por ciento "
                    "(1 %) del valor comercial del inmueble.",
                }
            ],
        ),
        custom(
            "confidence", value=0.9, level="high", reasons=["Los dos datos los dio usted", "Cálculo sin estimaciones"]
        ),
        custom(
            "suggestions",
            suggestions=["¿Y si lo financio al 70 %?", "Con impuestos", "Compare con otros aptos de Chapinero"],
        ),
    ]


def value_turn(_: str) -> list[Step]:
    model = {
        "kind": "model",
        "ref": "valuation-2026.11",
        "label": "Modelo de valoración de Barcelona",
        "attribution": "Anuncios de 2018, CC BY 4.0",
    }
    facts = [
        fact(
            "f_v",
            "418.000 €",
            "valor estimado",
            value=418_000,
            unit="money",
            currency="EUR",
            entity="Piso de 90 m² en la Vila de Gràcia",
            low=368_000,
            high=474_000,
            level=0.8,
            as_of="2018-12",
            source=model,
        ),
        fact("f_lo", "368.000", "límite inferior", value=368_000, unit="money", currency="EUR", source=model),
        fact(
            "f_card",
            "429.000 €",
            "precio pedido",
            value=429_000,
            unit="money",
            currency="EUR",
            entity_id="l2",
            entity="Piso en Torrent de l'Olla",
            as_of="2018-11-15",
            source={"kind": "listing", "ref": "l2", "label": "Anuncio 2", "demo": True},
        ),
    ]
    place = "la Vila de Gràcia, Barcelona"
    months = [f"{year}-{month:02d}-01" for year in range(2019, 2027) for month in (1, 7)]
    points: list[dict[str, Any]] = [
        {"x": x, "y": 92 + 4.1 * at + (at % 3), "label": f"{92 + 4.1 * at + (at % 3):.1f}".replace(".", ",")}
        for at, x in enumerate(months)
    ]
    band = [{"x": p["x"], "low": p["y"] - 2 * at, "high": p["y"] + 2 * at} for at, p in enumerate(points[-5:])]
    return [
        *step("screen"),
        *step("supervisor"),
        {"type": "STEP_STARTED", "stepName": "price_prediction"},
        {"type": "TOOL_CALL_START", "toolCallId": "t1", "toolCallName": "value_property"},
        {"type": "TOOL_CALL_START", "toolCallId": "t2", "toolCallName": "similar_listings"},
        {"type": "STEP_FINISHED", "stepName": "price_prediction"},
        {"type": "STEP_STARTED", "stepName": "compose"},
        Gate("value"),
        *say("m_value", VALUE),
        {"type": "STEP_FINISHED", "stepName": "compose"},
        listing("l1", 1, "Piso exterior con balcón", place, "405.000 €", "4.710 €/m²", "86 m²"),
        listing("l2", 2, "Piso reformado en Torrent de l'Olla", place, "429.000 €", "4.767 €/m²", "90 m²", demo=True),
        listing("l3", 3, "Cuarto piso con mucha luz", place, "440.000 €", "4.536 €/m²", "97 m²", features=["terraza"]),
        listing("l4", 4, "Piso junto a la plaza del Sol", place, "398.000 €", "4.854 €/m²", "82 m²", bedrooms="2 habitaciones"),
        custom(
            "chart",
            kind="line",
            title="Índice de precios de vivienda, Cataluña",
            unit="2015 = 100",
            series=[
                {"name": "Índice", "points": points, "band": band},
                {
                    "name": "España",
                    "points": [p | {"y": p["y"] * 0.9 + 4, "label": f"{p['y'] * 0.9 + 4:.1f}"} for p in points],
                },
            ],
        ),
        custom(
            "table",
            title="Comparables",
            columns=[
                {"key": "a", "label": "Piso"},
                {"key": "b", "label": "Precio", "align": "right"},
                {"key": "c", "label": "€/m²", "align": "right"},
            ],
            rows=[
                {"a": "Torrent de l'Olla", "b": "429.000 €", "c": "4.767"},
                {"a": "Plaza del Sol", "b": "398.000 €", "c": "4.854"},
            ],
        ),
        custom("facts", facts=facts, message_id="m_value"),
        custom(
            "confidence",
            value=0.6,
            level="medium",
            reasons=["Cinco comparables a menos de 400 m", "Los anuncios son de 2018"],
        ),
        custom(
            "offer",
            reason="thin_data",
            message="Los datos son de 2018: si la decisión depende de este valor, mejor que lo vea una persona.",
        ),
        custom("suggestions", suggestions=["Proyéctalo a hoy", "Enséñame los comparables", "¿Y con ascensor?"]),
    ]


def speaks(language: str) -> Event:
    return {"type": "STATE_DELTA", "delta": [{"op": "add", "path": "/language", "value": language}]}


def risk_turn(_: str) -> list[Step]:
    """Columns, some of them below zero, and ranges around one middle."""
    flows = [{"x": str(year), "y": year * 700 - 1500, "label": f"{year * 700 - 1500} €"} for year in range(1, 6)]
    names = ("revalorización", "alquiler", "periodos sin inquilino")
    ends = [{"x": name, "low": 6 - 4 / n, "high": 6 + 5 / n} for n, name in enumerate(names, 1)]
    return [
        {"type": "STEP_STARTED", "stepName": "compose"},
        *say("m_risk", "La TIR queda entre 2 % y 11 %."),
        {"type": "STEP_FINISHED", "stepName": "compose"},
        custom("chart", kind="columns", title="flujo de caja por año", unit="EUR",
               series=[{"name": "flujo de caja", "points": flows}]),
        custom("chart", kind="ranges", title="de qué depende la TIR", unit="%",
               series=[{"name": "TIR", "points": [{"x": name, "y": 6, "label": "6 %"} for name in names], "band": ends}]),
    ]


def compare_turn(_: str) -> list[Step]:
    return [
        speaks("en"),
        *step("supervisor"),
        *step("comparison"),
        *step("comparison:2"),
        *say("m_cmp", COMPARE),
        custom("facts", facts=[fact("f_c", "6.15 %", "gross yield", value=6.15)], message_id="m_cmp"),
    ]


def fraud_turn(_: str) -> list[Step]:
    def claim(talk: Conversation) -> None:
        talk.case = {"case": "C-1042", "status": "open", "message": "Una persona lo revisa hoy."}

    text = (
        "Esto lo debe ver una persona ya. Abrí el caso **C-1042** con su mensaje completo para que un asesor "
        "lo revise hoy, y la respuesta le llega aquí mismo.\n\nMientras tanto, no haga más pagos y guarde el "
        "comprobante y los mensajes."
    )
    return [
        *step("supervisor"),
        *step("human"),
        Call(claim),
        custom("case.opened", case="C-1042", reason="fraud", message="Una persona lo revisa hoy."),
        *say("m_fraud", text),
    ]


def consent_turn(_: str) -> list[Step]:
    return [
        *step("lead_qualification"),
        *say("m_con", "Con gusto le aviso. ¿Puedo guardar su correo?"),
        custom(
            "consent.request",
            text="Ladrillo guardará su nombre y su correo para avisarle de este inmueble. "
            "Puede pedir que se borren cuando quiera.",
        ),
    ]


def plain_turn(text: str) -> list[Step]:
    return [*step("supervisor"), *say("m_" + str(abs(hash(text))), "Entendido. Lo reviso.")]


def person_says(talk: Conversation, id: str, author: str, text: str) -> None:
    """What the inbox does: claims the case and replies."""
    talk.owner = "person"
    talk.write(custom("case.claimed", case="C-1042", by=author) | {"between": True})
    talk.messages.append(
        {
            "id": id,
            "role": "operator",
            "author": author,
            "text": text,
            "created_at": "2026-11-23T09:40:00Z",
            "details": {},
        }
    )
    talk.write(custom("operator.message", message_id=id, author=author, text=text) | {"between": True})


SCRIPTS: dict[str, Script | Refuse] = {
    "renta": yield_turn,
    "valor": value_turn,
    "riesgo": risk_turn,
    "compare": compare_turn,
    "estafa": fraud_turn,
    "avísame": consent_turn,
    "corte": lambda _: [
        *step("supervisor"),
        *say("m_cut", YIELD)[:20],
        Gate("shown"),
        Cut(),
        Gate("cut"),
        *say("m_cut", YIELD)[20:],
    ],
    "falla": lambda _: [
        *step("supervisor"),
        {
            "type": "RUN_ERROR",
            "message": "La base de datos no responde; el mensaje quedó guardado.",
            "code": "unavailable",
            "retryable": True,
        },
    ],
    "lento": lambda _: [*step("supervisor"), *say("m_slow", "Voy contando. Y sigo.")[:-1], Gate("slow")],
    "ocupado": Refuse(503, "unavailable", "El servicio no responde ahora.", retryable=True),
    "*": plain_turn,
}


if __name__ == "__main__":
    server = FakeLadrillo(SCRIPTS, int(sys.argv[1]) if len(sys.argv) > 1 else 0).start()
    for name in ("yield", "value", "shown", "cut"):
        server.gate(name).set()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    threading.Event().wait()
