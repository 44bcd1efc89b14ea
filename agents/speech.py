"""What a model says, without what it thinks aloud between tags (`<think>…</think>`), as it comes in pieces.

However a text is cut into pieces, the same is said: what may be the beginning of a tag is held until it is sure. A thought
without an end is not said at all; a tag that ends nothing is left out.
"""

from __future__ import annotations

import re

_LONGEST_TAG = len("</thinking>")


class Speech:
    """`hear(piece)` gives what may be said of it now, `rest()` what was held back at the end."""

    _TAG, _CLOSE = re.compile(r"</?think(?:ing)?>"), re.compile(r"</think(?:ing)?>")

    def __init__(self) -> None:
        self._held, self._thinking, self._begun = "", False, False

    def hear(self, piece: str) -> str:
        if not self._held and not self._thinking and "<" not in piece:
            return self._say(piece)
        self._held += piece
        said = ""
        while found := (self._CLOSE if self._thinking else self._TAG).search(self._held):
            if not self._thinking:
                said += self._held[: found.start()]
            self._thinking = not found.group().startswith("</")
            self._held = self._held[found.end() :]
        if self._thinking:
            self._held = self._held[-_LONGEST_TAG:]  # the closing tag may have begun
            return self._say(said)
        cut = self._held.rfind("<")
        if cut < 0 or len(self._held) - cut >= _LONGEST_TAG:
            cut = len(self._held)
        said, self._held = said + self._held[:cut], self._held[cut:]
        return self._say(said)

    def rest(self) -> str:
        """What was held back and turned out to be no tag."""
        return "" if self._thinking else self._say(self._held)

    def _say(self, text: str) -> str:
        """White space before the first word, as it stands after a thought, is not said."""
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    @classmethod
    def whole(cls, text: str) -> str:
        """Of a text that has come whole."""
        speech = cls()
        return speech.hear(text) + speech.rest()
