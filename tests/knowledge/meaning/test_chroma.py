"""The Chroma client: round trip, tenants, ranking inside a set, and every way in which a server can fail."""

from __future__ import annotations

import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import respx

from core.errors import Misconfigured, Unavailable
from core.scope import Scope
from knowledge.meaning.chroma import IndexMissing, MeaningIndex, filters
from knowledge.meaning.embedding import BuiltinEmbedder

if TYPE_CHECKING:
    from tests.knowledge.conftest import ChromaServer

    MakeServer = Callable[[], ChromaServer]

TEXTS = {
    "1": ("CO", "sale", "Apartamento con piscina y gimnasio"),
    "2": ("CO", "rent", "Casa campestre tranquila con jardín"),
    "3": ("ES", "sale", "Ático luminoso con vistas al mar"),
    "4": ("ES", "rent", "Oficina céntrica cerca del metro"),
}
EMBEDDER = BuiltinEmbedder()


def vector(text: str) -> np.ndarray:
    return EMBEDDER.embed([text])[0]


async def fill(index: MeaningIndex) -> None:
    await index.upsert(
        "listings",
        list(TEXTS),
        EMBEDDER.embed([text for _, _, text in TEXTS.values()]),
        [{"country": country, "operation": operation, "fingerprint": "a"} for country, operation, _ in TEXTS.values()],
    )


@pytest.fixture
def index(chroma_url: str) -> MeaningIndex:
    return MeaningIndex(chroma_url, EMBEDDER, Scope(tenant=uuid.uuid4().hex))


async def test_what_is_written_is_found_by_meaning_in_another_language(index: MeaningIndex) -> None:
    await fill(index)
    found = await index.query("listings", vector("bright penthouse with sea view"), 2)
    assert found[0][0] == "3"
    assert found[0][1] > 0.6 > found[1][1]
    assert await index.count("listings") == 4


async def test_filters_and_sets_restrict_what_is_ranked(index: MeaningIndex) -> None:
    await fill(index)
    sea = vector("vistas al mar")
    assert {id_ for id_, _ in await index.query("listings", sea, 10, where={"country": "CO"})} == {"1", "2"}
    both = {"country": ["CO", "ES"], "operation": "rent"}
    assert {id_ for id_, _ in await index.query("listings", sea, 10, where=both)} == {"2", "4"}
    assert [id_ for id_, _ in await index.query("listings", vector("jardín"), 10, ids=["4", "2"])] == ["2", "4"]
    assert await index.query("listings", sea, 10, ids=[]) == []


async def test_ids_that_were_never_indexed_are_left_out(index: MeaningIndex) -> None:
    await fill(index)
    assert [id_ for id_, _ in await index.query("listings", vector("metro"), 5, ids=["4", "999"])] == ["4"]
    assert await index.query("listings", vector("metro"), 5, ids=["998", "999"]) == []


async def test_an_upsert_replaces_and_a_delete_forgets(index: MeaningIndex) -> None:
    await fill(index)
    changed = {"country": "CO", "fingerprint": "b"}
    await index.upsert("listings", ["1"], EMBEDDER.embed(["Bodega industrial"]), [changed])
    assert await index.values("listings", "fingerprint") == {"1": "b", "2": "a", "3": "a", "4": "a"}
    await index.delete("listings", ["2", "999"])
    assert await index.count("listings") == 3
    assert (await index.query("listings", vector("industrial warehouse"), 1))[0][0] == "1"


async def test_progress_tells_each_batch(index: MeaningIndex) -> None:
    seen: list[tuple[int, int]] = []
    vectors = np.tile(EMBEDDER.embed(["piso"]), (2100, 1))
    ids = [str(i) for i in range(2100)]
    await index.upsert("listings", ids, vectors, [{"country": "ES"}] * 2100, progress=lambda *at: seen.append(at))
    assert seen == [(1000, 2100), (2000, 2100), (2100, 2100)]


async def test_tenants_and_embedders_never_meet(index: MeaningIndex) -> None:
    await fill(index)
    other = index.within(Scope(tenant=uuid.uuid4().hex))
    assert await other.count("listings") == 0
    await fill(other)
    await other.drop("listings")
    assert await index.count("listings") == 4

    class Later(BuiltinEmbedder):
        def __init__(self) -> None:
            self.name = "builtin-2"

    later = MeaningIndex(index.url, Later(), Scope(tenant=index.tenant))
    assert await later.count("listings") == 0
    await later.drop("listings")
    assert await index.count("listings") == 0


async def test_names_stay_apart_whatever_the_tenant_is_called() -> None:
    names = {
        MeaningIndex("http://localhost:1", EMBEDDER, Scope(tenant=tenant)).name("listings")
        for tenant in ("a b", "a-b", "a_b", "ñ" * 300, "", "..")
    }
    assert len(names) == 6
    assert all(3 <= len(name) <= 512 and name.isascii() and name[0].isalnum() and name[-1].isalnum() for name in names)


async def test_a_collection_that_was_never_made_says_what_to_do(index: MeaningIndex) -> None:
    with pytest.raises(IndexMissing, match="index rebuild"):
        await index.query("listings", vector("piso"), 3)
    assert await index.values("listings", "fingerprint") == {}
    await index.delete("listings", ["1"])


async def test_a_collection_remade_behind_our_back_is_found_again(index: MeaningIndex) -> None:
    await fill(index)
    other = MeaningIndex(index.url, EMBEDDER, Scope(tenant=index.tenant))
    await other.drop("listings")
    with pytest.raises(IndexMissing):
        await index.query("listings", vector("piso"), 3)
    await fill(index)
    await other.drop("listings")
    await fill(other)
    assert len(await index.query("listings", vector("piso"), 3)) == 3


async def test_a_server_killed_between_batches_is_unavailable_and_keeps_what_was_written(
    chroma_server: MakeServer,
) -> None:
    server = chroma_server()
    index = MeaningIndex(server.url, EMBEDDER)
    vectors = np.tile(EMBEDDER.embed(["piso"]), (2000, 1))
    for call in (
        index.upsert(
            "listings", [str(i) for i in range(2000)], vectors, [{"country": "ES"}] * 2000,
            progress=lambda done, total: server.kill(),
        ),
        index.query("listings", vector("piso"), 3),
        index.count("listings"),
        index.drop("listings"),
        MeaningIndex(server.url, EMBEDDER).count("listings"),
    ):
        with pytest.raises(Unavailable) as caught:
            await call
        assert caught.value.code == "chroma_unavailable"
        assert caught.value.es != caught.value.en
    server.start()
    assert await index.count("listings") == 1000
    assert len(await index.query("listings", vector("piso"), 3)) == 3


async def test_lost_files_are_noticed_and_can_be_rebuilt(chroma_server: MakeServer) -> None:
    server = chroma_server()
    index = MeaningIndex(server.url, EMBEDDER)
    vectors = np.random.default_rng(0).normal(size=(2000, 384)).astype(np.float32)
    await index.upsert("listings", [str(i) for i in range(2000)], vectors, [{"country": "ES"}] * 2000)
    server.kill()
    for folder in server.folder.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    server.start()
    assert await index.count("listings") == 2000
    for restricted in ({}, {"where": {"country": "ES"}}, {"ids": [str(i) for i in range(50)]}):
        with pytest.raises(Unavailable) as caught:
            await index.query("listings", vectors[5], 20, **restricted)
        assert caught.value.code in ("index_damaged", "chroma_unavailable")
    await index.drop("listings")
    await fill(index)
    assert len(await index.query("listings", vector("piso"), 3)) == 3

    server.kill()
    shutil.rmtree(server.folder)
    server.folder.mkdir()
    server.start()
    with pytest.raises(IndexMissing):
        await index.query("listings", vector("piso"), 3)
    await fill(index)
    assert await index.count("listings") == 4


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accepts connections and never says anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_hangs_is_given_up(silent_server: str) -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable, match="ReadTimeout"):
        await MeaningIndex(silent_server, EMBEDDER, timeout=0.2).count("listings")
    assert time.monotonic() - start < 2


async def test_a_search_that_takes_too_long_is_given_up(chroma_url: str) -> None:
    index = MeaningIndex(chroma_url, EMBEDDER, Scope(tenant=uuid.uuid4().hex))
    await fill(index)
    release = threading.Event()
    with pytest.raises(Unavailable, match="no answer in"):
        await index.run("listings", lambda collection: release.wait(5), limit=0.05)
    release.set()


async def test_a_proxy_is_not_asked_for_loopback(index: MeaningIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv("no_proxy", "example.org")
    assert await index.count("listings") == 0


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "nonsense"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(Misconfigured, match="CHROMA_URL"):
        MeaningIndex(url, EMBEDDER)


def test_filters_speak_chromas_language() -> None:
    assert filters(None) is None
    assert filters({"country": "CO"}) == {"country": "CO"}
    assert filters({"country": "CO", "operation": ("sale", "rent")}) == {
        "$and": [{"country": "CO"}, {"operation": {"$in": ["sale", "rent"]}}]
    }
    assert filters({"$or": []}) == {"$or": []}


async def test_a_defect_of_ours_is_not_hidden(index: MeaningIndex) -> None:
    await fill(index)
    with pytest.raises(ZeroDivisionError):
        await index.run("listings", lambda collection: 1 // 0)
    with pytest.raises(ValueError, match="Unequal lengths"):
        await index.upsert("listings", ["1", "2"], EMBEDDER.embed(["uno"]), [{"country": "ES"}] * 2)


async def test_a_server_that_is_no_chroma_is_unavailable() -> None:
    with respx.mock:
        respx.get(url__startswith="http://other.test").respond(200, text="<html>hello</html>")
        with pytest.raises(Unavailable) as caught:
            await MeaningIndex("http://me:secret@other.test", EMBEDDER).count("listings")
    assert "secret" not in caught.value.en + caught.value.es
