"""A page of a PDF as an image, with the words of a quotation marked where they stand on it."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from ingest.sources import MAX_FILE_BYTES, read_file
from rag.errors import SourceRefusedError
from rag.store.catalog import Catalog
from rag.types import Document

_SCALE = 1.6  # pixels for each point: sharp in a column of some 500 pixels
_MAX_PIXELS = 4_000_000
_WORD = re.compile(r"\w+")
_JOINED = re.compile("[\ufffe\x02-]\\s*\n?\\s*")

Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the page's width and height


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as PNG in base64, its size in pixels, and the boxes of what is marked, one for each line."""

    png: str
    width: int
    height: int
    boxes: tuple[Box, ...]


def page_image(catalog: Catalog, document: Document, number: int, quote: str) -> PageImage | None:
    """Page `number` (from 1) of the file that `document` was read from; None when it is not as it was indexed."""
    path = Path(document.source)
    if path.suffix.lower() != ".pdf" or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return None
    member = catalog.members(catalog.generation).get(document.source)
    try:
        raw = read_file(path)
    except SourceRefusedError:
        return None
    if member is None or member.file_hash != raw.hash:
        return None  # changed since: its pages may hold other words
    import pypdfium2

    try:
        pdf: Any = pypdfium2.PdfDocument(raw.data)
    except pypdfium2.PdfiumError:
        return None
    try:
        page = pdf[number - 1]
        width, height = page.get_size()
        scale = min(_SCALE, (_MAX_PIXELS / max(width * height, 1)) ** 0.5)
        image = page.render(scale=scale).to_pil()
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        boxes = tuple(_boxes(page, quote)) if quote else ()
        return PageImage(base64.b64encode(buffer.getvalue()).decode(), image.width, image.height, boxes)
    finally:
        pdf.close()


def _boxes(page: Any, quote: str) -> list[Box]:
    """Where the words of `quote` stand on a page. It was read from there, so that its words follow each other there."""
    textpage = page.get_textpage()
    try:
        left, bottom, right, top = page.get_mediabox()
        text = textpage.get_text_range()
        if len(text) != textpage.count_chars():
            return []
        said = _words(text)
        wanted = [word for word, _, _ in _words(quote)]
        found = _stretch([word for word, _, _ in said], wanted)
        if found is None:
            return []
        lines: list[list[float]] = []
        for i in range(said[found[0]][1], said[found[1] - 1][2]):
            if text[i].isspace():
                continue
            a, b, c, d = textpage.get_charbox(i, loose=True)
            if lines and abs(lines[-1][1] - b) < (d - b) / 2 and a >= lines[-1][0]:
                lines[-1] = [lines[-1][0], min(lines[-1][1], b), max(lines[-1][2], c), max(lines[-1][3], d)]
            else:
                lines.append([a, b, c, d])
        wide, high = (right - left) or 1.0, (top - bottom) or 1.0
        return [
            ((a - left) / wide, (top - d) / high, (c - left) / wide, (top - b) / high)
            for a, b, c, d in lines
            if c > a and d > b
        ]
    finally:
        textpage.close()


def _words(text: str) -> list[tuple[str, int, int]]:
    """Words (a Chinese character is one) as they are compared, with their places; a hyphen at a line's end joins."""
    found: list[tuple[str, int, int]] = []
    for match in _WORD.finditer(text):
        word = unicodedata.normalize("NFKC", match.group()).casefold()
        if found and _JOINED.fullmatch(text[found[-1][2] : match.start()]):
            found[-1] = (found[-1][0] + word, found[-1][1], match.end())
        elif re.search(r"[\u3400-\u9fff]", word):
            found += [(character, match.start() + i, match.start() + i + 1) for i, character in enumerate(word)]
        else:
            found.append((word, match.start(), match.end()))
    return found


def _stretch(said: Sequence[str], wanted: Sequence[str]) -> tuple[int, int] | None:
    """Where `wanted` stands in `said`: exactly, or as nearly as makes no difference to a reader."""
    for i in range(len(said) - len(wanted) + 1):
        if said[i] == wanted[0] and list(said[i : i + len(wanted)]) == list(wanted):
            return i, i + len(wanted)
    blocks = [b for b in SequenceMatcher(None, said, wanted, autojunk=False).get_matching_blocks() if b.size]
    if not blocks or sum(b.size for b in blocks) < 0.8 * len(wanted):
        return None
    return blocks[0].a, blocks[-1].a + blocks[-1].size
