"""HTML: the text of its main content, block by block, with the metadata of its head. Boilerplate and hidden parts go.

A page that marks its main part (`main`, `article`) is taken at its word. In any other, trafilatura finds it.
"""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, Tag

from ingest.load.loaded import Kind, Loaded, Piece, assemble, one_line
from ingest.load.table import rows

_DROPPED = ["script", "style", "noscript", "template", "svg", "iframe", "form", "button", "nav", "footer", "aside"]
_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alert"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody",
    "tfoot", "tr", "blockquote", "pre", "figure", "figcaption", "address", "details", "summary", "body", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "br",
}  # fmt: skip
# What trafilatura finds is believed when it is at least so much of the page's words; below, it missed the point.
_ENOUGH = 0.2


def load(data: bytes) -> Loaded:
    soup = BeautifulSoup(data, "lxml")
    meta = _meta(soup)
    drop_hidden(soup)
    return assemble(html_pieces(_main(soup)), meta)


def html_pieces(root: Tag) -> list[Piece]:
    """The blocks of `root` in order: headings, paragraphs, list items, table rows, code."""
    pieces: list[Piece] = []
    _walk(root, pieces, "paragraph", 0)
    return pieces


def drop_hidden(soup: BeautifulSoup) -> None:
    for tag in soup(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(True):
        if not tag.decomposed and (
            tag.has_attr("hidden")
            or tag.get("aria-hidden") == "true"
            or str(tag.get("role", "")) in _ROLES
            or _HIDDEN.search(str(tag.get("style", "")))
        ):
            tag.decompose()


def _main(soup: BeautifulSoup) -> Tag:
    """The element that holds the main content."""
    body = soup.body or soup
    marked = soup.find_all(["main", "article"]) or soup.select('[role="main"]')
    if marked:
        return max(marked, key=lambda tag: len(tag.get_text()))
    if body.find(["p", "table", "li"]) is None:  # nothing to tell content from: all of it is
        return body
    from trafilatura import extract

    found = extract(
        str(soup), output_format="html", include_comments=False, include_tables=True, include_formatting=True,
        favor_recall=True,
    )  # fmt: skip
    main = BeautifulSoup(found or "", "lxml").body
    if main is None or len(main.get_text().split()) < _ENOUGH * len(body.get_text().split()):
        return body
    return main


def _walk(tag: Tag, pieces: list[Piece], kind: Kind, level: int) -> None:
    """Appends the blocks of `tag`: runs of inline content, each its own block, then the blocks inside."""
    run: list[str] = []

    def close() -> None:
        content = one_line("".join(run))
        if content:
            pieces.append((content, kind, level))
        run.clear()

    for child in tag.children:
        if isinstance(child, Comment):
            continue
        if isinstance(child, NavigableString):
            run.append(str(child))
        elif isinstance(child, Tag):
            if child.name == "table":
                close()
                _table(child, pieces)
            elif child.name in _BLOCKS or child.find(_BLOCKS) is not None:
                close()
                if re.fullmatch("h[1-6]", child.name):
                    _walk(child, pieces, "heading", int(child.name[1]))
                else:
                    _block(child, pieces, kind, level)
            else:
                run.append(child.get_text())
    close()


def _block(tag: Tag, pieces: list[Piece], kind: Kind, level: int) -> None:
    if tag.name not in ("li", "dd"):
        _walk(tag, pieces, "code" if tag.name == "pre" else kind, level)
        return
    begin, depth = len(pieces), level + 1 if kind == "item" else 1
    _walk(tag, pieces, "item", depth)
    for i in range(begin + 1, len(pieces)):  # of the paragraphs of one item, the first stands for it
        if pieces[i][1:] == ("item", depth):
            pieces[i] = (pieces[i][0], "more", depth)


def _table(table: Tag, pieces: list[Piece]) -> None:
    """The rows of a table; a table that only lays out a page (one cell a row, or tables inside) is walked through."""
    lines = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    cells = [row.find_all(["td", "th"], recursive=False) for row in lines]
    if table.find("table") is not None or max((len(row) for row in cells), default=0) < 2:
        for row in cells:
            for cell in row:
                _walk(cell, pieces, "paragraph", 0)
        return
    caption = table.find("caption")
    if isinstance(caption, Tag) and (content := one_line(caption.get_text(" "))):
        pieces.append((content, "paragraph", 0))
    pieces.extend(rows([[text for cell in row for text in _spanned(cell)] for row in cells]))


def _spanned(cell: Tag) -> list[str]:
    """A cell's text, for each of the columns it spans: a name above two columns is the name of both."""
    text = cell.get_text(" ")
    span = str(cell.get("colspan", "1"))
    more = int(span) - 1 if span.isdecimal() else 0
    return [text] + [text if cell.name == "th" else ""] * min(max(more, 0), 50)


def _meta(soup: BeautifulSoup) -> dict[str, Any]:
    def first(*names: str) -> str:
        for name in names:
            for key in ("property", "name", "itemprop"):
                tag = soup.find("meta", attrs={key: name})
                if isinstance(tag, Tag) and (content := str(tag.get("content", "")).strip()):
                    return content
        return ""

    title = first("og:title", "dc.title") or (soup.title.get_text(strip=True) if soup.title else "")
    canonical = soup.find("link", rel="canonical")
    html = soup.find("html")
    found = {
        "title": title,
        "publisher": first("og:site_name", "dc.publisher", "publisher"),
        "date": first("article:published_time", "dc.date", "datePublished", "date")[:10],
        "url": str(canonical.get("href", "")) if isinstance(canonical, Tag) else first("og:url"),
        "language": str(html.get("lang", ""))[:2].lower() if isinstance(html, Tag) else "",
    }
    return {key: value for key, value in found.items() if value}
