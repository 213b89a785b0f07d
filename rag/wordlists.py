"""The lists of words in `rag/data`: a line for each, and lines that tell of them."""

from __future__ import annotations

from pathlib import Path


def lines_of(name: str) -> list[str]:
    """The lines of the list `name`, without those that begin with "# " and empty ones."""
    lines = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]
