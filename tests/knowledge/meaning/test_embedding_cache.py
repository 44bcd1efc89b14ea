"""An embeddings endpoint is asked for a text once; what is kept is checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import httpx
import numpy as np
import pytest
import respx

from core.cache import Cache
from core.errors import Unavailable
from knowledge.meaning.embedding import OpenAIEmbedder
from tests.redis_server import RedisServer, redis_server  # noqa: F401 - a fixture

#: An angle for each text, so that every vector is another.
ANGLES = {text: i / 10 for i, text in enumerate(("uno", "dos", "tres", "cuatro", "."))}


def expected(texts: Sequence[str]) -> np.ndarray:
    return np.array([[np.cos(ANGLES[text]), np.sin(ANGLES[text])] for text in texts], dtype=np.float32)


class Endpoint:
    """Answers vectors of two numbers, three times as long as they should be, and remembers the texts of each request."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        texts = json.loads(request.content)["input"]
        self.asked.append(texts)
        rows = [{"object": "embedding", "index": i, "embedding": (3 * row).tolist()} for i, row in enumerate(expected(texts))]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return httpx.Response(200, json={"object": "list", "data": rows, "model": "local", "usage": usage})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    with respx.mock(assert_all_called=False) as routes:
        for host in ("models.test", "other.test"):
            routes.post(f"http://{host}/v1/embeddings").mock(side_effect=endpoint)
        yield endpoint


def embedder(cache: Cache, model: str = "local", host: str = "models.test") -> OpenAIEmbedder:
    return OpenAIEmbedder(model, api_key=None, base_url=f"http://{host}/v1", cache=cache)


@pytest.fixture
def cache() -> Cache:
    return Cache("vector", seconds=60)


def test_a_text_is_asked_for_once(endpoint: Endpoint, cache: Cache) -> None:
    one = embedder(cache)
    for _ in range(3):
        found = one.embed(["uno", "dos"])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected(["uno", "dos"]), rtol=1e-6)
    assert endpoint.asked == [["uno", "dos"]]


def test_a_mixed_batch_asks_for_what_is_missing_and_keeps_the_order(endpoint: Endpoint, cache: Cache) -> None:
    one = embedder(cache)
    one.embed(["tres", "uno"])
    texts = ["dos", "uno", "cuatro", "dos", "tres", " ", "cuatro"]
    found = one.embed(texts)
    np.testing.assert_allclose(found, expected([t.strip() or "." for t in texts]), rtol=1e-6)
    assert endpoint.asked == [["tres", "uno"], ["dos", "cuatro", "."]]


def test_another_model_or_address_has_vectors_of_its_own(endpoint: Endpoint, cache: Cache) -> None:
    for one in (embedder(cache), embedder(cache, model="other"), embedder(cache, host="other.test")):
        one.embed(["uno"])
    assert endpoint.asked == [["uno"]] * 3


async def test_another_process_finds_vectors_in_redis(endpoint: Endpoint, redis_server: RedisServer) -> None:  # noqa: F811
    caches = [Cache("vector", seconds=60, redis_url=redis_server.url) for _ in range(2)]
    embedder(caches[0]).embed(["uno", "dos"])
    other = embedder(caches[1])
    np.testing.assert_allclose(other.embed(["dos", "uno"]), expected(["dos", "uno"]), rtol=1e-6)
    assert endpoint.asked == [["uno", "dos"], ["."]]  # the size of an unknown model's vectors is asked once a process
    redis_server.kill()
    np.testing.assert_allclose(other.embed(["tres", "uno"]), expected(["tres", "uno"]), rtol=1e-6)
    assert endpoint.asked[2:] == [["tres"]]
    for cache in caches:
        await cache.close()


@pytest.mark.parametrize("harm", [
    lambda value: value + value, lambda value: value[:-1], lambda value: b"", lambda value: np.float32([7, 7]).tobytes(),
    lambda value: np.float32([np.nan, 1]).tobytes(), lambda value: np.float32([0, 0]).tobytes(),
], ids=["longer", "cut", "empty", "no unit", "nan", "zeros"])
def test_a_kept_vector_that_cannot_be_is_asked_for_again(
    endpoint: Endpoint, cache: Cache, harm: Callable[[bytes], bytes]
) -> None:
    one = embedder(cache)
    one.embed(["uno", "dos"])
    key = one._key("uno")
    value = cache.local.get(key)
    assert value is not None
    cache.local.put(key, harm(value))
    np.testing.assert_allclose(one.embed(["uno", "dos"]), expected(["uno", "dos"]), rtol=1e-6)
    assert endpoint.asked == [["uno", "dos"], ["uno"]]


def test_what_the_endpoint_refuses_is_not_kept(cache: Cache) -> None:
    one = embedder(cache)
    with respx.mock:
        respx.post("http://models.test/v1/embeddings").respond(401, json={"error": {"message": "no"}})
        with pytest.raises(Unavailable):
            one.embed(["uno"])
    assert len(cache.local) == 0
