"""What may enter a conversation: the one check of a message's text, shared by HTTP, command line and evaluations."""

from __future__ import annotations

import unicodedata

from core.errors import BadInput

MAX_CHARACTERS = 20_000


def checked(text: str) -> str:
    """The text as it is stored: trimmed, in NFC, lines ended by LF, without control characters.

    Raises `BadInput` for messages that are empty (nothing visible in them), too long or binary.
    """
    clean = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(clean) > MAX_CHARACTERS:
        raise BadInput(
            f"The message has {len(clean):,} characters; at most {MAX_CHARACTERS:,} are read. Send the part that matters.",
            f"El mensaje tiene {len(clean)} caracteres; se leen como máximo {MAX_CHARACTERS}. Envíe la parte que importa.",
            code="message_too_long",
        )
    strange = sum(unicodedata.category(c) in ("Cc", "Co", "Cs") and c not in "\n\t" for c in clean)
    if "\0" in clean or strange > max(2, len(clean) // 50) or "\ufffd" * 3 in clean:
        raise BadInput(
            "The message is not text (it holds control characters). Send plain text in UTF-8.",
            "El mensaje no es texto (trae caracteres de control). Envíe texto en UTF-8.",
            code="binary_message",
        )
    kept = "".join(c for c in clean if unicodedata.category(c) not in ("Cc", "Cs") or c in "\n\t").strip()
    # zero-width and format characters alone show nothing; unassigned ones may be emoji newer than this Python
    if all(unicodedata.category(c) in ("Cf", "Zs", "Zl", "Zp", "Cc") for c in kept):
        raise BadInput(
            "The message is empty. Write a question, for example “yield of a flat at 200,000 rented at 900 a month”.",
            "El mensaje está vacío. Escriba una pregunta, por ejemplo «rentabilidad de un piso de 200.000 alquilado en 900».",
            code="empty_message",
        )
    return kept
