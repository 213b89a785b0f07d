"""What people put around a question changes nothing of its answer."""

from __future__ import annotations

import pytest

from rag.chain import Desk
from rag.frame import plainly


@pytest.mark.parametrize(
    ("framed", "plain"),
    [
        ("Can you tell me when the Third Plenum was held?", "when the Third Plenum was held?"),
        ("Hi there, what is the population of Chengdu?", "what is the population of Chengdu?"),
        ("I'd like to know how many firms there are", "how many firms there are"),
        ("According to the documents, when did it begin?", "when did it begin?"),
        ("Could you please summarise the brief?", "summarise the brief?"),
        ("Thanks! And in the west?", "And in the west?"),
        ("Any info on GlobalFoundries?", "What does this say about GlobalFoundries?"),
        ("What do the documents say about “involution”?", "What does this say about “involution”?"),
        ("Are there any numbers on patents?", "What does this say about patents?"),
        ("What is being done about floods?", "What measures are taken about floods?"),
        ("What is done against involution?", "What measures are taken against involution?"),
        ("What do we know about the fund?", "What does this say about the fund?"),
        ("Explain involution to me", "What is involution?"),
        ("Define the two mechanisms", "What are the two mechanisms?"),
        ("Please explain why it failed, thank you", "why it failed"),
        ("List all recommendations", "What are the recommendations?"),
        ("Can you list the provinces that spend most?", "What are the provinces that spend most?"),
        ("List of all laboratories in Chengdu", "What are the laboratories in Chengdu?"),
        ("你好，请问成都有多少人口？", "成都有多少人口？"),
        ("Name the capital of Sichuan.", "What is the capital of Sichuan?"),
        ("Give me three facts about Chengdu", "What does this say about Chengdu?"),
    ],
)
def test_a_frame_is_taken_off(framed: str, plain: str) -> None:
    assert plainly(framed) == plain
    assert plainly(plain) == plain


@pytest.mark.parametrize(
    "question",
    [
        "Who can tell me when it was?",
        "What does the brief say about drones?",
        "How do you know?",
        "Hello",
        "Please",
        "Tell me about involution",
        "What do you think about involution?",
        "Which hello was said first?",
        "Explain",
        "Give me an overview",
        "Name it",
        "Name of the mayor?",
        "你好",
        "谁首先使用了这个词？",
    ],
)
def test_what_is_no_frame_stays(question: str) -> None:
    assert plainly(question) == question


@pytest.mark.parametrize(
    ("framed", "plain"),
    [
        ("Hello, could you tell me what the population of Chengdu is, please?", "What is the population of Chengdu?"),
        ("I would like to know when Tianfu New Area was approved.", "When was Tianfu New Area approved?"),
        ("Do you know who coordinates the ReConnect project?", "Who coordinates the ReConnect project?"),
        ("Please explain involution to me.", "What is involution?"),
        ("Can you compare Intel and GlobalFoundries?", "Compare Intel and GlobalFoundries"),
    ],
)
def test_a_framed_question_is_answered_as_the_plain_one(desk: Desk, framed: str, plain: str) -> None:
    answer = desk.ask(framed)
    assert not answer.abstained
    assert [c.quote for c in answer.citations] == [c.quote for c in desk.ask(plain).citations]
    assert answer.question == framed
    assert not answer.understood, "courtesy is nothing to be told of"


def test_a_framed_follow_up_is_one(desk: Desk) -> None:
    turns = desk.converse(["When was Tianfu New Area approved?"])
    answer = desk.ask("Thanks! And could you tell me who approved it?", turns=turns)
    assert "Tianfu New Area" in answer.understood


def test_what_is_said_about_is_said_in_words(desk: Desk) -> None:
    assert desk.ask("Are there any numbers on patents?").abstained
    assert "subsidies" in desk.ask("What do the documents say about subsidies?").text
