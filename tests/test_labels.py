"""Lines of a label and what it says, as fact sheets have them; and Markdown's marks, which are not read aloud."""

from __future__ import annotations

import pytest

from ingest.chunk import block_sentences
from ingest.load import load
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.labels import label_of, without_label
from rag.markup import without_markup
from rag.settings import load_settings
from rag.types import Passage

SHEETS = """# Two ports

## Port of Alba

**Founding Date**: 3 May 1961
**Owner**: the city of Alba
**Employees**: 17,000

**Cost.** About 500 euros a metre, [says the office](https://alba.example/cost).

## Port of Corvo

**Founding Date**: 9 June 1988
**Owner**: the state of *Lindmoor*
**Employees**: 4,000

| Quay | Depth | Owner |
|------|-------|-------|
| North | 9 m | **Vega Ferries** |
| South | 12 m | the state |

The port of Corvo is smaller than those of the north. Vega Ferries calls there every day.

**Known issues.**

The cranes of Corvo freeze in hard winters.
"""


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    folder = tmp_path_factory.mktemp("ports")
    (folder / "ports.md").write_text(SHEETS, encoding="utf-8")
    settings = load_settings(home=folder / "home", llm="")
    ingest([str(folder / "ports.md")], settings, embedder)
    return Desk(settings, embedder)


def test_a_labelled_line_is_a_sentence_and_a_label_belongs_to_what_it_labels() -> None:
    loaded = load(SHEETS.encode(), "ports.md")
    said = [loaded.text[a:b] for block in loaded.blocks[2:4] for a, b in block_sentences(loaded.text, block)]
    assert said[:3] == ["**Founding Date**: 3 May 1961", "**Owner**: the city of Alba", "**Employees**: 17,000"]
    assert said[3].startswith("**Cost.** About 500 euros")


@pytest.mark.parametrize(
    ("line", "label", "rest"),
    [
        ("**Founding Date**: 3 May 1961", "Founding Date", "3 May 1961"),
        ("Employees: 17,000", "Employees", "17,000"),
        ("**Cost:** 500 euros", "Cost", "500 euros"),
        ("It opened in 1961.", "", "It opened in 1961."),
        ("x" * 5000, "", "x" * 5000),  # in time, too
        (
            "The council decided in the spring of that year: nothing.",
            "",
            "The council decided in the spring of that year: nothing.",
        ),
    ],
)
def test_labels(line: str, label: str, rest: str) -> None:
    assert (label_of(line), without_label(line)) == (label, rest)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("**Bold**, *slanted*, __bold__, _slanted_ and `code`", "Bold, slanted, bold, slanted and code"),
        ("[a link](https://a.example/b_(c)) and ![a picture](x.png)", "a link and a picture"),
        ("2 * 3 * 4, snake_case_name and [S1]", "2 * 3 * 4, snake_case_name and [S1]"),
    ],
)
def test_marks_of_markdown_are_not_read(written: str, read: str) -> None:
    assert without_markup(written) == read


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When was the port of Alba founded?", "Founding Date: 3 May 1961"),
        ("When was the port of Corvo founded?", "Founding Date: 9 June 1988"),
        ("How many employees does the port of Corvo have?", "Employees: 4,000"),
        ("Who owns the port of Corvo?", "Owner: the state of Lindmoor"),
    ],
)
def test_a_fact_sheet_is_asked_for_its_facts(ports: Desk, question: str, expected: str) -> None:
    answer = ports.ask(question)
    assert answer.sentences[0].text == expected
    first = answer.citations[0]
    assert first.document.text[first.start : first.end] == first.quote


def test_a_fact_of_another_is_none(ports: Desk) -> None:
    assert ports.ask("How many employees does Vega Ferries have?").abstained


def test_a_comparison_sets_the_same_labels_side_by_side(ports: Desk) -> None:
    outline = ports.ask("Compare the port of Alba and the port of Corvo").outline
    assert outline
    assert {"Employees", "Owner", "Founding Date"} <= {row.heading for row in outline.rows}


def test_a_bold_line_heads_what_stands_below_it(ports: Desk) -> None:
    answer = ports.ask("What are known issues of the port of Corvo?")
    assert answer.text == "The cranes of Corvo freeze in hard winters."
    assert answer.citations[0].passage.section.endswith("Port of Corvo > Known issues")


def test_a_row_of_markdown_is_read_with_the_names_of_its_columns(ports: Desk) -> None:
    answer = ports.ask("What is the depth of the south quay of Corvo?")
    assert answer.sentences[0].text == "Quay: South | Depth: 12 m | Owner: the state"
    (row,) = answer.citations[:1]
    assert row.quote == "| South | 12 m | the state |"
    assert row.passage.columns == ["Quay", "Depth", "Owner"]
    assert "Quay" not in row.passage.section
    assert "Vega Ferries" in ports.ask("Who is the owner of the north quay?").text


def test_a_bar_in_a_heading_makes_no_columns() -> None:
    under = Passage("", "", 0, 5, "Text.", "Ports | Alba")
    assert (under.section, under.columns) == ("Ports | Alba", [])


def test_one_label_that_says_all_is_enough(ports: Desk) -> None:
    assert ports.ask("How many employees does the port of Alba have?").text == "Employees: 17,000"
