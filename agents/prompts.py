"""What models are told: markdown files with a version, `prompts/agents/<name>.<language>.md`, Spanish and English side by side.

The head of a file says its version and which tags it reads in the user's message. The versions used are noted in the
turn's meter, with a digest of the text, so that a run says which words it was made with.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from core import metering
from core.errors import Misconfigured
from core.words import PROMPTS

_HEAD = re.compile(r"\A---\nversion: (?P<version>\d+)\nreads:(?P<reads>[a-z_ ]*)\n---\n")


@dataclass(frozen=True, slots=True)
class Prompt:
    """`reads` are the tags of the user's message that the text speaks of."""

    name: str
    language: str
    version: str
    reads: frozenset[str]
    text: str

    @property
    def stamp(self) -> str:
        """`3.1f2e3d4c`: the version, and what the text really was."""
        return f"{self.version}.{hashlib.blake2s(self.text.encode(), digest_size=4).hexdigest()}"


@lru_cache(maxsize=64)
def load(name: str, language: str) -> Prompt:
    """The prompt as its file has it. Raises `Misconfigured` for a file without a head."""
    path = PROMPTS / "agents" / f"{name}.{language}.md"
    whole = path.read_text("utf-8")
    head = _HEAD.match(whole)
    if head is None:
        raise Misconfigured(
            f"The prompt prompts/agents/{path.name} does not begin with its version and what it reads "
            "(`---`, `version: 1`, `reads: question …`, `---`).",
            f"El prompt prompts/agents/{path.name} no empieza con su versión y lo que lee "
            "(`---`, `version: 1`, `reads: question …`, `---`).",
        )
    return Prompt(name, language, head["version"], frozenset(head["reads"].split()), whole[head.end() :])


def told(language: str, *names: str) -> str:
    """The text of these prompts after each other, noted as used in this turn. What all share comes first, so that an
    endpoint that keeps prefixes ready finds the same one."""
    prompts = [load(name, language) for name in names]
    if (meter := metering.meter.get()) is not None:
        meter.prompts |= {f"{prompt.name}.{language}": prompt.stamp for prompt in prompts}
    return "\n".join(prompt.text for prompt in prompts)
