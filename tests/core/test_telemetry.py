"""Where spans go: what turns tracing on, what an address must look like, and that off costs nothing."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from core import telemetry
from core.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": "sk-lf-2"}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Each test decides anew whether it is traced; what it opened is closed."""
    telemetry._provider.cache_clear()
    telemetry._SELDOM._next = 0.0
    yield
    if telemetry._provider.cache_info().currsize and (provider := telemetry._provider()) is not None:
        provider.shutdown()
    telemetry._provider.cache_clear()


class Collector:
    """An OTLP/HTTP collector that keeps what it is sent."""

    def __init__(self) -> None:
        seen: list[tuple[str, dict[str, str], int]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, len(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.seen = seen
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        (KEYS, True),
        ({"LANGFUSE_PUBLIC_KEY": "pk"}, False),
        (KEYS | {"OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_standard_environment_decides(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], on: bool) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert telemetry.wanted() is on


def test_off_nothing_of_opentelemetry_is_imported_by_us() -> None:
    code = ("import sys; from core import telemetry; assert telemetry.tracer() is None\n"
            "with telemetry.caller({'traceparent': 'x'}): pass\n"
            "import asyncio; asyncio.run(telemetry.flush())\n"
            "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
            "import graphs.runner\n"
            "assert not [m for m in sys.modules if m.startswith('opentelemetry.exporter')]")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "collector:4318"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
        (KEYS | {"LANGFUSE_HOST": "langfuse.example.com"}, "langfuse.example.com"),
    ],
)
def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        telemetry.tracer()
    for sentence in (refused.value.en, refused.value.es):
        assert said in sentence
        assert "sk-lf" not in sentence


async def test_spans_reach_a_collector_and_langfuse(monkeypatch: pytest.MonkeyPatch, collector: Collector) -> None:
    addresses = {"LANGFUSE_BASE_URL": f"{collector.url}/", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    for name, value in (KEYS | addresses).items():
        monkeypatch.setenv(name, value)
    tracer = telemetry.tracer()
    assert tracer is not None
    tracer.start_span("one").end()
    await telemetry.flush()
    by_path = {path: headers for path, headers, size in collector.seen if size > 50}
    assert set(by_path) == {"/v1/traces", "/api/public/otel/v1/traces"}
    langfuse = by_path["/api/public/otel/v1/traces"]
    assert langfuse["authorization"] == "Basic " + base64.b64encode(b"pk-lf-1:sk-lf-2").decode()
    assert langfuse["x-langfuse-ingestion-version"] == "4"
    assert "authorization" not in by_path["/v1/traces"]


async def test_a_collector_that_hangs_holds_the_end_up_for_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as deaf:  # takes connections and never answers
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
        monkeypatch.setattr(telemetry, "FLUSH_SECONDS", 0.05)
        tracer = telemetry.tracer()
        assert tracer is not None
        begun = time.perf_counter()
        tracer.start_span("one").end()
        assert time.perf_counter() - begun < 0.5
        await telemetry.flush()
        assert time.perf_counter() - begun < 1.5


async def test_a_collector_that_is_down_writes_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    tracer = telemetry.tracer()
    assert tracer is not None
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            tracer.start_span("one").end()
            await telemetry.flush()
    assert len([r for r in caplog.records if r.name.startswith("opentelemetry")]) == 1


async def test_flush_waits_for_nothing_where_nobody_traces() -> None:
    async with asyncio.timeout(1):
        await telemetry.flush()
