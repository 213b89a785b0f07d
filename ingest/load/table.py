"""Tables as text: each row says by itself what its cells are, so that it can be found and quoted alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.load.loaded import Piece, one_line
from rag.markup import COLUMN

_FIGURE = re.compile(r"^[\s(+\-−–—$€£¥%.,\d)]*\d[\s\d.,%()]*$")
_LONG = 60  # a cell of more characters is text, not the name of a column


def rows(table: Sequence[Sequence[str]]) -> list[Piece]:
    """The rows of `table` (cells of text): `name of the column: cell | ...` where its first row names the columns.

    Empty cells, rows and columns are left out.
    """
    lines = [[one_line(cell) for cell in row] for row in table]
    lines = [row for row in lines if any(row)]
    if not lines:
        return []
    width = max(len(row) for row in lines)
    lines = [row + [""] * (width - len(row)) for row in lines]
    used = [i for i in range(width) if any(row[i] for row in lines)]
    lines = [[row[i] for i in used] for row in lines]
    names = lines[0] if len(lines) > 1 and _names_columns(lines[0], lines[1:]) else []
    found: list[Piece] = []
    for row in lines[1:] if names else lines:
        cells = [
            f"{name}: {cell}" if name and name != cell else cell
            for name, cell in zip(names or [""] * len(row), row, strict=True)
            if cell
        ]
        found.append((COLUMN.join(cells), "row", 0))
    return found


def _names_columns(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: short words in nearly all cells, and figures (years apart) below."""
    if len(first) < 2 or sum(bool(cell) for cell in first) < max(2, len(first) - 1):
        return False
    if any(len(cell) > _LONG for cell in first):
        return False
    figures = sum(_is_figure(cell) and not re.fullmatch(r"(FY)?\s*(1[89]|20)\d\d", cell) for cell in first)
    return figures == 0 and bool(rest)


def _is_figure(cell: str) -> bool:
    return bool(_FIGURE.match(cell))
