"""The page, the documentation and the state of the service, with a database, without one, and when one comes up."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from api.app import create_app

from .conftest import Databases, settings_for
from .support import Service, assert_error, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [v for n, v in attrs if v and n in ("src", "href") and tag in ("script", "link", "img")]
        if tag == "style" or (tag == "script" and not values.get("src")) or values.get("style"):
            self.inline.append(tag)


async def test_the_page_loads_its_files_and_nothing_else(service: Service) -> None:
    page = await service.client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    links = _Links()
    links.feed(page.text)
    assert links.inline == []
    assert any(link.endswith(".js") for link in links.found)
    base, seen = httpx.URL(f"{service.url}/"), set()
    todo = [base.join(link) for link in links.found]
    while todo:
        url = todo.pop()
        if str(url) in seen or url.scheme == "data":
            continue
        seen.add(str(url))
        assert str(url).startswith(f"{service.url}/static/")
        file = await service.client.get(url)
        assert file.status_code == 200, url
        assert file.headers["x-content-type-options"] == "nosniff"
        if url.path.endswith(".js"):
            assert "javascript" in file.headers["content-type"]
            todo += [url.join(name) for name in re.findall(r'from "(\.[^"]+)"', file.text)]
    assert len(seen) > 5


async def test_the_routes_are_documented(service: Service) -> None:
    assert (await service.client.get("/docs")).status_code == 200
    paths = (await service.client.get("/openapi.json")).json()["paths"]
    routes = {(method.upper(), path) for path, item in paths.items() for method in item}
    assert {
        ("POST", "/api/conversations"), ("GET", "/api/conversations/{conversation_id}"),
        ("POST", "/api/conversations/{conversation_id}/runs"), ("GET", "/api/conversations/{conversation_id}/events"),
        ("POST", "/api/conversations/{conversation_id}/stop"), ("GET", "/api/cases"), ("GET", "/api/cases/{reference}"),
        ("POST", "/api/cases/{reference}/claim"), ("POST", "/api/cases/{reference}/reply"),
        ("POST", "/api/cases/{reference}/return"), ("POST", "/api/cases/{reference}/resolve"), ("GET", "/healthz"),
        ("GET", "/readyz"),
    } <= routes
    runs = paths["/api/conversations/{conversation_id}/runs"]["post"]["responses"]
    assert {"200", "202", "409"} <= set(runs)
    assert "text/event-stream" in runs["200"]["content"]


async def test_it_is_ready_without_the_meaning_index_and_says_so(service: Service) -> None:
    assert (await service.client.get("/healthz")).json() == {"status": "ok"}
    response = await service.client.get("/readyz")
    assert response.status_code == 200
    found = response.json()
    assert (found["status"], found["database"], found["brain"]) == ("ready", "ok", "builtin")
    assert found["meaning"] not in ("ok", "")


async def test_a_database_that_is_down_at_start_is_waited_for(
    databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = databases.address()  # nothing is there yet
    with caplog.at_level(logging.ERROR, "ladrillo.api"):
        app = create_app(settings_for(tmp_path, url))
        async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
            assert "not ready" in caplog.text
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/")).status_code == 200
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["status"] == "not ready"
            assert "does not answer" in ready.json()["database"]
            for language, words in (("es", "no responde"), ("en", "does not answer")):
                refused = await client.post("/api/conversations", headers={"Accept-Language": language})
                assert words in assert_error(refused, 503, "database_unavailable", retryable=True)
                for inside in ("password", "DATABASE_URL", "server at", "ladrillo doctor"):
                    assert inside not in refused.text + ready.text
            databases.create(url)
            assert (await client.post("/api/conversations")).status_code == 201
            assert (await client.get("/readyz")).status_code == 200
    assert "Traceback" not in caplog.text
