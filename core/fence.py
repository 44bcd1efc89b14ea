"""Text that others wrote (adverts, documents, listing titles) reaches a language model as data between tags.

The fence is advice to the model, not a lock: what a model may do is limited by the tools, what it may show by grounding.
"""

from __future__ import annotations

import re

#: Every tag that a prompt speaks of: none of them may be opened or closed by text inside another.
_TAGS = ("question", "earlier", "known", "listings_shown_before", "outside_the_markets", "reader", "findings", "figures",
         "remembered_from_earlier_conversations", "tool_data", "passage", "shown", "problem")
_OURS = re.compile(rf"<(\s*/?\s*({'|'.join(_TAGS)})\b)", re.IGNORECASE)


def fence(tag: str, text: str, *, keeping: str | None = None) -> str:
    """`text` between `<tag>` and `</tag>`; tags of ours inside it are made harmless, all but `keeping`, which fences a part."""
    inside = _OURS.sub(lambda match: match.group() if match.group(2).lower() == keeping else f"‹{match.group(1)}", text)
    return f"<{tag}>\n{inside}\n</{tag}>"
