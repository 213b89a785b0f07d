"""The page in a real browser: a question gets a cited answer, a click opens the quotation, nothing leaves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.receipt import check_receipt
from rag.settings import load_settings
from tests.conftest import Served
from tests.llm_server import ScriptedModel, waited

pytestmark = pytest.mark.browser
TIMEOUT_MS = 30_000


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    """A fresh page that fails its test on a console error, a script error, or a request to another host."""
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    faults: list[str] = []

    def check_console(message: Any) -> None:
        # A reload cuts off the stream of events that the page was listening to, which is no fault of the page.
        if message.type == "error" and "AbortError" not in message.text:
            faults.append(f"console: {message.text}")

    page.on("console", check_console)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))

    def check_host(request: Any) -> None:
        if request.url.startswith("http") and urlsplit(request.url).netloc != urlsplit(served.url).netloc:
            faults.append(f"request to another host: {request.url}")

    page.on("request", check_host)
    page.goto(served.url)
    page.wait_for_selector(".bd-suggestion")
    yield page
    page.close()
    assert faults == []


def ask(page: Any, question: str) -> Any:
    """Asks and returns the finished turn."""
    turns = page.locator(".bd-turn").count()
    box = page.locator("#bd-question textarea")
    box.fill(question)
    box.press("Enter")
    page.wait_for_function(
        f"document.querySelectorAll('.bd-turn').length === {turns + 1} && !document.querySelector('.bd-waiting')"
    )
    return page.locator(".bd-turn").last


def test_the_first_visit_explains_itself_and_names_the_mode(page: Any) -> None:
    assert "click on its number" in page.locator(".bd-welcome p").inner_text()
    assert page.locator(".bd-badge").inner_text() == "no model: quotations only"
    assert page.locator(".bd-suggestion").count() >= 3


def test_a_question_gets_a_cited_answer_and_a_click_shows_the_quotation(page: Any) -> None:
    turn = ask(page, "Which mechanisms are new?")
    assert "differentiated development paths" in turn.locator(".bd-sentence").first.inner_text()
    assert "quotation stands" in turn.locator(".bd-checked").first.inner_text()
    turn.locator(".bd-chip").first.click()
    mark = page.locator("#bd-source mark")
    mark.first.wait_for()
    assert "differentiated development paths" in mark.first.inner_text()
    assert mark.first.evaluate(
        "m => { const r = m.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }"
    ), "the quotation is scrolled into view"
    head = page.locator(".bd-source-head").inner_text()
    assert "2025-06-30" in head or "2026-11-24" in head


def test_every_suggestion_has_a_cited_answer(page: Any) -> None:
    for number in range(page.locator(".bd-suggestion").count()):
        page.reload()
        page.wait_for_selector(".bd-suggestion")
        page.locator(".bd-suggestion").nth(number).click()
        page.wait_for_selector(".bd-chip")
        assert page.locator(".bd-abstained").count() == 0
        page.wait_for_selector("#bd-receipts button")  # the last thing that comes; a reload would cut it off


def test_what_the_documents_do_not_say_is_said_plainly(page: Any) -> None:
    turn = ask(page, "What is the capital of Australia?")
    assert turn.locator(".bd-abstained").inner_text() == "The documents do not say."
    assert turn.locator(".bd-quote").count() >= 1


def test_markup_in_a_question_is_shown_and_not_run(page: Any) -> None:
    turn = ask(page, "<img src=x onerror=alert(1)> Who coordinates ReConnect China?")
    assert "<img src=x" in turn.locator(".bd-question").inner_text()
    assert turn.locator("img").count() == 0


def test_a_conversation_keeps_its_turns(page: Any) -> None:
    ask(page, "Who coordinates ReConnect China?")
    ask(page, "What is involution?")
    assert page.locator(".bd-turn").count() == 2


def test_nothing_is_cut_on_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    turn = ask(page, "What are the five recommendations to the EU?")
    turn.locator(".bd-chip").nth(1).click()
    page.locator("#bd-source mark").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1360, "height": 860})


def test_dark_and_light(page: Any) -> None:
    colour = "getComputedStyle(document.querySelector('.bd-top h1')).color"
    before = page.evaluate(colour)
    page.click("button:has-text('light / dark')")
    page.wait_for_function(f"{colour} !== '{before}'")


def test_the_documents_and_the_check(page: Any) -> None:
    page.click("button[role=tab]:has-text('Documents')")
    page.wait_for_selector("#bd-documents tbody tr")
    assert page.locator("#bd-documents tbody tr").count() >= 25
    page.click("button[role=tab]:has-text('Check')")
    page.click("#bd-run")
    page.wait_for_selector("#bd-result table", timeout=120_000)
    assert "answer right, with right evidence" in page.locator("#bd-result").inner_text()


def test_only_the_chosen_documents_are_asked(page: Any) -> None:
    page.locator("#bd-scope").get_by_role("button").first.click()
    box = page.locator("#bd-scope-publishers input")
    box.click()
    page.get_by_role("option", name="ReConnect China", exact=True).click()
    page.wait_for_function("document.querySelector('#bd-scope').innerText.includes('Documents to ask: 1 of 32')")
    turn = ask(page, "What did China spend on R&D in 2024?")
    assert turn.locator(".bd-open").all_inner_texts() == ["ReConnect China Policy Brief 24: Local conditions"]


def test_an_answer_s_receipt_is_downloaded_and_holds(page: Any, corpus_home: Path, tmp_path: Path) -> None:
    ask(page, "How much did China spend on R&D in 2024?")
    page.wait_for_selector("#bd-receipts button:has-text('.json')")
    with page.expect_download() as download:
        page.click("#bd-receipts button:has-text('.json')")
    path = tmp_path / "receipt.json"
    download.value.save_as(path)
    checked = check_receipt(path, load_settings(home=corpus_home))
    assert {quotation["state"] for quotation in checked["quotations"]} == {"stands"}


def test_a_follow_up_says_how_it_was_understood(page: Any) -> None:
    ask(page, "How much did China spend on R&D in 2024?")
    turn = ask(page, "And in 2023?")
    assert "How much did China spend on R&D in 2023?" in turn.locator(".bd-understood").inner_text()
    assert "3,335.71" in turn.inner_text()


def test_a_comparison_is_a_table_that_fits_a_phone(page: Any) -> None:
    turn = ask(page, "Compare Intel and GlobalFoundries")
    assert turn.locator("table.bd-compare th[scope=col]").all_inner_texts() == ["Intel", "GlobalFoundries"]
    turn.locator(".bd-compare .bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    page.set_viewport_size({"width": 1360, "height": 860})


@pytest.fixture
def slow_model(corpus_home: Path, tmp_path: Path) -> Iterator[tuple[ScriptedModel, str]]:
    shutil.copytree(corpus_home, tmp_path / "home")
    right = "China spent 3,632.68 billion yuan on research and development in 2024. [1] "
    model = ScriptedModel(right + "It spent 9 billion yuan on moon bases. [1] " * 200)
    model.pause_s = 0.03
    served = Served(tmp_path / "home", "--llm", "openai:scripted", env={"BRIEFDESK_LLM_BASE_URL": model.url})
    yield model, served.url
    served.stop()
    model.close()


def test_sentences_are_marked_as_they_come_and_stop_stops(browser: Any, slow_model: tuple[ScriptedModel, str]) -> None:
    model, url = slow_model
    assert not model.requests, "starting the page asks no model"
    page = browser.new_page()
    page.goto(url)
    page.locator("#bd-question textarea").fill("How much did China spend on R&D in 2024?")
    page.locator("#bd-question textarea").press("Enter")
    page.locator(".bd-sentence .bd-chip").first.wait_for(timeout=30_000)
    page.locator(".bd-unsupported .bd-why").first.wait_for(timeout=30_000)
    assert "9 billion" in page.locator(".bd-unsupported").first.inner_text()
    page.locator("#bd-question button.stop-button, #bd-question button[aria-label='Stop']").first.click()
    assert waited(model.closed_by_client.is_set, 15)
    page.close()
