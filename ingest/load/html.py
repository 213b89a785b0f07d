"""HTML: the text of its main part, block by block, with the metadata of its head. Markup and hidden parts are left."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, Tag

from ingest.load.loaded import Block, Kind, Loaded

_DROPPED = ["script", "style", "noscript", "template", "svg", "iframe", "form", "button", "nav", "footer", "aside"]
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody",
    "tfoot", "tr", "blockquote", "pre", "figure", "figcaption", "address", "details", "summary", "body", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "br",
}  # fmt: skip


def load(data: bytes) -> Loaded:
    soup = BeautifulSoup(data, "lxml")
    meta = _meta(soup)
    for tag in soup(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(True):
        if not tag.decomposed and (
            tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or _HIDDEN.search(str(tag.get("style", "")))
        ):
            tag.decompose()
    mains = soup.find_all(["main", "article"])
    root = max(mains, key=lambda tag: len(tag.get_text()), default=None) or soup.body or soup
    pieces: list[tuple[str, Kind, int]] = []
    _walk(root, pieces, "paragraph", 0)

    text = ""
    blocks: list[Block] = []
    for content, kind, level in pieces:
        if text:
            text += "\n\n"
        blocks.append(Block(len(text), len(text) + len(content), kind, level))
        text += content
    return Loaded(text, tuple(blocks), meta)


def _walk(tag: Tag, pieces: list[tuple[str, Kind, int]], kind: Kind, level: int) -> None:
    """Appends the blocks of `tag`: runs of inline content, each its own block, then the blocks inside."""
    run: list[str] = []

    def close() -> None:
        content = re.sub(r"\s+", " ", "".join(run)).strip()
        if content:
            pieces.append((content, kind, level))
        run.clear()

    for child in tag.children:
        if isinstance(child, Comment):
            continue
        if isinstance(child, NavigableString):
            run.append(str(child))
        elif isinstance(child, Tag):
            if child.name == "tr":
                close()
                cells = [re.sub(r"\s+", " ", cell.get_text(" ")).strip() for cell in child.find_all(["td", "th"])]
                if any(cells):
                    pieces.append((" | ".join(cells), "row", 0))
            elif child.name in _BLOCKS or child.find(_BLOCKS) is not None:
                close()
                if re.fullmatch("h[1-6]", child.name):
                    _walk(child, pieces, "heading", int(child.name[1]))
                else:
                    inner: Kind = "item" if child.name in ("li", "dd") else "code" if child.name == "pre" else kind
                    _walk(child, pieces, inner, level)
            else:
                run.append(child.get_text())
    close()


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
