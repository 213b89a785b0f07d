"""A report as institutes write them: contents, links to what is cited, short forms, a list of works at its end."""

from __future__ import annotations

import pytest

from ingest.load import load
from rag.acronyms import introduced
from rag.chain import Desk
from rag.embedding import Embedder
from rag.expects import fits, introduces
from rag.glossary import Glossary
from rag.markup import without_references, without_targets
from rag.query import understand
from rag.sections import is_beside_the_text, lists_works, nearest_numbers, told_off
from rag.types import Document
from tests.test_chunk import cut
from tests.test_premise import desk_with

REPORT = """# Ferries as flexible loads

## Table of Contents

1. [What ferries need](#1-what-ferries-need)
2. [Sources of relief](#2-sources-of-relief)
3. [Works](#3-works)

## 1. What ferries need

The Coastal Ferry Charging Directive (CFCD, Directive 2031/17) requires ports to offer current to every ferry. Ports
that are subject to the CFCD count their berths. The CFCD is discussed in every port, and what the CFCD asks is seldom
liked. The queue grew to 12 berths ([Lindmoor Office, 2031, para 2.5](https://lindmoor.example/2031/queue-45.pdf)).

The Coastal Ferry Charging Directive was adopted on 4 March 2031 and entered into force on 9 May 2031. A review clause
of the CFCD asks for a report by June 2038.

Three forces drive the queue. First, **size**: ferries carry more cars. Second, **rules**: the directive sets dates.
Third, **habit**: crews like to charge at noon. None of them is new.

The Berth Carbon Score (BCS) standard, developed by the Lindmoor Foundation, says how clean a berth is. Develop your own
reading of the BCS before you use it.

## 2. Sources of relief

Seen from the grid, relief comes in two kinds: batteries on the quay and charging at night.

**Pay by the hour.** The council should let prices follow the hour. Crews in Corvo did so (Brandt et al., 2029).

## 3. Works

- Brandt, O. (2029). "What happens to ferries at night?" Alba University.
- Office of Lindmoor (2031). "The sources of relief for berths."
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    text = REPORT.replace("## 3. Works", "## 3. References").replace("#3-works", "#3-references")
    return desk_with(tmp_path_factory.mktemp("report"), "report.md", text, embedder)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("What is the CFCD?", "The Coastal Ferry Charging Directive (CFCD"),
        ("When was the CFCD adopted?", "The Coastal Ferry Charging Directive was adopted on 4 March 2031"),
        ("Who developed the BCS?", "The Berth Carbon Score (BCS) standard, developed by"),
        ("What are the sources of relief?", "Seen from the grid"),
    ],
)
def test_what_says_it_comes_first(report: Desk, question: str, begins: str) -> None:
    answer = report.ask(question)
    assert not answer.abstained
    assert answer.citations[0].quote.startswith(begins)


def test_what_is_told_off_one_by_one_is_a_list(report: Desk) -> None:
    quotes = [citation.quote for citation in report.ask("What are the three forces that drive the queue?").citations]
    assert [quote.split()[0] for quote in quotes] == ["Three", "First,", "Second,", "Third,"]
    assert quotes[-1].endswith("at noon.")


def test_titles_of_works_answer_only_who_asks_for_works(report: Desk) -> None:
    assert not any("Alba University" in c.quote for c in report.ask("What happens to ferries at night?").citations)
    cited = report.ask("Which sources does the report cite on ferries at night?")
    assert cited.citations[0].quote.startswith("Brandt, O. (2029).")


def test_a_table_of_contents_is_no_text() -> None:
    loaded = load(REPORT.encode(), "report.md")
    assert not any("](#" in loaded.text[block.start : block.end] for block in loaded.blocks)


def test_marks_close_with_the_sentence_before_them() -> None:
    document, passages = cut(
        "## Pay\n\n**Pay by the hour, and pay the crews.** The council should let prices follow.\n"
    )
    sentences = [document.text[a:b] for passage in passages for a, b in passage.sentences]
    assert not any(sentence.startswith("**") and sentence[2] == " " for sentence in sentences)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("grew to 12 ([Office, 2031, para 2.5](https://a.example/2031/q.pdf)).", "grew to 12  ."),
        ("as Corvo did (Brandt et al., 2029)", "as Corvo did  "),
        ("(Brandt, 2029a) says", "  says"),
        ("launched (June 2031) at sea", "launched (June 2031) at sea"),
        ("held (Alba, 2031)", "held (Alba, 2031)"),
        ("Directive 2031/17 and Article 36 ask", "  and   ask"),
        ("ISO/IEC 21031:2024 says", "  says"),
    ],
)
def test_years_and_numbers_of_works_and_laws_are_no_figures(text: str, read: str) -> None:
    assert without_references(text) == read


def test_a_figure_is_none_of_what_is_cited() -> None:
    asked = understand("How many berths wait?", Glossary())
    assert fits(asked, "Berths wait ([Office, 2031, para 2.5](https://a.example/2031)).") < 0
    when = understand("When was it adopted?", Glossary())
    assert fits(when, "It was adopted by the council (Brandt et al., 2029).") < 0


def test_where_a_link_leads_is_not_read_and_every_place_stays() -> None:
    text = "see [the paper](https://a.example/x_(y).pdf) on p. 3"
    assert without_targets(text) == "see [the paper]" + " " * 29 + " on p. 3"
    _, passages = cut(f"## Links\n\n{text}.\n")
    assert "example" not in passages[0].read
    assert len(passages[0].read) == len(passages[0].text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the United Methodist Church (UMC)", [("UMC", "United Methodist Church")]),
        ("the Ferry Charging Directive (FCD, Directive 2031/17)", [("FCD", "Ferry Charging Directive")]),
        ("small and medium enterprises (SMEs) and AI (artificial intelligence)",
         [("SME", "small and medium enterprises"), ("AI", "artificial intelligence")]),
        ("prices rose (IEA) again", []),
    ],
)  # fmt: skip
def test_short_forms_are_introduced_beside_long_ones(text: str, found: list[tuple[str, str]]) -> None:
    assert list(introduced(text)) == found


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("What is the BCS?", "The Berth Carbon Score (BCS) says how clean a berth is.", True),
        ("What is the BCS?", "The BCS is a matter of debate.", False),
        ("What is a lock?", "A lock is a chamber with two gates.", True),
        ("What is a lock?", "The lock was opened in 1990.", False),
    ],
)
def test_what_introduces_a_thing(question: str, sentence: str, expected: bool) -> None:
    assert introduces(understand(question, Glossary()), sentence) == expected


@pytest.mark.parametrize(
    ("section", "works", "beside"),
    [
        ("12. Sources", True, True),
        ("Annex > References", True, True),
        ("Sources of relief", False, False),
        ("2. Sources that differ", False, False),
        ("Notes", True, True),
        ("Summary", False, False),
    ],
)
def test_headings_of_what_is_no_text(section: str, works: bool, beside: bool) -> None:
    assert (lists_works(section), is_beside_the_text(section)) == (works, beside)


def test_what_is_told_off_ends_with_its_paragraph() -> None:
    text = "Two things matter. First, rain. Second, wind (see p. 3). The rest does not.\n\nThird, nothing."
    document = Document("", "", "", "", text)
    spans = [text[slice(*span)] for span in told_off(document, text.index(" First"))]
    assert spans == ["First, rain.", "Second, wind (see p. 3)."]
    assert told_off(document, 0) == []


LAWS = """# Two laws

## 2. Background: SB 53 and SB 61

### 2.1 SB 53: Harbour Accountability Act

SB 53, signed in 2031, requires ports to count what ships burn.

**Scope and applicability:**

- **Revenue threshold**: yearly revenues above $9 million
- **Estimated coverage**: about 260 ports on the list of the office

Corvo pays for one thing: boats.

### 2.2 SB 61: Ships and Financial Risk

SB 61 asks for a report on risks every second year.

**Scope and applicability:**

- **Revenue threshold**: yearly revenues above $5 million
- **Estimated coverage**: about 410 ports on the list of the office

Corvo pays for two things: quays and ships.

## 3. Certificates

The certificate of the office is free, and a committee of 3 to 5 reads each form. Many ask what SB 53 costs them.

## 4. References

- Corvo LLP, "SB 53 and SB 61: developments and litigation" (2031).

[Previous](a.md) | [Table of contents](b.md) | [Next](c.md)
"""


@pytest.fixture(scope="module")
def laws(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Desk:
    return desk_with(tmp_path_factory.mktemp("laws"), "laws.md", LAWS, embedder)


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("What is the revenue threshold of SB 53?", ["**Revenue threshold**: yearly revenues above $9 million"]),
        ("What is the revenue threshold of SB 61?", ["**Revenue threshold**: yearly revenues above $5 million"]),
        ("How many ports are covered by SB 61?", ["**Estimated coverage**: about 410 ports on the list of the office"]),
    ],
)
def test_a_numbered_law_is_not_the_one_beside_it(laws: Desk, question: str, quotes: list[str]) -> None:
    assert [citation.quote for citation in laws.ask(question).citations] == quotes


def test_what_is_to_be_had_for_nothing_is_a_price(laws: Desk) -> None:
    assert "is free" in laws.ask("How much does the certificate cost?").citations[0].quote


def test_a_comparison_quotes_no_titles_of_works_and_no_links_to_pages(laws: Desk) -> None:
    answer = laws.ask("Compare SB 53 and SB 61")
    assert answer.outline is not None
    assert {"Revenue threshold", "Estimated coverage"} <= {row.heading for row in answer.outline.rows}
    assert not any("Corvo" in c.quote or "Previous" in c.quote for c in answer.citations)  # nor what Corvo pays for


@pytest.mark.parametrize(
    ("section", "nearest"),
    [
        ("2. SB 53 and SB 61 > 2.1 SB 53", "2.  and  > 2.1 SB 53"),
        ("Options > Option B", "Options > Option B"),
        ("Phase 1 > Option B", "Phase 1 > Option B"),
    ],
)
def test_the_nearest_heading_says_which_it_is(section: str, nearest: str) -> None:
    assert nearest_numbers(section) == nearest
