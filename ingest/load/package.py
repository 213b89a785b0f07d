"""What an Office file says of itself: title and date, from its core properties (ECMA-376, part 2, section 11)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from lxml import etree

_TERMS = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "language": "{http://purl.org/dc/elements/1.1/}language",
    "date": "{http://purl.org/dc/terms/}created",
}


def core_properties(data: bytes) -> dict[str, Any]:
    """Title, language and date of creation, where the file gives them.

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
