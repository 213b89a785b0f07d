"""Counting the tokens that go to a language model, with no network."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

# tiktoken downloads its encodings on first use. This folder holds o200k_base under the name tiktoken's own cache
# gives it, and tiktoken checks its SHA-256 before use.
ENCODINGS = Path(__file__).parent / "data" / "tiktoken"


@cache
def encoding() -> tiktoken.Encoding:
    import tiktoken

    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(ENCODINGS)
    try:
        return tiktoken.get_encoding("o200k_base")
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


def count_tokens(text: str) -> int:
    """Tokens of `text` in o200k_base: exact for current OpenAI models, close for others."""
    return len(encoding().encode(text, disallowed_special=()))
