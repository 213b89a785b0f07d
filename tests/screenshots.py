"""The screenshots of the docs, taken from the real page: `python -m tests.screenshots docs/images`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from ingest.pipeline import ingest
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.browser import ask
from tests.conftest import CHROMIUM_FLAGS, Served, chromium_path
from tests.llm_server import ScriptedModel

# What a model may write: the second sentence has the figure of another year.
_WRITTEN = (
    "China spent 3,632.68 billion yuan on research and development in 2024. [1] "
    "That was 12.5 percent more than in 2023. [1]"
)


def main(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        ingest([], load_settings(home=home), Embedder())
        served = Served(home)
        model = ScriptedModel(_WRITTEN)
        writing = Served(home, "--llm", "openai:scripted", env={"BRIEFDESK_LLM_BASE_URL": model.url})
        try:
            with sync_playwright() as playwright:
                context = playwright.chromium.launch_persistent_context(
                    Path(temporary) / "profile",
                    executable_path=chromium_path(),
                    args=CHROMIUM_FLAGS,
                    viewport={"width": 1360, "height": 860},
                )
                take(context, served.url, folder)
                take_written(context, writing.url, folder)
                context.close()
        finally:
            served.stop()
            writing.stop()
            model.close()


def take_written(context: Any, url: str, folder: Path) -> None:
    """Sentences of a language model: one supported, one not."""
    page = context.new_page()
    page.set_viewport_size({"width": 1360, "height": 860})
    page.goto(url)
    page.wait_for_selector(".bd-suggestion")
    ask(page, "How much did China spend on R&D in 2024?")
    page.wait_for_timeout(600)
    page.screenshot(path=folder / "written.png")


def take(context: Any, url: str, folder: Path) -> None:
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".bd-suggestion")
    page.screenshot(path=folder / "welcome.png")
    turn = ask(page, "What are the five recommendations to the EU?")
    turn.locator(".bd-chip").nth(2).click()
    page.locator("#bd-source mark").first.wait_for()
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "ask-light.png")
    page.click("button:has-text('light / dark')")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / "ask-dark.png")
    page.click("button:has-text('light / dark')")
    ask(page, "Compare Intel and GlobalFoundries")
    page.wait_for_timeout(600)
    page.screenshot(path=folder / "compare.png")
    page.click("button[role=tab]:has-text('Check')")
    page.click("#bd-run")
    page.wait_for_selector("#bd-result table", timeout=120_000)
    page.wait_for_timeout(300)
    page.screenshot(path=folder / "check.png")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url)
    page.wait_for_selector(".bd-suggestion")
    ask(page, "Which mechanisms are new?").locator(".bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "phone.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
