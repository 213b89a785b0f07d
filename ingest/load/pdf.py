"""PDF through pypdfium2: the text of each page, put together again into headings, paragraphs, items and table rows.

The canonical text is what pdfium gives, line by line. Which lines belong together is told from where they stand and
how large they are set; what stands on page after page (running heads, page numbers) is in the text and in no block.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from ingest.load.loaded import ITEM, Block, Loaded, before_item, with_levels
from rag.errors import SourceRefusedError

_SOFT_BREAK = re.compile("[\ufffe\x02]\r?\n?")  # pdfium's mark for a word that was hyphenated at the line's end
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")
# A row of a table ends in figures (or dashes that stand for none): "Inventories 9,059 8,020", "Total $ 181 — %".
_FIGURE = r"[$€£¥]?\s?\(?[$€£¥]?(?:\d[\d,.]*(?<![,.])|[—–-])\)?\s?%?\)?"
_TAIL = re.compile(rf"(?:^|(?<=\s)){_FIGURE}(?:\s+{_FIGURE})*\s*$")
_LABEL_WORDS = 12  # before the only figure of a row; a line with more is a sentence that ends in a number
_HEADING_WORDS = 16
_BOLD = 600  # font weight
_NUMBER = re.compile(r"(\d{1,2})[ \t]+(?=[^\W\d_a-z])")
_APART = 0.6  # of the size of the letters, between a number and the text that it is the mark of
_ALIGNED = 3.0  # points by which marks of one list may stand apart
_EDGE_LINES = 3  # at the top and the bottom of a page: where running heads and page numbers stand
# Scanned pages have an image and hardly any text.
_SCANNED_CHARS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its characters in the text of the document, and how it is set (points; 0 where not known)."""

    start: int
    end: int
    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    size: float = 0.0
    bold: bool = False
    mark: int = 0  # characters that mark it as an item of a list, with the space behind them
    inner: float = 0.0  # where the text behind the mark begins


def load(data: bytes) -> Loaded:
    import pypdfium2

    try:
        pdf: Any = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceRefusedError("the PDF is encrypted; save a copy without a password and ingest that") from error
        raise SourceRefusedError(f"it is not a readable PDF ({error})") from error
    try:
        text = ""
        spans: list[tuple[int, int]] = []
        pages: list[list[Line]] = []
        unread = recognised = 0
        for page in pdf:
            if spans:
                text += "\n\n"
            content, lines = _page(page, len(text))
            if len(content.strip()) < _SCANNED_CHARS and _is_scanned(page):
                from ingest.load.ocr import recognise

                found = recognise(page)
                if found is None:
                    unread += 1
                else:
                    recognised += 1
                    content, lines = found, _plain_lines(found, len(text))
            page.close()
            spans.append((len(text), len(text) + len(content)))
            text += content
            pages.append(lines)
        info = pdf.get_metadata_dict()
    finally:
        pdf.close()
    if not text.strip():
        raise SourceRefusedError(
            "the PDF has no text, only images, and no OCR engine is installed; install Tesseract "
            "(Debian: tesseract-ocr) and ingest it again"
            if unread
            else "the PDF has no text"
        )
    notes = []
    if unread:
        notes.append(f"{unread} scanned pages were not read: no OCR engine is installed (Debian: tesseract-ocr)")
    if recognised:
        notes.append(f"{recognised} scanned pages were read by OCR; their words may be wrong")
    return Loaded(text, tuple(_blocks(text, pages)), _meta(info), tuple(spans), tuple(notes))


def _meta(info: dict[str, str]) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    title = info.get("Title", "").strip()
    # Programs leave file names and numbers there ("0000078003-22-000027", "Microsoft Word - draft3.doc").
    if len(re.findall(r"[^\W\d_]{2,}", title)) >= 2 and not re.search(r"\.(docx?|pdf|indd|pptx?|qxd)\b", title, re.I):
        meta["title"] = title
    if date := _DATE.match(info.get("CreationDate", "")):
        meta["date"] = "-".join(part for part in date.groups() if part)
    return meta


def _page(page: Any, offset: int) -> tuple[str, list[Line]]:
    """The text of a page, which will stand at `offset` in the document, and its lines."""
    textpage = page.get_textpage()
    try:
        raw = str(textpage.get_text_range())
        exact = len(raw) == textpage.count_chars()  # else positions in the string are not those of pdfium
        parts: list[str] = []
        lines: list[Line] = []
        position = 0
        index = 0
        for line in re.split(r"(\r\n|\r|\n)", raw):
            if line in ("\r\n", "\r", "\n"):
                parts.append("\n")
                position += 1
            else:
                content = _SOFT_BREAK.sub("", line).rstrip()
                left = len(content) - len(content.lstrip())
                if content.strip():
                    where = Line(
                        offset + position + left, offset + position + len(content), mark=_mark(content.lstrip())
                    )
                    first, last = index + len(line) - len(line.lstrip()), index + len(line.rstrip()) - 1
                    lines.append(_set(textpage, where, content.lstrip(), first, last) if exact else where)
                parts.append(content)
                position += len(content)
            index += len(line)
        return "".join(parts).rstrip("\n"), lines
    finally:
        textpage.close()


def _mark(content: str) -> int:
    """How many characters mark a line as an item, with the space behind them."""
    match = ITEM.match(content)
    return match.end() if match else 0


def _set(textpage: Any, line: Line, content: str, first: int, last: int) -> Line:
    """The line, which reads `content` and whose characters are `first` to `last` on its page, with how it is set."""
    from pypdfium2 import raw

    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    if not raw.FPDFText_GetCharBox(textpage, first, left, right, bottom, top):
        return line
    x, y = left.value, top.value
    lowest = bottom.value
    mark = line.mark
    if not mark and (number := _NUMBER.match(content)):  # without a point it marks an item where it stands apart
        raw.FPDFText_GetCharBox(textpage, first + number.end(1) - 1, left, right, bottom, top)
        edge = right.value
        raw.FPDFText_GetCharBox(textpage, first + number.end(), left, right, bottom, top)
        if left.value - edge > _APART * float(raw.FPDFText_GetFontSize(textpage, last)):
            mark = number.end()
    raw.FPDFText_GetCharBox(textpage, first + mark, left, right, bottom, top)
    inner = left.value
    raw.FPDFText_GetCharBox(textpage, last, left, right, bottom, top)
    # Marks are often set larger, or in bold: the line is what stands behind them.
    size = float(raw.FPDFText_GetFontSize(textpage, first + mark))
    weight = min(raw.FPDFText_GetFontWeight(textpage, first + mark), raw.FPDFText_GetFontWeight(textpage, last))
    edges = max(y, top.value), min(lowest, bottom.value)
    return Line(line.start, line.end, x, right.value, *edges, size, weight >= _BOLD, mark, inner)


def _plain_lines(text: str, offset: int) -> list[Line]:
    lines: list[Line] = []
    for match in re.finditer(r"[^\n]*\S", text):
        content = match.group().lstrip()
        lines.append(Line(offset + match.end() - len(content), offset + match.end(), mark=_mark(content)))
    return lines


def _is_scanned(page: Any) -> bool:
    from pypdfium2 import raw

    return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _blocks(text: str, pages: Sequence[Sequence[Line]]) -> list[Block]:
    sizes = Counter(round(line.size, 1) for lines in pages for line in lines for _ in range(line.end - line.start))
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    running = _running(text, pages, body)
    larger = sorted((size for size in sizes if size > body), reverse=True)
    blocks: list[Block] = []
    lefts = {line.start: line.left for lines in pages for line in lines}
    for lines in pages:
        kept = [line for line in lines if line.start not in running]
        right = max((line.right for line in kept), default=0.0)
        gap = _usual_gap(kept)
        blocks.extend(_page_blocks(text, kept, body, larger, right, gap))
    return with_levels(blocks, [_place(text, block, lefts) for block in blocks], _ALIGNED)


def _place(text: str, block: Block, lefts: Mapping[int, float]) -> tuple[float, str] | None:
    """Where the mark of an item stands on its page, in points, and what it is."""
    if block.kind != "item":
        return None
    head = before_item(text, block.start)
    return lefts.get(block.start - len(head.lstrip()), 0.0), head.strip()


def _page_blocks(
    text: str, lines: Sequence[Line], body: float, larger: Sequence[float], right: float, gap: float
) -> Iterator[Block]:
    rows = _rows([text[line.start : line.end] for line in lines])
    current: list[Line] = []

    def close() -> Iterator[Block]:
        if current:
            start, end = current[0].start + current[0].mark, current[-1].end
            yield Block(start, end, "item" if current[0].mark else "paragraph")
            current.clear()

    for i, line in enumerate(lines):
        content = text[line.start : line.end]
        following = lines[i + 1] if i + 1 < len(lines) else None
        if _is_heading(content, line, body) and following is not None:
            yield from close()
            level = 2 + min(_rank(line.size, larger), 3) if line.size > body else 5
            yield Block(line.start, line.end, "heading", level)
        elif rows[i]:
            yield from close()
            yield Block(line.start, line.end, "row")
        else:
            if current and (
                line.mark
                or _is_out(line, current)
                or abs(line.size - current[-1].size) > 0.6
                or (gap and current[-1].bottom - line.top > max(1.5 * gap, gap + 2))
                # A line that stops well before the margin and ends a sentence ends a paragraph.
                or (text[current[-1].end - 1] in ".!?:;。！？：；" and right and current[-1].right < 0.8 * right)
            ):
                yield from close()
            current.append(line)
    yield from close()


def _is_out(line: Line, item: Sequence[Line]) -> bool:
    """Whether a line stands further to the left than an item goes on: at the text behind its mark, or at the mark."""
    hanging = len(item) > 1 and item[1].left >= item[0].inner - _ALIGNED
    return bool(item[0].mark and line.left < (item[0].inner if hanging else item[0].left) - _ALIGNED)


def _rows(lines: Sequence[str]) -> list[bool]:
    """Which of a page's lines are rows of a table: they end in several figures, or in one beside another such row."""
    figures = [_figures(line) for line in lines]
    found: list[bool] = []
    for i, line in enumerate(lines):
        goes_on = i + 1 < len(lines) and lines[i + 1][:1].islower()
        alone = not any(figures[j] for j in (i - 1, i + 1) if 0 <= j < len(lines))
        short = len(line.split()) <= _LABEL_WORDS
        found.append(figures[i] >= 2 or (figures[i] == 1 and short and not goes_on and not alone))
    return found


def _figures(line: str) -> int:
    """How many figures a line ends in."""
    tail = _TAIL.search(line)
    return len(re.findall(_FIGURE, tail.group())) if tail else 0


def _is_heading(content: str, line: Line, body: float) -> bool:
    words = content.split()
    if not words or len(words) > _HEADING_WORDS or not any(c.isalpha() for c in content):
        return False
    if (
        content[-1] in ".,;"
        or content[0].islower()
        or not content[0].isalnum()
        or (_figures(content) and not content[0].isdigit())
    ):
        return False
    return bool(line.size) and (line.size > body * 1.08 or (line.bold and line.size >= body * 0.95))


def _rank(size: float, larger: Sequence[float]) -> int:
    return next((i for i, other in enumerate(larger) if size >= other - 0.1), len(larger))


def _usual_gap(lines: Sequence[Line]) -> float:
    """White space between two lines of a paragraph, in points; 0 when positions are not known."""
    gaps = [one.bottom - other.top for one, other in pairwise(lines) if 0 < one.bottom - other.top < 30]
    return float(median(gaps)) if gaps else 0.0


def _running(text: str, pages: Sequence[Sequence[Line]], body: float) -> set[int]:
    """Starts of the lines that stand at the top or bottom of page after page, numbers in them aside.

    They are set no larger than the text: "Part 1" and "Part 2", each at the top of its page, are headings.
    """
    if len(pages) < 3:
        return set()
    seen: dict[str, list[int]] = {}
    for lines in pages:
        depth = min(_EDGE_LINES, len(lines) // 4)  # of a page of few lines, most are not at its edge
        down = sorted(lines, key=lambda line: -line.top)  # a program may write head and foot first, or last
        edges = {line.start: line for line in [*down[:depth], *down[len(down) - depth :]]}
        for line in (line for line in edges.values() if line.size <= body * 1.08):
            seen.setdefault(re.sub(r"\d+", "0", text[line.start : line.end]).casefold(), []).append(line.start)
    needed = max(3, len(pages) // 5)
    return {start for starts in seen.values() if len(starts) >= needed for start in starts}
