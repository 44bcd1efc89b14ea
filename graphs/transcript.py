"""A conversation as a model is told it: the newest exchanges nearly whole, older ones by what was asked, within a bound.

No model summarises: what a conversation knows stands in the slots, and the words of the last turns are what a follow-up
leans on. So a long talk costs no more than a short one, and no call of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphs.sentences import sentences

#: Characters of everything, and of a message near the end and farther back.
LONGEST = 2400
_NEAR_USER, _NEAR_OTHER, _FAR, _NAME = 500, 320, 120, 60
_NEAR = 4  # messages


def earlier(history: Sequence[Mapping[str, str]], longest: int = LONGEST) -> str:
    """One line a message, oldest first; advisers' words carry their author. Empty for a first message.

    A message cannot look like several: its own line breaks are spaces.
    """
    lines: list[str] = []
    left = longest
    for age, row in enumerate(reversed(history)):
        near = age < _NEAR
        if row["role"] == "user":
            line = f"investor: {_cut(row['text'], _NEAR_USER if near else _FAR)}"
        elif row["role"] == "assistant":
            if not near:  # of an older exchange the question is enough
                continue
            line = f"you: {_opening(row['text'], _NEAR_OTHER)}"
        else:
            line = f"{_cut(row['author'] or row['role'], _NAME)} (adviser): {_cut(row['text'], _NEAR_USER if near else _FAR)}"
        if len(line) + 1 > left:
            lines.append("…")
            break
        left -= len(line) + 1
        lines.append(line)
    return "\n".join(reversed(lines))


def _opening(text: str, longest: int) -> str:
    """The first whole sentences that fit."""
    end = 0
    for _, until in sentences(text):
        if until > longest:
            break
        end = until
    return " ".join((text[:end] or _cut(text, longest)).split())


def _cut(text: str, longest: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else f"{plain[:longest].rsplit(' ', 1)[0]} …"
