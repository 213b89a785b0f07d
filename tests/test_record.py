"""Answers as they are kept outside: they come back as they were, checked anew against the library."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.record import recall, recall_turn, record
from rag.chain import Desk
from rag.errors import UsageError

QUESTIONS = (
    "What are the five recommendations to the EU?",
    "How much did China spend on R&D in 2024?",
    "What is the capital of Australia?",
    "Compare Intel and GlobalFoundries",
    "What is involution?",
)


def kept(desk: Desk, question: str) -> dict[str, Any]:
    """A record that went through JSON, as a browser keeps it."""
    found: dict[str, Any] = json.loads(json.dumps(record(desk.ask(question))))
    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_comes_back_as_it_was(desk: Desk, question: str) -> None:
    again = recall(desk.library, kept(desk, question))
    assert record(again) == kept(desk, question) | {"timings_ms": record(again)["timings_ms"]}


def test_a_follow_up_is_understood_after_a_recalled_turn(desk: Desk) -> None:
    turn = recall_turn(desk.library, kept(desk, "How much did China spend on R&D in 2024?"))
    assert "3,335.71" in desk.ask("And in 2023?", turns=[turn]).text


def test_a_quotation_that_does_not_stand_takes_its_support_along(desk: Desk) -> None:
    found = kept(desk, "How much did China spend on R&D in 2024?")
    found["citations"][0]["quote"] = "China spent 9 billion yuan on moon bases."
    answer = recall(desk.library, found)
    assert not answer.citations
    assert [sentence.supported for sentence in answer.sentences] == [False]
    assert "does not stand" in answer.sentences[0].reason


def test_a_sentence_that_was_changed_is_not_shown_as_supported(desk: Desk) -> None:
    found = kept(desk, "How much did China spend on R&D in 2024?")
    found["sentences"][0]["text"] = "China spent 9 billion yuan on moon bases."
    answer = recall(desk.library, found)
    assert not answer.sentences[0].supported


def test_a_quotation_is_found_again_by_its_words(desk: Desk) -> None:
    found = kept(desk, "How much did China spend on R&D in 2024?")
    start = found["citations"][0]["start"]
    found["citations"][0] |= {"start": start + 40, "end": start + 90, "document_id": "gone"}
    again = recall(desk.library, found)
    assert again.citations[0].start == start
    assert again.sentences[0].supported


@pytest.mark.parametrize(
    "damage",
    [{"sentences": 3}, {"citations": [{"n": 1}]}, {"question": None, "sentences": None}, {"outline": {"rows": [1]}}],
)
def test_what_is_no_record_is_said_to_be_none(desk: Desk, damage: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        recall(desk.library, kept(desk, QUESTIONS[1]) | damage)
