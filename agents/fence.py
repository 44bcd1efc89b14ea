"""Text that others wrote (adverts, documents, listing titles) reaches a language model as data between tags.

The fence is advice to the model, not a lock: what a model may do is limited by the tools, what it may show by grounding.
"""

from __future__ import annotations

import re


def fence(tag: str, text: str) -> str:
    """`text` between `<tag>` and `</tag>`; a tag of that name inside it is made harmless."""
    body = re.sub(rf"<(\s*/?\s*{re.escape(tag)}\b)", r"‹\1", text, flags=re.IGNORECASE)
    return f"<{tag}>\n{body}\n</{tag}>"
