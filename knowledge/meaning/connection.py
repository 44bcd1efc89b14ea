"""One connection to a Chroma server, and what its failures are called.

chromadb's own client is used, with what it lacks added: timeouts, no proxy for loopback, closed sockets, and
one kind of error instead of several families and bare exceptions.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from core.errors import LadrilloError, Unavailable

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

T = TypeVar("T")

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Connection:
    """One chromadb HTTP client, made at first use and shared by the tenants of a process."""

    def __init__(self, url: str, timeout: float, write_timeout: float) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._write_timeout = write_timeout
        self._client: ClientAPI | None = None
        self._lock = threading.Lock()

    async def call(self, work: Callable[[], T], limit: float | None = None) -> T:
        """Blocking work in a thread, its failures translated. The thread itself ends at the client's own timeout."""
        if self._client is None:
            # importing chromadb and connecting is not part of what the call may take; it has a limit of its own
            await asyncio.to_thread(self._translated, self.client)
        try:
            async with asyncio.timeout(limit):
                return await asyncio.to_thread(self._translated, work)
        except TimeoutError as error:
            raise unavailable(self.url, f"no answer in {limit:g} s") from error

    def _translated(self, work: Callable[[], T]) -> T:
        with failures(self.url):
            return work()

    def client(self) -> ClientAPI:
        """Blocking. Three small requests at first use."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> ClientAPI:
        import httpx

        host = urlsplit(self.url).hostname or ""
        if host in _LOOPBACK:
            # chromadb's client obeys HTTP_PROXY; a proxy cannot reach this machine's loopback
            bypass = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
            if host not in bypass.split(","):
                os.environ["NO_PROXY"] = os.environ["no_proxy"] = f"{bypass},{host}".strip(",")
        # chromadb connects without any timeout: ask first, so that a server that hangs cannot hang us
        httpx.get(f"{self.url}/api/v2/heartbeat", timeout=min(self._timeout, 3.0)).raise_for_status()

        import chromadb
        from chromadb.config import Settings

        try:
            client = chromadb.HttpClient(
                host=self.url, ssl=self.url.startswith("https:"), settings=Settings(anonymized_telemetry=False)
            )
        except ValueError as error:  # chromadb's word for a connection that fails and an answer that is not Chroma's
            raise unavailable(self.url, str(error)[:200]) from error
        ours: Any = client
        ours._server._session.timeout = httpx.Timeout(self._write_timeout, connect=3.0)
        # chromadb opens a second connection for its own checks, and closes neither
        ours._admin_client._server._session.close()
        weakref.finalize(self, _close, client)
        return client


def _close(client: Any) -> None:
    client._server._session.close()
    client.close()


@contextmanager
def failures(url: str) -> Iterator[None]:
    """Turns what chromadb and httpx raise into `Unavailable`; lets defects of ours through."""
    import httpx

    try:
        yield
    except LadrilloError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise unavailable(url, type(error).__name__) from error
    except Exception as error:
        from chromadb.errors import ChromaError

        # the client raises a bare Exception for an error that it does not know
        if isinstance(error, (ChromaError, json.JSONDecodeError)) or type(error) is Exception:
            raise unavailable(url, str(error).splitlines()[0][:200] if str(error) else type(error).__name__) from error
        raise


def unavailable(url: str, detail: str) -> Unavailable:
    """What a person reads when Chroma does not answer. A password in the address is not shown."""
    url = urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()
    return Unavailable(
        f"The meaning index at {url} does not answer ({detail}). Answers go on without it; if it stays so, "
        "run `ladrillo doctor`, then `ladrillo index rebuild`.",
        f"El índice de significado en {url} no responde ({detail}). Las respuestas siguen sin él; si continúa, "
        "ejecute `ladrillo doctor` y luego `ladrillo index rebuild`.",
        code="chroma_unavailable",
    )
