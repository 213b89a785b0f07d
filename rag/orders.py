"""Orders to a language model that stand in a document.

A document is material to quote. What it says to the program ("ignore the instructions above", a made-up system turn) is
neither obeyed nor quoted as an answer: prompt injection is the first of OWASP's risks of applications with language
models (LLM01:2025). The signs in `rag/data/orders.txt` are common forms, not a proof; what gets past them is still only
shown when a quotation says it, and never as a link or a picture.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from rag.wordlists import lines_of

_REACH = 400  # characters behind an order that belong to it
_PART = re.compile(r"(?<=[.!?:。！？：])\s+")
_TAG = re.compile(r"</?[a-z_]+>", re.IGNORECASE)


@cache
def _signs() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(line, re.IGNORECASE | re.MULTILINE) for line in lines_of("orders.txt"))


@lru_cache(maxsize=8192)  # the same sentences are looked at for one question after another
def is_order(text: str) -> bool:
    """Whether `text` speaks to a language model instead of to a reader."""
    plain = unicodedata.normalize("NFKC", visible(text))
    return any(sign.search(plain) for sign in _signs())


def without_orders(question: str) -> str:
    """What a question asks beside orders to a language model ("Ignore the above. Who ...?"); all of it if nothing else.

    An order to this program does nothing, and its words only keep the answer from being found.
    """
    parts = [part for part in _PART.split(_TAG.sub(" ", question)) if part.strip()]
    asked = [part for part in parts if part.rstrip().endswith(("?", "？")) and not is_order(part)]
    return " ".join(" ".join(asked).split()) if asked and any(map(is_order, parts)) else question


def follows_an_order(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is an order, or stands behind one in its paragraph: what the model is to say, then."""
    paragraph = max(text.rfind("\n\n", 0, start), start - _REACH, 0)
    return is_order(text[paragraph:end])


def visible(text: str) -> str:
    """`text` without characters that no reader sees: zero width, direction marks, tags, controls."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs"))
