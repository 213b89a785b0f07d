"""Lists, in whatever format they come: found as such, answered whole, and each of their items by its place."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ingest.lists import lists_of
from ingest.load import load
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.ordinal import asked_for
from rag.settings import load_settings

STEPS = ("Map the cables of the northern shore", "Lend two ships to the harbour of Corvo", "Train forty divers by 2030")
LEAD = "The paper makes three recommendations to the council of Alba:"
WRAPPED = (
    "{} so that what was decided in the spring does not have to be decided once more in the autumn, at twice the cost"
)


def as_markdown() -> bytes:
    items = "".join(f"{n}. {step}\n" + "   - Before winter\n" * (n == 2) for n, step in enumerate(STEPS, 1))
    return f"# Cables of Alba\n\nThe cables are old.\n\n{LEAD}\n\n{items}\nNothing else.\n".encode()


def as_html() -> bytes:
    items = "".join(f"<li><p>{step}</p><p>It is cheap.</p></li>" for step in STEPS)
    main = f"<main><h1>Cables of Alba</h1><p>{LEAD}</p><ul>{items}</ul><p>End.</p></main>"
    return f"<html><body>{main}</body></html>".encode()


def as_word() -> bytes:
    from docx import Document

    file, document = io.BytesIO(), Document()
    document.add_heading("Cables of Alba", 0)
    document.add_paragraph(LEAD)
    for step in STEPS:
        document.add_paragraph(step, style="List Number")
    document.save(file)
    return file.getvalue()


def as_slides() -> bytes:
    from pptx import Presentation

    file, deck = io.BytesIO(), Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = LEAD
    slide.placeholders[1].text = "\n".join(STEPS)
    deck.save(file)
    return file.getvalue()


def as_pdf() -> bytes:
    """Set as reportlab does by default: numbers without a point, larger than the text, items over several lines."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import ListFlowable, Paragraph, SimpleDocTemplate

    file, style = io.BytesIO(), getSampleStyleSheet()
    items = ListFlowable([Paragraph(WRAPPED.format(step), style["BodyText"]) for step in STEPS], bulletType="1")
    head = [Paragraph("Cables of Alba", style["Title"]), Paragraph(LEAD, style["BodyText"])]
    SimpleDocTemplate(file, title="Cables of Alba").build([*head, items, Paragraph("Nothing else.", style["BodyText"])])
    return file.getvalue()


def as_text() -> bytes:
    items = "\n".join(f"({n}) {step}" for n, step in zip("abc", STEPS, strict=True))
    return f"Cables of Alba\n\n{LEAD}\n{items}\n\nNothing else is asked for in this text.\n".encode()


FORMATS = {
    "cables.md": as_markdown,
    "cables.html": as_html,
    "cables.docx": as_word,
    "cables.pdf": as_pdf,
    "cables.txt": as_text,
}


def lists(data: bytes, name: str) -> list[tuple[str, list[str]]]:
    """Introduction and items of each list of a file."""
    loaded = load(data, name)
    return [
        (loaded.text[slice(*one.lead)] if one.lead else "", [loaded.text[slice(*item)] for item in one.items])
        for one in lists_of(loaded.text, loaded.blocks)
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_a_list_is_found_with_what_introduces_it(name: str) -> None:
    lead, items = lists(FORMATS[name](), name)[0]
    assert lead == ("" if name.endswith(".txt") else LEAD), "in plain text that line is a heading"
    assert [" ".join(item.split()) for item in items] == [
        WRAPPED.format(step) if name.endswith(".pdf") else step for step in STEPS
    ]


def test_the_lines_of_a_slide_are_a_list() -> None:
    assert lists(as_slides(), "cables.pptx") == [("", list(STEPS))]


def test_a_list_within_an_item_is_one_of_its_own() -> None:
    assert lists(as_markdown(), "a.md")[1] == (STEPS[1], ["Before winter"])
    text = b"Ask for:\n- water\n  * clean\n  * cold\n- bread\n"
    assert lists(text, "a.txt") == [("", ["water", "bread"]), ("water", ["clean", "cold"])]
    below = b"1. Water comes first\n- clean\n- cold\n2. Bread comes second\n"
    assert lists(below, "a.txt") == [
        ("", ["Water comes first", "Bread comes second"]),
        ("Water comes first", ["clean", "cold"]),
    ]


def test_a_numbered_list_goes_on_behind_the_paragraphs_that_explain_its_items() -> None:
    text = (
        b"1. Dredge the port\n\nIt is shallow.\n\n2. Light the quay\n\nIt is dark.\n\n# Costs\n\n3. Not of this list\n"
    )
    assert lists(text, "a.md") == [("", ["Dredge the port", "Light the quay"])]


@pytest.mark.parametrize(("before", "after"), [("### 1. ", "### 2. "), ("Recommendation 1: ", "Recommendation 2: ")])
def test_numbered_sections_below_a_heading_are_a_list(before: str, after: str) -> None:
    sections = f"{before}Dredge the port\n\nIt is shallow.\n\n{after}Light the quay\n\nIt is dark."
    found = lists(f"# Alba\n\n## Recommendations\n\n{sections}\n\n## Costs\n\nNone.\n".encode(), "a.md")
    marks = [mark.removeprefix("### ") for mark in (before, after)]
    assert found == [("Recommendations", [f"{marks[0]}Dredge the port", f"{marks[1]}Light the quay"])]


def test_a_sentence_before_a_list_that_does_not_point_to_it_introduces_nothing() -> None:
    assert lists(b"The sea was calm that day.\n\n- first\n- second\n", "a.md") == [("", ["first", "second"])]


@pytest.fixture(scope="module")
def islands(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> dict[str, Desk]:
    """For each format a desk whose only document has the list."""
    desks: dict[str, Desk] = {}
    for name, made in FORMATS.items():
        folder: Path = tmp_path_factory.mktemp("list")
        (folder / name).write_bytes(made())
        settings = load_settings(home=folder / "home", llm="")
        assert not ingest([str(folder / name)], settings, embedder).refused
        desks[name] = Desk(settings, embedder)
    return desks


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "question", ["What are the three recommendations to the council of Alba?", "What does the paper recommend?"]
)
def test_a_list_is_answered_whole_in_every_format(islands: dict[str, Desk], name: str, question: str) -> None:
    answer = islands[name].ask(question)
    said = [sentence.text for sentence in answer.sentences]
    assert [text for text in said if text != LEAD] == [
        WRAPPED.format(step) if name.endswith(".pdf") else step for step in STEPS
    ]
    assert all(c.document.text[c.start : c.end] == c.quote for c in answer.citations)


@pytest.mark.parametrize(
    ("question", "place", "noun"),
    [
        ("What is the second recommendation?", 1, "recommend"),
        ("What is the third of the five key risks?", 2, "risk"),
        ("What does recommendation 4 say?", 3, "recommend"),
        ("Which is the last measure?", -1, "measur"),
        ("What is the 2nd option?", 1, "option"),
    ],
)
def test_what_is_asked_for_by_its_place(question: str, place: int, noun: str) -> None:
    assert (place, noun) in [(nth.place, nth.noun) for nth in asked_for(question)]


@pytest.mark.parametrize("name", FORMATS)
def test_one_item_is_answered_by_its_place(islands: dict[str, Desk], name: str) -> None:
    (sentence,) = islands[name].ask("What is the third recommendation to the council of Alba?").sentences
    assert sentence.text.startswith(STEPS[2])


def test_a_conversation_goes_through_a_list(islands: dict[str, Desk]) -> None:
    asked = [
        "What are the three recommendations to Alba?",
        "What about the second one?",
        "and the last?",
        "And the ninth?",
    ]
    turns = islands["cables.html"].converse(asked)
    assert turns[1].answer.text == f"{STEPS[1]} It is cheap."
    assert turns[1].answer.understood == f"{asked[0]} (second)"
    assert turns[2].answer.text == f"{STEPS[2]} It is cheap."


def test_the_recommendations_of_the_brief_are_found_however_they_are_asked_for(desk: Desk) -> None:
    for question in ("What are the five recommendations?", "What does the brief recommend?", "What should the EU do?"):
        answer = desk.ask(question)
        assert len(answer.sentences) == 5, question
    assert answer.text not in desk.ask("What should China do?").text, "that is advice for the EU"
    fourth = desk.ask("What is the fourth recommendation of the brief?")
    assert fourth.text == answer.sentences[3].text
    assert desk.ask("When was the Third Plenum held?").citations[0].document.name == "05-concept-third-plenum.md"


def test_a_list_within_numbered_parts_is_answered_by_its_own_introduction(tmp_path: Path, embedder: Embedder) -> None:
    parts = (
        "## 1. The aims\n\nTarget sectors of the plan:\n\n- ships\n- cables\n- tides\n\n## 2. Its cost\n\nUnknown.\n"
    )
    (tmp_path / "plan.md").write_text(f"# The plan of Alba\n\n{parts}", encoding="utf-8")
    settings = load_settings(home=tmp_path / "home", llm="")
    ingest([str(tmp_path / "plan.md")], settings, embedder)
    answer = Desk(settings, embedder).ask("What are the three target sectors of the plan of Alba?")
    assert [sentence.text for sentence in answer.sentences] == ["ships", "cables", "tides"]
