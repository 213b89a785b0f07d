"""Markdown's marks within a line: emphasis, code, links. A quotation keeps them, what is read aloud of it does not."""

from __future__ import annotations

import re

MARKDOWN = (".md", ".markdown")
_LINK = re.compile(r"!?\[([^\[\]]+)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_CODE = re.compile(r"`+([^`]+)`+")
_STRONG = re.compile(r"\*\*|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)")
_EMPHASIS = re.compile(r"(?<![*\w])\*(?=\S)([^*]+?)(?<=\S)\*(?![*\w])|(?<![_\w])_(?=\S)([^_]+?)(?<=\S)_(?![_\w])")


def without_markup(text: str) -> str:
    """`text` of a Markdown document as it is read."""
    text = _STRONG.sub("", _CODE.sub(r"\1", _LINK.sub(r"\1", text)))
    return _EMPHASIS.sub(lambda match: match[1] or match[2], text)
