"""Where spans go: nowhere, unless the standard environment names a collector or Langfuse. Off, nothing is imported.

These variables are OpenTelemetry's and Langfuse's own, read from the environment and not from `.env`, as their tools do. Spans
leave in the background; a collector that is down costs no turn any time and fills no log.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from core.clock import monotonic
from core.errors import Misconfigured

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

_OTLP = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOL = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_LANGFUSE_KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
_LANGFUSE_HOST = ("LANGFUSE_BASE_URL", "LANGFUSE_HOST")
_LANGFUSE = "https://cloud.langfuse.com"
#: What a command or a server waits at its end for spans to leave.
FLUSH_SECONDS = 3.0
#: Between two records of ours saying that spans cannot leave.
_QUIET_SECONDS = 600.0


def _first(names: tuple[str, ...]) -> tuple[str, str] | None:
    """The first of these variables that is set, with its value."""
    return next(((name, value) for name in names if (value := os.environ.get(name, "").strip())), None)


def wanted() -> bool:
    """True where the environment says where spans go."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not off and (_first(_OTLP) is not None or all(os.environ.get(name) for name in _LANGFUSE_KEYS))


def captures_content() -> bool:
    """True where the operator wants the words of messages in spans too."""
    return os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "").strip().lower() == "true"


@lru_cache(maxsize=1)
def _provider() -> TracerProvider | None:
    """The process's provider, made once; None where nobody traces. Raises `Misconfigured`."""
    if not wanted():
        return None
    exporters = _exporters()
    from importlib.metadata import version

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    known = {"service.version": version("ladrillo")} | ({} if named else {"service.name": "ladrillo"})
    # of its own and not the process's global one; `flush` bounds what the end may take, an exit handler would not
    provider = TracerProvider(resource=Resource.create(known), shutdown_on_exit=False)
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    for name in ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.exporter.otlp.common.http"):
        logging.getLogger(name).addFilter(_SELDOM)
    return provider


def _exporters() -> list[SpanExporter]:
    targets: list[tuple[str | None, dict[str, str] | None]] = []
    if (told := _first(_OTLP)) is not None:
        _check_address(*told)
        if (protocol := _first(_PROTOCOL)) is not None and not protocol[1].startswith("http/"):
            raise Misconfigured(
                f"{protocol[0]} is {protocol[1]!r}: spans leave as http/protobuf only. Unset it, and name the collector's HTTP "
                "port (4318).",
                f"{protocol[0]} es {protocol[1]!r}: las trazas salen solo por http/protobuf. Quítela e indique el puerto HTTP "
                "del colector (4318).",
            )
        targets.append((None, None))  # the exporter reads address and headers from the environment
    if all(os.environ.get(name) for name in _LANGFUSE_KEYS):
        name, host = _first(_LANGFUSE_HOST) or (_LANGFUSE_HOST[0], _LANGFUSE)
        _check_address(name, host)
        pair = ":".join(os.environ[name] for name in _LANGFUSE_KEYS)
        targets.append((
            f"{host.rstrip('/')}/api/public/otel/v1/traces",
            {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "x-langfuse-ingestion-version": "4"},
        ))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return [OTLPSpanExporter(endpoint=endpoint, headers=headers) for endpoint, headers in targets]


def _check_address(name: str, value: str) -> None:
    if not value.lower().startswith(("http://", "https://")):
        raise Misconfigured(f"{name} is {value!r}: expected an address such as http://127.0.0.1:4318.",
                            f"{name} es {value!r}: se espera una dirección como http://127.0.0.1:4318.")


class _Seldom(logging.Filter):
    """Lets one record in ten minutes through."""

    _next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        now = monotonic()
        if now < self._next:
            return False
        self._next = now + _QUIET_SECONDS
        return True


_SELDOM = _Seldom()


def tracer() -> Tracer | None:
    """Makes spans; None where nobody traces. Raises `Misconfigured` for an address that is none."""
    provider = _provider()
    return None if provider is None else provider.get_tracer("ladrillo")


@contextlib.contextmanager
def caller(headers: Mapping[str, str]) -> Iterator[None]:
    """Spans begun inside are part of the trace that a request's `traceparent` header names."""
    if _provider() is None:
        yield
        return
    from opentelemetry.context import attach, detach
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    token = attach(TraceContextTextMapPropagator().extract(headers))
    try:
        yield
    finally:
        detach(token)


async def flush() -> None:
    """Let what is waiting leave, for as long as `FLUSH_SECONDS`."""
    provider = _provider()
    if provider is None:
        return
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        provider.force_flush()
        with contextlib.suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(done.set)

    # a daemon: the SDK's own flush has no end of its own where the collector does not answer
    threading.Thread(target=work, name="ladrillo-flush", daemon=True).start()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), FLUSH_SECONDS)
