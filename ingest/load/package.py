"""Packages, as Office files and books are: zip files of parts. Their size, and what they say of themselves."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from lxml import etree

from rag.errors import SourceRefusedError

_MAX_UNPACKED_BYTES, _MAX_PARTS = 500_000_000, 10_000
_TERMS = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "language": "{http://purl.org/dc/elements/1.1/}language",
    "date": "{http://purl.org/dc/terms/}created",
}


def check_size(data: bytes) -> None:
    """Raises SourceRefusedError when a package would be too large to read once it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # its reader says what it is
    size = sum(part.file_size for part in parts)
    if len(parts) > _MAX_PARTS or size > _MAX_UNPACKED_BYTES:
        raise SourceRefusedError(
            f"it would be {size // 1_000_000:,} MB in {len(parts):,} parts once unpacked, more than "
            f"{_MAX_UNPACKED_BYTES // 1_000_000} MB in {_MAX_PARTS:,}; save it with smaller or no images"
        )


def core_properties(data: bytes) -> dict[str, Any]:
    """Title, language and date of creation, where an Office file gives them (ECMA-376, part 2, section 11).

    Raises zipfile.BadZipFile when it is not a package at all.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if "docProps/core.xml" not in package.namelist():
            return {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(package.read("docProps/core.xml"), parser)
    found = {name: (root.findtext(term) or "").strip() for name, term in _TERMS.items()}
    found["date"], found["language"] = found["date"][:10], found["language"][:2].lower()
    return {name: value for name, value in found.items() if value}
