"""Running a set through the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eval.dataset import Question
from eval.metrics import CUTS, Outcome, judge
from rag.chain import Desk


def run(
    desk: Desk, questions: Sequence[Question], progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Outcome]:
    """The outcome of each question, in order."""
    outcomes: list[Outcome] = []
    for number, question in enumerate(questions, 1):
        answer = desk.ask(question.question, turns=desk.converse(question.turns))
        hits, _ = desk.search(answer.understood or question.question, max(CUTS))
        outcomes.append(judge(question, answer, hits))
        progress(number, len(questions))
    return outcomes


def alone(questions: Sequence[Question]) -> list[Question]:
    """The follow-ups of a set as the questions that they stand for."""
    return [replace(q, question=q.alone, turns=()) for q in questions if q.turns and q.alone]
