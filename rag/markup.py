"""Marks within a line: Markdown's emphasis, code and links, numbers of sources. A quotation keeps them, who reads it
aloud does not."""

from __future__ import annotations

import re

COLUMN = " | "  # between the cells of a row, and between the names of its columns
MARKDOWN = (".md", ".markdown")
_LINK = re.compile(r"!?\[([^\[\]]+)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_ADDRESS = r"(?:[^()\s]|\([^()\s]*\))+"
_TARGET = re.compile(rf"(?<=[^\s\[]\])\({_ADDRESS}(?:\s+\"[^\"]*\")?\)")
_WORK = rf"\[[^\[\]]+\]\({_ADDRESS}\)"  # a link
_WORKS = re.compile(
    rf"\({_WORK}(?:[;,] {_WORK})*\)|"
    r"\((?:[^()]*[^()\d], (?:19|20)\d\d(?:[a-z]\b|, (?:p|pp|para|paras|ch|sec)\b)[^()]*|"
    r"[^()]*\bet al\.?,? (?:19|20)\d\d[^()]*|[A-Z][^()\d]*, (?:19|20)\d\d; [^()]*)\)"
)
_CODE_OF_LAW = re.compile(
    r"\b(?:(?:ISO|IEC|EN|IEEE|ITU)\b[ /]?)+[ -]?\d[\d:.-]*|"
    r"\b(?:Directives?|Regulations?|Decisions?|Articles?|Art\.|Annex(?:es)?|Sections?|[Pp]aras?\.?|[Pp]aragraphs?|Recitals?)"
    r" (?:\((?:EU|EC)\) )?(?:No\.? )?\d[\d/.–-]*|"
    r"\b(?!AD|BCE?|CE|FY|USD|EUR|GBP|CNY|RMB|CHF|JPY|INR|AUD|CAD|US)[A-Z]{2,5} \d{1,5}\b"
    r"(?![.,]\d| ?%| (?:percent|per|million|billion|trillion)\b)"
)
_ESCAPED = re.compile(r"\\([.!#()\[\]+|>-])")
_CODE = re.compile(r"`+([^`]+)`+")
_STRONG = re.compile(r"\*\*|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)")
_REFERENCE = re.compile(r"\[(?:\w+ )?[A-Za-z]?\d[\w,;:. –-]*\]")
_EMPHASIS = re.compile(r"(?<![*\w])\*(?=\S)([^*]+?)(?<=\S)\*(?![*\w])|(?<![_\w])_(?=\S)([^_]+?)(?<=\S)_(?![_\w])")


def without_markup(text: str) -> str:
    """`text` of a Markdown document as it is read."""
    text = _ESCAPED.sub(r"\1", text)
    text = _STRONG.sub("", _CODE.sub(r"\1", _LINK.sub(r"\1", text)))
    return _EMPHASIS.sub(lambda match: match[1] or match[2], text)


def without_targets(text: str) -> str:
    """`text` with spaces where links lead to: as long as before, so that places in it stay."""
    return _TARGET.sub(lambda match: " " * len(match.group()), text)


def without_marks(text: str) -> str:
    """`text` without where links lead, and numbers of sources and notes, which are no figures: [S22, S25], [3]."""
    return _REFERENCE.sub("", _TARGET.sub("", text))


def without_references(text: str) -> str:
    """As `without_marks`, without works that are named in brackets, nor numbers of laws: (IEA, 2025), Article 36.

    Their years and numbers are no figures of what the text says.
    """
    return _CODE_OF_LAW.sub(" ", without_marks(_WORKS.sub(" ", text)))


def cells_of(row: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
