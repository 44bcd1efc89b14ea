"""A real Chroma server on loopback: one per worker for most tests, own ones for tests that kill it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest


class ChromaServer:
    """`chroma run` over a folder; `kill` ends it at once, `start` brings it back on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).with_name("chroma")
        self._process = subprocess.Popen(
            [program, "run", "--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/api/v2/heartbeat", timeout=2, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        self.kill()
        pytest.fail(f"chroma did not answer on port {self.port} within 30 s")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that lives as long as the worker; a test keeps to its own tenant."""
    server = ChromaServer(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture
def chroma_server(tmp_path: Path) -> Iterator[Callable[[], ChromaServer]]:
    """Makes a server of the test's own, killed at the end."""
    made: list[ChromaServer] = []

    def make() -> ChromaServer:
        server = ChromaServer(tmp_path)
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.kill()
