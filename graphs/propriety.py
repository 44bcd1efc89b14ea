"""What an answer may not hold besides an unbound figure: images, links to strange hosts, and the prompts themselves.

Pure, sentence by sentence, beside grounding: whoever plants an instruction in an advert must not get a link or a picture
in front of the investor, whatever the model was talked into. A link may go to an address that a source of the turn names, as
it stands there, or to a host that the operator allows. An image may come from nowhere, an allowed host included: it loads
without a click, so whatever its address carries leaves at once, and pictures of adverts come with their cards.

What is allowed is cut out first, in its plainest form; whatever still looks like an address to any reader of Markdown, HTML
or of bare text, once entities, percent signs, look-alike letters and invisible characters are undone, is refused.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from core.facts import Fact
from core.words import PROMPTS
from knowledge.understanding.text import fold

_IMAGE = re.compile(r"!\[|<\s*(?:img|svg|picture|video|audio|source)\b", re.IGNORECASE)
_MARKUP = re.compile(
    r"<\s*/?\s*(?:a|script|style|iframe|object|embed|form|input|button|link|meta|base|math)\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?:https?:)?//[\w-]+(?:\.[\w-]+)+[^\s<>\"|)\]]*|\bwww\.[^\s<>\"|)\]]+", re.IGNORECASE)
#: An address on an allowed host: no user, no port, nothing that a browser reads otherwise than it is written.
_PLAIN_ADDRESS = re.compile(
    r"https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?P<rest>(?:[/?#][\w./~+,;=:?#&%-]*)?)", re.IGNORECASE | re.ASCII
)
#: Endings of hosts that are also written without a path; with one, any ending makes an address.
_ENDINGS = (
    "com|net|org|info|biz|io|co|app|dev|xyz|top|site|online|website|shop|store|link|click|club|live|page|space|zip|mov|ru|cn|su|"
    "cc|ws|ly|gl|gg|tk|ml|ga|cf|gq|es|mx|cl|ar|br|pe|uk|eu|cat|gov|gob|edu"
)
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_BARE = re.compile(
    rf"(?<![\w@.-])(?:{_LABEL}\.)+(?:(?:{_ENDINGS})(?![\w@-])|[^\W\d_]{{2,24}}(?=[/\\?#]\w|:\d)|xn--[\w-]+)",
    re.IGNORECASE,
)
_LOOKS_LIKE_ADDRESS = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in (
        r"\]\(\s*<?(?:[^\s()<>]+|$)",
        r"^\s*(?:>\s*)*\[[^\]\n]+\]:\s*<?\S*[./\\:]\w\S*",
        r"\b(?:https?|ftps?|wss?|javascript|vbscript|blob|view-source|mailto)\s*:\S*",
        r"\bdata:(?:[\w.+-]+/|[\w.+-]*[;,])\S*|\b(?:file|tel|sms|intent|about|chrome):[\w+/\\]\S*",
        r"\b[a-z][a-z0-9+.-]*:[/\\]{2}\S*",
        r"(?<![\w/\\])[/\\]{2,}[\w\[]\S*",
        r"\bwww\d?\.\S+",
    )
)
#: What stands in no answer: tags of any kind (`< 5 %` is none), the marks between a model's channels, addresses in disguise,
#: links to nowhere, and lines as tools and facts write them for a model.
_STRAY = re.compile(
    r"<[/!?]?[^\W\d]|<!--|<\||\[/?(?:INST|TOOL_CALLS?|TOOL_RESULTS?)\]"
    r"|\bhxxps?\b|\bh[tx]{2}ps?\[|\w ?[\[({] ?(?:\.|dot|punto) ?[\])}] ?\w",
    re.IGNORECASE,
)
_TO_NOWHERE = re.compile(r"\]\(\s*\)")
_LEAKED = re.compile(
    r"\bf_[0-9a-f]{12}\b|(?m:^)\W*gap [a-z]+(?:_[a-z]+)*:|\b[a-z]+(?:_[a-z0-9]+)+ ?=|Error invoking tool|is not a valid tool\b"
)
_DOTS = str.maketrans("\u3002\uff61\u2024\u2215\u2044\u29f8\u29f5", ".../" "//\\")
_TAIL = ".,;:!?*_'»”"
#: So many words in a row as a prompt has them are no coincidence.
_RUN = 8


def offence(sentence: str, cited: frozenset[str], hosts: frozenset[str] = frozenset()) -> str | None:
    """The first piece of the sentence that may not be shown. `cited` are the addresses that the turn's sources name, `hosts`
    those that links may go to besides.
    """
    if (leaked := _LEAKED.search(sentence) or _TO_NOWHERE.search(sentence)) is not None:
        return str(leaked.group())
    if not sentence.isascii() or any(sign in sentence for sign in "./\\:<&[(%"):
        plain = _plainly(sentence)
        for pattern in (_IMAGE, _MARKUP):
            if found := pattern.search(sentence) or pattern.search(plain):
                return str(found.group())
        rest = _ADDRESS.sub(lambda match: _cut(match.group(), cited, hosts), sentence)
        rest = _BARE.sub(lambda match: " " if match.group().lower() in cited else match.group(), rest)
        for form in dict.fromkeys((rest, undone := _plainly(rest), unquote(undone))):
            for pattern in (*_LOOKS_LIKE_ADDRESS, _BARE, _STRAY):
                if found := pattern.search(form):
                    return str(found.group())
    return _recited(sentence)


def addresses(facts: Iterable[Fact]) -> frozenset[str]:
    """The addresses in the facts' sources: where data and documents come from, never the text of an advert. Hosts that stand
    there without a scheme are among them, in small letters."""
    found: set[str] = set()
    for text in {text for fact in facts for text in (fact.source.attribution, fact.source.ref) if "." in text}:
        found.update(match.rstrip(_TAIL) for match in _ADDRESS.findall(text))
        found.update(match.group().lower() for match in _BARE.finditer(_ADDRESS.sub(" ", text)))
    return frozenset(found)


def _cut(address: str, cited: frozenset[str], hosts: frozenset[str]) -> str:
    """Nothing in the place of an address that may be shown; what stands behind it stays."""
    shown = address.rstrip(_TAIL)
    plain = _PLAIN_ADDRESS.fullmatch(shown)
    allowed = shown in cited or (plain is not None and plain["host"].lower() in hosts and _stays(plain["rest"]))
    return address[len(shown) :] if allowed else address


def _stays(rest: str) -> bool:
    """Whether nothing behind the host names another one, however often it is written in percent signs."""
    for _ in range(3):
        if "//" in rest or "\\" in rest or "@" in rest or re.search(r":\w", rest):
            return False
        rest = unquote(rest)
    return True


def _plainly(text: str) -> str:
    """The text as a browser would read it: entities and full-width letters undone, invisible characters left out."""
    text = unicodedata.normalize("NFKC", html.unescape(html.unescape(text)).translate(_DOTS))
    return "".join(c for c in text if c == "\n" or c == " " or unicodedata.category(c) not in ("Cf", "Cc"))


def _recited(sentence: str) -> str | None:
    words = fold(sentence).split()
    known = _prompt_runs()
    return next((run for i in range(len(words) - _RUN + 1) if (run := " ".join(words[i : i + _RUN])) in known), None)


@lru_cache(maxsize=1)
def _prompt_runs() -> frozenset[str]:
    """Every run of words of every prompt in `prompts/agents`."""
    runs: set[str] = set()
    for path in sorted((PROMPTS / "agents").glob("*.md")):
        words = fold(path.read_text("utf-8")).split()
        runs.update(" ".join(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1))
    return frozenset(runs)
