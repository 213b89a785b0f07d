"""Answers say where sources differ, and what has happened since a source looked ahead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.filters import Filter
from rag.settings import load_settings
from tests.test_answers import assert_sound

Opened = Callable[..., Desk]


@pytest.fixture
def opened(tmp_path: Path, embedder: Embedder) -> Opened:
    def open_desk(**texts: str) -> Desk:
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        for name, text in texts.items():
            (corpus / f"{name}.md").write_text(text)
        settings = load_settings(home=tmp_path / "home", corpus=corpus)
        ingest([], settings, embedder)
        return Desk(settings, embedder)

    return open_desk


def note(title: str, date: str, text: str) -> str:
    return f"---\ntitle: {title}\ndate: {date}\n---\n\n{text}\n"


def test_another_value_for_the_same_quantity_is_shown_with_its_source(opened: Opened) -> None:
    desk = opened(
        one=note("Annual report", "2023-03-01", "The harbour of Lindmoor handled 4.1 million tonnes in 2022."),
        two=note("Revised figures", "2024-05-01", "In 2022 the harbour of Lindmoor handled 3.8 million tonnes."),
    )
    answer = desk.ask("How many tonnes did the harbour of Lindmoor handle in 2022?")
    assert_sound(answer)
    assert [d.note for d in answer.differences if "the sources differ" in d.note]
    shown = answer.text + answer.differences[0].citation.quote
    assert "4.1 million" in shown
    assert "3.8 million" in shown
    assert "2024-05-01" in answer.differences[0].note
    found = answer.differences[0].citation
    assert found.document.text[found.start : found.end] == found.quote
    assert found.number == len(answer.citations) + 1


@pytest.mark.parametrize(
    "other",
    [
        "In 2021 the harbour of Lindmoor handled 3.8 million tonnes.",
        "In 2022 the harbour of Crail handled 3.8 million tonnes.",
        "In 2022 the harbour of Lindmoor earned 3.8 million euro.",
        "In 2022 the harbour of Lindmoor handled 4.1 million tonnes.",
        "Fish made up 1.2 million tonnes of what the harbour of Lindmoor handled in 2022.",
    ],
)
def test_other_years_places_units_and_parts_do_not_differ(opened: Opened, other: str) -> None:
    desk = opened(
        one=note("Annual report", "2023-03-01", "The harbour of Lindmoor handled 4.1 million tonnes in 2022."),
        two=note("Another report", "2024-05-01", other),
    )
    answer = desk.ask("How many tonnes did the harbour of Lindmoor handle in 2022?")
    assert not answer.differences


TOLD = [
    "Sources differ on the catch of 2022. The ministry gave 41.5 percent of the quota. The council: 38.2 percent.",
    "An early estimate put the catch of 2022 at 41.5 percent of quota. The council's figures replaced that estimate, "
    "so 38.2 percent is to be cited.",
    "The ministry put the catch of Lindmoor at 41.5 percent of the quota.\n\n## Another source\n\n"
    "The council gives 38.2 percent. The two sources differ, and neither says why.",
]


@pytest.mark.parametrize("told", TOLD)
def test_what_a_text_tells_of_another_value_is_shown(opened: Opened, told: str) -> None:
    desk = opened(
        one=note("Council", "2023-03-01", "In 2022 the boats of Lindmoor caught 38.2 percent of their quota."),
        two=note("On the catch of Lindmoor", "2024-05-01", told),
    )
    answer = desk.ask("How much of their quota did the boats of Lindmoor catch in 2022?")
    assert_sound(answer)
    said = [(difference.note, difference.citation.quote) for difference in answer.differences]
    assert len(said) == 1
    assert "38.2 percent" in said[0][0]
    assert "41.5 percent" in said[0][0]
    assert "41.5 percent" in said[0][1] + answer.text


@pytest.mark.parametrize(
    "told",
    [
        "Sources differ on the catch of 2019. The ministry gave 41.5 percent of the quota. The council: 38.2 percent.",
        "Sources differ on the catch of 2022. In Crail it was 41.5 percent of the quota. Lindmoor: 38.2 percent.",
        "Tastes differ. Cod made up 41.5 percent of the quota in 2022. Boats caught 38.2 percent.",
        "Sources differ on the catch of 2022. One in 400 boats sank, or 0.25 percent. The council: 38.2 percent.",
    ],
)
def test_what_a_text_tells_of_something_else_is_no_difference(opened: Opened, told: str) -> None:
    desk = opened(
        one=note("Council", "2023-03-01", "In 2022 the boats of Lindmoor caught 38.2 percent of their quota."),
        two=note("On the catch of Lindmoor", "2024-05-01", told),
    )
    answer = desk.ask("How much of their quota did the boats of Lindmoor catch in 2022?")
    assert not answer.abstained
    assert not answer.differences


def test_what_has_happened_since_a_source_looked_ahead_is_shown(desk: Desk) -> None:
    answer = desk.ask("What are the five recommendations to the EU?")
    assert_sound(answer)
    assert "looks ahead to 15th Five-Year Plan" in answer.differences[0].note
    assert "adopted" in answer.differences[0].citation.quote


def test_a_forecast_and_its_outcome(opened: Opened) -> None:
    desk = opened(
        one=note(
            "Outlook", "2023-03-01", "The success of Lindmoor will depend on the forthcoming Coastal Harbour Act."
        ),
        two=note("News", "2024-05-01", "The Coastal Harbour Act was adopted on 3 April 2024 by the council."),
    )
    answer = desk.ask("What will the success of Lindmoor depend on?")
    assert_sound(answer)
    assert "since then" in answer.differences[0].note
    assert "was adopted on 3 April 2024" in answer.differences[0].citation.quote


def test_a_document_that_was_not_chosen_tells_nothing(desk: Desk) -> None:
    only = Filter(documents=("brief-24-*",))
    answer = desk.ask("What are the five recommendations to the EU?", only)
    assert any("15th Five-Year Plan" in citation.quote for citation in answer.citations)
    assert not answer.differences
