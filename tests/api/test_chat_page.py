"""The chat page in a real browser, against a server that plays scripted conversations."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from ui_server import (
    CONSENT,
    SCRIPTS,
    STATIC,
    YIELD,
    Call,
    Conversation,
    FakeLadrillo,
    Gate,
    Refuse,
    custom,
    fact,
    person_says,
    say,
    speaks,
    step,
)

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BUDGET_BYTES = 35 * 1024
#: Modules that are fetched when something first needs them, and what they may weigh.
LATER_BYTES = 5 * 1024
FETCHED_LATER = {"bars.js", "chart.js", "memory.js"}
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and "REQUIRE_BROWSER" not in os.environ, reason="no chromium on this machine (Debian package `chromium`)")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[FakeLadrillo]:
    server = FakeLadrillo(dict(SCRIPTS)).start()
    yield server
    server.close()


@pytest.fixture
def fake(stage: FakeLadrillo) -> FakeLadrillo:
    stage.reset(dict(SCRIPTS))
    for name in ("yield", "value"):
        stage.gate(name).set()
    return stage


@pytest.fixture(scope="module")
def contexts() -> dict[tuple[object, ...], BrowserContext]:
    """Shared by look and place, for speed: what the page keeps, it keeps by tab."""
    return {}


@pytest.fixture
def visit(browser: Browser, fake: FakeLadrillo, contexts: dict[tuple[object, ...], BrowserContext]) -> Iterator[Open]:
    """Opens the page; at the end nothing it did may have raised or broken its content policy."""
    pages: list[Page] = []
    defects: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            defects.append(message.text)

    def open_page(width: int = 1280, height: int = 800, locale: str = "es-CO", touch: bool = False) -> Page:
        look = (width, height, locale, touch)
        if look not in contexts:
            contexts[look] = browser.new_context(
                viewport={"width": width, "height": height},
                locale=locale,
                has_touch=touch,
                is_mobile=touch,
                permissions=["clipboard-read", "clipboard-write"],
                reduced_motion="reduce",
                timezone_id="America/Bogota",
            )
        page = contexts[look].new_page()
        pages.append(page)
        page.set_default_timeout(5000)
        page.on("pageerror", lambda error: defects.append(str(error)))
        page.on("console", listen)
        page.goto(fake.url)
        page.locator("body.ready").wait_for()
        return page

    yield open_page
    for page in pages:
        page.close()
    assert defects == []


def ask(page: Page, text: str) -> None:
    page.locator("#message").fill(text)
    page.locator("#message").press("Enter")


def answer(page: Page, text: str) -> Locator:
    """Asks, waits for the turn to end, and returns it."""
    ask(page, text)
    expect(page.locator("#stop")).to_be_hidden()
    turn = page.locator(".turn").last
    expect(turn).not_to_have_attribute("data-live", "true")
    return turn


# ---- the files


def test_weight_stays_within_the_budget() -> None:
    first = [path for path in sorted(STATIC.iterdir()) if path.suffix in (".js", ".css") and path.name not in FETCHED_LATER]
    code = b"".join(path.read_bytes() for path in first)
    assert len(gzip.compress(code, 9, mtime=0)) < BUDGET_BYTES
    later = b"".join((STATIC / name).read_bytes() for name in sorted(FETCHED_LATER))
    assert len(gzip.compress(later, 9, mtime=0)) < LATER_BYTES


def test_nothing_inline_nothing_foreign_nothing_parsed_as_markup() -> None:
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page)
    for path in STATIC.iterdir():
        text = path.read_text()
        hosts = set(re.findall(r"https?://([\w.-]+)", text)) - {"www.w3.org"}
        assert not hosts, path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            path.name
        )


def test_every_module_is_fetched_in_the_first_round() -> None:
    page = (STATIC / "index.html").read_text()
    listed = set(re.findall(r'modulepreload" href="static/(\w+\.js)"', page))
    assert listed == {path.name for path in STATIC.glob("*.js")} - {"app.js"} - FETCHED_LATER


def test_both_languages_fill_the_same_places() -> None:
    pairs = re.findall(
        r'^  (\w+): \[("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*")\],$', (STATIC / "strings.js").read_text(), re.M
    )
    assert len(pairs) > 90
    for key, spanish, english in pairs:
        assert set(re.findall(r"\{\w+\}", json.loads(spanish))) == set(re.findall(r"\{\w+\}", json.loads(english))), key


# ---- first use


@needs_browser
def test_nothing_is_asked_or_stored_before_first_use(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    page.locator("#message").fill("un borrador")
    page.get_by_role("tab", name="México").click()
    page.get_by_role("button", name="English").click()
    assert fake.requests == []
    assert page.evaluate("sessionStorage.length + localStorage.length + document.cookie.length") == 0


@needs_browser
def test_an_example_is_asked_in_the_country_of_its_tab(visit: Open, fake: FakeLadrillo) -> None:
    page = visit(locale="es-AR")
    page.get_by_role("tab", name="México").click()
    page.get_by_role("button", name="Roma Norte").first.click()
    expect(page.locator(".bubble")).to_contain_text("Roma Norte")
    expect(page.locator(".prose")).to_be_visible()
    assert fake.requests[0][2] == {"language": "auto", "country": "MX"}


@needs_browser
def test_the_country_is_left_open_when_nothing_tells(visit: Open, fake: FakeLadrillo) -> None:
    answer(visit(locale="es-AR"), "hola")
    assert fake.requests[0][2]["country"] is None


# ---- an answer


@needs_browser
def test_progress_names_the_specialist_then_folds_into_a_count(visit: Open, fake: FakeLadrillo) -> None:
    fake.scripts["lenta"] = lambda _: [
        *step("supervisor"),
        {"type": "STEP_STARTED", "stepName": "roi"},
        {"type": "TOOL_CALL_START", "toolCallId": "t", "toolCallName": "mortgage_payment"},
        Gate("go"),
        {"type": "STEP_FINISHED", "stepName": "roi"},
        *say("m", "Listo."),
    ]
    page = visit()
    ask(page, "lenta")
    expect(page.locator(".progress .now")).to_have_text("Calculando la rentabilidad…")
    fake.gate("go").set()
    expect(page.locator(".progress .now")).to_have_text("2 pasos")
    page.locator(".progress summary").click()
    expect(page.locator(".progress ol")).to_contain_text("mortgage payment")


@needs_browser
def test_text_grows_and_finished_blocks_stay_the_same_nodes(visit: Open, fake: FakeLadrillo) -> None:
    fake.scripts["lenta"] = lambda _: [
        *say("m", "Uno **dos**.\n\nTres")[:-1],
        Gate("go"),
        *say("m", " y *cuatro*.\n\n- cinco")[1:],
    ]
    page = visit()
    ask(page, "lenta")
    expect(page.locator(".streaming")).to_contain_text("Tres")
    page.locator(".prose p").first.evaluate("node => { node.id = 'kept' }")
    fake.gate("go").set()
    expect(page.locator(".prose p em")).to_have_text("cuatro")
    expect(page.locator("#speech")).to_contain_text("Uno dos .")
    expect(page.locator(".prose li")).to_have_text("cinco")


@needs_browser
def test_a_figure_opens_its_source_and_esc_gives_the_focus_back(visit: Open) -> None:
    page = visit()
    turn = answer(page, "renta")
    expect(turn.locator(".figure")).to_have_text(
        ["6,13 %", "$2.300.000", "$450.000.000", "3,95 %", "1 %", "$4.500.000"]
    )
    figure = turn.get_by_role("button", name="6,13 %")
    figure.focus()
    figure.press("Enter")
    panel = page.get_by_role("dialog")
    for part in (
        "renta bruta anual",
        "12 × arriendo ÷ precio",
        "23 de noviembre de 2026",
        "Fórmula de renta bruta",
        "Apartamento en Chapinero",
        "$450.000.000",
    ):
        expect(panel).to_contain_text(part)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(figure).to_be_focused()
    expect(figure).to_have_attribute("aria-expanded", "false")


@needs_browser
def test_a_figure_is_never_part_of_a_longer_number(visit: Open, fake: FakeLadrillo) -> None:
    text = "3 pisos, 13, 3,5 y 3.ª planta; **3** %, 30 m² y US$3."
    fake.scripts["tres"] = lambda _: [
        *say("m", text),
        custom(
            "facts",
            message_id="m",
            facts=[
                fact("a", "3", "pisos", unit="count", value=3),
                fact("b", "3 %", "alza", value=3),
                fact("c", "30 m", "no", unit="m"),
            ],
        ),
    ]
    turn = answer(visit(), "tres")
    expect(turn.locator(".figure")).to_have_text(["3", "3 %"])
    assert turn.locator(".prose").inner_text() == text.replace("**", "")


@needs_browser
def test_a_figure_below_zero_opens_like_any_other(visit: Open, fake: FakeLadrillo) -> None:
    shown = "-4\N{NO-BREAK SPACE}%"
    fake.scripts["baja"] = lambda _: [
        *say("m", f"Entre {shown} y 12 %."),
        custom("facts", message_id="m", facts=[fact("a", shown, "cambio", value=-4)]),
    ]
    page = visit()
    answer(page, "baja").get_by_role("button", name=shown).click()
    expect(page.get_by_role("dialog")).to_contain_text("cambio")


@needs_browser
def test_an_interval_and_demo_data_are_told(visit: Open) -> None:
    page = visit(locale="es-ES")
    turn = answer(page, "valor")
    turn.get_by_role("button", name="418.000 €").click()
    expect(page.get_by_role("dialog")).to_contain_text("368.000 € – 474.000 €")
    expect(page.get_by_role("dialog")).to_contain_text("80 de cada 100 veces")
    page.keyboard.press("Escape")
    card = turn.locator(".card").nth(1)
    expect(card).to_contain_text("90 m²")
    card.get_by_role("button", name="429.000 €").click()
    expect(page.get_by_role("dialog")).to_contain_text("Anuncio 2")
    page.get_by_role("dialog").get_by_role("button", name="datos de demostración").click()
    expect(page.get_by_role("dialog")).to_contain_text("No describe una oferta real")
    page.keyboard.press("Escape")
    expect(turn.locator(".metaline .demo")).to_be_visible()


@needs_browser
def test_cards_chart_and_table_stand_with_the_answer(visit: Open) -> None:
    page = visit(locale="es-ES")
    turn = answer(page, "valor")
    expect(turn.locator(".card")).to_have_count(4)
    expect(turn.locator(".tables td").first).to_have_text("429.000 €")
    expect(turn.locator(".plot .line")).to_have_count(2)
    turn.get_by_role("button", name="Tabla").click()
    expect(turn.locator(".chart tbody tr")).to_have_count(16)
    expect(turn.locator(".picture")).to_be_hidden()


@needs_browser
def test_columns_and_ranges_are_bars_with_a_table_beside_them(visit: Open) -> None:
    page = visit(locale="es-ES")
    turn = answer(page, "riesgo")
    columns, ranges = turn.locator(".chart").nth(0), turn.locator(".chart").nth(1)
    expect(columns.locator(".bars li")).to_have_count(5)
    expect(columns.locator(".fill.below")).to_have_count(2)
    expect(ranges.locator(".bars li").first).to_contain_text("2 – 11")
    widths = ranges.locator(".fill").evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().width)")
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0
    ranges.get_by_role("button", name="Tabla").click()
    expect(ranges.locator("tbody tr")).to_have_count(3)
    expect(ranges.locator(".bars")).to_be_hidden()


@needs_browser
def test_a_citation_marker_leads_to_its_passage(visit: Open) -> None:
    page = visit()
    turn = answer(page, "renta")
    turn.get_by_role("link", name="Cita 1").click()
    expect(turn.locator(".citations blockquote")).to_be_visible()
    expect(turn.locator(".citations li")).to_be_focused()


@needs_browser
def test_markup_and_unsafe_links_in_an_answer_stay_text(visit: Open, fake: FakeLadrillo) -> None:
    fake.scripts["ataque"] = lambda _: say(
        "m",
        "<img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](data:text/html,x) "
        "[c](https://dane.gov.co/x) [d](mailto:a@b.co) [e](/api)",
        size=1,
    )
    turn = answer(visit(), "ataque")
    expect(turn.locator(".prose")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(turn.locator(".prose img")).to_have_count(0)
    assert turn.locator(".prose a").evaluate_all("all => all.map((a) => a.href)") == [
        "https://dane.gov.co/x",
        "mailto:a@b.co",
    ]
    expect(turn.locator(".prose a").first).to_have_attribute("rel", "noopener noreferrer nofollow")


@needs_browser
def test_markdown_tables_and_nested_lists(visit: Open, fake: FakeLadrillo) -> None:
    fake.scripts["listas"] = lambda _: say(
        "m", "1. uno\n   - dentro\n2. dos\n\nsigue snake_case_aquí y 2 * 3 * 4", size=2
    )
    page = visit(locale="en-GB")
    turn = answer(page, "compare")
    expect(turn.locator("thead th")).to_have_text(["", "Roma Norte", "Narvarte"])
    expect(turn.locator("tbody tr").nth(2).locator("td").last).to_have_text("6.15 %")
    turn = answer(page, "listas")
    expect(turn.locator("ol > li")).to_have_count(2)
    expect(turn.locator("ol ul li")).to_have_text("dentro")
    expect(turn.locator(".prose > p")).to_have_text("sigue snake_case_aquí y 2 * 3 * 4")


@needs_browser
def test_copy_gives_the_words_of_the_answer(visit: Open) -> None:
    page = visit()
    answer(page, "renta").get_by_role("button", name="Copiar").click()
    expect(page.get_by_text("Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == YIELD


# ---- going on


@needs_browser
def test_suggestions_send_their_text_and_go_away(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "renta").get_by_role("button", name="Con impuestos").click()
    expect(page.locator(".bubble").last).to_have_text("Con impuestos")
    expect(page.locator(".turn .prose")).to_have_count(2)
    expect(page.locator(".chip")).to_have_count(0)


@needs_browser
@pytest.mark.parametrize(
    ("question", "button", "sent"),
    [
        ("avísame", "Acepto", "Sí, acepto"),
        ("avísame", "No", "No, gracias"),
        ("valor", "Hablar con una persona", "Sí, quiero hablar con una persona"),
    ],
)
def test_consent_and_offer_are_answered_in_words(
    visit: Open, fake: FakeLadrillo, question: str, button: str, sent: str
) -> None:
    page = visit()
    answer(page, question).get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".bubble").last).to_have_text(sent)
    expect(page.locator(".turn .prose")).to_have_count(2)
    assert [call["text"] for call in fake.calls("/runs")] == [question, sent]


@needs_browser
def test_the_language_changes_in_mid_chat(visit: Open) -> None:
    page = visit()
    turn = answer(page, "valor")
    page.get_by_role("button", name="English").click()
    expect(turn.locator(".confidence summary")).to_have_text("Medium confidence")
    expect(turn.locator(".metaline .demo")).to_have_text("demo data")
    expect(page.locator("#message")).to_have_attribute("placeholder", re.compile("An area"))
    assert page.locator("html").get_attribute("lang") == "en"


@needs_browser
def test_the_page_speaks_the_language_of_the_answer_unless_one_was_chosen(visit: Open, fake: FakeLadrillo) -> None:
    fake.scripts["pregunta"] = lambda _: [speaks("es"), *say("m_es", "Claro.")]
    page = visit(locale="es-CO")
    root = page.locator("html")
    answer(page, "compare")
    expect(root).to_have_attribute("lang", "en")
    expect(page.locator("#message")).to_have_attribute("placeholder", re.compile("An area"))
    page.reload()
    expect(root).to_have_attribute("lang", "en")
    answer(page, "pregunta")
    expect(root).to_have_attribute("lang", "es")
    page.get_by_role("button", name="Español").click()
    answer(page, "compare")
    expect(root).to_have_attribute("lang", "es")


@needs_browser
def test_a_new_conversation_goes_back_to_the_language_of_the_browser(visit: Open) -> None:
    page = visit(locale="es-CO")
    answer(page, "compare")
    page.locator("#new").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")


@needs_browser
def test_a_reload_draws_again_all_that_stood_beside_the_answer(visit: Open) -> None:
    page = visit()
    answer(page, "valor")

    def drawn() -> dict[str, int]:
        expect(page.locator(".turn .charts svg").first).to_be_visible()  # charts come with a module of their own
        parts = (".card", ".charts svg", ".tables table", ".chip", ".offer button", ".confidence", ".figure")
        return {part: page.locator(f".turn {part}").count() for part in parts}

    before = drawn()
    assert all(before.values()), before
    page.reload()
    expect(page.locator(".prose")).to_be_visible()
    assert drawn() == before


@needs_browser
def test_a_permission_asked_for_can_be_given_after_a_reload(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "avísame")
    page.reload()
    page.get_by_role("button", name="Acepto").click()
    expect(page.locator(".bubble").last).to_have_text("Sí, acepto")
    expect(page.locator(".consent button:enabled")).to_have_count(0)


# ---- when things go wrong


@needs_browser
def test_a_cut_stream_resumes_at_the_exact_token(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    fake.deaf = True
    ask(page, "corte")
    expect(page.locator(".prose")).to_contain_text(YIELD[110:130])
    fake.gate("shown").set()
    expect(page.locator(".notice.reconnecting")).to_be_visible()
    fake.deaf = False
    fake.gate("cut").set()
    expect(page.locator("#stop")).to_be_hidden()
    page.locator(".turn").get_by_role("button", name="Copiar").click()
    assert page.evaluate("navigator.clipboard.readText()") == YIELD
    # RUN_STARTED, two of the step, twenty of the text
    assert {path for _, path, _ in fake.requests if "/events" in path} == {"/api/conversations/c1/events?after=23"}
    expect(page.locator(".notice.reconnecting")).to_have_count(0)


@needs_browser
def test_a_failed_run_offers_a_retry_with_a_new_key(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    turn = answer(page, "falla")
    expect(turn.get_by_role("alert")).to_contain_text("el mensaje quedó guardado")
    turn.get_by_role("button", name="Reintentar").click()
    expect(page.locator(".turn").nth(1).get_by_role("alert")).to_be_visible()
    first, second = fake.calls("/runs")
    assert first["text"] == second["text"] == "falla"
    assert first["client_message_id"] != second["client_message_id"]


@needs_browser
def test_a_refused_message_says_why_and_can_be_sent_again(visit: Open) -> None:
    page = visit()
    turn = answer(page, "ocupado")
    expect(turn.get_by_role("alert")).to_contain_text("El servicio no responde ahora.")
    turn.get_by_role("button", name="Reintentar").click()
    expect(page.locator(".turn .prose")).to_have_text("Entendido. Lo reviso.")
    expect(page.locator(".bubble")).to_have_count(1)


@needs_browser
def test_a_busy_conversation_gives_the_text_back(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "hola")
    fake.only().run = {"id": "r9", "status": "running"}
    fake.scripts["otra"] = Refuse(409, "run_active", "Hay otra respuesta en curso.", run_id="r9")
    ask(page, "otra")
    expect(page.get_by_role("alert")).to_have_text("Hay otra respuesta en curso.")
    expect(page.locator("#message")).to_have_value("otra")
    for event in (
        {"type": "RUN_STARTED", "threadId": "c1", "runId": "r9"},
        *say("m9", "Termino."),
        {"type": "RUN_FINISHED", "threadId": "c1", "runId": "r9"},
    ):
        assert isinstance(event, dict)
        fake.only().write(event)
    expect(page.locator(".prose").last).to_have_text("Termino.")
    expect(page.locator("#send")).to_be_enabled()


@needs_browser
def test_stop_ends_the_run_and_keeps_what_was_said(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    ask(page, "lento")
    expect(page.locator(".prose")).to_contain_text("Y sigo.")
    page.get_by_role("button", name="Detener la respuesta").click()
    expect(page.locator(".turn")).to_contain_text("Respuesta detenida")
    expect(page.locator("#stop")).to_be_hidden()
    assert fake.calls("/stop") == [{}]


@needs_browser
def test_a_reload_in_mid_run_goes_on_without_doubling(visit: Open, fake: FakeLadrillo) -> None:
    fake.scripts["lenta"] = lambda _: [
        *step("supervisor"),
        *say("m", "Primera parte. ")[:-1],
        Gate("go"),
        *say("m", "Segunda.")[1:],
    ]
    page = visit()
    ask(page, "lenta")
    expect(page.locator(".prose")).to_contain_text("Primera parte.")
    page.reload()
    expect(page.locator(".prose")).to_contain_text("Primera parte.")
    expect(page.locator("#stop")).to_be_visible()
    fake.gate("go").set()
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator(".prose")).to_have_text("Primera parte. Segunda.")
    expect(page.locator(".bubble")).to_have_count(1)


@needs_browser
def test_a_late_join_continues_from_the_snapshot(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "hola")
    talk = fake.only()
    talk.run = {"id": "r9", "status": "running"}
    page.reload()
    expect(page.locator("#stop")).to_be_visible()
    for event in (
        {"type": "RUN_STARTED", "threadId": "c1", "runId": "r9"},
        {"type": "MESSAGES_SNAPSHOT", "messages": [{"id": "m9", "role": "assistant", "content": "Hasta aquí, "}]},
        {"type": "TEXT_MESSAGE_START", "messageId": "m9", "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m9", "delta": "y sigo."},
        {"type": "TEXT_MESSAGE_END", "messageId": "m9"},
        {"type": "RUN_FINISHED", "threadId": "c1", "runId": "r9"},
    ):
        talk.write(event)
    expect(page.locator(".prose").last).to_have_text("Hasta aquí, y sigo.")
    expect(page.locator("#stop")).to_be_hidden()


@needs_browser
def test_a_conversation_that_is_gone_starts_afresh(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "hola")
    fake.conversations.clear()
    page.reload()
    expect(page.locator("#notices")).to_contain_text("ya no está disponible")
    expect(page.get_by_role("tablist")).to_be_visible()


@needs_browser
def test_offline_is_said(visit: Open) -> None:
    page = visit()
    page.context.set_offline(True)
    expect(page.locator("#notices")).to_contain_text("Sin conexión a internet")
    page.context.set_offline(False)
    expect(page.locator("#notices")).to_be_empty()


# ---- a person


@needs_browser
def test_a_person_joins_and_is_not_the_bot(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "estafa")
    expect(page.locator("#notices")).to_contain_text("Caso C-1042")
    person_says(fake.only(), "op1", "Laura Gómez", "Ya tengo **su caso**.")
    reply = page.get_by_role("article", name="Mensaje de Laura Gómez")
    expect(reply).to_contain_text("Persona del equipo")
    expect(page.locator("#notices")).to_contain_text("Laura Gómez lo está atendiendo")
    answer(page, "gracias")
    expect(page.locator(".event")).to_have_text("Recibido. Una persona responderá aquí mismo.")
    person_says(fake.only(), "op2", "Laura Gómez", "De nada.")
    expect(page.locator(".colleague")).to_have_count(2)
    page.reload()
    expect(page.locator(".colleague")).to_have_count(2)
    person_says(fake.only(), "op3", "Laura Gómez", "Una cosa más.")
    expect(page.locator(".colleague")).to_have_count(3)


@needs_browser
def test_a_persons_words_between_the_tokens_of_a_run_are_not_missed(visit: Open, fake: FakeLadrillo) -> None:
    """The run's own stream may skip a number; the tail brings it."""

    def speak(talk: Conversation) -> None:
        talk.write(custom("operator.message", message_id="op1", author="Ana", text="Aquí estoy.") | {"between": True})

    fake.scripts["sigue"] = lambda _: [*say("m2", "Uno. ")[:-1], Call(speak), *say("m2", "Dos.")[1:]]
    page = visit()
    answer(page, "estafa")
    turn = answer(page, "sigue")
    expect(turn.locator(".prose")).to_have_text("Uno. Dos.")
    expect(page.locator(".colleague")).to_have_count(1)


@needs_browser
def test_leaving_an_open_case_is_asked_first(visit: Open) -> None:
    page = visit()
    answer(page, "estafa")
    page.get_by_role("button", name="Nueva conversación").click()
    page.get_by_role("button", name="Seguir en esta").click()
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("button", name="Nueva conversación").click()
    page.get_by_role("button", name="Empezar otra").click()
    expect(page.get_by_role("tablist")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


# ---- writing and reading


@needs_browser
def test_the_draft_survives_a_reload_and_shift_enter_breaks_the_line(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    answer(page, "hola")
    field = page.locator("#message")
    field.press_sequentially("uno")
    field.press("Shift+Enter")
    field.press_sequentially("dos")
    page.reload()
    expect(field).to_have_value("uno\ndos")
    expect(page.locator(".bubble")).to_have_text("hola")
    assert len(fake.calls("/runs")) == 1


@needs_browser
def test_a_message_over_the_limit_is_not_sent_and_says_so(visit: Open, fake: FakeLadrillo) -> None:
    page = visit()
    page.locator("#message").fill("x" * 19_999 + "🧱")
    expect(page.locator("#send")).to_be_enabled()
    page.locator("#message").fill("x" * 20_003)
    expect(page.locator("#limit")).to_contain_text("20.003 caracteres y el máximo es 20.000. Hay que quitar 3.")
    expect(page.locator("#send")).to_be_disabled()
    page.locator("#message").press("Enter")
    assert fake.requests == []


@needs_browser
def test_a_reader_who_scrolled_up_is_left_there(visit: Open, fake: FakeLadrillo) -> None:
    long = "\n\n".join(f"Párrafo {n}." for n in range(60))
    fake.scripts["largo"] = lambda _: [*say("m", long, size=40)[:-1], Gate("go"), *say("m", "\n\nFinal.")[1:]]
    page = visit()
    ask(page, "largo")
    expect(page.locator(".prose")).to_contain_text("Párrafo 59.")
    box = page.locator("#scroller")
    assert box.evaluate("b => b.scrollHeight - b.scrollTop - b.clientHeight < 2")
    box.hover()
    page.mouse.wheel(0, -4000)
    expect(page.locator(".bubble")).to_be_in_viewport()
    fake.gate("go").set()
    expect(page.locator(".prose")).to_contain_text("Final.")
    expect(page.locator(".bubble")).to_be_in_viewport()
    page.get_by_role("button", name="Ir al final").click()
    expect(page.get_by_text("Final.", exact=True).first).to_be_in_viewport()


@needs_browser
def test_on_a_phone_nothing_overflows_and_the_source_is_a_sheet(visit: Open) -> None:
    page = visit(width=390, height=844, touch=True)
    assert float(page.locator("#message").evaluate("f => parseFloat(getComputedStyle(f).fontSize)")) >= 16
    turn = answer(page, "valor")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#scroller").evaluate("b => b.scrollWidth <= b.clientWidth")
    turn.get_by_role("button", name="418.000 €").tap()
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 390, 844)


# ---- being remembered


@pytest.fixture
def forgotten(visit: Open) -> Iterator[Open]:
    """Contexts are shared: what is kept beyond a tab is taken away at the end."""
    opened: list[Page] = []

    def open_page(**look: object) -> Page:
        opened.append(visit(**look))
        return opened[-1]

    yield open_page
    for page in opened:
        page.evaluate("localStorage.clear()")


def investor(page: Page) -> str | None:
    found: str | None = page.evaluate("localStorage.getItem('ladrillo.investor')")
    return found


@needs_browser
@pytest.mark.parametrize(("locale", "open_it", "agree", "erase", "gone", "text"), [
    ("es-CO", "Recordar mis preferencias", "Acepto", "Borrar y no recordar más", "ya no se recuerda nada", "es"),
    ("en-GB", "Remember my preferences", "I accept", "Erase and stop remembering", "nothing is remembered any more", "en"),
])
def test_an_investor_agrees_sees_what_is_remembered_and_erases_it_by_keyboard(
    forgotten: Open, fake: FakeLadrillo, locale: str, open_it: str, agree: str, erase: str, gone: str, text: str
) -> None:
    page = forgotten(locale=locale)
    page.get_by_role("button", name=open_it).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=open_it)
    expect(dialog.locator("blockquote")).to_have_text(CONSENT[text])
    page.keyboard.press("Enter")  # once too often: nothing is agreed to
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name=agree)).to_be_focused()
    assert investor(page) is None
    page.keyboard.press("Enter")
    expect(dialog.locator("blockquote")).to_have_count(0)
    assert investor(page) == "investor-1"
    assert fake.profiles["investor-1"].granted
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    answer(page, "hola")
    assert fake.calls("/conversations")[0]["investor"] == "investor-1"
    fake.profiles["investor-1"].preferences.append(
        {"name": "budget_max", "label": "presupuesto máximo", "value": 4e8, "currency": "COP", "shown": "$400.000.000",
         "at": "2026-10-03T09:00:00Z", "conversation": "c1"})
    page.get_by_role("button", name=open_it).click()
    expect(dialog.locator("dd")).to_contain_text("$400.000.000")
    expect(dialog.locator("dd")).to_contain_text("2026")
    dialog.get_by_role("button", name=erase).click()
    expect(dialog).to_contain_text(gone)
    assert investor(page) is None
    assert fake.profiles == {}


@needs_browser
def test_a_refusal_leaves_nothing_behind(forgotten: Open, fake: FakeLadrillo) -> None:
    page = forgotten()
    page.get_by_role("button", name="Recordar mis preferencias").click()
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.get_by_role("dialog").get_by_role("button", name="No", exact=True).click()
    assert fake.profiles == {}
    assert page.evaluate("localStorage.length") == 0
    answer(page, "hola")
    assert "investor" not in fake.calls("/conversations")[0]


@needs_browser
def test_a_profile_that_was_erased_elsewhere_does_not_keep_anybody_from_asking(forgotten: Open, fake: FakeLadrillo) -> None:
    page = forgotten()
    page.evaluate("localStorage.setItem('ladrillo.investor', 'gone')")
    answer(page, "hola")
    assert [body.get("investor") for body in fake.calls("/conversations")] == ["gone", None]
    assert investor(page) is None


@needs_browser
def test_the_dialog_fits_a_phone(forgotten: Open, fake: FakeLadrillo) -> None:
    page = forgotten(width=360, height=640, touch=True)
    page.get_by_role("button", name="Recordar mis preferencias").tap()
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
