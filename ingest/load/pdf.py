"""PDF through pypdfium2: the text of each page, its lines put together again into paragraphs."""

from __future__ import annotations

import re
from typing import Any

from ingest.load.loaded import Block, Loaded
from ingest.load.text import text_blocks
from rag.errors import SourceRefusedError

_SOFT_BREAK = re.compile("[\ufffe\x02]\r?\n?")  # pdfium's mark for a word that was hyphenated at the line's end
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")


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
        pages: list[tuple[int, int]] = []
        blocks: list[Block] = []
        for page in pdf:
            content = _page_text(page)
            if text:
                text += "\n\n"
            start = len(text)
            text += content
            pages.append((start, len(text)))
            blocks.extend(text_blocks(text, start, len(text)))
        info = pdf.get_metadata_dict()
    finally:
        pdf.close()
    if not text.strip():
        raise SourceRefusedError("the PDF has no text, only images; run it through OCR and ingest the result")
    meta: dict[str, Any] = {}
    if title := info.get("Title", "").strip():
        meta["title"] = title
    if date := _DATE.match(info.get("CreationDate", "")):
        meta["date"] = "-".join(part for part in date.groups() if part)
    return Loaded(text, tuple(blocks), meta, tuple(pages))


def _page_text(page: Any) -> str:
    textpage = page.get_textpage()
    try:
        raw = str(textpage.get_text_range())
    finally:
        textpage.close()
        page.close()
    raw = _SOFT_BREAK.sub("", raw).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.rstrip() for line in raw.split("\n")).strip("\n")
