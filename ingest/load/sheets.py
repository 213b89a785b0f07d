"""Spreadsheets (XLSX, XLS, ODS): each row with the names of its columns, sheet by sheet. Read by calamine."""

from __future__ import annotations

import datetime
import io
from typing import Any

from ingest.load.loaded import Loaded, Piece, assemble
from ingest.load.table import rows
from rag.errors import SourceRefusedError


def load(data: bytes) -> Loaded:
    import python_calamine as calamine

    try:
        book: Any = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        tables = [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    except calamine.PasswordError as error:
        raise SourceRefusedError("the spreadsheet is encrypted; save a copy without a password") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise SourceRefusedError(f"it is not a readable spreadsheet ({error}); save it again as XLSX") from error
    pieces: list[Piece] = []
    starts: list[int] = []
    for name, table in tables:
        found = rows([[_text(cell) for cell in row] for row in table])
        if found:
            starts.append(len(pieces))
            pieces += [(name, "heading", 2), *found]
    return assemble(pieces, {}, starts)


def _text(cell: Any) -> str:
    if isinstance(cell, bool) or cell is None:
        return "" if cell is None else str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.10g}"
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)
