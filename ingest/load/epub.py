"""EPUB: the chapters in their order, each read as HTML. A book is a zip of XHTML with a list (EPUB 3.3, section 3)."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup
from lxml import etree

from ingest.load.html import html_pieces
from ingest.load.loaded import Loaded, Piece, assemble
from rag.errors import SourceRefusedError

_DC = "{http://purl.org/dc/elements/1.1/}"
_READABLE = ("application/xhtml+xml", "text/html")
_MAX_CHAPTER_BYTES = 50_000_000


def load(data: bytes) -> Loaded:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if "META-INF/encryption.xml" in book.namelist() and "META-INF/rights.xml" in book.namelist():
                raise SourceRefusedError("the book is copy-protected; there is no reading it")
            place = _xml(book, "META-INF/container.xml").find(".//{*}rootfile")
            if place is None:
                raise SourceRefusedError("it is not a readable EPUB (it names no contents)")
            path = str(place.get("full-path"))
            package = _xml(book, path)
            pieces: list[Piece] = []
            starts: list[int] = []
            for chapter in _chapters(package, posixpath.dirname(path)):
                if chapter not in book.namelist() or book.getinfo(chapter).file_size > _MAX_CHAPTER_BYTES:
                    continue
                soup = BeautifulSoup(book.read(chapter), "lxml")
                for tag in soup(["script", "style", "nav", "svg"]):
                    tag.decompose()
                found = html_pieces(soup.body) if soup.body else []
                if found:
                    starts.append(len(pieces))
                    pieces.extend(found)
    except (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError) as error:
        raise SourceRefusedError(f"it is not a readable EPUB ({error})") from error
    return assemble(pieces, _meta(package), starts)


def _xml(book: zipfile.ZipFile, name: str) -> Any:
    return etree.fromstring(book.read(name), etree.XMLParser(resolve_entities=False, no_network=True))


def _chapters(package: Any, folder: str) -> list[str]:
    """Paths of the chapters, in the order in which they are read."""
    items = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iter("{*}item")
        if item.get("media-type") in _READABLE
    }
    return [items[ref.get("idref")] for ref in package.iter("{*}itemref") if ref.get("idref") in items]


def _meta(package: Any) -> dict[str, Any]:
    found = {
        "title": package.findtext(f".//{_DC}title"),
        "publisher": package.findtext(f".//{_DC}publisher"),
        "date": (package.findtext(f".//{_DC}date") or "")[:10],
        "language": (package.findtext(f".//{_DC}language") or "")[:2].lower(),
    }
    return {key: str(value).strip() for key, value in found.items() if value}
