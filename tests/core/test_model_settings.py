"""Settings of language models: a role's own over the general ones, whom a key is sent to, and what cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import Misconfigured
from core.model_settings import ROLES, Role, RoleModel
from core.settings import Settings, get_settings

HERE, THERE = "https://here.test/v1", "https://there.test/v1"
SECRET = "sk-hunter2"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return get_settings()


def general(**values: object) -> Settings:
    return Settings.model_validate(
        {"openai_api_key": SECRET, "openai_base_url": HERE, "model": "m", "model_input_price": 1, "model_output_price": 2}
        | values
    )


# a role over the general settings


@pytest.mark.parametrize("role", [*ROLES, "fallback"])
def test_a_role_that_says_nothing_is_the_general_one(role: Role) -> None:
    found = general(model_timeout=12, model_temperature=0.2, model_api_version="2024-10-21").of_role(role)
    assert found == RoleModel(
        model="m", base_url=HERE, api_key=SecretStr(SECRET), api_version="2024-10-21", temperature=0.2, timeout=12,
        capabilities="auto", input_price=1, output_price=2,
    )


def test_a_role_says_only_what_differs() -> None:
    settings = general(model_timeout=12, router={"temperature": 0, "timeout": 3})
    assert (settings.of_role("router").temperature, settings.of_role("router").timeout) == (0, 3)
    assert settings.of_role("router").model == "m"
    assert settings.of_role("compose").timeout == 12


def test_another_model_at_the_same_address_has_the_key_and_prices_of_its_own() -> None:
    found = general(router={"model": "tiny", "input_price": 0.1}).of_role("router")
    assert found.api_key == SecretStr(SECRET)
    assert (found.model, found.input_price, found.output_price) == ("tiny", 0.1, None)


def test_the_same_model_named_again_has_the_same_prices() -> None:
    assert general(router={"model": "m", "temperature": 0}).of_role("router").input_price == 1


# whom a key is sent to


@pytest.mark.parametrize("own", [{}, {"model": "m"}, {"model": "other"}], ids=str)
@pytest.mark.parametrize("address", [THERE, "http://here.test/v1", "https://here.test:8443/v1", "https://here.test/v1/other"])
def test_the_general_key_is_never_sent_to_another_address(own: dict[str, str], address: str) -> None:
    found = general(
        model_api_version="2024-10-21", model_capabilities="tools", router={"base_url": address} | own
    ).of_role("router")
    assert found.base_url == address
    assert found.api_key is None
    assert (found.api_version, found.capabilities, found.input_price) == (None, None, None)


def test_nor_where_the_general_address_is_openais_own() -> None:
    assert Settings(openai_api_key=SecretStr(SECRET), router=RoleModel(base_url=THERE)).of_role("router").api_key is None


def test_a_key_of_its_own_goes_to_an_address_of_its_own_and_to_nobody_else() -> None:
    settings = general(fallback={"base_url": THERE, "api_key": "theirs"})
    assert settings.of_role("fallback").api_key == SecretStr("theirs")
    assert settings.of_role("router").api_key == SecretStr(SECRET)


@pytest.mark.parametrize("same", [HERE, f"{HERE}/", f" {HERE} "])
def test_the_same_address_written_otherwise_is_no_other(same: str) -> None:
    found = general(router={"base_url": same}).of_role("router")
    assert (found.base_url, found.api_key) == (HERE, SecretStr(SECRET))


# who can be asked


def test_there_is_a_second_model_where_its_name_or_address_is_set() -> None:
    assert not general().has_fallback
    assert not general(fallback={"temperature": 0}).has_fallback
    assert general(fallback={"model": "other"}).has_fallback
    assert general(fallback={"base_url": THERE}).has_fallback


@pytest.mark.parametrize(
    ("roles", "llm"), [((), False), (("router",), False), (("router", "specialist"), False), (ROLES, True)]
)
def test_a_language_model_thinks_where_every_role_has_somebody_to_ask(roles: tuple[str, ...], llm: bool) -> None:
    settings = Settings.model_validate({role: {"base_url": THERE} for role in roles})
    assert settings.uses_llm is llm


# how they are read


def test_a_group_is_set_by_json_or_one_by_one_and_one_by_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch, LADRILLO_ROUTER=f'{{"model": "a", "base_url": "{THERE}", "temperature": 1}}', LADRILLO_ROUTER__MODEL="b",
        LADRILLO_SPECIALIST__API_KEY="own", LADRILLO_BUDGET='{"day_usd": 5}', LADRILLO_BUDGET__RUN_TOKENS="60000",
    )
    assert (found.router.model, found.router.base_url, found.router.temperature) == ("b", THERE, 1)
    assert found.specialist.api_key == SecretStr("own")
    assert found.budget.limits == {"run": (60000, None), "day": (None, 5)}


def test_the_env_file_may_hold_groups_too(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text('LADRILLO_ROUTER={"model": "a"}\nLADRILLO_FALLBACK__MODEL=b\n', "utf-8")
    found = read(monkeypatch)
    assert (found.router.model, found.fallback.model) == ("a", "b")


def test_an_empty_text_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch, OPENAI_API_KEY=SECRET, OPENAI_BASE_URL="", LADRILLO_ROUTER__API_KEY="", LADRILLO_ROUTER__MODEL="",
        LADRILLO_ROUTER__BASE_URL="", LADRILLO_ROUTER__TEMPERATURE="", LADRILLO_BUDGET__RUN_TOKENS="60000",
    )
    assert found.of_role("router") == found.of_role("compose")
    assert found.of_role("router").api_key == SecretStr(SECRET)


def test_a_model_may_be_called_by_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, LADRILLO_ROUTER__MODEL="123").router.model == "123"


@pytest.mark.parametrize(
    ("value", "kept"), [("auto", "auto"), ("none", "none"), ("tools", "tools"), (" tools , json_schema,", "tools,json_schema")]
)
def test_capabilities(monkeypatch: pytest.MonkeyPatch, value: str, kept: str) -> None:
    found = read(monkeypatch, LADRILLO_MODEL_CAPABILITIES=value, LADRILLO_COMPOSE__CAPABILITIES=value)
    assert found.model_capabilities == found.compose.capabilities == kept


# budgets


def test_limits_are_those_that_are_set_narrowest_first() -> None:
    budget = Settings.model_validate({"budget": {"tenant_usd": 90, "run_tokens": 5, "conversation_tokens": 9}}).budget
    assert list(budget.limits.items()) == [("run", (5, None)), ("conversation", (9, None)), ("tenant", (None, 90))]
    assert budget.in_dollars
    assert not Settings.model_validate({"budget": {"day_tokens": 9}}).budget.in_dollars
    assert Settings().budget.limits == {}


# what cannot be used


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("OPENAI_BASE_URL", "host:11434", "OPENAI_BASE_URL"),
        ("LADRILLO_ROUTER__BASE_URL", "ftp://host/v1", "router.base_url"),
        ("LADRILLO_ROUTER__BASE_URL", "http://host:99999/v1", "router.base_url"),
        ("LADRILLO_ROUTER__BASE_URL", "http://[host/v1", "router.base_url"),
        ("LADRILLO_ROUTER__TEMPERATURE", "3", "router.temperature"),
        ("LADRILLO_ROUTER__TEMPERATURE", "warm", "router.temperature"),
        ("LADRILLO_ROUTER__TIMEOUT", "0", "router.timeout"),
        ("LADRILLO_ROUTER__CAPABILITIES", "auto,tools", "router.capabilities"),
        ("LADRILLO_MODEL_CAPABILITIES", "flying", "model_capabilities"),
        ("LADRILLO_MODEL_CAPABILITIES", ",", "model_capabilities"),
        ("LADRILLO_MODEL_TEMPERATURE", "-1", "model_temperature"),
        ("LADRILLO_MODEL_STALL", "0", "model_stall"),
        ("LADRILLO_MODEL_PATIENCE", "soon", "model_patience"),
        ("LADRILLO_MODEL_CONCURRENCY", "0", "model_concurrency"),
        ("LADRILLO_MODEL_CACHED_PRICE", "nan", "model_cached_price"),
        ("LADRILLO_ROUTER_THRESHOLD", "90", "router_threshold"),
        ("LADRILLO_BUDGET__RUN_TOKENS", "0", "budget.run_tokens"),
        ("LADRILLO_BUDGET__RUN_TOKENS", "1.5", "budget.run_tokens"),
        ("LADRILLO_BUDGET__DAY_USD", "-1", "budget.day_usd"),
        ("LADRILLO_BUDGET__DAY_USD", "nan", "budget.day_usd"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(monkeypatch, **{name: value})
    for sentence in (refused.value.en, refused.value.es):
        assert field in sentence
        assert repr(value) in sentence
        assert ".env.example" in sentence
    assert not set(refused.value.es.split()) & {"should", "must", "expected", "Input"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LADRILLO_ROUTER", SECRET, "LADRILLO_ROUTER__"),
        ("LADRILLO_ROUTER", f'"{SECRET}"', "router"),
        ("LADRILLO_ROUTER", f'["{SECRET}"]', "router"),
        ("LADRILLO_ROUTER", f'{{"api_key": ["{SECRET}"]}}', "router.api_key"),
        ("LADRILLO_ROUTER", f'{{"api_kye": "{SECRET}"}}', "router.api_kye"),
        ("LADRILLO_ROUTER__APIKEY", SECRET, "router.apikey"),
        ("LADRILLO_ROUTER__BASE_URL", f"ftp://me:{SECRET}@host", "router.base_url"),
        ("OPENAI_BASE_URL", f"https://host/v1?api-key={SECRET}", "OPENAI_BASE_URL"),
        ("LADRILLO_BUDGET", SECRET, "LADRILLO_BUDGET__"),
    ],
)
def test_what_may_be_a_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(monkeypatch, **{name: value})
    for sentence in (refused.value.en, refused.value.es):
        assert told in sentence
        assert SECRET not in sentence


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, LADRILLO_ROUTER__API_KEY=SECRET, OPENAI_API_KEY=SECRET)
    assert SECRET not in repr(found) + repr(found.of_role("router")) + found.model_dump_json()
