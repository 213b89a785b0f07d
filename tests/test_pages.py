"""A PDF page as an image: the boxes of a quotation lie on its words."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from app.pages import page_image
from ingest.pipeline import ingest
from rag.embedding import Embedder
from rag.settings import Settings
from rag.store.library import Library
from tests.test_load import make_pdf


@pytest.fixture
def library(settings: Settings, embedder: Embedder, tmp_path: Path) -> Library:
    path = tmp_path / "report.pdf"
    path.write_bytes(
        make_pdf(
            "The harbour of Varna was enlarged in 1997.\nIts cranes lift eighty tonnes each day.",
            "A second page speaks of trade with Odessa.",
        )
    )
    assert not ingest([str(path)], settings, embedder).refused
    return Library(settings.home, embedder)


def test_the_boxes_lie_on_the_words(library: Library) -> None:
    document = next(iter(library.documents.values()))
    quote = "Its cranes lift eighty tonnes each day."
    found = page_image(library.catalog, document, 1, quote)
    assert found is not None
    image = Image.open(io.BytesIO(base64.b64decode(found.png))).convert("L")
    assert image.size == (found.width, found.height)
    assert len(found.boxes) == 1
    a, b, c, d = found.boxes[0]
    inside = image.crop((int(a * found.width), int(b * found.height), int(c * found.width), int(d * found.height)))
    assert inside.getextrema()[0] < 100, "there are letters in the box"
    first = page_image(library.catalog, document, 1, "The harbour of Varna was enlarged in 1997.")
    assert first is not None
    assert first.boxes[0][1] < b, "the first line stands above the second"


def test_words_of_another_page_are_not_marked(library: Library) -> None:
    document = next(iter(library.documents.values()))
    found = page_image(library.catalog, document, 2, "The harbour of Varna was enlarged in 1997.")
    assert found is not None
    assert found.boxes == ()


def test_a_file_that_was_changed_since_is_not_shown(library: Library) -> None:
    document = next(iter(library.documents.values()))
    Path(document.source).write_bytes(make_pdf("Something else."))
    assert page_image(library.catalog, document, 1, "") is None
