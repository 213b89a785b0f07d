"""PowerPoint presentations (PPTX): slide by slide, titles as headings, tables by rows, notes at the end of a slide."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from ingest.load.loaded import Loaded, Piece, assemble, one_line
from ingest.load.package import core_properties
from ingest.load.table import rows
from rag.errors import SourceRefusedError


def load(data: bytes) -> Loaded:
    import pptx
    from pptx.exc import PackageNotFoundError

    try:
        presentation: Any = pptx.Presentation(io.BytesIO(data))
        meta = core_properties(data)
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SourceRefusedError(f"it is not a readable presentation ({error}); save it again as PPTX") from error
    pieces: list[Piece] = []
    starts: list[int] = []
    for slide in presentation.slides:
        starts.append(len(pieces))
        title = slide.shapes.title
        if title is not None and (content := one_line(title.text_frame.text)):
            pieces.append((content, "heading", 2))
        for shape in _shapes(slide.shapes):
            if title is not None and shape.shape_id == title.shape_id:
                continue
            pieces.extend(_pieces(shape))
        if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
            pieces.extend(_paragraphs(notes, "paragraph"))
    return assemble(pieces, meta, starts)


def _shapes(shapes: Any) -> Iterator[Any]:
    """The shapes as they are read: from the top down, groups opened."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _pieces(shape: Any) -> list[Piece]:
    if getattr(shape, "has_table", False):
        return rows([[cell.text for cell in row.cells] for row in shape.table.rows])
    if getattr(shape, "has_text_frame", False):
        several = sum(bool(p.text.strip()) for p in shape.text_frame.paragraphs) > 1
        return _paragraphs(shape.text_frame, "item" if several else "paragraph")
    return []


def _paragraphs(frame: Any, kind: Any) -> list[Piece]:
    return [
        (content, kind, p.level + 1 if kind == "item" else 0) for p in frame.paragraphs if (content := one_line(p.text))
    ]
