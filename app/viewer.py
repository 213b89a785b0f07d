"""A document for reading, with a quotation marked in it. Everything that comes from a document is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from app.sources import Source
from rag.types import Document

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})[ \t]+")
_TITLE_LINE = re.compile(r"[^\W\d_a-z][^.!?]{0,60}[:：]\s*")  # "Policy recommendations:" in plain text
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_SOURCE_MARK = re.compile(r"\[(S\d+(?:,\s*S\d+)*)\]")
_SAFE_URL = re.compile(r"https?://", re.IGNORECASE)


def render_document(
    document: Document, sources: Mapping[str, Source], start: int | None = None, end: int | None = None
) -> str:
    """HTML of `document`, with the characters start to end inside <mark>."""
    text = document.text
    mark = (start, end) if start is not None and end is not None else (0, 0)
    position = 0
    if document.name.endswith((".md", ".markdown")) and (front := _FRONT_MATTER.match(text)):
        position = front.end()
    parts: list[str] = []
    pages = {a: n for n, (a, _) in enumerate(document.pages, 1)}
    in_list = False
    for line in text[position:].split("\n"):
        begin, stop = position, position + len(line)
        position = stop + 1
        if begin in pages:
            parts.append(f'<div class="bd-page">page {pages[begin]}</div>')
        if not line.strip():
            continue
        item = _ITEM.match(line)
        if in_list and not item:
            parts.append("</ul>")
        if item and not in_list:
            parts.append("<ul>")
        in_list = item is not None
        heading = _HEADING.match(line)
        if heading or _TITLE_LINE.fullmatch(line):
            level = min(len(heading.group(1)) + 2, 6) if heading else 4
            inner = _inline(text, begin + (heading.end() if heading else 0), stop, mark, sources)
            parts.append(f"<h{level}>{inner}</h{level}>")
        elif item:
            parts.append(f"<li>{_inline(text, begin + item.end(), stop, mark, sources)}</li>")
        else:
            parts.append(f"<p>{_inline(text, begin, stop, mark, sources)}</p>")
    if in_list:
        parts.append("</ul>")
    return f'<div class="bd-document">{"".join(parts)}</div>'


def render_source(
    document: Document, sources: Mapping[str, Source], start: int | None = None, end: int | None = None
) -> str:
    """The source panel: what it is, where the original is, and the text."""
    details = ", ".join(escape(part) for part in (document.publisher, document.date) if part)
    original = (
        f'<a href="{escape(document.url)}" target="_blank" rel="noopener noreferrer">open original</a>'
        if _SAFE_URL.match(document.url)
        else ""
    )
    return (
        f'<section class="bd-panel" aria-label="Source"><header class="bd-source-head">'
        f"<h2>{escape(document.title)}</h2><p>{details} {original}</p></header>"
        f"{render_document(document, sources, start, end)}</section>"
    )


def with_source_links(text: str, sources: Mapping[str, Source]) -> str:
    """Escaped `text` in which marks like [S22] lead to their source."""
    parts: list[str] = []
    position = 0
    for match in _SOURCE_MARK.finditer(text):
        parts.append(escape(text[position : match.start()]))
        parts.append(" ".join(_link(key.strip(), sources) for key in match.group(1).split(",")))
        position = match.end()
    parts.append(escape(text[position:]))
    return "".join(parts)


def _link(key: str, sources: Mapping[str, Source]) -> str:
    source = sources.get(key)
    if source is None or not _SAFE_URL.match(source.url):
        return escape(f"[{key}]")
    return (
        f'<a class="bd-origin" href="{escape(source.url)}" title="{escape(source.label)}" target="_blank" '
        f'rel="noopener noreferrer">{escape(key)}</a>'
    )


def _inline(text: str, begin: int, end: int, mark: tuple[int, int], sources: Mapping[str, Source]) -> str:
    """text[begin:end] as HTML, with the part that lies in `mark` highlighted."""
    a, b = max(begin, mark[0]), min(end, mark[1])
    if a >= b:
        return with_source_links(text[begin:end], sources)
    return (
        with_source_links(text[begin:a], sources)
        + f"<mark>{with_source_links(text[a:b], sources)}</mark>"
        + with_source_links(text[b:end], sources)
    )
