"""Comparisons, summaries and briefings: laid out, and every sentence of them quoted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.ui.conversation import render_answer
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.filters import Filter
from rag.settings import load_settings
from rag.task import Task, task_of
from rag.types import Answer
from rag.weighed import asked_of_each, weighed
from tests.conftest import run_cli
from tests.test_answers import BRIEF, assert_sound


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Compare Chengdu and Chongqing", Task("comparison", ("Chengdu", "Chongqing"))),
        ("compare the EU with China in terms of wages?", Task("comparison", ("the EU", "China"), "wages")),
        ("What is the difference between Go West and the 15th plan?", Task("comparison", ("Go West", "the 15th plan"))),
        ("How does Chengdu differ from Gansu in size?", Task("comparison", ("Chengdu", "Gansu"), "size")),
        ("比较成都和重庆", Task("comparison", ("成都", "重庆"))),
        ("Summarise this document", Task("summary", ("this document",))),
        ("give me a short summary of the brief", Task("summary", ("the brief",))),
        ("Brief me on chips in Chengdu.", Task("briefing", ("chips in Chengdu",))),
        ("Tell me about involution", Task("briefing", ("involution",))),
        ("What is this brief about?", Task("summary", ("this brief",))),
        ("What does the paper say?", Task("summary", ("the paper",))),
        ("What are the key findings of the report on rare earths?", Task("summary", ("the report on rare earths",))),
        ("What is the conclusion of the brief?", Task("summary", ("the brief",))),
        ("这份简报讲了什么？", Task("summary", ("这份简报",))),
        ("How is the coast different from the west?", Task("comparison", ("the coast", "the west"))),
        ("What is this about?", Task("summary")),
        ("What are the main findings?", Task("summary")),
        ("Give me a quick overview please", Task("summary")),
        ("Key takeaways?", Task("summary")),
        ("总结一下", Task("summary")),
        ("What do the documents say?", Task("overview")),
        ("Summarise all documents", Task("overview")),
        ("What can I ask you about?", Task("overview")),
        ("What can you do?", Task("overview")),
        ("Who are you?", Task("overview")),
        ("Which topics are covered?", Task("overview")),
        ("我可以问什么？", Task("overview")),
        ("What are the main regions?", None),
        ("What can you tell me about drones?", None),
        ("What do the documents say about chips?", None),
        ("What does the brief say about Chengdu?", None),
        ("What does the brief compare?", None),
        ("Who wrote the summary of the plan?", None),
    ],
)  # fmt: skip
def test_what_is_to_be_composed_is_read_from_the_question(question: str, expected: Task | None) -> None:
    assert task_of(question) == expected


def assert_laid_out(answer: Answer) -> None:
    assert_sound(answer)
    assert answer.outline is not None
    placed = [i for row in answer.outline.rows for cell in row.cells for i in cell]
    assert set(placed) == set(range(len(answer.sentences)))
    assert all(len(row.cells) == len(answer.outline.columns) for row in answer.outline.rows)
    assert all(sentence.supported for sentence in answer.sentences)


def test_a_comparison_is_a_table_with_citations_in_its_cells(desk: Desk) -> None:
    answer = desk.ask("Compare Intel and GlobalFoundries")
    assert_laid_out(answer)
    assert answer.outline is not None
    assert answer.outline.columns == ("Intel", "GlobalFoundries")
    for row in answer.outline.rows:
        for name, cell in zip(answer.outline.columns, row.cells, strict=True):
            document = answer.citations[answer.sentences[cell[0]].citations[0] - 1].document
            assert name in answer.sentences[cell[0]].text or name in document.text
    html = render_answer(answer, {})
    assert "<table" in html
    assert html.count("bd-chip") >= 2


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Is Alba's output higher than Corvo's?", ("What is Alba's output?", "What is Corvo's output?")),
        ("Has Alba's output overtaken that of Corvo?", ("What is Alba's output?", "What is Corvo's output?")),
        ("Is Alba ahead of Corvo in output?", ("What is Alba's output?", "What is Corvo's output?")),
        (
            "Did Alba have a larger fleet than Corvo in 2019?",
            ("What is Alba's fleet in 2019?", "What is Corvo's fleet in 2019?"),
        ),
        ("Is Alba bigger than Corvo?", ("How big is Alba?", "How big is Corvo?")),
        ("Which is larger, Alba or Corvo?", ("How large is Alba?", "How large is Corvo?")),
        (
            "Which has more ships, Alba or Corvo?",
            ("How many ships does Alba have?", "How many ships does Corvo have?"),
        ),
        (
            "Do ports spend more on steel than Corvo?",
            ("How much do ports spend on steel?", "How much does Corvo spend on steel?"),
        ),
        (
            "Does Alba spend less of its output on steel than Corvo?",
            (
                "What share of its output does Alba spend on steel?",
                "What share of its output does Corvo spend on steel?",
            ),
        ),
        ("Is there more than one port?", None),
        ("Is Alba more a village than a port?", None),
        ("Which port is the largest?", None),
    ],
)
def test_what_is_weighed_is_asked_of_both(question: str, asked: tuple[str, str] | None) -> None:
    task = weighed(question)
    assert (task and task.questions) == asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "What do the brief and the Alba Chamber of Commerce say about ports?",
            ("What does the brief say about ports?", "What does the Alba Chamber of Commerce say about ports?"),
        ),
        ("When did Alba and Corvo join the pact?", ("When did Alba join the pact?", "When did Corvo join the pact?")),
        ("What do firms and universities spend?", ("What do firms spend?", "What do universities spend?")),
        ("What do Alba and Corvo do together?", None),
        ("What did Luther tell monks and nuns about it?", None),
        ("What does Alba and its port cost?", None),
    ],
)
def test_what_is_asked_of_two_is_asked_of_each(question: str, asked: tuple[str, str] | None) -> None:
    task = asked_of_each(question)
    assert (task and task.questions) == asked


def test_what_two_say_stands_side_by_side(desk: Desk) -> None:
    answer = desk.ask("What do the brief and the EU Chamber of Commerce say about European firms in inland China?")
    assert answer.outline is not None
    brief, chamber = (" ".join(answer.sentences[place].text for place in cell) for cell in answer.outline.rows[0].cells)
    assert "access of European enterprises" in brief
    assert "regulatory barriers" in chamber
    assert_sound(answer)


def test_two_values_that_are_weighed_stand_side_by_side(desk: Desk) -> None:
    answer = desk.ask("Is China's R&D intensity higher than the EU's?")
    assert answer.outline is not None
    assert answer.outline.columns == ("China", "the EU")
    ((china, europe),) = (row.cells for row in answer.outline.rows)
    assert any("2.69 percent" in answer.sentences[place].text for place in china)
    assert not any("average of the European Union" in answer.sentences[place].text for place in china)
    assert any("2.27 percent" in answer.sentences[place].text for place in europe)
    assert_sound(answer)


def test_one_sentence_on_both_needs_no_table(desk: Desk) -> None:
    answer = desk.ask("Which has more people, Chengdu or Chongqing?")
    assert answer.outline is None
    assert "21.4 million" in answer.text
    assert "31.9 million" in answer.text


def test_where_one_side_has_no_value_nothing_is_weighed(desk: Desk) -> None:
    assert desk.ask("Is China's R&D intensity higher than Norway's?").outline is None


def test_what_the_documents_do_not_know_is_not_compared(desk: Desk) -> None:
    for question in ("Compare Paris and Tokyo", "Compare Chengdu and Tokyo"):
        answer = desk.ask(question)
        assert answer.abstained
        assert answer.citations


@pytest.mark.parametrize("question", ["Summarise the brief", "Summarise this document", "What is the brief about?"])
def test_a_document_is_summarised_section_by_section(desk: Desk, question: str) -> None:
    answer = desk.ask(question, Filter(documents=(BRIEF,)))
    assert_laid_out(answer)
    assert {citation.document.name for citation in answer.citations} == {BRIEF}
    assert answer.outline is not None
    headings = [row.heading for row in answer.outline.rows]
    assert "Policy recommendations" in headings
    assert len(answer.outline.rows[headings.index("Policy recommendations")].cells[0]) == 5


REPORT = """# Tides of Lindmoor

## Executive summary

The tides of Lindmoor rose by 40 centimetres in a century. The harbour was raised twice for that.

## 1. Causes

### 1.1 The moon

The moon passes nearer to Lindmoor than it did. It lifts the water of the bay by a metre.

### 1.2 The seabed

The seabed sinks by two millimetres a year. Nobody knows why it sinks.

## 2. Prices

| year | price of a mooring |
|---|---|
| 2001 | 400 |

## Appendix A: Instruments

The gauge of the harbour was made in Alba in 1871 and repaired three times.
"""


def test_a_summary_goes_by_the_highest_headings_and_leaves_out_what_stands_beside(
    tmp_path: Path, embedder: Embedder
) -> None:
    (tmp_path / "tides.md").write_text(REPORT, encoding="utf-8")
    (tmp_path / "moorings.csv").write_text("year,price of a mooring\n2001,400\n2011,520\n", encoding="utf-8")
    settings = load_settings(home=tmp_path / "home", llm="")
    ingest([str(tmp_path)], settings, embedder)
    desk = Desk(settings, embedder)
    answer = desk.ask("What is the report on the tides of Lindmoor about?")
    assert_laid_out(answer)
    assert answer.outline is not None
    assert [row.heading for row in answer.outline.rows] == ["Executive summary", "1. Causes"]
    assert "gauge" not in answer.text
    rows = desk.ask("Summarise moorings.csv")
    assert [row.heading for row in rows.outline.rows] == ["moorings.csv"], "what has no headings stands under its title"
    assert "400" in rows.text, "where there are only rows, they are what it says"


def test_this_document_is_the_one_just_quoted(desk: Desk) -> None:
    turns = desk.converse(["How many firms in Chengdu make industrial drones?"])
    answer = desk.ask("Summarise this document", turns=turns)
    assert {c.document.name for c in answer.citations} == {turns[0].answer.citations[0].document.name}


def test_a_briefing_has_a_section_for_each_document(desk: Desk) -> None:
    answer = desk.ask("Brief me on the low-altitude economy")
    assert_laid_out(answer)
    assert answer.outline is not None
    titles = [row.heading for row in answer.outline.rows]
    assert len(titles) == len(set(titles)) >= 2
    assert "low-altitude" in titles[0]


def test_a_briefing_says_nothing_of_other_things_and_leaves_no_it_open(desk: Desk) -> None:
    about = desk.ask("Tell me about the Western Development Programme")
    assert all("Go West" in sentence.text or "Western Development" in sentence.text for sentence in about.sentences)
    chips = desk.ask("Tell me about semiconductors")
    assert any(sentence.text.startswith("The European Chips Act") for sentence in chips.sentences)
    assert not any(sentence.text.startswith(("It ", "Its ")) for sentence in (*about.sentences, *chips.sentences))


def test_a_summary_of_no_document_is_a_briefing_and_of_nothing_an_abstention(desk: Desk) -> None:
    assert desk.ask("Summarise chips in Chengdu").outline is not None
    assert desk.ask("Summarise the history of jazz in Argentina").abstained


@pytest.mark.parametrize("question", ["What is this about?", "What are the key findings?", "Give me an overview"])
def test_what_a_newcomer_asks_first_gets_the_document_that_all_is_about(desk: Desk, question: str) -> None:
    answer = desk.ask(question)
    assert_laid_out(answer)
    assert {citation.document.name for citation in answer.citations} == {BRIEF}
    notes = desk.ask(question, Filter(documents=("1*.md",)))
    assert_laid_out(notes)
    assert len(notes.outline.rows) == len({citation.document.name for citation in notes.citations}) == 10
    assert all(citation.document.name.startswith("1") for citation in notes.citations)


def test_it_is_what_was_spoken_of(desk: Desk) -> None:
    turns = desk.converse(["When was the Third Plenum?"])
    answer = desk.ask("What is it about?", turns=turns)
    assert answer.outline is None
    assert "Third Plenum" in answer.understood


def test_an_overview_names_documents_with_what_they_begin_with(desk: Desk) -> None:
    answer = desk.ask("What do the documents say?")
    assert_laid_out(answer)
    assert answer.outline is not None
    assert answer.outline.kind == "overview"
    assert [row.heading for row in answer.outline.rows] == [citation.document.title for citation in answer.citations]
    assert answer.citations[0].document.name == BRIEF
    assert len(answer.citations) == 12
    read = {key: document.text for key, document in desk.library.documents.items()}
    for citation in answer.citations:
        assert citation.start < 0.3 * len(read[citation.document.id]), "it is what the document begins with"


def test_a_sentence_that_leans_on_another_compares_nothing(desk: Desk) -> None:
    answer = desk.ask("How is the coast different from the west?")
    assert_laid_out(answer)
    assert not [sentence.text for sentence in answer.sentences if sentence.text.startswith("It ")]


def test_the_command_prints_and_exports_the_layout(corpus_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    done = run_cli("ask", "Compare Intel and GlobalFoundries", "--json", "--receipt", str(path), home=corpus_home)
    assert json.loads(done.stdout)["outline"]["columns"] == ["Intel", "GlobalFoundries"]
    assert run_cli("verify", str(path), home=corpus_home).returncode == 0
    assert "Intel: " in run_cli("ask", "Compare Intel and GlobalFoundries", home=corpus_home).stdout
