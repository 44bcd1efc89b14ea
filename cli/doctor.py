"""`doctor`: what is configured, reachable, of which version, and how much is loaded.

Changes nothing. Where the embedded PostgreSQL has data but is not running, it runs for the moment it takes to count.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import psycopg

from cli.console import out, t
from core.database import normalise_url
from core.errors import LadrilloError
from core.settings import Settings, get_settings

_PACKAGES = ("langgraph", "langchain", "langchain-openai", "llama-index", "chromadb", "fastapi", "sqlmodel", "lightgbm")
_TABLES = (
    "areas", "listings", "price_history", "projects", "project_owners", "series", "observations", "analytics_data",
    "documents", "models", "forecasts", "quarantine", "conversations", "runs", "facts", "cases", "leads",
)


async def doctor() -> int:
    """0 when questions can be answered, 6 when something needed does not answer."""
    settings = get_settings()
    _section(t("Settings", "Ajustes"))
    _settings(settings)
    _section(t("Versions", "Versiones"))
    _line("Python", sys.version.split()[0])
    for name in _PACKAGES:
        _line(name, version(name))
    _section(t("Servers", "Servidores"))
    ok = _servers(settings)
    return 0 if ok else 6


def _section(title: str) -> None:
    out(f"\n{title}")


def _line(name: str, value: object) -> None:
    out(f"  {name:<22}{value}")


def _settings(settings: Settings) -> None:
    _line("environment", settings.environment)
    _line("data_dir", settings.data_dir)
    _line("brain", "llm" if settings.uses_llm else "builtin")
    if settings.uses_llm:
        _line("model", f"{settings.model} @ {settings.openai_base_url or 'OpenAI'}")
    _line("embeddings", settings.embeddings)
    unset = t("embedded", "integrado")
    _line("DATABASE_URL", t("set", "definido") if settings.database_url else unset)
    _line("CHROMA_URL", settings.chroma_url or unset)
    _line("REDIS_URL", t("set", "definido") if settings.redis_url else t("not used", "no se usa"))


def _servers(settings: Settings) -> bool:
    from core.embedded import status

    states = {s.name: s for s in status(settings.data_dir)} if None in (settings.database_url, settings.chroma_url) else {}
    for state in states.values():
        users = f", {len(state.users)} " + t("processes", "procesos") if state.users else ""
        _line(state.name, f"{state.state}{users} {state.version or ''} {state.address or ''}".rstrip())
    if settings.chroma_url:
        _line("Chroma", _reach(settings.chroma_url))
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
    elif not (settings.data_dir / "postgres").is_dir():
        out("  " + t("The data folder is empty; `ladrillo serve` fills it.",
                     "La carpeta de datos está vacía; `ladrillo serve` la llena."))
        return True
    else:
        from core.embedded import Servers

        with Servers() as servers:
            return _database(servers.start_postgres(settings.data_dir))
    return _database(url)


def _reach(url: str) -> str:
    import httpx

    try:
        return f"{url} ({httpx.get(url.rstrip('/') + '/api/v2/heartbeat', timeout=3).status_code})"
    except httpx.HTTPError as error:
        return t(f"{url} does not answer ({type(error).__name__})", f"{url} no responde ({type(error).__name__})")


def _database(url: str) -> bool:
    from knowledge.migrations import HEAD, current

    try:
        revision = current(url)
        dsn = normalise_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, connect_timeout=5) as connection:
            server = connection.execute("SHOW server_version").fetchone()
            _line("PostgreSQL", server[0] if server else "?")
            _line(t("revision", "revisión"), f"{revision} ({t('newest', 'última')}: {HEAD})")
            if revision is None:
                return True
            _section(t("Rows", "Filas"))
            for table in _TABLES:
                # reltuples of the planner would be quicker and wrong after a load; these counts are exact
                count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
                _line(table, f"{count[0]:,}" if count else "?")
            reasons = connection.execute(
                "SELECT file, reason, count(*) FROM quarantine GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10"
            ).fetchall()
            for file, reason, number in reasons:
                _line(t("quarantine", "cuarentena"), f"{file}: {reason} ({number})")
        return True
    except LadrilloError as error:
        _line("PostgreSQL", error.text("es" if t("en", "es") == "es" else "en"))
    except psycopg.Error as error:
        _line("PostgreSQL", str(error).strip().splitlines()[0])
    return False
