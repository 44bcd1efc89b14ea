"""Whole commands in processes of their own: help, a question, the service, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from cli.serve import listen
from core.embedded import Servers, status

from .conftest import ROOT, Start

PATIENCE = 60
_MAIN = "import cli; cli.main()"
PROMPT = """
import sys
from contextlib import asynccontextmanager
import cli.talk
from cli.console import guard, run

@asynccontextmanager
async def opened():
    yield None

async def start(runner, hint):
    return None, "c"

cli.talk.opened, cli.talk._start = opened, start
sys.exit(guard(lambda: run(cli.talk.chat(country=None))))
"""


@pytest.mark.parametrize(("language", "words"), [("en", "Ask one question"), ("es", "Hace una pregunta")])
def test_help_is_in_the_readers_language(start: Start, language: str, words: str) -> None:
    process = start("--help", LADRILLO_LANGUAGE=language)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert words in out
    for command in ("serve", "ask", "chat", "ingest", "train", "value", "eval", "bench", "doctor", "db", "index"):
        assert f" {command} " in out


def test_a_pipe_that_closes_early_is_no_failure(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", _MAIN, "--version"], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_defect(closed: str) -> None:
    line = f'exec "$0" -c "$1" ask - {closed}'
    done = subprocess.run(["sh", "-c", line, sys.executable, _MAIN], cwd=ROOT, input=b"", capture_output=True)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def _left(folder: Path) -> list[str]:
    """Processes that work in a folder or name it."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in " ".join([process.cwd(), *process.cmdline()]):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_answers_are_not_held_back_by_nagles_delay() -> None:
    """asyncio turns the delay off only where the protocol of the listening socket is named."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_question_and_the_service_on_one_folder_and_ctrl_c(start: Start, filled_folder: Path) -> None:
    serve = start("serve", "--port", "0", LADRILLO_DATA_DIR=str(filled_folder))
    assert serve.stdout is not None
    ready = serve.stdout.readline()
    assert ready.startswith("Ladrillo is ready: http://127.0.0.1:"), serve.stderr
    address = ready.rpartition(" ")[2].strip()

    ask = start("ask", "hola", "--json", LADRILLO_DATA_DIR=str(filled_folder))
    out, err = ask.communicate(timeout=PATIENCE)
    assert ask.returncode == 0, err
    answer = json.loads(out)  # one object and nothing else
    assert (answer["routes"], answer["status"], answer["language"]) == (["none"], "finished", "es")
    assert {
        "answer", "routes", "slots", "confidence", "escalated", "case", "facts", "citations", "language", "ms",
    } <= set(answer)
    assert answer["answer"]

    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        started = client.post("/api/conversations").json()
        auth = {"Authorization": f"Bearer {started['token']}"}
        with client.stream("GET", f"/api/conversations/{started['id']}/events", headers=auth) as tail:
            assert tail.status_code == 200  # a reader that stays does not hold the end up
            os.killpg(serve.pid, signal.SIGINT)
            _, err = serve.communicate(timeout=PATIENCE)
    assert serve.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted" in err
    assert [s.state for s in status(filled_folder) if s.name == "postgres"] == ["stopped"]
    assert _left(filled_folder) == []


def test_an_evaluation_is_run_listed_and_compared(start: Start, filled_folder: Path, tmp_path: Path) -> None:
    def done(*arguments: str) -> str:
        process = start("eval", *arguments, LADRILLO_DATA_DIR=str(filled_folder))
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return out

    case = {"id": "a", "lang": "es", "turns": ["hola"], "expect": {"routes": ["none"]}}
    (tmp_path / "cases.jsonl").write_text(json.dumps(case))
    with Servers() as servers:
        servers.start_postgres(filled_folder)
        figures = done("cases.jsonl", "--outputs", "out.jsonl", "--save-baseline", "base.jsonl", "--html", "new/page.html")
        assert "exact routes" in figures
        assert json.loads((tmp_path / "out.jsonl").read_text())["turns"][0]["status"] == "finished"
        assert "Everything that was asked for is right." in (tmp_path / "new" / "page.html").read_text("utf-8")
        assert "The baseline is met." in done("cases.jsonl", "--name", "again", "--baseline", "base.jsonl")
        assert (filled_folder / "evals" / "again.jsonl").is_file()
        assert [row.split()[0] for row in done("list").splitlines()[1:]] == ["E-2", "E-1"]
        assert "no clear change" in done("compare", "cases", "again")


def test_a_case_of_the_inbox_becomes_an_evaluation_case(start: Start, filled_folder: Path, tmp_path: Path) -> None:
    def done(*arguments: str) -> tuple[int, str, str]:
        process = start(*arguments, LADRILLO_DATA_DIR=str(filled_folder))
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    question = "quiero hablar con una persona"
    with Servers() as servers:
        servers.start_postgres(filled_folder)
        case = json.loads(done("ask", question, "--json")[1])["case"]
        assert done("eval", "label", case, "--out", "mine.jsonl")[0] == 0
        [line] = (tmp_path / "mine.jsonl").read_text().splitlines()
        assert json.loads(line)["turns"] == [question]
        code, _, err = done("eval", "label", case, "--out", "mine.jsonl")
        assert (code, "already" in err) == (5, True)
        assert json.loads(done("eval", "label", case)[1]) == json.loads(line)
        assert done("eval", "label", "C-999")[0] == 3


def test_the_service_waits_for_a_database_elsewhere(start: Start, tmp_path: Path) -> None:
    serve = start("serve", "--port", "0", DATABASE_URL="postgresql://u:hunter2@127.0.0.1:9/x",
                  LADRILLO_DATA_DIR=str(tmp_path / "data"))
    assert serve.stdout is not None
    address = serve.stdout.readline().rpartition(" ")[2].strip()
    assert httpx.get(f"{address}/healthz").status_code == 200
    assert httpx.get(f"{address}/readyz").status_code == 503
    os.killpg(serve.pid, signal.SIGINT)
    _, err = serve.communicate(timeout=PATIENCE)
    assert serve.returncode == 130
    assert "does not answer" in err
    assert "hunter2" not in err
    assert "Traceback" not in err


def test_ctrl_c_at_the_prompt_of_a_chat_ends_it(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    chat = subprocess.Popen(
        [sys.executable, "-c", PROMPT], cwd=tmp_path, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env=os.environ | {"PYTHONPATH": str(ROOT), "LADRILLO_LANGUAGE": "en"},
    )
    os.close(terminal)
    try:
        shown = ""
        while "›" not in shown:
            shown += os.read(controller, 1000).decode()
        os.write(controller, b"\n")  # an empty line is refused, and the prompt comes back
        while shown.count("›") < 2:
            shown += os.read(controller, 1000).decode()
        os.killpg(chat.pid, signal.SIGINT)
        _, err = chat.communicate(timeout=10)
    finally:
        chat.kill()
        os.close(controller)
    assert chat.returncode == 130
    assert "empty" in err
    assert "Interrupted" in err
    assert "Traceback" not in err
