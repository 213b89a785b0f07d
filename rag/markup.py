"""Marks within a line: Markdown's emphasis, code and links, numbers of sources. A quotation keeps them, who reads it
aloud does not."""

from __future__ import annotations

import re

COLUMN = " | "  # between the cells of a row, and between the names of its columns
MARKDOWN = (".md", ".markdown")
_LINK = re.compile(r"!?\[([^\[\]]+)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_CODE = re.compile(r"`+([^`]+)`+")
_STRONG = re.compile(r"\*\*|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)")
_REFERENCE = re.compile(r"\[(?:\w+ )?[A-Za-z]?\d[\w,;:. –-]*\]")
_EMPHASIS = re.compile(r"(?<![*\w])\*(?=\S)([^*]+?)(?<=\S)\*(?![*\w])|(?<![_\w])_(?=\S)([^_]+?)(?<=\S)_(?![_\w])")


def without_markup(text: str) -> str:
    """`text` of a Markdown document as it is read."""
    text = _STRONG.sub("", _CODE.sub(r"\1", _LINK.sub(r"\1", text)))
    return _EMPHASIS.sub(lambda match: match[1] or match[2], text)


def without_marks(text: str) -> str:
    """`text` without numbers of sources and notes, which are no figures: [S22, S25], [3], [note 4]."""
    return _REFERENCE.sub("", text)


def cells_of(row: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
