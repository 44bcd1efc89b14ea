"""The error family. A message names the value, what was expected and what to do, in Spanish and English.

Boundaries (CLI, HTTP, stream) turn a `LadrilloError` into their own form; anything else is a defect and is
logged with its traceback, never shown.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["es", "en"]


class LadrilloError(Exception):
    """Something a person can act on.

    `code` is stable and machine-readable; `es` and `en` are whole sentences; `exit_code` is the command line's,
    `status` the HTTP one; `retryable` says that the same call may succeed later.
    """

    code = "error"
    exit_code = 1
    status = 500
    retryable = False

    def __init__(self, en: str, es: str | None = None, *, code: str | None = None) -> None:
        self.en = en
        self.es = es or en
        if code:
            self.code = code
        super().__init__(en)

    def text(self, language: Language = "en") -> str:
        return self.es if language == "es" else self.en


class BadInput(LadrilloError):
    """The caller's value cannot be used; nothing was stored."""

    code = "bad_input"
    exit_code = 2
    status = 422


class NotFound(LadrilloError):
    code = "not_found"
    exit_code = 3
    status = 404


class Denied(LadrilloError):
    """No identity, or one without the right."""

    code = "denied"
    exit_code = 4
    status = 403


class Unauthenticated(Denied):
    code = "unauthenticated"
    status = 401


class Conflict(LadrilloError):
    """The thing is in a state that does not allow this call."""

    code = "conflict"
    exit_code = 5
    status = 409


class Unavailable(LadrilloError):
    """Something Ladrillo depends on (database, Chroma, model endpoint, disk) does not answer."""

    code = "unavailable"
    exit_code = 6
    status = 503
    retryable = True


class Misconfigured(LadrilloError):
    """A setting is missing, malformed, or still at a default that is not safe here."""

    code = "misconfigured"
    exit_code = 7
    status = 500
