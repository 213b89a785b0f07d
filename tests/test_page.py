"""The Ask tab in a real browser: answers, citations, the source, the conversation and what is kept of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.receipt import check_receipt
from eval.dataset import load_set
from ingest.pipeline import ingest
from rag.embedding import Embedder
from rag.settings import load_settings
from tests.browser import ask, is_inside, open_tab
from tests.conftest import Served, open_page
from tests.llm_server import ScriptedModel, waited
from tests.test_load import make_pdf

pytestmark = pytest.mark.browser
SPENT = "How much did China spend on R&D in 2024?"


def test_the_first_visit_explains_itself_and_names_the_mode(page: Any) -> None:
    assert "click on its number" in page.locator(".bd-welcome p").inner_text()
    assert page.locator(".bd-badge").inner_text() == "no model: quotations only"
    assert page.locator(".bd-suggestion").count() >= 3


def test_a_question_gets_a_cited_answer_and_a_click_shows_the_quotation(page: Any) -> None:
    turn = ask(page, "Which mechanisms are new?")
    assert "differentiated development paths" in turn.locator(".bd-sentence").first.inner_text()
    assert "quotation stands" in turn.locator(".bd-checked").first.inner_text()
    turn.locator(".bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    assert "differentiated development paths" in page.locator("#bd-source mark").first.inner_text()
    assert is_inside(page, "#bd-source mark"), "the quotation is scrolled into view"
    head = page.locator(".bd-source-head").inner_text()
    assert "2025-06-30" in head or "2026-11-24" in head


def test_a_number_shows_its_quotation_when_it_is_pointed_at_or_focused(page: Any) -> None:
    chips = ask(page, "What are the five recommendations to the EU?").locator(".bd-chip")
    chips.nth(1).hover()
    card = page.locator("#bd-card")
    assert "Increase public and private investment" in card.inner_text()
    assert "ReConnect China, 2025-06-30" in card.inner_text()
    page.mouse.move(5, 5)
    card.wait_for(state="detached")
    chips.nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#bd-source mark')?.innerText.startsWith('Facilitate access')")
    assert page.evaluate("document.activeElement.textContent") == "3"
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('#bd-source mark')?.innerText.startsWith('Increase public')")


def test_every_suggestion_has_a_cited_answer(page: Any) -> None:
    for text in page.locator(".bd-welcome .bd-suggestion").all_inner_texts():
        page.locator(".bd-welcome .bd-suggestion", has_text=text).click()
        page.wait_for_selector(".bd-actions")
        assert page.locator(".bd-turn .bd-chip").count() > 0
        assert page.locator(".bd-abstained").count() == 0
        page.click(".bd-new")


def test_what_is_suggested_next_is_answered(page: Any) -> None:
    ask(page, SPENT)
    page.locator(".bd-next .bd-suggestion").first.wait_for()
    suggested = page.locator(".bd-next .bd-suggestion").first.inner_text()
    page.locator(".bd-next .bd-suggestion").first.click()
    page.wait_for_function("document.querySelectorAll('.bd-turn .bd-actions').length === 2")
    last = page.locator(".bd-turn").last
    assert last.locator(".bd-question").inner_text() == suggested
    assert last.locator(".bd-abstained").count() == 0


def test_what_the_documents_do_not_say_is_said_plainly(page: Any) -> None:
    turn = ask(page, "What is the capital of Australia?")
    assert turn.locator(".bd-abstained").inner_text() == "The documents do not say."
    assert turn.locator(".bd-quote").count() >= 1
    assert page.locator(".bd-next").count() == 0


def test_markup_in_a_question_is_shown_and_not_run(page: Any) -> None:
    turn = ask(page, "<img src=x onerror=alert(1)> Who coordinates ReConnect China?")
    assert "<img src=x" in turn.locator(".bd-question").inner_text()
    assert turn.locator("img").count() == 0
    page.reload()
    page.locator(".bd-turn .bd-actions").wait_for()
    assert page.locator(".bd-turn img, .bd-old img").count() == 0, "nor when it comes back from the browser's store"


def test_a_question_is_edited_and_asked_again(page: Any) -> None:
    ask(page, SPENT)
    ask(page, "What is involution?")
    page.locator(".bd-turn").first.locator("[data-do=edit]").click()
    box = page.locator("#bd-question textarea")
    assert box.input_value() == SPENT
    box.fill("How much did China spend on R&D in 2023?")
    box.press("Enter")
    page.wait_for_function(
        "document.querySelectorAll('.bd-turn').length === 1 && document.querySelector('.bd-actions')"
    )
    assert "3,335.71" in page.locator(".bd-turn").inner_text()


def test_an_answer_is_copied_with_its_sources(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, SPENT).locator("[data-do=copy]").click()
    page.wait_for_function("document.querySelector('#bd-said.bd-shown')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(SPENT)
    assert "3,632.68 billion yuan" in copied
    assert "[1] Research and development spending in 2024" in copied


def test_conversations_are_kept_found_reopened_and_deleted(page: Any) -> None:
    ask(page, SPENT)
    ask(page, "And in 2023?")
    page.reload()
    page.wait_for_function("document.querySelectorAll('.bd-turn .bd-actions').length === 2")
    turn = ask(page, "And in 2024?")
    assert "3,632.68" in turn.inner_text(), "a follow-up is understood after a reload"
    page.click(".bd-new")
    assert page.locator(".bd-turn").count() == 0
    ask(page, "What is involution?")
    assert page.locator(".bd-old").count() == 2
    page.fill("[data-do=find-conversation]", "3,335.71")
    assert page.locator(".bd-old").all_inner_texts() == [SPENT]
    page.click(".bd-old")
    page.wait_for_function("document.querySelectorAll('.bd-turn .bd-actions').length === 3")
    page.locator(".bd-delete").first.click()
    page.fill("[data-do=find-conversation]", "")
    assert page.locator(".bd-old").all_inner_texts() == ["What is involution?"]
    assert page.locator(".bd-turn").count() == 0


def test_a_link_asks_the_questions_of_a_conversation_again(page: Any, served: Served) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, SPENT)
    ask(page, "And in 2023?")
    page.click("[data-do=link]")
    page.wait_for_function("document.querySelector('#bd-said.bd-shown')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(served.url)
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_function("document.querySelectorAll('.bd-turn .bd-actions').length === 2")
    assert "3,335.71" in page.locator(".bd-turn").last.inner_text()


def test_an_opinion_stays_in_the_browser_until_it_is_sent(page: Any, served: Served) -> None:
    turn = ask(page, SPENT)
    turn.locator("[data-thumb=down]").click()
    assert turn.locator("[data-thumb=down]").get_attribute("aria-pressed") == "true"
    path = served.home / "feedback.jsonl"
    assert not path.exists()
    turn.locator("select").select_option("incomplete")
    turn.locator(".bd-form textarea").fill("The growth is missing.")
    turn.get_by_role("button", name="Send to this desk").click()
    page.wait_for_function("document.querySelector('#bd-said')?.innerText?.startsWith('Sent')")
    row = json.loads(path.read_text(encoding="utf-8"))
    assert (row["good"], row["reason"], row["comment"]) == (False, "incomplete", "The growth is missing.")
    assert row["question"] == SPENT


def test_an_answer_goes_to_the_evaluation_set_with_a_marked_quotation(page: Any, served: Served) -> None:
    turn = ask(page, SPENT)
    turn.locator("[data-do=to-set]").click()
    form = turn.locator(".bd-form")
    form.locator("textarea").fill("Eleven herrings.")
    form.locator("[data-do=add-to-set]").click()
    page.wait_for_function("document.querySelector('#bd-said')?.innerText?.includes('shares no figure')")
    form.locator("textarea").fill("It spent 3,632.68 billion yuan.")
    form.locator("[data-do=add-to-set]").click()
    page.wait_for_function("document.querySelector('#bd-said')?.innerText?.startsWith('Added')")
    question = load_set(served.home / "eval-set.jsonl")[-1]
    assert question.question == SPENT
    assert "3,632.68" in question.key_facts[0]
    assert "3,632.68" in question.gold[0].quote


@pytest.mark.parametrize("suffix", [".json", ".md", ".docx"])
def test_an_answer_s_receipt_is_downloaded_and_holds(page: Any, corpus_home: Path, tmp_path: Path, suffix: str) -> None:
    turn = ask(page, SPENT)
    with page.expect_download() as download:
        turn.locator(f"[data-receipt='{suffix}']").click()
    path = tmp_path / f"receipt{suffix}"
    download.value.save_as(path)
    if suffix == ".json":
        checked = check_receipt(path, load_settings(home=corpus_home))
        assert {quotation["state"] for quotation in checked["quotations"]} == {"stands"}
    else:
        assert path.stat().st_size > 500


def test_only_the_chosen_documents_are_asked(page: Any) -> None:
    page.locator("#bd-all-1").uncheck()
    assert page.locator(".bd-count").inner_text() == "1 of 32 documents are asked"
    turn = ask(page, "What did China spend on R&D in 2024?")
    assert turn.locator(".bd-open").all_inner_texts() == ["ReConnect China Policy Brief 24: Local conditions"]
    page.locator("#bd-all-1").check()
    assert page.locator(".bd-count").inner_text() == "All 32 documents are asked"
    page.locator(".bd-documents > details summary").first.click()
    page.select_option("[data-filter=publisher]", "ReConnect China")
    assert page.locator(".bd-count").inner_text() == "1 of 32 documents are asked"
    page.select_option("[data-filter=publisher]", "")
    page.fill("[data-filter=until]", "2025")
    assert page.locator(".bd-count").inner_text() == "1 of 32 documents are asked"
    page.fill("[data-filter=until]", "")
    page.locator("#bd-all-0").uncheck()
    page.locator("#bd-all-1").uncheck()
    turn = ask(page, SPENT)
    assert "no document matches" in turn.inner_text().lower()
    assert turn.locator("[data-do=retry]").count() == 1


def test_a_follow_up_says_how_it_was_understood(page: Any) -> None:
    ask(page, SPENT)
    turn = ask(page, "And in 2023?")
    assert "How much did China spend on R&D in 2023?" in turn.locator(".bd-understood").inner_text()
    assert "3,335.71" in turn.inner_text()


def test_a_comparison_is_a_table_that_fits_a_phone(page: Any) -> None:
    turn = ask(page, "Compare Intel and GlobalFoundries")
    assert turn.locator("table.bd-compare th[scope=col]").all_inner_texts() == ["Intel", "GlobalFoundries"]
    named = "getComputedStyle(document.querySelector('.bd-compare td[data-column=Intel]'), '::before').content"
    assert page.evaluate(named) == "none"
    page.set_viewport_size({"width": 390, "height": 860})
    assert page.evaluate(named) == '"Intel"', "where the columns stand below one another each says whose it is"
    page.set_viewport_size({"width": 1360, "height": 860})
    turn.locator(".bd-compare .bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    page.set_viewport_size({"width": 1360, "height": 860})


def test_one_column_at_a_time_on_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    turn = ask(page, "What are the five recommendations to the EU?")
    turn.locator(".bd-chip").nth(1).click()
    page.locator("#bd-source mark").first.wait_for()
    assert not page.locator("#bd-question").is_visible()
    assert is_inside(page, "#bd-source mark")
    for name, column in (("documents", "#bd-left"), ("conversation", "#bd-middle"), ("source", "#bd-right")):
        page.click(f"[data-show={name}]")
        shown = [one for one in ("#bd-left", "#bd-middle", "#bd-right") if page.locator(one).is_visible()]
        assert shown == [column]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1360, "height": 860})


def test_the_keyboard_finds_the_question_from_anywhere(page: Any) -> None:
    open_tab(page, "documents")
    page.keyboard.press("Control+k")
    page.wait_for_function("document.activeElement.matches('#bd-question textarea')")
    assert page.locator("#bd-question").is_visible()


def test_a_source_is_searched(page: Any) -> None:
    ask(page, "What is involution?").locator(".bd-open").first.click()
    page.locator(".bd-document").wait_for()
    page.fill("[data-do=find]", "price wars")
    page.wait_for_function("document.querySelector('.bd-found').innerText.startsWith('1 / ')")
    page.fill("[data-do=find]", "herrings")
    page.wait_for_function("document.querySelector('.bd-found').innerText === 'not found'")


def test_dark_and_light_are_remembered(page: Any) -> None:
    colour = "getComputedStyle(document.querySelector('.bd-top h1')).color"
    before = page.evaluate(colour)
    page.click("[data-do=theme]")
    page.wait_for_function(f"{colour} !== '{before}'")
    page.reload()
    page.wait_for_selector(".bd-suggestion")
    page.wait_for_function(f"{colour} !== '{before}'")


def test_the_page_speaks_chinese(page: Any) -> None:
    page.click("[data-do=language]")
    page.wait_for_function("document.querySelector('.bd-badge')?.innerText === '无模型：仅引文'")
    page.wait_for_function("document.querySelector('#bd-tab-ask-button')?.innerText.trim() === '提问'")
    assert page.locator("#bd-question textarea").get_attribute("placeholder") == "就文档提问"
    assert page.locator(".bd-count").inner_text() == "向全部 32 篇文档提问"
    turn = ask(page, "什么是新质生产力？")
    assert "引文属实" in turn.locator(".bd-checked").first.inner_text()
    assert turn.locator("[data-do=copy]").inner_text() == "复制"
    page.click("[data-do=language]")
    page.wait_for_function("document.querySelector('.bd-badge')?.innerText === 'no model: quotations only'")


def test_a_quotation_is_marked_on_the_page_of_a_pdf(
    browser: Any, corpus_home: Path, tmp_path: Path, embedder: Embedder
) -> None:
    home = tmp_path / "home"
    shutil.copytree(corpus_home, home)
    path = tmp_path / "harbour.pdf"
    path.write_bytes(
        make_pdf("The harbour of Varna was enlarged in 1997.", "The cranes of Varna lift 80 tonnes each day.")
    )
    ingest([str(path)], load_settings(home=home), embedder)
    served = Served(home)
    faults: list[str] = []
    try:
        page = open_page(browser, served.url, faults)
        ask(page, "How many tonnes do the cranes of Varna lift?").locator(".bd-chip").first.click()
        page.locator(".bd-pagemark").first.wait_for()
        assert "Page 2 of 2" in page.locator(".bd-paging").inner_text()
        assert is_inside(page, ".bd-pagemark")
        page.get_by_role("button", name="previous page").click()
        page.wait_for_function("document.querySelector('.bd-paging').innerText.startsWith('Page 1 of 2')")
        assert page.locator(".bd-pagemark").count() == 0
        page.get_by_role("button", name="text", exact=True).click()
        page.locator("#bd-source mark").wait_for()
        assert "80 tonnes" in page.locator("#bd-source mark").inner_text()
        page.close()
    finally:
        served.stop()
    assert faults == []


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
    page = open_page(browser, url, [])
    page.locator("#bd-question textarea").fill(SPENT)
    page.locator("#bd-question textarea").press("Enter")
    page.locator(".bd-sentence .bd-chip").first.wait_for()
    page.locator(".bd-unsupported .bd-why").first.wait_for()
    assert "9 billion" in page.locator(".bd-unsupported").first.inner_text()
    assert "Writing" in page.locator(".bd-waiting").inner_text()
    page.locator("#bd-question button.stop-button, #bd-question button[aria-label='Stop']").first.click()
    page.locator("[data-do=retry]").wait_for()
    assert waited(model.closed_by_client.is_set, 15)
    assert page.locator(".bd-waiting").count() == 0
    page.close()
