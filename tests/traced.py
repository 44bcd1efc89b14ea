"""A process that is traced, and what left for the collector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core import telemetry


class Traced:
    """What left for the collector, by name."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    async def spans(self) -> list[ReadableSpan]:
        await telemetry.flush()
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    async def tree(self) -> dict[str, list[str]]:
        """By name of a span the names of its children, in their order."""
        spans = await self.spans()
        names = {span.context.span_id: span.name for span in spans}
        found: dict[str, list[str]] = {}
        for span in spans:
            found.setdefault(names.get(span.parent.span_id, "outside") if span.parent else "", []).append(span.name)
        return found


@contextmanager
def collecting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    """Tracing on, with a collector in this process."""
    exporter = InMemorySpanExporter()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(telemetry, "_exporters", lambda: [exporter])
    telemetry._provider.cache_clear()
    yield Traced(exporter)
    provider = telemetry._provider()
    assert provider is not None
    provider.shutdown()
    telemetry._provider.cache_clear()


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})
