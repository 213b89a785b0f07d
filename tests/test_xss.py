"""Scripts in what is read, asked and named: none runs in a real browser, also where no content policy holds it back."""

from __future__ import annotations

import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.pipeline import ingest
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.browser import ask, open_tab
from tests.conftest import BROWSER_TIMEOUT_MS, Served, open_browser

# After OWASP's sheet on evading filters of cross-site scripting; each would call hit() with its number.
_LINES = (Path(__file__).parent / "data" / "xss.txt").read_text(encoding="utf-8").splitlines()
PAYLOADS = [line.replace("HIT", f"hit({number})") for number, line in enumerate(_LINES)]
SUBJECT = "The reserve of Ghent counts"


def plain_name(payload: str) -> str:
    """As much of a payload as a file's name can hold."""
    return payload.replace("/", "∕").replace("\0", "")[:120]


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Served]:
    """A page whose documents, names, titles, publishers and glossary are all payloads."""
    folder = tmp_path_factory.mktemp("poisoned")
    corpus, home = folder / "corpus", folder / "home"
    corpus.mkdir()
    for number, payload in enumerate(PAYLOADS):
        known = {"title": f"{payload} {number}", "publisher": payload, "date": "2025-01-02"}
        meta = yaml.safe_dump(known, allow_unicode=True)
        text = f"# {payload}\n\n{SUBJECT} {number} herons, {payload} and more.\n\nIn March 2025 {payload} was said.\n"
        (corpus / f"{number} {plain_name(payload)}.md").write_text(f"---\n{meta}---\n{text}", encoding="utf-8")
    every = "".join(f"<p>{payload}</p>" for payload in PAYLOADS)
    (corpus / "all.html").write_text(f"<html><head><title>All</title></head><body><main>{every}</main></body></html>")
    terms = [
        {"term": f"heron {number} {payload}", "aliases": [payload], "chinese": [payload]}
        | dict.fromkeys(("pinyin", "definition", "source"), payload)
        for number, payload in enumerate(PAYLOADS)
    ]
    (corpus / "glossary.yaml").write_text(yaml.safe_dump(terms, allow_unicode=True))
    sources = [{"id": f"S{n}", "title": p, "publisher": p, "date": p, "url": p} for n, p in enumerate(PAYLOADS)]
    (corpus / "sources.yaml").write_text(yaml.safe_dump(sources, allow_unicode=True))
    report = ingest([], load_settings(home=home, corpus=corpus), embedder)
    assert len(report.added) > len(PAYLOADS)
    served = Served(home, env={"BRIEFDESK_CORPUS": str(corpus)})
    yield served
    served.stop()


@pytest.fixture(params=[True, False], ids=["without a content policy", "as it is"])
def trapped(request: pytest.FixtureRequest, chromium: Any, poisoned: Served) -> Iterator[tuple[Any, list[str]]]:
    """The page in a browser that notes each script that runs; once with our content policy taken away."""
    fired: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        context = open_browser(chromium, Path(folder), bypass_csp=request.param)
        page = context.new_page()
        page.set_default_timeout(BROWSER_TIMEOUT_MS)
        page.expose_function("hit", lambda number: fired.append(f"ran: {PAYLOADS[int(number)]}"))
        page.on("dialog", lambda dialog: (fired.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("framenavigated", lambda frame: frame.url.startswith("http") or fired.append(f"went to {frame.url}"))
        page.goto(poisoned.url)
        page.wait_for_function("document.querySelector('#bd-ask')?.dataset.shown")
        yield page, fired
        context.close()


def touch(page: Any) -> None:
    """What a pointer and a keyboard do: payloads that wait for either must not run as well."""
    page.mouse.move(200, 300)
    page.mouse.move(700, 400)
    page.keyboard.press("Tab")
    page.wait_for_timeout(150)


@pytest.mark.parametrize("trapped", [True], ids=["without a content policy"], indirect=True)
def test_no_payload_runs(trapped: tuple[Any, list[str]], poisoned: Served) -> None:
    assert len(PAYLOADS) >= 80
    page, fired = trapped
    for number in range(0, len(PAYLOADS), 4):
        ask(page, f"How many herons does the reserve of Ghent count? {' '.join(PAYLOADS[number : number + 4])}"[:1990])
    page.locator(".bd-chip").first.click()
    page.wait_for_selector("#bd-source mark, #bd-source .bd-doc, #bd-source p")
    touch(page)
    open_tab(page, "documents")
    page.wait_for_selector(".bd-library")
    touch(page)
    cards = page.locator("[data-card]")
    for number in range(0, cards.count(), 3):
        cards.nth(number).click()
        page.wait_for_selector(".bd-side-card .bd-card")
    touch(page)
    for view in ("map", "timeline"):
        page.click(f"[data-view={view}]")
        page.wait_for_selector(f".bd-{view}")
        touch(page)
    open_tab(page, "learn")
    page.wait_for_selector("#bd-glossary .bd-view *")
    touch(page)
    open_tab(page, "check")
    page.fill("#bd-verify textarea", "\n".join(PAYLOADS[:60]))
    page.click("#bd-verify [data-do=verify]")
    page.wait_for_selector("#bd-verify .bd-result .bd-sentence")
    touch(page)
    # The conversation as a link asks it anew.
    hash_of = urllib.parse.urlencode([("ask", payload) for payload in PAYLOADS[:3]])
    page.goto(f"{poisoned.url}#{hash_of}")
    page.reload()
    page.wait_for_selector(".bd-turn, .bd-suggestion")
    page.wait_for_timeout(500)
    touch(page)
    assert fired == []
    assert page.locator("#bd-ask script, .bd-view script, .bd-side-card script").count() == 0


def test_the_trap_notices_what_runs(trapped: tuple[Any, list[str]], request: pytest.FixtureRequest) -> None:
    """The test itself is tested: what is written into the page unsafely runs, unless the content policy stops it."""
    page, fired = trapped
    page.evaluate(
        "(html) => { const box = document.createElement('div'); box.innerHTML = html; document.body.append(box); }",
        PAYLOADS[14],
    )
    page.wait_for_timeout(500)
    assert fired == ([f"ran: {PAYLOADS[14]}"] if "without" in request.node.name else [])
