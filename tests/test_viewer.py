"""A document for reading: its own look, its quotation marked, and nothing in it that runs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.sources import Source
from app.viewer import render_document, render_source
from rag.types import Document
from tests.browser import ask, open_tab
from tests.conftest import Served

TEXT = """# A heading

Some **bold words**, *others*, `code` and a [link](https://example.org/a?b=1).

| place | people |
|---|---|
| Varna | 330,000 |
| Burgas | 190,000 |

- one
- two [S1]

Last **line**.
"""


def document(text: str, name: str = "a.md") -> Document:
    return Document(id="d1", source=f"/{name}", name=name, title="T", text=text)


def test_markdown_has_its_look() -> None:
    html = render_document(document(TEXT), {"S1": Source("S1", "P", "T", "2024", "https://e.org")})
    assert "<h3>A heading</h3>" in html
    assert "<strong>bold words</strong>, <em>others</em>, <code>code</code>" in html
    assert '<a href="https://example.org/a?b=1" target="_blank" rel="noopener noreferrer">link</a>' in html
    assert "<table><tr><td>place</td><td>people</td></tr><tr><td>Varna</td><td>330,000</td></tr>" in html
    assert html.count("<ul>") == html.count("</ul>") == 1
    assert html.count("<table>") == html.count("</table>") == 1
    assert 'href="https://e.org"' in html


@pytest.mark.parametrize("quote", ["Some **bold words**, *others*", "bold words", "330,000", "one\n- two", "**line**."])
def test_what_is_marked_is_the_quotation(quote: str) -> None:
    start = TEXT.index(quote)
    html = render_document(document(TEXT), {}, start, start + len(quote))
    marked = " ".join(re.sub(r"<[^>]+>", "", part) for part in re.findall(r"<mark>(.*?)</mark>", html))
    assert re.sub(r"[^\w,]", "", marked) == re.sub(r"[^\w,]", "", quote)


def test_other_formats_are_shown_as_they_are() -> None:
    html = render_document(document("Costs **rose** | fell | [x](https://e.org)", "a.txt"), {})
    assert "<p>Costs **rose** | fell | [x](https://e.org)</p>" in html


def test_a_very_long_text_is_shown_around_its_quotation() -> None:
    text = "\n".join(f"Line {n} of a very long text that goes on and on." for n in range(20_000))
    start = text.index("Line 12345 ")
    html = render_source(document(text, "a.txt"), {}, start, start + 10)
    assert "<mark>Line 12345</mark>" in html
    assert len(html) < 400_000
    assert "earlier" in html
    assert "later" in html
    assert "Line 1 of" not in html


# What a document may hold to get a script to run, or a picture fetched from somewhere.
PAYLOADS = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg onload=window.hacked=1>",
    "![x](http://evil.example/p.png)",
    "[click](javascript:window.hacked=1)",
    "[click](data:text/html,<script>window.hacked=1</script>)",
    '"><iframe src="javascript:window.hacked=1"></iframe>',
    "' onmouseover='window.hacked = 1",
    "<a href='javascript:window.hacked=1'>x</a>",
    "<style>@import 'http://evil.example/a.css';</style>",
    "<!-- <img src=http://evil.example/c.png> -->",
    "${window.hacked = 1} {{constructor.constructor('window.hacked=1')()}}",
    "<details open ontoggle=window.hacked=1>",
    "**<b onclick=window.hacked=1>x</b>** `<i onfocus=window.hacked=1 autofocus>`",
    '[S1](https://e.org/"onmouseover="window.hacked=1)',
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_a_document_becomes_text(payload: str) -> None:
    html = render_source(document(f"Harbours grew.\n\n{payload}\n\n- {payload}\n\n| {payload} |", "a.md"), {}, 0, 14)
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert not tags & {"script", "img", "svg", "iframe", "style", "b", "i", "object", "embed"}
    assert not re.search(r"<[^>]*\son\w+\s*=", html), "no handler within a tag"
    assert not re.search(r"<[^>]*\s(href|src)=[\"'](?!https?://)", html)


@pytest.mark.browser
def test_nothing_in_a_document_runs_on_the_page(browser: Any, corpus_home: Any, tmp_path: Any, embedder: Any) -> None:
    import shutil

    from ingest.pipeline import ingest
    from rag.settings import load_settings
    from tests.conftest import open_page

    home = tmp_path / "home"
    shutil.copytree(corpus_home, home)
    path = tmp_path / "<img src=x onerror=window.hacked=1>.md"
    body = "\n\n".join(f"The harbour of Varna, case {n}: {payload}" for n, payload in enumerate(PAYLOADS))
    title = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    path.write_text(
        f"---\ntitle: \"{title}\"\npublisher: '{title}'\n---\n\n# {title}\n\n"
        f"The harbour of Varna was enlarged on 3 May 1997.\n\n{body}\n",
        encoding="utf-8",
    )
    assert not ingest([str(path)], load_settings(home=home), embedder).refused
    served = Served(home)
    faults: list[str] = []
    try:
        page = open_page(browser, served.url, faults)
        turn = ask(page, "When was the harbour of Varna enlarged?")
        turn.locator(".bd-chip").first.hover()
        turn.locator(".bd-chip").first.click()
        page.locator("#bd-source mark").first.wait_for()
        open_tab(page, "documents")
        for view in ("map", "timeline", "table"):
            page.click(f"[data-view={view}]")
            page.wait_for_function("!document.querySelector('#bd-documents [aria-busy]')", timeout=60_000)
        page.locator("[data-card]:has-text('window.hacked')").first.click()
        page.locator(".bd-card h3").wait_for()
        page.reload()
        page.locator(".bd-turn .bd-actions").first.wait_for()
        page.wait_for_timeout(500)
        assert page.evaluate("window.hacked === undefined")
        assert page.locator("#bd-source img, .bd-turn img, .bd-card img, .bd-map img").count() == 0
        page.close()
    finally:
        served.stop()
    assert faults == []
