"""Grounding for a text that arrives in pieces: whole sentences are let through once they are checked, and nothing after the
first that may not be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.facts import Fact
from core.locale import Locale
from graphs.drafts import LONGEST, Drafting, names_of
from graphs.grounding import Binding, Known, Offender, Verdict, judge
from graphs.sentences import complete, sentences

#: Characters of a model's text that may wait for the end of their sentence, table or quotation; and those that are looked
#: at anew with each piece. Beyond them a look is worth it when the text has grown by so large a part.
LONGEST_PENDING, _LOOKED_AT, _GROWN = 4000, 256, 16


class Stream:
    """`accept` for text that arrives in pieces: `feed` returns what may be shown now, whole sentences only.

    After an offender nothing more is let through; `shown` is exactly what was let through so far, `fed` what came in of the
    text at hand. White space is let through with what follows it.
    """

    def __init__(
        self, locale: Locale, user_words: Iterable[str] = (), hosts: frozenset[str] = frozenset()
    ) -> None:
        self.locale = locale
        self.user_words = tuple(user_words)
        self.hosts = hosts
        self._known: tuple[tuple[Locale, int, tuple[str, ...]], Known] | None = None
        self._pending = ""
        #: Characters of it that were looked at in vain.
        self._waiting = 0
        self.fed = ""
        self.shown = ""
        self.offender: Offender | None = None
        self.bindings: list[Binding] = []
        #: Looks at what a language model writes; None while the built-in one does.
        self.drafting: Drafting | None = None

    def feed(self, piece: str, facts: Sequence[Fact]) -> str:
        if self.offender is not None:
            return ""
        self.fed += piece
        self._pending += piece
        if self.drafting is not None and len(self.fed) > LONGEST:
            return self._rambling()
        waited, limit = self._waiting, LONGEST_PENDING if self.drafting is not None else len(self._pending)
        if waited > _LOOKED_AT and len(self._pending) < min(waited + waited // _GROWN, limit):
            return ""
        out = self._release(complete(self._pending), facts)
        self._waiting = len(self._pending)
        return out + self._rambling() if self._waiting > limit and self.offender is None else out

    def _rambling(self) -> str:
        """A text, or a sentence of it, that is too long to be one is looked at no further."""
        start = self._pending[:200].strip()
        self.offender = Offender(0, len(start), start, start, "rambling")
        return ""

    def finish(self, facts: Sequence[Fact]) -> str:
        """The rest, without waiting for an end of sentence; nothing of it where the whole turns out to be no answer."""
        rest, before = self._pending.strip(), self.shown
        out = self._release(len(self._pending), facts)
        if self.drafting is None or self.offender is not None or not self.fed.strip():
            return out
        if (why := self.drafting.ending(len(self.bindings))) is None:
            return out
        self.offender, self.shown = Offender(0, len(rest), rest[:200], rest, why), before
        return ""

    def restart(self) -> None:
        """Take another text after what was shown; what was held back of the old one is dropped."""
        self._pending = self.fed = ""
        self._waiting = 0
        self.offender = None

    def _release(self, ready: int, facts: Sequence[Fact]) -> str:
        head = self._pending[:ready].rstrip()
        if not self.shown:
            head = head.lstrip()
        if self.offender is not None or not head:
            return ""
        self._pending = self._pending[self._pending.index(head) + len(head) :]
        known = self._against(facts)
        verdict = judge(head, known, self.shown)
        if (objected := self._objected(head, verdict, facts)) is not None:
            verdict = judge(head[: objected.start].rstrip(), known, self.shown)
            verdict = Verdict(verdict.shown, verdict.offender or objected, verdict.bindings)
        offset = len(self.shown)
        self.bindings += [
            Binding(b.start + offset, b.end + offset, b.shown, b.fact_id) for b in verdict.bindings
        ]
        self.offender = verdict.offender
        self.shown += verdict.shown
        return verdict.shown

    def _objected(self, head: str, verdict: Verdict, facts: Sequence[Fact]) -> Offender | None:
        """The first sentence that is no answer though its figures bind."""
        if self.drafting is None:
            return None
        bound, names = len(self.bindings) + len(verdict.bindings), names_of(facts)
        for start, end in sentences(head):
            piece = head[start:end]
            if (why := self.drafting.objection([piece], bound=bound, names=names)) is not None:
                return Offender(start, end, piece.strip()[:200], piece.strip(), why)
        return None

    def _against(self, facts: Sequence[Fact]) -> Known:
        """The same for sentence after sentence, until there are other facts."""
        which = (self.locale, id(self.drafting), tuple(fact.id for fact in facts))
        if self._known is None or self._known[0] != which:
            found = self.drafting.found if self.drafting is not None else None
            self._known = which, Known(facts, self.locale, self.user_words, self.hosts, found)
        return self._known[1]
