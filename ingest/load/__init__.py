"""Reading a file: one module a format, all behind `load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePosixPath

from ingest.load.loaded import Block, Loaded
from rag.errors import SourceRefusedError

__all__ = ["SUFFIXES", "Block", "Loaded", "load"]

# Suffix -> module of this package, whose `load(data)` returns a Loaded. Imported when first needed.
SUFFIXES: Mapping[str, str] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
}


def load(data: bytes, name: str) -> Loaded:
    """The text, blocks and metadata of a file whose name (or address) is `name`.

    Raises SourceRefusedError with the reason when it cannot be read.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise SourceRefusedError(f"there is no reader for {suffix or 'files without a suffix'}; readable are {known}")
    if not data.strip():
        raise SourceRefusedError("the file is empty")
    reader: Callable[[bytes], Loaded] = import_module(f"ingest.load.{SUFFIXES[suffix]}").load
    loaded = reader(data)
    if not any(block.kind != "heading" for block in loaded.blocks):
        raise SourceRefusedError("there is no text in it")
    return loaded
