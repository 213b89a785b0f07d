"""Reading a file: one module a format, all behind `load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePosixPath

from ingest.load.loaded import Block, Loaded, before_item
from rag.errors import SourceRefusedError

__all__ = ["CONTENT_TYPES", "SUFFIXES", "Block", "Loaded", "before_item", "load"]

_OFFICE = "application/vnd.openxmlformats-officedocument"
# Module of this package, whose `load(data)` returns a Loaded -> its suffixes, and the content types of each first one.
_FORMATS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "markdown": {".md": ("text/markdown", "text/x-markdown"), ".markdown": ()},
    "text": {".txt": ("text/plain",)},
    "html": {".html": ("text/html", "application/xhtml+xml"), ".htm": (), ".xhtml": ()},
    "pdf": {".pdf": ("application/pdf", "application/x-pdf")},
    "docx": {".docx": (f"{_OFFICE}.wordprocessingml.document",)},
    "slides": {".pptx": (f"{_OFFICE}.presentationml.presentation",)},
    "sheets": {
        ".xlsx": (f"{_OFFICE}.spreadsheetml.sheet",),
        ".xls": ("application/vnd.ms-excel",),
        ".ods": ("application/vnd.oasis.opendocument.spreadsheet",),
    },
    "delimited": {".csv": ("text/csv", "application/csv"), ".tsv": ("text/tab-separated-values",)},
    "epub": {".epub": ("application/epub+zip",)},
    "mail": {".eml": ("message/rfc822",)},
}
# Suffix -> module, imported when first needed.
SUFFIXES: Mapping[str, str] = {suffix: module for module, suffixes in _FORMATS.items() for suffix in suffixes}
CONTENT_TYPES: Mapping[str, str] = {
    kind: suffix for suffixes in _FORMATS.values() for suffix, kinds in suffixes.items() for kind in kinds
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
    if data[:2] == b"PK":
        from ingest.load.package import check_size

        check_size(data)
    reader: Callable[[bytes], Loaded] = import_module(f"ingest.load.{SUFFIXES[suffix]}").load
    loaded = reader(data)
    if not any(block.kind != "heading" for block in loaded.blocks):
        raise SourceRefusedError("there is no text in it")
    return loaded
