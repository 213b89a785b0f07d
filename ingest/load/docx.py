"""Word documents (DOCX): mammoth makes HTML of them, with headings, lists and tables."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from bs4 import BeautifulSoup

from ingest.load.html import html_pieces
from ingest.load.loaded import Loaded, assemble
from ingest.load.package import core_properties
from rag.errors import SourceRefusedError

# Word's own names for what is a heading to a reader.
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"


def load(data: bytes) -> Loaded:
    import mammoth

    try:
        result: Any = mammoth.convert_to_html(
            io.BytesIO(data), style_map=_STYLES, convert_image=mammoth.images.img_element(lambda image: {})
        )
        meta = core_properties(data)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise SourceRefusedError(f"it is not a readable Word document ({error}); save it again as DOCX") from error
    soup = BeautifulSoup(result.value, "lxml")
    return assemble(html_pieces(soup.body) if soup.body else [], meta)
