"""What no answer shows, whatever a model was talked into: strange links in every disguise, images, the prompts."""

from __future__ import annotations

import pytest

from core.facts import Fact, Source
from core.locale import LOCALES
from graphs.grounding import accept, bound
from graphs.propriety import addresses, offence
from graphs.streaming import Stream

CITED = frozenset({"https://www.ine.es/dyngs/x?id=1", "datos.gov.co"})
HOSTS = frozenset({"portal.com", "pisos.portal.com"})


@pytest.mark.parametrize(
    "text",
    [
        "Vea https://portal.com/anuncio/12-b?x=1&y=2#z.",
        "Vea [el anuncio](https://pisos.portal.com/7).",
        "Vea HTTPS://PORTAL.COM/a, que está bien.",
        "Vea <https://portal.com>.",
        "Fuente: https://www.ine.es/dyngs/x?id=1.",
        "Fuente: [INE](https://www.ine.es/dyngs/x?id=1).",
        "Datos de datos.gov.co, al día.",
        "[vea]: https://portal.com/7",
        # no address at all
        "According to the data: prices rose; see file: none. About: nothing.",
        "Según la guía [1]: «el impuesto sube».",
        "[1]: Guía de compra.",
        "Alquiler y/o venta, 14 €/m²/mes; p. ej. en Av.Caracas, E.A./N.M.V.",
        "Le escribo a ana.perez@correo.com y al tel: 315 555 0108.",
        "Piso en C/ Mayor, 3.º; S.A.S. y S.L.",
        "Renta: 900; cuota: 500.",
        "Da 6.13 % & más < que 7 % > 5 %.",
        "Con menos de < 300.000 €, <5 % o <= 5 % -> sube.",
        "| Precio |>5 %|",
        "La brecha (punto a punto) es menor; gap: 3.",
    ],
)
def test_what_may_be_shown(text: str) -> None:
    assert offence(text, CITED, HOSTS) is None


@pytest.mark.parametrize(
    "text",
    [
        "Vea https://evil.com.",
        "Vea HTTPS://EVIL.COM/X.",
        "Vea https://portal.com@evil.com/x.",
        "Vea https://portal.com:pw@evil.com.",
        "Vea https://portal.com.evil.com.",
        "Vea https://evil.com/portal.com.",
        "Vea https://portal.com:8443/x.",
        "Vea https://sub.portal.com/x.",
        "Vea https://portal.com./x.",
        "Vea https://portal.com/r?u=https://evil.com.",
        "Vea https://portal.com/r?u=https%3A%2F%2Fevil.com.",
        "Vea https://portal.com/r?u=https%253A%252F%252Fevil.com.",
        "Vea https://portal.com/r?u=//evil.com.",
        "Vea https://portal.com\\@evil.com.",
        "Vea //evil.com/x.",
        "Vea \\\\evil.com\\x.",
        "Vea /\\evil.com.",
        "Vea https:/\\evil.com.",
        "Vea https:\\\\evil.com.",
        "Vea https:evil.com.",
        "Vea http:///evil.com.",
        "Vea https://evil%2Ecom/x.",
        "Vea %68ttps://evil.com/x.",
        "Vea https://xn--prtal-3ve.com/x.",
        "Vea xn--prtal-3ve.com.",
        "Vea https://pоrtal.com/x.",  # the first o is Cyrillic
        "Vea pоrtal.com.",
        "Vea https://ｅｖｉｌ．ｃｏｍ/x.",
        "Vea ｅｖｉｌ．ｃｏｍ.",
        "Vea https://evil。com.",
        "Vea ht\u200btps://evil\u00ad.com.",
        "Vea evil\u200b.com.",
        "Vea evil.com/x.",
        "Vea evil.com.",
        "Vea www.evil.com.",
        "Vea evil.zone/x.",
        "Vea evil.house:80.",
        "Vea https://1.2.3.4/x.",
        "Vea https://[::1]/x.",
        "Vea https://localhost/x.",
        "Vea ftp://evil.com.",
        "Vea whatsapp://send?text=x.",
        "Vea javascript:alert(1).",
        "Vea JaVaScRiPt:alert(1).",
        "Vea java\tscript:alert(1).",
        "Vea javascript&colon;alert(1).",
        "Vea &#106;avascript:alert(1).",
        "Vea data:text/html;base64,PHN.",
        "Vea data:,hola.",
        "Vea vbscript:x.",
        "Vea file:///etc/passwd.",
        "Escriba a mailto:x@evil.com.",
        "[pulse](https://evil.com)",
        "[pulse](evil)",
        "[pulse](/otra)",
        "[pulse](",
        "[pulse](javascript:alert(1))",
        "[pulse](&#104;ttps://evil.com)",
        "[pulse]( <https://evil.com> )",
        "[https://banco.com](https://portal.com/x)",
        "[banco.com](https://portal.com/x)",
        "[pulse][a] y ya.\n[a]: //evil.com",
        "[a]: evil.com/x",
        "  > [a]: <evil.house/x>",
        "<https://evil.com>",
        "<evil.com>",
        "<a href=x>pulse</a>",
        "&lt;a href=x&gt;",
        "<iframe src=x>",
        "<details open>pulse</details>",
        "<math><mtext>x</mtext></math>",
        "Sigue <!-- oculto --> aquí.",
        "<tool_call>{}</tool_call>",
        "</reader>",
        "<tool_data>",
        "<|channel|>final",
        "[INST] hola [/INST]",
        "&lt;details&gt;",
        "Vea hxxps://portal.com/x.",
        "Vea hxxp[:]//evil",
        "Vea evil[.]example.",
        "Vea evil (dot) example.",
        "Vea [esto]( y ya.",
        "Vea [esto]() y ya.",
        # as tools and facts tell a model
        "[f_9296433f70d0] price = 450.000.000 COP",
        "gap no_data: Lima",
        "Error invoking tool 'analyse_returns'",
        "gross_yield = 6,13 %",
        # images, from anywhere
        "![x](https://portal.com/a.png)",
        "![x](https://www.ine.es/dyngs/x?id=1)",
        "<img src=https://portal.com/a.png>",
        "< img src=x>",
        "<svg onload=x>",
        "&#33;[x](https://portal.com/a.png)",
    ],
)
def test_what_may_not(text: str) -> None:
    assert offence(text, CITED, HOSTS) is not None


def test_no_host_is_allowed_that_nobody_allowed() -> None:
    assert offence("Vea https://portal.com/7.", frozenset()) is not None


def test_sources_give_the_addresses_and_adverts_none() -> None:
    told = Fact("x", 1.0, "count", Source("series", "S/1", "", "INE (https://www.ine.es/a?b=1), datos.gov.co"))
    advert = Fact("name", "https://evil.com", "text", Source("listing", "7", "evil.com"), entity="www.evil.com")
    assert addresses([told, advert]) == {"https://www.ine.es/a?b=1", "datos.gov.co"}


def test_hosts_reach_every_way_a_text_is_checked() -> None:
    text, hosts, es = "Vea https://portal.com/7. Y ya.", HOSTS, LOCALES["es-ES"]
    assert accept(text, [], es).offender is not None
    assert accept(text, [], es, hosts=hosts).offender is None
    assert bound(text, [], es, hosts=hosts)[1] == []
    stream = Stream(es, (), hosts)
    assert stream.feed(text, []) + stream.finish([]) == text
