"""Grading what an analyst writes: agreement with graded answers, and what is said of a single one."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.learn import own_questions
from eval.dataset import DEFAULT_SET, Question, load_set
from eval.grade import Grader, agreement, load_grades, share_agreeing
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.settings import Settings


@pytest.fixture(scope="module")
def questions() -> dict[str, Question]:
    return {question.id: question for question in load_set(DEFAULT_SET)}


@pytest.fixture(scope="module")
def grader(desk: Desk) -> Grader:
    return Grader(desk.library, desk.judge)


@pytest.mark.parametrize(("half", "least"), [("development", 0.93), ("test", 0.85)])
def test_grades_agree_with_those_given_by_hand(
    grader: Grader, questions: dict[str, Question], half: str, least: float
) -> None:
    graded = [one for one in load_grades() if one.half == half]
    assert len(graded) >= 40
    assert {questions[one.question].half for one in graded} == {half}, "the halves are those of the questions"
    assert share_agreeing(agreement(grader, questions, graded)) >= least


def test_what_was_said_what_is_missing_and_what_is_wrong_is_named(
    grader: Grader, questions: dict[str, Question]
) -> None:
    part = grader.grade(questions["fact-07"], "Artificial intelligence, I think.")
    assert part.verdict == "partly right"
    assert {point.text: point.made for point in part.points} == {"artificial intelligence": True, "microchips": False}
    wrong = grader.grade(questions["fact-39"], "It was 7.5 percent.")
    assert wrong.verdict == "wrong"
    assert wrong.wrong[0][1].startswith("7.5 percent")
    assert wrong.evidence[0].quote in wrong.evidence[0].document.text


def test_naming_everything_and_a_wrong_figure_is_not_right(grader: Grader, questions: dict[str, Question]) -> None:
    grade = grader.grade(questions["fact-38"], "3,632.68 billion yuan. That was 45 percent of GDP.")
    assert grade.verdict != "right"


def test_questions_are_made_of_what_was_added_and_graded(
    settings: Settings, embedder: Embedder, tmp_path: Path
) -> None:
    path = tmp_path / "harbours.md"
    path.write_text(
        "# Harbours\n\nThe Varna Port Authority spent 12 million euros on cranes in 2019.\n", encoding="utf-8"
    )
    assert not ingest([str(path)], settings, embedder).refused
    own = Desk(settings, embedder)
    (question,) = own_questions(own)
    assert question.question == "How much did the Varna Port Authority spend on cranes in 2019?"
    grader = Grader(own.library, own.judge)
    assert grader.grade(question, "12 million euros").verdict == "right"
    assert grader.grade(question, "They spent 21 million euros.").verdict == "wrong"
    own.close()
