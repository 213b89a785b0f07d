"""A position paper converted from a PDF: options under headings, lines of page after page, lists of figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.load import load
from rag.chain import Desk
from rag.embedding import Embedder
from rag.values import quantities
from rag.words import index_terms
from tests.test_premise import desk_with

PAPER = """Ref. Port(2031)4711 - 02/05/2031

# **Greyhaven position paper on the pilot boats of Alba**

Greyhaven Yards – contribution to the consultation of the Alba Council Author: Ola Brandt, head of public affairs

## **1. Summary**

Greyhaven asks the council for boats that pilots can board in rough weather. Rather than buying what others have built
before, Alba should invest in small electric boats that its own yards can repair.

Greyhaven Yards 2031/05 contribution on pilot boats 1

## **2. What is proposed**

After talks with the pilots it is clear that a small boat (Option A) should come before a full ferry (Option B).

### **2.1 Option A — Small electric boat (Recommended)**

- Purpose: boarding ships in waves of up to three metres.

- Hull: aluminium.

### **2.2 Option B — Full ferry**

- Purpose: carrying pilots and freight.

- Hull: steel.

- Cons: high price and slow delivery. Option B should be considered only after two winters with Option A.

Greyhaven Yards 2031/05 contribution on pilot boats 2

## **3. Risks**

Primary risks include ice, late batteries and a lack of trained crews. Mitigation strategies involve early orders and
courses for crews.

## **4. Conclusion and recommendations**

The recommended first step is an order of two small boats by the council.

Greyhaven Yards 2031/05 contribution on pilot boats 3

Annex: what has been invested in pilot boats

Corvo has invested more than all other ports combined:

- Corvo: $8-10 million

- All other ports together: $1-3 million

The yard at Sula builds to a plan that is based on an older ferry.
"""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    return desk_with(tmp_path_factory.mktemp("paper"), "paper.md", PAPER, embedder)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("What is Option A?", "Purpose: boarding ships"),
        ("What is Option B?", "Purpose: carrying pilots"),
        ("What should Alba invest in?", "Rather than buying"),
        ("How can the risks be mitigated?", "Mitigation strategies"),
        ("When should Option B be considered?", "Option B should"),
        ("What does the paper say about electric boats?", "Rather than buying"),
    ],
)
def test_what_is_asked_for_comes_first(paper: Desk, question: str, begins: str) -> None:
    answer = paper.ask(question)
    assert not answer.abstained
    assert answer.citations[0].quote.startswith(begins)


@pytest.mark.parametrize("question", ["How much did Greyhaven invest?", "Where is Greyhaven based?"])
def test_what_stands_beside_it_is_no_answer(paper: Desk, question: str) -> None:
    answer = paper.ask(question)
    assert answer.abstained or not any("million" in c.quote or "based on" in c.quote for c in answer.citations)


def test_a_list_of_figures_is_no_list_of_recommendations(paper: Desk) -> None:
    answer = paper.ask("What does Greyhaven recommend?")
    assert not answer.abstained
    assert not any("million" in citation.quote for citation in answer.citations)


def test_options_are_compared_by_what_is_said_of_each(paper: Desk) -> None:
    outline = paper.ask("Compare option A and option B").outline
    assert outline is not None
    assert {"Purpose", "Hull"} <= {row.heading for row in outline.rows}


def test_a_summary_leaves_out_what_stands_beside_the_text(paper: Desk) -> None:
    quotes = " ".join(citation.quote for citation in paper.ask("Summarise the document").citations)
    assert "electric boats" in quotes
    assert not any(beside in quotes for beside in ("Ref. Port", "Ola Brandt", "contribution on pilot boats"))


def test_a_heading_is_named_without_its_marks(paper: Desk) -> None:
    citation = paper.ask("What is Option B?").citations[0]
    assert citation.passage.section.endswith("2.2 Option B — Full ferry")
    assert citation.document.title == "Greyhaven position paper on the pilot boats of Alba"


def page_lines(*lines: str) -> list[str]:
    """Which of these lines, each behind a page of text, are read."""
    prose = "The pilots of Alba board the ships by ladder, which is safe when the sea is calm. " * 5
    loaded = load("\n\n".join(f"{prose}\n\n{line}" for line in lines).encode(), "a.md")
    read = [loaded.text[block.start : block.end] for block in loaded.blocks]
    return [line for line in lines if line in read]


def test_lines_of_page_after_page_are_no_text() -> None:
    assert page_lines(*(f"Harbour Office of Alba | Annual report | {n}" for n in (7, 8, 9))) == []
    assert page_lines("1", "2", "3") == []
    kept = [f"Recommendation {n}" for n in (1, 2, 3)]
    assert page_lines(*kept) == kept
    years = [f"The catch of the whole fleet in {year}" for year in (2031, 2035, 2032)]
    assert page_lines(*years) == years


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$15-30 billion", [("15000000000", "dollar"), ("30000000000", "dollar")]),
        ("10–15%", [("10", "percent"), ("15", "percent")]),
        ("over 36-48 months", [("36", "month"), ("48", "month")]),
        ("between 3 and 5 million euro", [("3000000", "euro"), ("5000000", "euro")]),
        ("it grew from 4.1 to 12.1 percent", [("4.1", "percent"), ("12.1", "percent")]),
        ("5 and 10 percent", [("5", ""), ("10", "percent")]),
        ("from 30 percent to 5 million", [("30", "percent"), ("5000000", "")]),
        ("Article 5 - 10 million euro", [("5", ""), ("10000000", "euro")]),
    ],
)
def test_both_ends_of_a_range_have_its_unit(text: str, found: list[tuple[str, str]]) -> None:
    assert [(f"{quantity.value:f}", quantity.unit) for quantity in quantities(text)] == found


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Compare option A and option B", ["compar", "option", "A", "option", "b"]),
        ("see Annex A: the plan", ["see", "annex", "A", "plan"]),
        ("A plan, and A plan", ["plan", "plan"]),
        ("Building A Harbour", ["build", "harbour"]),
    ],
)
def test_a_letter_that_names_one_of_several_is_looked_for(text: str, terms: list[str]) -> None:
    assert index_terms(text) == terms


def test_what_was_named_last_is_what_a_sentence_without_a_name_is_about(tmp_path: Path, embedder: Embedder) -> None:
    text = (
        "Alba spent 40 million crowns on its pilots in 2031. That was a tenth more than in 2030. The intensity of "
        "dredging reached 2.69 percent in 2031, which the council called a record in a statement of the same year.\n\n"
        "Seven ports had an intensity of dredging above the mean of all ports of Lindmoor of 2.4 percent in 2031.\n"
    )
    desk = desk_with(tmp_path, "a.txt", text, embedder)
    assert "2.69 percent" in desk.ask("What was the intensity of dredging of Alba in 2031?").citations[0].quote
