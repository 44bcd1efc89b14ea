"""Commands that cannot do what they are asked: one sentence in the reader's language, an exit code, and nothing begun."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.console import guard, language
from cli.files import present
from core import telemetry
from core.errors import Conflict, NotFound, Unavailable
from core.settings import get_settings

from .conftest import Call


@pytest.mark.parametrize(
    ("arguments", "en", "es"),
    [
        ("frobnicate", "No such command 'frobnicate'", "No existe la orden 'frobnicate'"),
        ("aks hola", "Did you mean 'ask'?", "¿Quiso decir 'ask'?"),
        ("db frobnicate", "ladrillo db --help", "ladrillo db --help"),
        ("ask", "Missing argument", "Falta 'question'"),
        ("ask cuánto vale", "Put words that belong together in quotes.", "Sobra algo (vale). Ponga entre comillas"),
        ("ask hola --country", "'--country' requires an argument", "A la opción --country le falta un valor"),
        ("serve --port 70000", "equal to 65535", "El valor de '--port' no sirve (debe ser como máximo 65535). Vea"),
        ("ask hola --loud", "No such option: --loud", "No existe la opción --loud"),
        ("eval --outputs out.jsonl", "'cases'", "Falta 'cases'"),
        ("eval cases.jsonl --epochs 0", "equal to 1", "debe ser como mínimo 1"),
        ("eval run", "ladrillo eval run --help", "ladrillo eval run --help"),
        ("serve --port x", "'--port'", "El valor de '--port' no sirve"),
        ("serve --port 99999", "65535", "65535"),
        ("bench --turns 0", "'--turns'", "'--turns'"),
        ("ask hola --country FR", "one of CO, ES, MX", "uno de CO, ES, MX"),
        ("chat --country FR", "one of CO, ES, MX", "uno de CO, ES, MX"),
        ("train --country FR", "one of CO", "uno de CO"),
        ("rules --country FR", "one of CO, ES, MX", "uno de CO, ES, MX"),
        ("rules --country ES --write rules.md", "leave --country out", "no use --country"),
        ("eval cases.jsonl --outputs out.jsonl --brain big", "builtin or llm", "builtin o llm"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_command_that_is_not_understood(
    call: Call, data_dir: Path, arguments: str, en: str, es: str, language: str
) -> None:
    called = call(*arguments.split(), language=language)
    assert called.code == 2
    assert (en if language == "en" else es) in called.err
    assert called.err.startswith("ladrillo: ")
    assert called.out == ""
    assert not data_dir.exists()


def test_the_version(call: Call, data_dir: Path) -> None:
    called = call("--version")
    assert (called.code, called.out) == (0, f"ladrillo {version('ladrillo')}\n")
    assert not data_dir.exists()


@pytest.mark.parametrize(("language", "words"), [("en", "Transfer tax"), ("es", "transmisiones")])
def test_the_rules_of_one_country(call: Call, data_dir: Path, language: str, words: str) -> None:
    called = call("rules", "--country", "es", language=language)
    assert called.code == 0
    assert called.out.startswith("## Spain" if language == "en" else "## España")
    assert words.casefold() in called.out.casefold()
    assert "## CO" not in called.out
    assert not data_dir.exists()


def test_no_command_prints_the_help(call: Call) -> None:
    called = call()
    assert called.code in (0, 2)
    assert "serve" in called.out + called.err


@pytest.mark.parametrize(("words", "sentence"), [("", "empty"), ("  ", "empty"), ("x" * 20_001, "20,001")])
def test_a_question_that_is_none(call: Call, data_dir: Path, words: str, sentence: str) -> None:
    called = call("ask", words)
    assert called.code == 2
    assert sentence in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("sent", "en", "es"),
    [
        (b"", "empty", "vacío"),
        (b"hola\0", "not text", "no es texto"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8", "no es texto UTF-8"),
        (b"x" + "ñ".encode() * 600_000, "at most 20,000", "como máximo 20000"),
    ],
    ids=["empty", "nul", "binary", "long"],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_question_from_a_pipe_that_is_none(
    call: Call, data_dir: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes, en: str, es: str, language: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sent)))
    called = call("ask", "-", language=language)
    assert called.code == 2
    assert (en if language == "en" else es) in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("LADRILLO_BRAIN", "llm", "neither OPENAI_API_KEY nor OPENAI_BASE_URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "expected an address"),
    ],
)
@pytest.mark.parametrize("command", [["ask", "hola"], ["serve", "--port", "0"]], ids=["ask", "serve"])
def test_what_cannot_be_asked_is_told_before_a_folder_is_filled(
    call: Call, data_dir: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], setting: str, value: str, sentence: str
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(setting, value)
    telemetry._provider.cache_clear()
    called = call(*command)
    assert called.code == 7
    assert sentence in called.err
    assert not data_dir.exists()


GOOD = json.dumps({"id": "a", "lang": "es", "turns": ["hola"]})


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (None, 3, "There is no file 'cases.jsonl'"),
        (b"", 2, "holds no case"),
        (b"\xff\xfe\x00", 2, "not a UTF-8 file"),
        (f"{GOOD}\n{{".encode(), 2, "line 2"),
        (b'{"id": "a", "lang": "es"}', 2, "line 1: turns"),
        (b'{"id": "a", "lang": "fr", "turns": ["x"]}', 2, "line 1: lang"),
        (b'{"id": "a", "lang": "es", "turns": []}', 2, "line 1: turns"),
        (b"[1]", 2, "line 1"),
        (f"{GOOD}\n{GOOD}".encode(), 2, "'a' stands twice"),
    ],
)
def test_cases_that_cannot_be_run(
    call: Call, data_dir: Path, content: bytes | None, code: int, sentence: str
) -> None:
    if content is not None:
        Path("cases.jsonl").write_bytes(content)
    called = call("eval", "cases.jsonl", "--outputs", "out.jsonl")
    assert called.code == code
    assert sentence in called.err
    assert not Path("out.jsonl").exists()
    assert not data_dir.exists()


def test_outputs_never_overwrite_the_cases(call: Call) -> None:
    Path("cases.jsonl").write_text(GOOD)
    called = call("eval", "cases.jsonl", "--outputs", "./cases.jsonl", language="es")
    assert (called.code, Path("cases.jsonl").read_text()) == (2, GOOD)
    assert "sobrescribiría" in called.err


@pytest.mark.parametrize("option", ["--outputs", "--html", "--save-baseline"])
def test_no_two_files_of_an_evaluation_are_one(call: Call, data_dir: Path, option: str) -> None:
    Path("cases.jsonl").write_text(GOOD)
    called = call("eval", "cases.jsonl", "--baseline", "b.jsonl", option, "./b.jsonl")
    assert called.code == 2
    assert f"{option} would overwrite --baseline" in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize(("language", "words"), [("en", "Did you mean `ladrillo eval run`?"), ("es", "¿Quiso decir")])
def test_a_command_of_eval_that_is_misspelt_is_taken_for_a_file_and_named(call: Call, language: str, words: str) -> None:
    called = call("eval", "rnu", language=language)
    assert called.code == 3
    assert words in called.err


def test_the_cases_may_stand_after_the_options(call: Call, data_dir: Path) -> None:
    for arguments in (("--outputs", "out.jsonl", "none.jsonl"), ("run", "none.jsonl"), ("none.jsonl",)):
        called = call("eval", *arguments)
        assert (called.code, data_dir.exists()) == (3, False)
        assert "There is no file 'none.jsonl'" in called.err


def test_an_evaluation_without_inspect_says_what_to_install(
    call: Call, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cases.jsonl").write_text(GOOD)
    monkeypatch.setattr("evals.engine.find_spec", lambda name: None)
    called = call("eval", "cases.jsonl")
    assert called.code == 7
    assert "uv sync --group evals" in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize(
    "arguments", [("ingest", "none.csv"), ("ingest", "none.csv", "nada.parquet"), ("value", "none.csv", "--out", "o.csv"),
                  ("returns", "none.csv", "--out", "o.csv")]
)
@pytest.mark.parametrize(("language", "words"), [("en", "There is no file"), ("es", "No existe el archivo")])
def test_a_file_that_is_not_there_is_told_before_anything_starts(
    call: Call, data_dir: Path, arguments: tuple[str, ...], language: str, words: str
) -> None:
    called = call(*arguments, language=language)
    assert called.code == 3
    assert f"{words} 'none.csv'" in called.err
    assert not data_dir.exists()


def test_doctor_looks_and_touches_nothing(call: Call, data_dir: Path) -> None:
    called = call("doctor")
    assert called.code == 0
    assert str(data_dir) in called.out
    assert "is empty" in called.out
    assert "does not answer" in called.out  # Chroma, at an address where nobody is
    assert not data_dir.exists()


def test_doctor_says_that_a_database_does_not_answer(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/x")
    called = call("doctor", language="es")
    assert called.code == 6
    assert "no responde" in called.out
    assert "hunter2" not in called.out + called.err


@pytest.mark.parametrize("arguments", [("ask", "hola"), ("db", "upgrade"), ("serve", "--port", "0")])
@pytest.mark.parametrize(("language", "words"), [("en", "is a file, and a folder is needed"), ("es", "es un archivo")])
def test_a_file_in_the_place_of_the_data_folder(
    call: Call, data_dir: Path, arguments: tuple[str, ...], language: str, words: str
) -> None:
    data_dir.write_text("mine")
    called = call(*arguments, language=language)
    assert called.code == 7
    assert words in called.err
    assert str(data_dir) in called.err
    assert data_dir.read_text() == "mine"


def test_a_database_elsewhere_that_is_down(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/x")
    called = call("ask", "hola", "--json")
    assert (called.code, called.out) == (6, "")
    assert "does not answer" in called.err
    assert "hunter2" not in called.err


@pytest.mark.parametrize(("language", "words"), [("en", "cannot be made"), ("es", "No se puede crear la carpeta")])
def test_a_folder_for_charts_that_is_a_file(call: Call, data_dir: Path, tmp_path: Path, language: str, words: str) -> None:
    (tmp_path / "mine").write_text("x")
    called = call("ask", "hola", "--charts", str(tmp_path / "mine"), language=language)
    assert called.code == 2
    assert words in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize(("language", "words"), [("en", "Choose another with --port"), ("es", "Elija otro con --port")])
def test_a_port_that_is_taken(call: Call, data_dir: Path, language: str, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        called = call("serve", "--port", str(port), language=language)
    assert called.code == 5
    assert words in called.err
    assert str(port) in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_development_token_never_leaves_this_machine(call: Call, data_dir: Path, host: str) -> None:
    called = call("serve", "--host", host, "--port", "0")
    assert called.code == 7
    assert "LADRILLO_STAFF_TOKENS" in called.err
    assert not data_dir.exists()


@pytest.mark.parametrize(("language", "words"), [("es", "abriría /v1"), ("en", "would open /v1")])
def test_the_development_key_never_leaves_this_machine(
    call: Call, data_dir: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "")
    called = call("serve", "--host", "0.0.0.0", "--port", "0", language=language)
    assert called.code == 7
    assert words in called.err
    assert not data_dir.exists()


def test_a_setting_that_is_wrong_is_named_without_its_secrets(
    call: Call, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter2")
    monkeypatch.setenv("LADRILLO_PORT", "many")
    called = call("ask", "hola")
    assert called.code == 7
    assert "'many'" in called.err
    monkeypatch.delenv("LADRILLO_PORT")
    monkeypatch.setenv("LADRILLO_ENVIRONMENT", "production")
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "adviser:ana:hunter2")
    called = call("ask", "hola", language="es")
    assert called.code == 7
    assert "24" in called.err
    assert "hunter2" not in called.err
    assert not data_dir.exists()


def test_the_language_is_read_from_the_settings_file_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("LADRILLO_LANGUAGE=es\n")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LADRILLO_LANGUAGE", raising=False)
    assert language() == "es"
    assert "is empty" in call("ask", "", language="en").err  # the variable wins


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "es_CO.UTF-8"}, "es"), ({"LANG": "de_DE.UTF-8"}, "en"), ({"LC_ALL": "es_ES", "LANG": "en_US"}, "es"),
        ({"LADRILLO_LANGUAGE": "en", "LANG": "es_CO"}, "en"), ({}, "en"),
    ],
)
def test_the_language_of_the_terminal(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("LADRILLO_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (NotFound("Nothing there.", "No hay nada."), 3, "Nothing there."), (Conflict("Taken.", "Ocupado."), 5, "Taken."),
        (KeyboardInterrupt(), 130, "Interrupted"), (asyncio.CancelledError(), 130, "Interrupted"),
        (OSError(28, "No space left on device", "/tmp/x"), 6, "No space left on device (/tmp/x)"),
    ],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    monkeypatch.setenv("LADRILLO_LANGUAGE", "en")

    def work() -> Any:
        raise error

    assert guard(work) == code
    assert words in capsys.readouterr().err


def test_files_that_may_not_be_looked_at_are_left_to_the_reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", forbidden)
    assert present([tmp_path / "a.csv"]) == ([tmp_path / "a.csv"], 0)


def test_typer_leaves_ctrl_c_to_us(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(host: str | None, port: int | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.serve.serve", work)
    called = call("serve")
    assert called.code == 130
    assert "Interrupted" in called.err


@pytest.mark.parametrize(("free", "told"), [(3, True), (5_000, False)])
def test_a_database_that_stopped_on_a_full_disk(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], free: int, told: bool
) -> None:
    data_dir.mkdir()
    get_settings.cache_clear()
    monkeypatch.setenv("LADRILLO_LANGUAGE", "en")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free * 2**20))

    def work() -> Any:
        raise Unavailable("gone", "no está", code="database_unavailable")

    assert guard(work) == 6
    assert ("3 MB left" in capsys.readouterr().err) is told


def test_a_start_does_not_look_for_garbage_among_what_it_imports(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr("gc.set_threshold", told.append)
    assert call("--version").code == 0
    assert told == [50_000]


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        guard(lambda: 1 / 0)
