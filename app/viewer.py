"""A document for reading, with a quotation marked in it. Everything that comes from a document is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape

from app.pages import PageImage, page_image
from app.sources import Source
from app.texts import attribute, t
from rag.cite import page_of
from rag.markup import MARKDOWN
from rag.store.catalog import Catalog
from rag.types import Citation, Document

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})[ \t]+")
_TITLE_LINE = re.compile(r"[^\W\d_a-z][^.!?]{0,60}[:：]\s*")  # "Policy recommendations:" in plain text
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_TABLE_LINE = re.compile(r"[\s|:-]+")
_CELL = re.compile(r"\|[ \t]*([^|]*?)[ \t]*(?=\|)")
_EMPHASIS = re.compile(
    r"\*\*(?=\S)(?P<bold>[^*]+?)(?<=\S)\*\*|(?<![*\w])\*(?=\S)(?P<italic>[^*]+?)(?<=\S)\*(?![*\w])|`(?P<code>[^`]+)`|"
    r"(?<!!)\[(?P<label>[^\[\]]+)\]\((?P<url>https?://[^\s()<>\"']+)\)"
)
_SOURCE_MARK = re.compile(r"\[(S\d+(?:,\s*S\d+)*)\]")
_SAFE_URL = re.compile(r"https?://", re.IGNORECASE)
_LONG = 150_000  # characters of a text that are shown at once


def render_document(
    document: Document,
    sources: Mapping[str, Source],
    start: int = 0,
    end: int = 0,
    *,
    within: tuple[int, int] | None = None,
) -> str:
    """HTML of `document`, or of the lines `within` it, with the characters start to end inside <mark>."""
    text = document.text if within is None else document.text[: within[1]]
    position = within[0] if within else 0
    markdown = document.name.endswith(MARKDOWN)
    if not position and markdown and (front := _FRONT_MATTER.match(text)):
        position = front.end()
    pages = {a: n for n, (a, _) in enumerate(document.pages, 1)}
    parts: list[str] = []
    around = ""  # the element that the lines before are in: a list, or a table

    def inner(a: int, b: int) -> str:
        return _inline(text, a, b, (start, end), sources, markdown=markdown)

    for line in text[position:].split("\n"):
        begin, stop = position, position + len(line)
        position = stop + 1
        if begin in pages:
            parts.append(f'<div class="bd-page">{t("page {n}", n=pages[begin])}</div>')
        if not line.strip():
            continue
        item, row = _ITEM.match(line), markdown and line.lstrip().startswith("|")
        within_now = "ul" if item else "table" if row else ""
        if around != within_now:
            parts += [f"</{around}>"] * bool(around) + [f"<{within_now}>"] * bool(within_now)
            around = within_now
        heading = _HEADING.match(line)
        if row:
            if not _TABLE_LINE.fullmatch(line):
                cells = "".join(f"<td>{inner(begin + m.start(1), begin + m.end(1))}</td>" for m in _CELL.finditer(line))
                parts.append(f"<tr>{cells}</tr>")
        elif heading or _TITLE_LINE.fullmatch(line):
            level = min(len(heading.group(1)) + 2, 6) if heading else 4
            parts.append(f"<h{level}>{inner(begin + (heading.end() if heading else 0), stop)}</h{level}>")
        elif item:
            parts.append(f"<li>{inner(begin + item.end(), stop)}</li>")
        else:
            parts.append(f"<p>{inner(begin, stop)}</p>")
    parts += [f"</{around}>"] * bool(around)
    return f'<div class="bd-document">{"".join(parts)}</div>'


def render_source(
    document: Document,
    sources: Mapping[str, Source],
    start: int = 0,
    end: int = 0,
    *,
    catalog: Catalog | None = None,
    page: int | None = None,
    as_text: bool = False,
) -> str:
    """The source panel: what it is, where the original is, and the text with start:end marked.

    Of a PDF whose file is there (`catalog` knows it), `page` as an image, else the page of the quotation; its text when
    `as_text`. Of a very long text the part around the quotation.
    """
    details = ", ".join(escape(part) for part in (document.publisher, document.date) if part)
    original = (
        f'<a href="{escape(document.url)}" target="_blank" rel="noopener noreferrer">{t("open original")}</a>'
        if _SAFE_URL.match(document.url)
        else ""
    )
    number = page or page_of(document, start) or 1
    image = None
    if catalog is not None and document.pages and not as_text and 1 <= number <= len(document.pages):
        first, last = document.pages[number - 1]
        image = page_image(catalog, document, number, document.text[max(first, start) : min(last, end)])
    if image:
        body = _page(document, image, number, start, end)
    else:
        back = _turn(document, start, end, "page image", as_text=False) if as_text else ""
        body = back + _part(document, sources, start, end, page if as_text else None)
    find = (
        ""
        if image
        else f'<div class="bd-find"><input type="search" data-do="find" '
        f"{attribute('placeholder', 'Find in this document')} "
        f'{attribute("aria-label", "Find in this document")}><span class="bd-found" role="status"></span></div>'
    )
    return (
        f'<section class="bd-panel" {attribute("aria-label", "Source")} tabindex="0" '
        f'data-name="{escape(document.name)}">'
        f'<header class="bd-source-head"><h2>{escape(document.title)}</h2><p>{details} {original}</p>{find}</header>'
        f"{body}</section>"
    )


def render_excerpt(citation: Citation, sources: Mapping[str, Source]) -> str:
    """A quotation marked in the lines of the source that it stands in."""
    document = citation.document
    first = document.text.rfind("\n", 0, citation.start) + 1
    last = document.text.find("\n", citation.end)
    within = (first, last if last >= 0 else len(document.text))
    about = ", ".join(part for part in (document.title, document.date) if part)
    return (
        f'<div class="bd-excerpt"><p class="bd-note">{escape(about)}</p>'
        f"{render_document(document, sources, citation.start, citation.end, within=within)}</div>"
    )


def _page(document: Document, image: PageImage, number: int, start: int, end: int) -> str:
    """A page as it is printed, the words of the quotation marked on it, and a way to its neighbours."""
    marks = "".join(
        f'<span class="bd-pagemark" style="left:{a:.2%};top:{b:.2%};width:{c - a:.2%};height:{d - b:.2%}"></span>'
        for a, b, c, d in image.boxes
    )
    count = len(document.pages)
    turns = "".join(
        _turn(document, start, end, text, page=other)
        for text, other in (("previous page", number - 1), ("next page", number + 1))
        if 1 <= other <= count
    )
    said = t("Page {n} of {all}", n=number, all=count)
    unmarked = (
        f'<p class="bd-note">{t("The words could not be placed on the page; its text has them marked.")}</p>'
        if end > start and not image.boxes and number == page_of(document, start)
        else ""
    )
    return (
        f'<nav class="bd-paging">{said} {turns}{_turn(document, start, end, "text", page=number, as_text=True)}</nav>'
        f'{unmarked}<div class="bd-pageimage"><img src="data:image/png;base64,{image.png}" width="{image.width}" '
        f'height="{image.height}" {attribute("alt", "Page {n} of {all}", n=number, all=count)}>{marks}</div>'
    )


def _turn(
    document: Document, start: int, end: int, text: str, *, page: int | None = None, as_text: bool = False
) -> str:
    target = {"document": document.id, "start": start, "end": end, "page": page, "as_text": as_text}
    return f"<button type=\"button\" data-turn-to='{escape(json.dumps(target))}'>{t(text)}</button>"


def _part(document: Document, sources: Mapping[str, Source], start: int, end: int, page: int | None) -> str:
    """The text, or of a very long one the part around the quotation (or the page), with a way to the rest."""
    text = document.text
    if len(text) <= _LONG:
        return render_document(document, sources, start, end)
    middle = document.pages[page - 1][0] if page and not end else start
    first = text.rfind("\n", 0, max(middle - _LONG // 2, 0)) + 1
    last = text.find("\n", min(middle + _LONG // 2, len(text) - 1))
    last = len(text) if last < 0 else last
    before = _turn(document, max(first - _LONG // 2, 1), 0, "earlier") if first else ""
    after = _turn(document, last + 1, 0, "later") if last < len(text) else ""
    return before + render_document(document, sources, start, end, within=(first, last)) + after


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


def _inline(
    text: str, begin: int, end: int, mark: tuple[int, int], sources: Mapping[str, Source], *, markdown: bool
) -> str:
    """text[begin:end] as HTML, with the part that lies in `mark` highlighted."""

    def plain(part: str) -> str:
        return _emphasised(part, sources) if markdown else with_source_links(part, sources)

    a, b = max(begin, mark[0]), min(end, mark[1])
    if a >= b:
        return plain(text[begin:end])
    return f"{plain(text[begin:a])}<mark>{plain(text[a:b])}</mark>{plain(text[b:end])}"


def _emphasised(text: str, sources: Mapping[str, Source]) -> str:
    """Markdown's bold, italics, code and links to the web as HTML; all else of it stays text."""
    parts: list[str] = []
    position = 0
    for match in _EMPHASIS.finditer(text):
        parts.append(with_source_links(text[position : match.start()], sources))
        position = match.end()
        if match["bold"]:
            parts.append(f"<strong>{with_source_links(match['bold'], sources)}</strong>")
        elif match["italic"]:
            parts.append(f"<em>{with_source_links(match['italic'], sources)}</em>")
        elif match["code"]:
            parts.append(f"<code>{escape(match['code'])}</code>")
        else:
            link = f'href="{escape(match["url"])}" target="_blank" rel="noopener noreferrer"'
            parts.append(f"<a {link}>{escape(match['label'])}</a>")
    return "".join(parts) + with_source_links(text[position:], sources)
