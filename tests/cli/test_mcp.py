"""`ladrillo mcp` as a process: nothing but the protocol on standard output, and an end that lets go of everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.embedded import status

from .conftest import Call, Start

PATIENCE = 60
NOISY = """
import os
import cli
import cli.mcp

opens = cli.mcp.open_resources

async def loud(settings):
    print("noise")
    os.write(1, b"more")
    return await opens(settings)

cli.mcp.open_resources = loud
cli.main()
"""


def say(process: subprocess.Popen[str], method: str, number: int | None = None, **params: Any) -> dict[str, Any]:
    """Send a request and read the one line of its answer; a notification has none."""
    assert process.stdin is not None
    assert process.stdout is not None
    message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    if number is None:
        return {}
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    assert answer["id"] == number
    found: dict[str, Any] = answer["result"]
    return found


def shake_hands(process: subprocess.Popen[str]) -> None:
    found = say(process, "initialize", 1, protocolVersion="2025-06-18", capabilities={},
                clientInfo={"name": "test", "version": "1"})
    assert found["serverInfo"]["name"] == "ladrillo"
    say(process, "notifications/initialized")


def test_a_client_calls_a_tool_and_leaves_by_closing_standard_input(start: Start, filled_folder: Path) -> None:
    # a library that prints does not disturb the protocol
    process = start("mcp", code=NOISY, LADRILLO_DATA_DIR=str(filled_folder))
    shake_hands(process)
    found = say(process, "tools/call", 2, name="analyse_returns",
                arguments={"price": 450e6, "monthly_rent": 2.3e6, "country": "CO", "measures": ["gross_yield"]})
    figures = {fact["key"]: fact["value"] for fact in found["structuredContent"]["facts"]}
    assert round(figures["gross_yield"], 2) == 6.13
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
    assert "noise" in err
    assert "more" in err
    assert "Traceback" not in err
    assert [s.state for s in status(filled_folder) if s.name == "postgres"] == ["stopped"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_standard_input_is_open(start: Start, tmp_path: Path, how: signal.Signals) -> None:
    process = start("mcp", LADRILLO_DATA_DIR=str(tmp_path / "data"))
    shake_hands(process)
    os.killpg(process.pid, how)
    assert process.wait(timeout=PATIENCE) == 130
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert not (tmp_path / "data").exists()  # nothing is opened before a call asks for it


def test_over_http_it_says_where(start: Start, filled_folder: Path) -> None:
    process = start("mcp", "--http", "--port", "0", LADRILLO_DATA_DIR=str(filled_folder))
    assert process.stdout is not None
    ready = process.stdout.readline()
    assert ready.startswith("Ladrillo's MCP server is ready: http://127.0.0.1:")
    assert ready.strip().endswith("/mcp")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 130


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("tokens", ["", "viewer:mcp:development-only-token"])
def test_beyond_this_machine_it_wants_a_token_of_your_own(
    call: Call, monkeypatch: pytest.MonkeyPatch, tokens: str, language: str
) -> None:
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", tokens)
    refused = call("mcp", "--http", "--host", "192.0.2.1", language=language)
    assert (refused.code, refused.out) == (7, "")
    assert "LADRILLO_STAFF_TOKENS" in refused.err
    assert "192.0.2.1" in refused.err


def test_on_every_address_it_wants_the_name_that_clients_call(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "viewer:mcp:a-token-of-ones-own-0123456789")
    refused = call("mcp", "--http", "--host", "0.0.0.0")
    assert refused.code == 2
    assert "--name" in refused.err
