"""What a model says, without what it thinks aloud between tags (`<think>…</think>`), as it comes in pieces."""

from __future__ import annotations

import re

_LONGEST_TAG = len("</thinking>")


class Speech:
    """`hear(piece)` gives what may be said of it now, `rest()` what was held back at the end."""

    _OPEN, _CLOSE = re.compile(r"<think(?:ing)?>"), re.compile(r"</think(?:ing)?>")

    def __init__(self) -> None:
        self._held, self._thinking = "", False

    def hear(self, piece: str) -> str:
        if not self._held and not self._thinking and "<" not in piece:
            return piece
        self._held += piece
        said = ""
        while found := (self._CLOSE if self._thinking else self._OPEN).search(self._held):
            if self._thinking:
                self._held = self._held[found.end() :].lstrip()
            else:
                said += self._held[: found.start()]
                self._held = self._held[found.end() :]
            self._thinking = not self._thinking
        if self._thinking:
            self._held = self._held[-_LONGEST_TAG:]  # the closing tag may have begun
            return said
        cut = self._held.rfind("<")
        if cut < 0 or len(self._held) - cut >= _LONGEST_TAG:
            cut = len(self._held)
        said, self._held = said + self._held[:cut], self._held[cut:]
        return said

    def rest(self) -> str:
        """What was held back and turned out to be no tag."""
        return "" if self._thinking else self._held

    @classmethod
    def whole(cls, text: str) -> str:
        """Of a text that has come whole."""
        speech = cls()
        return speech.hear(text) + speech.rest()
