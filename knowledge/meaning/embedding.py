"""Text to vectors: a built-in embedder without weights or downloads, and any OpenAI-compatible endpoint.

The built-in one hashes features with signs (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask
Learning") into 384 dimensions. Each feature is spread over several dimensions, which tames collisions, and all hashes
are BLAKE2, so a vector is the same in every process and on every machine. Ideas of the bilingual lexicon carry most of
the weight: they are what lets a question in Spanish find a passage in English.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cache import Cache, digest
from core.errors import Misconfigured, Unavailable
from core.settings import Settings
from knowledge.meaning.terms import broader, lexicon, units, weight

Vectors = NDArray[np.float32]

DIMENSIONS = 384
#: Dimensions that one feature touches; letters and pairs of neighbours touch fewer because there are many of them.
_SPREAD, _LETTER_SPREAD, _PAIR_SPREAD = 8, 2, 4
#: Weights beside an idea's own: a broader idea, its spelling, the letters of a word, a pair of neighbours.
_BROADER, _SPELLING, _LETTERS, _PAIR = 0.5, 0.35, 0.8, 0.3
#: What a text without any term is about.
_NOTHING: Vectors = np.eye(1, DIMENSIONS, dtype=np.float32)[0]
_TEXTS_PER_CALL = 256
#: How far a kept vector's length may be from one.
_UNIT_WITHIN = 1e-3
#: Sizes of OpenAI's own models (platform.openai.com/docs/guides/embeddings); any other endpoint's model is asked.
_KNOWN_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


class Embedder(Protocol):
    """Turns texts into unit vectors. `name` changes whenever the same text would get another vector.

    `relevant` is the cosine from which a short question and a passage can be taken to be about the same thing.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def relevant(self) -> float: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions) float32, rows of length one. Blocking: call it in a thread for more than a few texts."""
        ...


Entries = tuple[NDArray[np.intp], NDArray[np.float64]]


def _entries(features: Iterable[str], count: int) -> Entries:
    """For each feature in turn, `count` dimensions that it touches and its signs there, each 1/sqrt(count)."""
    digests = b"".join(hashlib.blake2b(feature.encode(), digest_size=4 * count).digest() for feature in features)
    numbers = np.frombuffer(digests, dtype="<u4")
    return ((numbers >> 1) % DIMENSIONS).astype(np.intp), np.where(numbers & 1, 1.0, -1.0) / math.sqrt(count)


@lru_cache(maxsize=16384)
def _term(key: str) -> Entries:
    """One idea or word, of length about one; words also carry their letters, so that typos and inflections are near."""
    places, values = _entries([key], _SPREAD)
    if not key.isalpha() or len(key) < 4:
        return places, values
    padded = f"^{key}$"
    grams = sorted({f"#{padded[i : i + n]}" for n in (3, 4) for i in range(len(padded) - n + 1)})
    gram_places, gram_values = _entries(grams, _LETTER_SPREAD)
    share = _LETTERS / math.sqrt(len(grams))
    return np.concatenate([places, gram_places]), np.concatenate([values, gram_values * share])


class BuiltinEmbedder:
    """Hashed ideas, words, letters and pairs of neighbours; 384 dimensions; about 0.2 ms for an advert."""

    dimensions = DIMENSIONS
    relevant = 0.30

    def __init__(self) -> None:
        self.name = f"builtin-1.{lexicon().digest}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Deterministic across processes; a text without any term gets the unit vector of nothing in particular."""
        rows = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for i, text in enumerate(texts):
            rows[i] = self._one(text)
        return rows

    def _one(self, text: str) -> Vectors:
        amounts: dict[str, float] = {}
        pairs: dict[str, float] = {}
        before = ""
        for ideas, stems in units(text):
            for idea in ideas:
                amounts[idea] = amounts.get(idea, 0.0) + 1.0 / len(ideas)
                for other in broader(idea):
                    amounts[other] = amounts.get(other, 0.0) + _BROADER / len(ideas)
            share = _SPELLING if ideas else 1.0
            for word in stems:
                amounts[word] = amounts.get(word, 0.0) + share / len(stems)
            head = ideas[0] if ideas else stems[0]
            if before:
                pairs[f"{before} {head}"] = min(weight(before), weight(head))
            before = head
        if not amounts:
            return _NOTHING
        found = [_term(key) for key in amounts]
        scales = [_damped(amount) * weight(key) for key, amount in amounts.items()]
        pair_places, pair_values = _entries(pairs, _PAIR_SPREAD)
        places = np.concatenate([*(places for places, _ in found), pair_places])
        values = np.concatenate(
            [
                *(values * scale for (_, values), scale in zip(found, scales, strict=True)),
                pair_values * np.repeat(np.fromiter(pairs.values(), dtype=float) * _PAIR, _PAIR_SPREAD),
            ]
        )
        # summed in a fixed order: a matrix product may differ in the last bit from one process to the next
        vector = np.bincount(places, weights=values, minlength=DIMENSIONS)
        length = math.sqrt(math.fsum(vector * vector))
        if length < 1e-6:  # weights of zero, or features that cancel each other
            return _NOTHING
        unit: Vectors = (vector / length).astype(np.float32)
        return unit


def _damped(amount: float) -> float:
    """Said twice is not twice as much: 1 + ln(amount) above one, the amount itself below."""
    return 1.0 + math.log(amount) if amount > 1.0 else amount


class OpenAIEmbedder:
    """Embeddings of any OpenAI-compatible endpoint, through LangChain. Nothing is contacted until the first `embed`.

    What the endpoint said of a text is kept in `cache`, by endpoint, model and the text's digest.
    """

    relevant = 0.35

    def __init__(
        self, model: str, *, api_key: str | None, base_url: str | None, timeout: float = 30.0, cache: Cache | None = None
    ) -> None:
        from langchain_openai import OpenAIEmbeddings
        from pydantic import SecretStr

        self.name = f"openai-{model}"
        self._cache, self._whose = cache, (self.name, base_url)
        self._dimensions = _KNOWN_DIMENSIONS.get(model)
        self._client = OpenAIEmbeddings(
            model=model,
            openai_api_key=SecretStr(api_key or "not-needed"),
            openai_api_base=base_url,
            max_retries=0,
            request_timeout=timeout,
            # token counting would download a vocabulary; plain strings are what compatible endpoints accept
            check_embedding_ctx_length=False,
            chunk_size=_TEXTS_PER_CALL,
        )

    @property
    def dimensions(self) -> int:
        """Of a model that is not OpenAI's: asked once, with one request. Blocking. Raises `Unavailable`."""
        if self._dimensions is None:
            self._dimensions = int(self._request(["."]).shape[1])
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One request per 256 texts that are not known yet, each asked once. Raises `Unavailable` where the endpoint refuses or
        answers something unusable."""
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        asked = [text if text.strip() else "." for text in texts]  # the endpoint refuses an empty string
        distinct = list(dict.fromkeys(asked))
        rows = self._kept(distinct)
        missing = [text for text in distinct if text not in rows]
        if missing:
            fresh = dict(zip(missing, self._fresh(missing), strict=True))
            rows |= fresh
            if self._cache is not None:
                self._cache.put_many({self._key(text): row.astype("<f4").tobytes() for text, row in fresh.items()})
        return np.stack([rows[text] for text in asked])

    def _key(self, text: str) -> str:
        return digest(*self._whose, text)

    def _kept(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Known vectors by text; one of another size, or that is no unit vector, does not count."""
        if self._cache is None:
            return {}
        keys = {self._key(text): text for text in texts}
        found = self._cache.get_many(list(keys))
        rows = {keys[key]: np.frombuffer(value, dtype="<f4").astype(np.float32)
                for key, value in found.items() if len(value) == 4 * self.dimensions}
        return {text: row for text, row in rows.items() if abs(float(np.linalg.norm(row)) - 1.0) < _UNIT_WITHIN}

    def _fresh(self, texts: list[str]) -> Vectors:
        rows = self._request(texts)
        self._dimensions = self._dimensions or int(rows.shape[-1])
        if rows.shape != (len(texts), self._dimensions) or not np.isfinite(rows).all():
            raise Unavailable(
                f"The embeddings endpoint answered with an array of shape {rows.shape}; expected {len(texts)} finite "
                f"vectors of {self._dimensions} numbers. Check LADRILLO_EMBEDDINGS_MODEL.",
                f"El servicio de embeddings respondió con una matriz {rows.shape}; se esperaban {len(texts)} vectores "
                f"finitos de {self._dimensions} números. Revise LADRILLO_EMBEDDINGS_MODEL.",
                code="embeddings_unavailable",
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
        unit: Vectors = rows / np.maximum(lengths, np.float32(1e-12))
        return unit

    def _request(self, texts: list[str]) -> Vectors:
        import openai
        from tenacity import Retrying

        from core.retry import retrying

        rule = retrying()
        attempts = Retrying(retry=rule.retry, stop=rule.stop, wait=rule.wait, reraise=True)
        try:
            rows: Vectors = np.asarray(attempts(self._client.embed_documents, texts), dtype=np.float32)
        except (openai.OpenAIError, ValueError) as error:
            raise Unavailable(
                f"The embeddings endpoint does not answer ({type(error).__name__}). "
                "Check OPENAI_BASE_URL and OPENAI_API_KEY, or set LADRILLO_EMBEDDINGS=builtin.",
                f"El servicio de embeddings no responde ({type(error).__name__}). "
                "Revise OPENAI_BASE_URL y OPENAI_API_KEY, o use LADRILLO_EMBEDDINGS=builtin.",
                code="embeddings_unavailable",
            ) from error
        return rows


def embedder(settings: Settings, cache: Cache | None = None) -> Embedder:
    """The embedder that the settings choose; `cache` spares an endpoint what it has said before. Raises `Misconfigured` for
    `openai` without key and base URL."""
    if settings.embeddings == "builtin":
        return BuiltinEmbedder()
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    if key is None and settings.openai_base_url is None:
        raise Misconfigured(
            "LADRILLO_EMBEDDINGS is `openai` but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set. "
            "Set one of them, or use `builtin`.",
            "LADRILLO_EMBEDDINGS es `openai` pero no hay OPENAI_API_KEY ni OPENAI_BASE_URL. "
            "Defina una de las dos o use `builtin`.",
        )
    return OpenAIEmbedder(
        settings.embeddings_model, api_key=key, base_url=settings.openai_base_url, timeout=settings.model_timeout, cache=cache
    )
