"""How fast the page is, in a real browser on this machine: `python -m tests.measure_page`. JSON lines.

Ready is the line that `serve` prints. Ten people are ten pages of one browser that ask at the same moment; on two
cores that browser takes its own share of the time.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from gradio_client import Client
from playwright.sync_api import sync_playwright

from ingest.pipeline import ingest
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.browser import ask, open_tab
from tests.conftest import CHROMIUM_FLAGS, Served, chromium_path

_PEOPLE, _EACH = 10, 6
_QUESTIONS = (
    "Which mechanisms are new?",
    "What are the five recommendations to the EU?",
    "How much did China spend on R&D in 2024?",
    "What is involution?",
    "When did Intel decide to build a plant in Chengdu?",
    "What was Jiangsu's GDP in 2023?",
    "Who coordinates ReConnect China?",
    "Which provinces make up the Northeast?",
    "What is the low-altitude economy?",
    "When did the Third Plenum meet?",
)
# From the key press to the frame in which the first sentence stands there, by the browser's own clock.
_FIRST_SENTENCE = """question => new Promise(done => {
  const turns = document.querySelector('.bd-turns'), before = turns.querySelectorAll('.bd-sentence').length;
  const begin = performance.now();
  const look = new MutationObserver(() => {
    if (turns.querySelectorAll('.bd-sentence').length > before) {
      look.disconnect();
      requestAnimationFrame(() => done(performance.now() - begin));
    }
  });
  look.observe(turns, { childList: true, subtree: true });
  window.briefdesk.ask(question);
})"""
_OPEN = """chip => new Promise(done => {
  const source = document.querySelector('#bd-source'), begin = performance.now();
  const look = new MutationObserver(() => {
    if (!source.querySelector('mark')) return;
    look.disconnect();
    requestAnimationFrame(() => done(performance.now() - begin));
  });
  look.observe(source, { childList: true, subtree: true });
  chip.click();
})"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        ingest([], load_settings(home=home), Embedder())
        served = Served(home)
        try:
            with sync_playwright() as playwright:
                context = playwright.chromium.launch_persistent_context(
                    Path(temporary) / "profile", executable_path=chromium_path(), args=CHROMIUM_FLAGS
                )
                measure(context, served.url)
                addition(context, served.url, Path(temporary))
                context.close()
            ten_people(served.url)
        finally:
            served.stop()


def measure(context: Any, url: str) -> None:
    interactive = []
    for _ in range(5):
        page = context.new_page()
        begin = time.perf_counter()
        page.goto(url)
        page.wait_for_function("document.querySelector('#bd-ask')?.dataset.shown")
        interactive.append((time.perf_counter() - begin) * 1000)
        page.close()
    say("page interactive", interactive, 3000)
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("document.querySelector('#bd-ask')?.dataset.shown")
    ask(page, "Where may new manufacturing hubs emerge?")
    first, opened = [], []
    for question in _QUESTIONS * 2:
        first.append(page.evaluate(_FIRST_SENTENCE, question))
        page.locator(".bd-turn").last.locator(".bd-actions").wait_for()
        page.wait_for_timeout(700)  # what is suggested next is looked for; a reader reads meanwhile
        opened.append(page.locator(".bd-turn").last.locator(".bd-chip").first.evaluate(_OPEN))
    say("first sentence after Enter", first, 400)
    say("citation open after a click", opened, 200)
    page.close()


def addition(context: Any, url: str, folder: Path) -> None:
    """From the end of an addition's last stage to an answer from it on the screen."""
    path = folder / "harbours.md"
    path.write_text("# Harbours\n\nThe harbour of Varna was enlarged in 1997 by a Dutch firm.\n", encoding="utf-8")
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("document.querySelector('#bd-ask')?.dataset.shown")
    open_tab(page, "documents")
    page.click("#bd-add button")
    page.set_input_files("#bd-add-files input[type=file]", str(path))
    page.locator("#bd-add-files").get_by_text("harbours.md").wait_for()
    page.click("#bd-add-start")
    page.locator(".bd-added").wait_for()
    begin = time.perf_counter()
    open_tab(page, "ask")
    turn = ask(page, "When was the harbour of Varna enlarged?")
    assert "1997" in turn.inner_text()
    say("an answer from an added document, after its last stage", [(time.perf_counter() - begin) * 1000], 10_000)
    page.close()


def ten_people(url: str) -> None:
    """Ten programs that ask at once, each again when it has its answer."""
    clients = [Client(url, verbose=False) for _ in range(_PEOPLE)]
    took: list[float] = []

    def person(client: Client, number: int) -> None:
        for i in range(_EACH):
            begin = time.perf_counter()
            client.predict(_QUESTIONS[(number + i) % len(_QUESTIONS)], api_name="/ask")
            took.append((time.perf_counter() - begin) * 1000)

    threads = [threading.Thread(target=person, args=(client, n)) for n, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(f"{_PEOPLE} people at once, whole answer", took, 1500)


def say(what: str, times: list[float], asked: int) -> None:
    ordered = sorted(times)
    figures = {"p50_ms": round(statistics.median(ordered)), "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))])}
    print(json.dumps({"measured": what, "n": len(times), **figures, "asked_ms": asked}), flush=True)


if __name__ == "__main__":
    main()
