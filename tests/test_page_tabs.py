"""Documents, Learn and Check in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from eval.diagnose import STAGES
from tests.browser import ask, is_inside, open_tab
from tests.conftest import Served, open_page
from tests.test_load import make_pdf

pytestmark = pytest.mark.browser


@pytest.fixture
def own(browser: Any, corpus_home: Path, tmp_path: Path) -> Iterator[tuple[Any, Served]]:
    """A page with a home of its own, which the test may change."""
    shutil.copytree(corpus_home, tmp_path / "home")
    served = Served(tmp_path / "home")
    faults: list[str] = []
    page = open_page(browser, served.url, faults)
    yield page, served
    page.close()
    served.stop()
    assert faults == []


# -- Documents


def test_the_library_lists_and_finds_its_documents(page: Any) -> None:
    open_tab(page, "documents")
    rows = page.locator("#bd-documents tbody tr")
    assert rows.count() == 32
    assert "2025-06-30" in rows.first.inner_text()
    page.fill("[data-do=find-document]", "involution")
    assert page.locator("#bd-documents tbody tr:visible").count() == 1
    assert page.locator("[data-remove]").count() == 0, "what lies in the corpus folder is not removed by the page"


def test_a_card_sums_up_a_document_with_citations_and_questions(page: Any) -> None:
    open_tab(page, "documents")
    page.click("[data-card]:has-text('Chips and electronics in Chengdu')")
    card = page.locator(".bd-card")
    card.locator(".bd-suggestion").first.wait_for()
    assert card.locator(".bd-sentence .bd-chip").count() >= 2
    assert card.locator(".bd-term").count() >= 2
    card.locator(".bd-suggestion").first.click()
    page.locator(".bd-turn .bd-actions").wait_for()
    assert page.locator(".bd-turn .bd-abstained").count() == 0


def test_a_file_is_added_asked_removed_and_put_back(own: tuple[Any, Served], tmp_path: Path) -> None:
    page, _ = own
    good, bad = tmp_path / "harbour.pdf", tmp_path / "broken.pdf"
    good.write_bytes(make_pdf("The harbour of Varna was enlarged in 1997 by a Dutch firm."))
    bad.write_bytes(b"no PDF at all")
    open_tab(page, "documents")
    page.click("#bd-add button")
    page.set_input_files("#bd-add-files input[type=file]", [str(good), str(bad)])
    page.locator("#bd-add-files").get_by_text("harbour.pdf").wait_for()
    page.click("#bd-add-start")
    added = page.locator(".bd-added")
    added.wait_for(timeout=60_000)
    assert "added harbour.pdf" in added.inner_text()
    assert "refused broken.pdf: it is not a readable PDF" in added.inner_text()
    page.locator("[data-remove]").wait_for()
    open_tab(page, "ask")
    turn = ask(page, "When was the harbour of Varna enlarged?")
    assert "1997" in turn.locator(".bd-sentence").first.inner_text()
    page.wait_for_function("document.querySelector('.bd-count').innerText.includes('33')")

    open_tab(page, "documents")
    page.click("[data-remove]")
    page.locator("[data-do=undo]").wait_for(timeout=60_000)
    assert page.locator("#bd-documents tbody tr").count() == 32
    open_tab(page, "ask")
    assert ask(page, "When was the harbour of Varna enlarged?").locator(".bd-abstained").count() == 1

    open_tab(page, "documents")
    page.click("[data-do=undo]")
    page.wait_for_function("document.querySelectorAll('#bd-documents tbody tr').length === 33", timeout=60_000)
    open_tab(page, "ask")
    assert "1997" in ask(page, "When was the harbour of Varna enlarged?").inner_text()


def test_an_address_that_is_none_is_refused_in_one_sentence(page: Any) -> None:
    open_tab(page, "documents")
    page.click("#bd-add button")
    page.fill("#bd-add-addresses textarea", "file:///etc/passwd")
    page.click("#bd-add-start")
    page.locator("#bd-add-progress .bd-error").wait_for()
    assert "it must begin with http" in page.locator("#bd-add-progress").inner_text()


def test_the_map_shows_documents_and_topics(page: Any) -> None:
    open_tab(page, "documents")
    page.click("[data-view=map]")
    page.locator(".bd-spot").first.wait_for(timeout=60_000)
    assert page.locator(".bd-spot").count() == 32
    assert page.locator(".bd-topic").count() >= 10
    assert page.locator(".bd-spot:not(.bd-crowded)").count() >= 10
    page.locator(".bd-spot[data-group=brief]").click()
    page.locator(".bd-card h3").wait_for()
    assert "Policy Brief 24" in page.locator(".bd-card h3").inner_text()


def test_the_timeline_leads_to_quotations(page: Any) -> None:
    open_tab(page, "documents")
    page.click("[data-view=timeline]")
    page.locator(".bd-timeline li").first.wait_for(timeout=60_000)
    years = [int(text) for text in page.locator(".bd-timeline h4").all_inner_texts()]
    assert years == sorted(years)
    event = page.locator(".bd-timeline li", has_text="Tianfu New Area was approved")
    assert event.locator("time").inner_text() == "Oct"
    event.locator(".bd-chip").click()
    page.locator("#bd-source mark").first.wait_for()
    assert "Tianfu New Area" in page.locator("#bd-source mark").first.inner_text()
    assert is_inside(page, "#bd-source mark")


# -- Learn


def test_the_path_leads_through_its_steps(page: Any) -> None:
    open_tab(page, "learn")
    titles = []
    for number in range(7):
        stage = page.locator(".bd-stage:visible")
        stage.wait_for()
        titles.append(stage.locator("h3").inner_text())
        assert stage.locator(".bd-sentence .bd-chip").count() == 3
        assert stage.locator("[data-ask]").count() == 3
        assert stage.locator(".bd-exercise textarea").count() == 1
        if number < 6:
            page.locator("#bd-path button:visible", has_text="Next step").click()
            page.wait_for_function(f"document.querySelector('#bd-step-{number + 1} .bd-stage')?.offsetParent")
    assert titles[0].endswith("What is this brief about?")
    assert titles[-1].endswith("What should the EU do?")


def test_every_question_of_the_path_is_answered(page: Any, desk: Any) -> None:
    from app.learn import load_path
    from eval.dataset import DEFAULT_SET, load_set

    questions = {question.id: question for question in load_set(DEFAULT_SET)}
    stages = load_path(desk.settings.corpus / "path.yaml", desk, questions)
    assert 6 <= len(stages) <= 8
    for stage in stages:
        assert len(stage.said) == 3, stage.title
        assert stage.check is not None
        for question in stage.ask:
            assert not desk.ask(question).abstained, question


def test_an_answer_in_own_words_is_graded_and_remembered(page: Any) -> None:
    open_tab(page, "learn")
    stage = page.locator(".bd-stage:visible")
    stage.locator("textarea").fill("On how the 15th Five-Year Plan is carried out.")
    stage.locator("[data-do=grade]").click()
    verdict = stage.locator(".bd-verdict")
    verdict.wait_for()
    assert verdict.inner_text() == "right"
    assert stage.locator(".bd-result .bd-chip").count() >= 1
    page.reload()
    open_tab(page, "learn")
    page.wait_for_function("document.querySelector('.bd-progress')?.innerText.startsWith('1 of ')")
    page.evaluate("() => { window.print = () => { window.printed = document.querySelector('#bd-print').innerText; }; }")
    page.click("[data-do=print]")
    assert "What will the ultimate success" in page.evaluate("window.printed")


def test_the_glossary_is_found_in_chinese_and_pinyin_and_shows_where(page: Any) -> None:
    open_tab(page, "learn")
    page.locator(".bd-entry").first.wait_for()
    assert page.locator(".bd-entry").count() >= 70
    for words in ("内卷", "neijuan", "nei juan", "involution"):
        page.fill("[data-do=find-term]", words)
        assert page.locator(".bd-entry").first.get_attribute("data-entry") == "involution"
    page.click("[data-where=involution]")
    page.locator(".bd-occurrences li").first.wait_for()
    page.locator(".bd-occurrences .bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    assert "nvolution" in page.locator("#bd-source mark").first.inner_text()


def test_flash_cards_turn_and_are_counted(page: Any) -> None:
    open_tab(page, "learn")
    page.click("[data-do=cards]")
    front = page.locator(".bd-front").inner_text()
    assert not page.locator(".bd-back").is_visible()
    page.click("[data-do=flip]")
    assert page.locator(".bd-back").is_visible()
    page.click("[data-do=known]")
    assert "1 of " in page.locator(".bd-flash .bd-note").inner_text()
    assert page.locator(".bd-front").inner_text() != front


# -- Check


def test_an_answer_from_elsewhere_is_verified_sentence_by_sentence(page: Any) -> None:
    open_tab(page, "check")
    page.fill(
        "#bd-verify textarea",
        "China spent 3,632.68 billion yuan on research and development in 2024. "
        "Universities spent 900 billion yuan of it.",
    )
    page.click("[data-do=verify]")
    page.locator("#bd-verify .bd-verdict-line").wait_for()
    assert page.locator("#bd-verify .bd-verdict-line").inner_text().startswith("1 of 2 sentences")
    assert page.locator("#bd-verify .bd-unsupported").count() == 1
    assert "900 billion" in page.locator("#bd-verify .bd-why").inner_text()


def test_the_harness_runs_compares_and_leads_to_a_question(own: tuple[Any, Served]) -> None:
    page, _ = own
    open_tab(page, "check")
    page.click("#bd-run")
    page.locator("#bd-result progress").wait_for()
    page.click("#bd-stop")
    page.wait_for_function("document.querySelector('#bd-result').innerText.trim() === 'Stopped.'")
    page.click("#bd-run")
    page.locator(".bd-figures").wait_for(timeout=120_000)
    figures = page.locator(".bd-figures").inner_text()
    assert "answer right, with right evidence" in figures
    assert "[" in figures, "with their intervals"
    assert "silent" in figures, "beside what costs nothing"
    stages = dict(line.split(": ") for line in page.locator(".bd-stages").inner_text().splitlines())
    assert set(stages) <= set(STAGES), "each where an answer can go wrong"
    assert int(stages["wrongly abstained"]) > 0
    with page.expect_download() as saved:
        page.click("[data-report]")
    assert "Where it went wrong" in saved.value.path().read_text(encoding="utf-8")
    assert page.locator(".bd-plot").count() == 0, "one run is no line"
    page.locator(".bd-outcomes [data-run]").first.click()
    page.locator("#bd-result .bd-card").wait_for()
    sides = page.locator("#bd-result .bd-sides > div")
    assert sides.locator("h4").all_inner_texts() == ["Expected", "Got"]
    assert sides.first.locator("mark").count() >= 1, "the gold quotation, marked in its source"
    boxes = [sides.nth(i).bounding_box() for i in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"], "side by side"
    page.locator("#bd-result .bd-card .bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()

    open_tab(page, "check")
    page.click("#bd-compare-with button")
    page.check("#bd-compare-on input")
    page.locator("input[aria-label*='Passages read']").first.fill("3")
    page.click("#bd-run")
    page.wait_for_function("document.querySelector('.bd-figures')?.innerText.includes('k 3')", timeout=120_000)
    assert "second minus first" in page.locator(".bd-figures").inner_text()
    assert page.locator(".bd-plot svg").count() == 1


# -- all of them


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1360, 390])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(page: Any, dark: bool, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 860})
    if dark:
        page.click("[data-do=theme]")
    turn = ask(page, "What are the five recommendations to the EU?")
    turn.locator(".bd-chip").first.click()
    page.locator("#bd-source mark").first.wait_for()
    serious: list[str] = []
    for tab, ready in (
        ("ask", ".bd-turn"),
        ("documents", "#bd-documents tbody tr"),
        ("learn", ".bd-stage:visible"),
        ("check", "#bd-verify textarea"),
    ):
        open_tab(page, tab)
        page.locator(ready).first.wait_for(state="attached")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        for found in Axe().run(page).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                where = [node["html"][:140] for node in found["nodes"][:3]]
                serious.append(f"{tab}: {found['id']}: {where}")
    page.set_viewport_size({"width": 1360, "height": 860})
    assert serious == []
