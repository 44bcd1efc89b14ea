"""Text to vectors: geometry, determinism, the bilingual promise, and the endpoint's embedder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from core.errors import Misconfigured, Unavailable
from core.settings import Settings
from knowledge.meaning.embedding import BuiltinEmbedder, OpenAIEmbedder, embedder
from knowledge.meaning.terms import broader, lexicon, stem, terms

PAIRS = [
    ("apartamento con piscina y gimnasio", "flat with swimming pool and gym"),
    ("piso luminoso cerca del metro", "bright apartment near the subway"),
    ("casa tranquila con jardín para familia", "quiet house with a garden for a family"),
    ("ático con terraza y vistas al mar", "penthouse with terrace and sea view"),
    ("depa amueblado con elevador y cajón de estacionamiento", "furnished flat with lift and parking space"),
    ("¿qué impuestos se pagan al comprar una vivienda?", "which taxes are due when you buy a home?"),
    ("¿cuánto es el impuesto predial?", "how much is the property tax?"),
    ("reglas del alquiler turístico", "rules for short-term rentals"),
    ("tope a los precios de alquiler en zonas tensionadas", "rent control in stressed areas"),
    ("fideicomiso para extranjeros en la zona restringida", "bank trust for foreigners in the restricted zone"),
    ("rentabilidad bruta del arriendo en el barrio", "gross rental yield in the neighbourhood"),
    ("gastos de notaría y registro de la propiedad", "notary and land registry costs"),
    ("hipoteca a tasa fija para no residentes", "fixed-rate mortgage for non-residents"),
    ("vida nocturna, bares y restaurantes", "nightlife, bars and restaurants"),
    ("colegios y universidades cercanos", "schools and universities nearby"),
    ("desalojo de un inquilino que no paga", "evicting a tenant who does not pay"),
    ("oferta de vivienda nueva sobre planos", "supply of new off-plan homes"),
    ("tiempo de venta y días en el mercado", "days on market and time to sell"),
    ("ganancia ocasional al vender el inmueble", "capital gains tax when selling the property"),
    ("bodega industrial para logística", "industrial warehouse for logistics"),
    ("oficinas con alta vacancia", "offices with high vacancy"),
    ("lote para construir una casa de campo", "plot of land to build a country house"),
    ("admite mascotas y tiene parque cerca", "pets allowed and a park close by"),
    ("cuota de administración y mantenimiento del edificio", "community fee and building maintenance"),
    ("pronóstico de precios para el próximo año", "price outlook for next year"),
    ("tasa de cambio y riesgo de devaluación", "exchange rate and devaluation risk"),
]


@pytest.fixture(scope="module")
def builtin() -> BuiltinEmbedder:
    return BuiltinEmbedder()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_any_text_becomes_a_unit_row(texts: list[str]) -> None:
    vectors = BuiltinEmbedder().embed(texts)
    assert vectors.shape == (len(texts), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_the_same_text_has_the_same_vector_in_another_process(builtin: BuiltinEmbedder) -> None:
    text = "Apartaestudio en Chapinero, 38 m², cerca de la 7.ª"
    program = (
        "import sys; from knowledge.meaning.embedding import BuiltinEmbedder; "
        "sys.stdout.buffer.write(BuiltinEmbedder().embed([sys.argv[1]]).tobytes())"
    )
    root = Path(__file__).resolve().parents[3]
    out = subprocess.run(
        [sys.executable, "-c", program, text], capture_output=True, check=True, cwd=root, timeout=30,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(root)},
    ).stdout
    assert out == builtin.embed([text]).tobytes()


def test_a_text_does_not_depend_on_its_neighbours(builtin: BuiltinEmbedder) -> None:
    together = builtin.embed(["piso con ascensor", "casa con jardín"])
    np.testing.assert_array_equal(together[1], builtin.embed(["casa con jardín"])[0])


@pytest.mark.parametrize("direction", ["es to en", "en to es"])
def test_a_text_finds_its_translation(builtin: BuiltinEmbedder, direction: str) -> None:
    questions, passages = zip(*PAIRS, strict=True)
    if direction == "en to es":
        questions, passages = passages, questions
    similar = builtin.embed(questions) @ builtin.embed(passages).T
    first = (similar.argmax(axis=1) == np.arange(len(PAIRS))).mean()
    assert first >= 0.8
    others = similar[~np.eye(len(PAIRS), dtype=bool)]
    assert np.median(similar.diagonal()) > np.quantile(others, 0.99)


def test_case_accents_plurals_and_gender_hardly_matter(builtin: BuiltinEmbedder) -> None:
    vectors = builtin.embed(["Pisos luminosos en Málaga", "piso luminosa MALAGA"])
    assert vectors[0] @ vectors[1] > 0.95


def test_a_typo_stays_near(builtin: BuiltinEmbedder) -> None:
    right, typo, other = builtin.embed(["Laureles", "Laurelles", "Providencia"])
    assert right @ typo > 3 * abs(right @ other)


def test_the_longest_phrase_wins_over_its_parts() -> None:
    assert terms("vista al mar") == ["=sea_view"]
    assert broader("=sea_view") == ("=beach", "=view")
    assert terms("vistas hacia los cerros")[0] == "=view"
    assert "=short_term_rental" in terms("licencia de alquiler turístico")


@pytest.mark.parametrize(
    ("one", "many"),
    [("balcon", "balcones"), ("city", "cities"), ("house", "houses"), ("alquiler", "alquileres"), ("luz", "luces"),
     ("price", "prices"), ("piso", "pisos"), ("ley", "leyes")],
)
def test_a_plural_has_the_stem_of_its_singular(one: str, many: str) -> None:
    assert stem(one) == stem(many)


def test_the_lexicon_is_broad_and_closed() -> None:
    lex = lexicon()
    assert len(lex.spellings) >= 150
    assert set(lex.weights) <= set(lex.spellings)
    assert {idea for both in lex.broader.items() for idea in (both[0], *both[1])} <= set(lex.spellings)


def test_settings_choose_the_embedder() -> None:
    assert isinstance(embedder(Settings()), BuiltinEmbedder)
    with pytest.raises(Misconfigured, match="OPENAI_API_KEY"):
        embedder(Settings(embeddings="openai"))
    chosen = embedder(Settings(embeddings="openai", openai_api_key=SecretStr("k")))
    assert (chosen.name, chosen.dimensions) == ("openai-text-embedding-3-small", 1536)


@pytest.fixture
def endpoint() -> OpenAIEmbedder:
    return OpenAIEmbedder("local-model", api_key=None, base_url="http://models.test/v1")


@respx.mock
def test_an_endpoint_answers_unit_rows_and_its_own_dimensions(endpoint: OpenAIEmbedder) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        import json

        texts = json.loads(request.content)["input"]
        assert all(isinstance(text, str) and text for text in texts)
        rows = [{"object": "embedding", "index": i, "embedding": [3.0, 4.0]} for i in range(len(texts))]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return httpx.Response(200, json={"object": "list", "data": rows, "model": "local-model", "usage": usage})

    route = respx.post("http://models.test/v1/embeddings").mock(side_effect=answer)
    assert endpoint.dimensions == 2
    np.testing.assert_allclose(endpoint.embed(["uno", ""]), [[0.6, 0.8]] * 2, rtol=1e-6)
    assert route.call_count == 2


@respx.mock
def test_an_endpoint_that_refuses_is_unavailable(endpoint: OpenAIEmbedder) -> None:
    respx.post("http://models.test/v1/embeddings").respond(401, json={"error": {"message": "no"}})
    with pytest.raises(Unavailable, match="embeddings endpoint"):
        endpoint.embed(["uno"])
