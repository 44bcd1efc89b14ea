"""What a model says, without what it thinks aloud between tags (`<think>…</think>`), as it comes in pieces.

However a text is cut into pieces, the same is said: what may be the beginning of a tag is held until it is sure. A thought
without an end is not said at all; a tag that ends nothing is left out.
"""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|analysis"
_LONGEST_TAG = len("</reasoning>")


class Speech:
    """`hear(piece)` gives what may be said of it now, `rest()` what was held back at the end. With `aloud` it begins with a
    thought that no tag opened; `stray` tells that such a thought ended.
    """

    _TAG = re.compile(rf"</?(?:{_NAMES})>", re.IGNORECASE)
    _CLOSE = re.compile(rf"</(?:{_NAMES})>", re.IGNORECASE)
    _BEGUN = re.compile(r"</?[a-z]{0,9}", re.IGNORECASE)

    def __init__(self, *, aloud: bool = False) -> None:
        self._held, self._thinking, self._begun = "", aloud, False
        self._aloud = aloud
        self.stray = False

    def hear(self, piece: str) -> str:
        if not self._held and not self._thinking and "<" not in piece:
            return self._say(piece)
        self._held += piece
        said = ""
        while found := (self._CLOSE if self._thinking else self._TAG).search(self._held):
            closes = found.group().startswith("</")
            if not self._thinking:
                said += self._held[: found.start()]
                self.stray = self.stray or closes
            self._thinking = not closes
            self._held = self._held[found.end() :]
        if self._thinking:
            if not self._aloud:
                self._held = self._held[-_LONGEST_TAG:]  # the closing tag may have begun
            return self._say(said)
        self._aloud = False
        cut = self._held.rfind("<")
        if cut < 0 or not self._BEGUN.fullmatch(self._held, cut):
            cut = len(self._held)
        said, self._held = said + self._held[:cut], self._held[cut:]
        return self._say(said)

    def rest(self) -> str:
        """What was held back and turned out to be no tag."""
        return "" if self._thinking and not self._aloud else self._say(self._held)

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

    @classmethod
    def answer(cls, text: str) -> str:
        """Of an answer that has come whole: where it closes a thought that nothing opened, what follows that."""
        first = cls._TAG.search(text)
        if first is not None and first.group().startswith("</"):
            text = text[first.end() :]
        return cls.whole(text)
