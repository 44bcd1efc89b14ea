"""The command line as it is called: in this process where nothing starts, in one of its own where servers do."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

import cli
from cli.console import _from_file
from core.embedded import Servers
from core.settings import get_settings
from knowledge.migrations import upgrade
from services.filling import STEPS

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Called:
    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that does not exist yet, an empty working folder and no settings but these."""
    folder = tmp_path / "data"
    monkeypatch.setenv("LADRILLO_DATA_DIR", str(folder))
    monkeypatch.setenv("CHROMA_URL", NOBODY)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def call(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Run a command in this process: its exit code and what it printed."""
    root = logging.getLogger()
    handlers, level, ours = root.handlers[:], root.level, logging.getLogger("ladrillo").level

    def run(*arguments: str, language: str = "en") -> Called:
        monkeypatch.setenv("LADRILLO_LANGUAGE", language)
        monkeypatch.setattr(sys, "argv", ["ladrillo", *arguments])
        get_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Called(int(ended.value.code or 0), printed.out, printed.err)

    yield run
    get_settings.cache_clear()
    _from_file.cache_clear()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("ladrillo").setLevel(ours)


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database is migrated and marked as filled, though it holds no adverts."""
    folder = tmp_path_factory.mktemp("filled") / "with a space"
    with Servers() as servers:
        url = servers.start_postgres(folder)
        upgrade(url)
        with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
            for step in STEPS:
                connection.execute(
                    "INSERT INTO jobs (id, tenant_id, kind, payload, status, attempts, run_at, created_at)"
                    " VALUES (%s, 'default', %s, '{}', 'done', 1, now(), now())",
                    (f"fill.{step}:default", f"fill.{step}"),
                )
    return folder


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `ladrillo` in a process and a session of its own; what is still there at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, code: str = "import cli; cli.main()", **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], cwd=tmp_path, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT), "CHROMA_URL": NOBODY, "LADRILLO_LANGUAGE": "en"} | env,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)
