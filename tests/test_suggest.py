"""Suggested questions: made of sentences by rule, and answered by the sentence they were made of."""

from __future__ import annotations

import pytest

from rag.chain import Desk
from rag.suggest import next_questions, questions_from, questions_of
from rag.words import stems_of


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Avaria spent 12 million euros on rail in 2019 [S1].", "How much did Avaria spend on rail in 2019?"),
        ("The Norden Act was adopted on 3 May 2011.", "When was the Norden Act adopted?"),
        ("Siemens began building in Gdansk in March 2014.", "When did Siemens begin building in Gdansk?"),
        ("Tallinn is the capital of Estonia.", "What is Tallinn?"),
        ("The Norden Act was drafted by Greta Vanhorn.", "Who drafted the Norden Act?"),
        ("Avaria and Corvo together had 27 harbours by 2019.", "How many harbours did Avaria and Corvo have?"),
        ("The Avarian plan asks for more ferries.", "What does the Avarian plan ask for?"),
        ("Avaria rejected the Norden Act.", "What did Avaria reject?"),
        ("The ferry share of Avaria was 12 percent in 2019.", "What was the ferry share of Avaria in 2019?"),
        ("Avaria had 2 million people in 2019.", None),
        ("The short text is a summary of the Norden Act.", None),
        ("Six harbours each spent 12 million euros in 2019.", None),
        ("Avaria asks to be heard.", None),
        ("The committee rejected it in 2011.", None),
        ("It was founded in 1999.", None),
        ("Returns fell from 30 percent in 2000 to 10 percent in 2019.", None),
        ("Who reads this was told in 2010.", None),
        ("☒ Indicate by check mark is the form of 2010.", None),
        ("Yes No Indicate by check mark whether the registrant is a large filer.", None),
    ],
)  # fmt: skip
def test_a_sentence_becomes_a_question_when_its_form_allows(sentence: str, question: str | None) -> None:
    assert questions_from(sentence) == ([question] if question else [])


@pytest.mark.parametrize(
    "asked",
    ["What are the five recommendations to the EU?", "How much did China spend on R&D in 2024?", "What is involution?"],
)
def test_what_is_suggested_is_answered_and_not_what_was_asked(desk: Desk, asked: str) -> None:
    answer = desk.ask(asked)
    found = next_questions(desk, answer)
    assert found or asked.startswith("What is")
    assert asked not in found
    for question in found:
        assert not desk.ask(question).abstained, question


def test_what_is_suggested_goes_on_with_what_was_asked(desk: Desk) -> None:
    answer = desk.ask("How much did Intel invest in Chengdu?")
    found = next_questions(desk, answer)
    assert found
    assert all({"intel", "chengdu"} & stems_of(question) for question in found), found


def test_after_an_abstention_nothing_is_suggested(desk: Desk) -> None:
    assert next_questions(desk, desk.ask("What is the capital of Australia?")) == []


def test_each_document_answers_the_questions_of_its_card(desk: Desk) -> None:
    from rag.filters import Filter

    for key in list(desk.library.listings)[:8]:
        document = desk.library.documents[key]
        for question in questions_of(desk, document):
            answer = desk.ask(question, Filter(documents=(key,)))
            assert not answer.abstained, question
            assert {c.document.id for c in answer.citations} == {key}
