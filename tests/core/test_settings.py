"""Settings: what is read, what is refused, and that README.md, README.es.md and .env.example tell the same story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from core.errors import Misconfigured
from core.model_settings import Budget, RoleModel
from core.settings import DEVELOPMENT_KEY, DEVELOPMENT_TOKEN, Settings, get_settings

ROOT = Path(__file__).resolve().parents[2]
LONG = "k" * 24
_ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>[^|]+?) \| (?P<meaning>[^|]+?) \|$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No `.env` of the developer's, no setting of the run, and a fresh reading on both sides of the test."""
    monkeypatch.chdir(tmp_path)
    for field, info in Settings.model_fields.items():
        monkeypatch.delenv(f"LADRILLO_{field.upper()}", raising=False)
        monkeypatch.delenv(variable(field, info), raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def variable(field: str, info: FieldInfo) -> str:
    """The environment variable that people are told to use."""
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[-1])
    return f"LADRILLO_{field.upper()}"


def settings_by_variable() -> dict[str, tuple[str, FieldInfo]]:
    return {variable(field, info): (field, info) for field, info in Settings.model_fields.items()}


def shown_default(value: Any) -> str:
    """A default as the tables write it: code, or a dash where there is none."""
    if value is None or value in (RoleModel(), Budget()):  # a group of which nothing is set
        return "–"
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    return f"`{plain:g}`" if isinstance(plain, float) else f"`{plain}`"


# the tables


def table(file: str, heading: str) -> dict[str, tuple[str, str]]:
    text = (ROOT / file).read_text("utf-8")
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return {row["name"]: (row["default"], row["meaning"]) for row in _ROW.finditer(section)}


TABLES = [("README.md", "Configuration"), ("README.es.md", "Configuración")]


@pytest.mark.parametrize(("file", "heading"), TABLES)
def test_the_table_lists_every_setting_and_no_other(file: str, heading: str) -> None:
    assert sorted(table(file, heading)) == sorted(settings_by_variable())


@pytest.mark.parametrize(("file", "heading"), TABLES)
def test_the_table_gives_the_defaults_of_the_code(file: str, heading: str) -> None:
    told = {name: default for name, (default, _) in table(file, heading).items()}
    real = {
        name: "`~/.local/share/ladrillo`" if field == "data_dir" else shown_default(info.default)
        for name, (field, info) in settings_by_variable().items()
    }
    assert told == real


@pytest.mark.parametrize(("file", "heading"), TABLES)
@pytest.mark.parametrize("field", ["environment", "brain", "embeddings", "language", "log_level"])
def test_the_table_names_every_choice(file: str, heading: str, field: str) -> None:
    info = Settings.model_fields[field]
    _, meaning = table(file, heading)[variable(field, info)]
    assert [c for c in info.annotation.__args__ if f"`{c}`" not in meaning] == []  # type: ignore[union-attr]


# .env.example


def examples() -> dict[str, str]:
    """Every setting of `.env.example`, all of them commented out."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    return dict(match.groups() for line in lines if (match := re.match(r"# ([A-Z_]+)=(.*)$", line)))


def test_the_example_file_names_every_setting_and_no_other() -> None:
    assert sorted(examples()) == sorted(settings_by_variable())


@pytest.mark.parametrize("name", sorted(settings_by_variable()))
def test_each_example_can_be_used_as_it_stands(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "LADRILLO_ENVIRONMENT":
        monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "")
        monkeypatch.setenv("LADRILLO_API_KEYS", "")
    monkeypatch.setenv(name, examples()[name])
    get_settings()


@pytest.mark.parametrize("name", ["ROUTER", "SPECIALIST", "COMPOSE", "FALLBACK", "BUDGET"])
def test_the_example_of_a_group_sets_some_of_it_and_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LADRILLO_{name}", examples()[f"LADRILLO_{name}"])
    group = getattr(get_settings(), name.lower())
    assert group.model_fields_set
    assert "api_key" not in group.model_fields_set


@pytest.mark.parametrize(("file", "heading"), TABLES)
def test_the_tables_name_the_parts_of_a_group_as_they_are(file: str, heading: str) -> None:
    rows = table(file, heading)
    for group, values in (("ROUTER", RoleModel), ("BUDGET", Budget)):
        parts = re.findall(rf"`(?:LADRILLO_{group}|…)__([A-Z_]+)`", rows[f"LADRILLO_{group}"][1])
        assert len(parts) > 1
        assert {part.lower() for part in parts} <= set(values.model_fields)


def test_what_the_example_file_says_is_a_default_is_one() -> None:
    plain = {
        name: (value, str(info.default).removesuffix(".0"))
        for name, value in examples().items()
        for field, info in [settings_by_variable()[name]]
        if field in ("host", "port", "model", "model_timeout", "model_stall", "model_patience", "model_concurrency",
                     "model_capabilities", "router_threshold", "brain", "embeddings", "embeddings_model", "language",
                     "turn_timeout", "log_level")
    }
    assert {name: value for name, (value, _) in plain.items()} == {name: real for name, (_, real) in plain.items()}


# reading


def test_nothing_has_to_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    found = get_settings()
    assert (found.environment, found.port, found.database_url) == ("development", 8000, None)
    assert found.data_dir == tmp_path / "ladrillo"


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("LADRILLO_PORT=9001\nLADRILLO_HOST=0.0.0.0\nSOMETHING_ELSE=1\n", "utf-8")
    monkeypatch.setenv("LADRILLO_PORT", "9002")
    assert (get_settings().port, get_settings().host) == (9002, "0.0.0.0")


@pytest.mark.parametrize("name", ["DATABASE_URL", "LADRILLO_DATABASE_URL"])
def test_a_usual_name_works_with_and_without_our_prefix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "postgresql://db.example/ladrillo")
    url = get_settings().database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql://db.example/ladrillo"


def test_the_prefixed_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMA_URL", "http://usual:8001")
    monkeypatch.setenv("LADRILLO_CHROMA_URL", "http://ours:8001")
    assert get_settings().chroma_url == "http://ours:8001"


@pytest.mark.parametrize(
    ("given", "llm"),
    [
        ({}, False),
        ({"OPENAI_API_KEY": ""}, False),
        ({"OPENAI_API_KEY": "sk-1"}, True),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, True),
        ({"OPENAI_API_KEY": "sk-1", "LADRILLO_BRAIN": "builtin"}, False),
        ({"LADRILLO_BRAIN": "llm"}, True),
    ],
)
def test_a_key_or_an_address_calls_for_a_language_model(
    given: dict[str, str], llm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert get_settings().uses_llm is llm


# staff tokens


def test_staff_tokens_are_roles_names_and_tokens() -> None:
    found = Settings(staff_tokens=SecretStr("adviser:maria:abc, admin:luis:d:e ,"))
    assert found.staff == {"abc": ("adviser", "maria"), "d:e": ("admin", "luis")}


def test_no_staff_token_closes_the_desk() -> None:
    assert Settings(staff_tokens=SecretStr("")).staff == {}


@pytest.mark.parametrize("tokens", ["boss:maria:abc", "adviser:abc", "abc", "adviser:maria:", "adviser::abc"])
def test_an_entry_that_is_not_role_name_token_is_refused(tokens: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", tokens)
    with pytest.raises(Misconfigured, match=r"LADRILLO_STAFF_TOKENS.*role:name:token"):
        get_settings()


@pytest.mark.parametrize("tokens", [None, f"adviser:desk:{DEVELOPMENT_TOKEN}", "adviser:maria:too-short"])
def test_production_refuses_the_development_token_and_short_ones(
    tokens: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADRILLO_ENVIRONMENT", "production")
    if tokens is not None:
        monkeypatch.setenv("LADRILLO_STAFF_TOKENS", tokens)
    with pytest.raises(Misconfigured, match="LADRILLO_STAFF_TOKENS") as refused:
        get_settings()
    assert refused.value.exit_code == 7


@pytest.mark.parametrize("tokens", [f"adviser:maria:{LONG}", ""])
def test_production_takes_long_tokens_or_none(tokens: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_ENVIRONMENT", "production")
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", tokens)
    monkeypatch.setenv("LADRILLO_API_KEYS", "")
    assert len(get_settings().staff) == bool(tokens)


# keys of programs


def test_api_keys_are_names_and_keys() -> None:
    found = Settings(api_keys=SecretStr("portal:abc, app : d:e ,"))
    assert found.clients == {"abc": "portal", "d:e": "app"}
    assert Settings(api_keys=SecretStr("")).clients == {}


@pytest.mark.parametrize("keys", ["hunter2", "portal:", ":hunter2", "portal:hunter3,hunter2"])
def test_an_entry_that_is_not_name_key_is_refused_without_repeating_it(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_API_KEYS", keys)
    with pytest.raises(Misconfigured, match=r"LADRILLO_API_KEYS: entry \d is not `name:key`") as refused:
        get_settings()
    assert "hunter" not in refused.value.en + refused.value.es


@pytest.mark.parametrize("keys", [None, f"developer:{DEVELOPMENT_KEY}", "portal:hunter2", f"portal:{LONG},app:hunter2"])
def test_production_refuses_the_development_key_and_short_ones(keys: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_ENVIRONMENT", "production")
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "")
    if keys is not None:
        monkeypatch.setenv("LADRILLO_API_KEYS", keys)
    with pytest.raises(Misconfigured, match="LADRILLO_API_KEYS must hold keys of at least 24") as refused:
        get_settings()
    assert refused.value.exit_code == 7
    assert "hunter" not in refused.value.en + refused.value.es


@pytest.mark.parametrize("keys", [f"portal:{LONG}", ""])
def test_production_takes_long_keys_or_none(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_ENVIRONMENT", "production")
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "")
    monkeypatch.setenv("LADRILLO_API_KEYS", keys)
    assert len(get_settings().clients) == bool(keys)


# hosts that links may go to


def test_link_hosts_are_names_in_small_letters() -> None:
    assert Settings(link_hosts=" WWW.Portal.com, pisos.portal.com.co ,").linkable == {"www.portal.com", "pisos.portal.com.co"}
    assert Settings().linkable == frozenset()


@pytest.mark.parametrize(
    "host", ["https://portal.com", "portal.com/x", "portal.com:8443", "*.portal.com", "portal", "1.2.3.4", "a@portal.com",
             "portal..com", "-portal.com", "pörtal.com", "portal.com.", "por tal.com", "a" * 64 + ".com"]
)
def test_what_is_no_host_name_is_refused_in_both_languages(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADRILLO_LINK_HOSTS", f"portal.com,{host}")
    with pytest.raises(Misconfigured, match="LADRILLO_LINK_HOSTS") as refused:
        get_settings()
    for sentence in (refused.value.en, refused.value.es):
        assert repr(host) in sentence
        assert "www.portal.com" in sentence


# what cannot be used


@pytest.mark.parametrize(
    ("field", "value"),
    [("port", "eighty"), ("port", "70000"), ("environment", "prod"), ("brain", "gpt"), ("model_timeout", "0"),
     ("model_input_price", "-1"), ("model_output_price", "nan"),
     ("turn_timeout", "soon"), ("embeddings", "cohere"), ("language", "fr"), ("log_level", "loud")],
)
def test_a_value_that_cannot_be_used_is_named_in_both_languages(
    field: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"LADRILLO_{field.upper()}", value)
    with pytest.raises(Misconfigured) as refused:
        get_settings()
    for sentence in (refused.value.en, refused.value.es):
        assert field in sentence
        assert repr(value) in sentence
        assert ".env.example" in sentence
    assert "must" not in refused.value.es
    assert "should" not in refused.value.es


def test_the_home_folder_is_written_out_as_in_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LADRILLO_DATA_DIR", "~/somewhere")
    assert get_settings().data_dir == tmp_path / "somewhere"
    get_settings.cache_clear()
    monkeypatch.setenv("LADRILLO_DATA_DIR", "~nobody-by-that-name/x")
    with pytest.raises(Misconfigured, match="no home folder"):
        get_settings()


def test_a_user_without_a_home_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LADRILLO_DATA_DIR", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(Misconfigured, match="Set LADRILLO_DATA_DIR"):
        get_settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"OPENAI_API_KEY": "sk-hidden", "DATABASE_URL": "postgresql://u:hidden@h/x", "REDIS_URL": "redis://:hidden@h"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    assert "hidden" not in repr(get_settings())
    get_settings.cache_clear()
    monkeypatch.setenv("LADRILLO_ENVIRONMENT", "production")
    monkeypatch.setenv("LADRILLO_STAFF_TOKENS", "adviser:maria:hidden")
    with pytest.raises(Misconfigured) as refused:
        get_settings()
    assert "hidden" not in refused.value.en + refused.value.es
