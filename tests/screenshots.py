"""The screenshots of the docs, taken from the real page: `python -m tests.screenshots docs/images`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from app.accounts import USERS, Accounts
from ingest.pipeline import ingest
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.browser import ask, open_tab
from tests.conftest import CHROMIUM_FLAGS, Served, chromium_path
from tests.llm_server import ScriptedModel

# What a model may write: the second sentence has the figure of another year.
_WRITTEN = (
    "China spent 3,632.68 billion yuan on research and development in 2024. [1] "
    "That was 12.5 percent more than in 2023. [1]"
)
_WIDE, _PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def main(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        ingest([], load_settings(home=home), Embedder())
        served = Served(home)
        model = ScriptedModel(_WRITTEN)
        Accounts(home / USERS).put("anna", "a long enough password", "editor")
        guarded = Served(home, env={"BRIEFDESK_AUTH": "on"})
        writing = Served(home, "--llm", "openai:scripted", env={"BRIEFDESK_LLM_BASE_URL": model.url})
        try:
            with sync_playwright() as playwright:
                context = playwright.chromium.launch_persistent_context(
                    Path(temporary) / "profile",
                    executable_path=chromium_path(),
                    args=CHROMIUM_FLAGS,
                    viewport=_WIDE,
                )
                for take, url in (
                    (take_ask, served.url),
                    (take_documents, served.url),
                    (take_learn, served.url),
                    (take_check, served.url),
                    (take_phone, served.url),
                    (take_chinese, served.url),
                    (take_written, writing.url),
                ):
                    page = context.new_page()
                    page.set_viewport_size(_WIDE)
                    page.goto(url)
                    page.evaluate("localStorage.clear(); sessionStorage.clear()")
                    page.goto(url)
                    page.wait_for_selector(".bd-suggestion")
                    take(page, folder)
                    page.close()
                take_login(context.new_page(), guarded.url, folder)
                context.close()
        finally:
            served.stop()
            guarded.stop()
            writing.stop()
            model.close()


def shoot(page: Any, path: Path) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=path)


def take_login(page: Any, url: str, folder: Path) -> None:
    page.set_viewport_size(_PHONE)
    page.goto(url)
    page.fill("[name=name]", "anna")
    shoot(page, folder / "login.png")
    page.close()


def take_ask(page: Any, folder: Path) -> None:
    shoot(page, folder / "welcome.png")
    ask(page, "How much did China spend on R&D in 2024?")
    page.click(".bd-new")
    turn = ask(page, "What are the five recommendations to the EU?")
    turn.locator(".bd-chip").nth(2).click()
    page.locator("#bd-source mark").first.wait_for()
    turn.locator(".bd-chip").nth(1).hover()
    shoot(page, folder / "ask-light.png")
    page.mouse.move(2, 2)
    page.click("[data-do=theme]")
    shoot(page, folder / "ask-dark.png")
    page.click("[data-do=theme]")
    page.click(".bd-new")
    ask(page, "Compare Intel and GlobalFoundries")
    shoot(page, folder / "compare.png")


def take_documents(page: Any, folder: Path) -> None:
    open_tab(page, "documents")
    page.click("[data-card]:has-text('Chips and electronics in Chengdu')")
    page.locator(".bd-card .bd-suggestion").first.wait_for()
    shoot(page, folder / "documents.png")
    page.click("[data-view=map]")
    page.locator(".bd-spot").first.wait_for(timeout=60_000)
    page.evaluate("document.querySelector('.bd-side-card').replaceChildren()")
    page.click("[data-view=map]")
    shoot(page, folder / "map.png")
    page.click("[data-view=timeline]")
    page.locator(".bd-timeline li").first.wait_for()
    shoot(page, folder / "timeline.png")


def take_learn(page: Any, folder: Path) -> None:
    open_tab(page, "learn")
    page.locator("#bd-path button:visible", has_text="Next step").click()
    stage = page.locator("#bd-step-1 .bd-stage")
    stage.wait_for()
    stage.locator("textarea").fill("Forces driven by revolutionary breakthroughs in technology.")
    stage.locator("[data-do=grade]").click()
    stage.locator(".bd-verdict").wait_for()
    shoot(page, folder / "learn.png")


def take_check(page: Any, folder: Path) -> None:
    open_tab(page, "check")
    page.fill(
        "#bd-verify textarea", "China spent 3,632.68 billion yuan on R&D in 2024. Universities spent 900 billion."
    )
    page.click("[data-do=verify]")
    page.locator("#bd-verify .bd-verdict-line").wait_for()
    for run in (1, 2):
        page.click("#bd-run")
        page.locator("#bd-result progress").wait_for()
        page.wait_for_function(
            f"document.querySelector('.bd-figures')?.closest('#bd-result') && {run}", timeout=120_000
        )
    page.locator(".bd-outcomes [data-run]").first.click()
    page.locator("#bd-result .bd-card").wait_for()
    page.locator("#bd-result").scroll_into_view_if_needed()
    page.locator(".bd-figures").evaluate("node => node.scrollIntoView()")
    shoot(page, folder / "check.png")
    take_report(page, folder)


def take_report(page: Any, folder: Path) -> None:
    """The report of that run, as it is saved and opened."""
    with page.expect_download() as saved:
        page.click("[data-report]")
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "report.html"
        saved.value.save_as(path)
        report = page.context.new_page()
        report.set_viewport_size({"width": 1100, "height": 860})
        report.goto(path.as_uri())
        shoot(report, folder / "report.png")
        report.close()


def take_phone(page: Any, folder: Path) -> None:
    page.set_viewport_size(_PHONE)
    ask(page, "Which mechanisms are new?").locator(".bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    page.click("[data-show=conversation]")
    shoot(page, folder / "phone.png")


def take_chinese(page: Any, folder: Path) -> None:
    page.click("[data-do=language]")
    page.wait_for_function("document.querySelector('.bd-badge')?.innerText === '无模型：仅引文'")
    ask(page, "什么是新质生产力？").locator(".bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    shoot(page, folder / "chinese.png")


def take_written(page: Any, folder: Path) -> None:
    """Sentences of a language model: one supported, one not."""
    ask(page, "How much did China spend on R&D in 2024?")
    shoot(page, folder / "written.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
