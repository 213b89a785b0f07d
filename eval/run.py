"""Running a set through the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from eval.dataset import Question
from eval.metrics import CUTS, Outcome, judge
from rag.chain import Desk


def run(
    desk: Desk, questions: Sequence[Question], progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Outcome]:
    """The outcome of each question, in order."""
    outcomes: list[Outcome] = []
    for outcome in outcomes_of(desk, questions):
        outcomes.append(outcome)
        progress(len(outcomes), len(questions))
    return outcomes


def outcomes_of(desk: Desk, questions: Iterable[Question]) -> Iterator[Outcome]:
    """The outcomes one by one, as they come."""
    for question in questions:
        answer = desk.ask(question.question, turns=desk.converse(question.turns))
        hits, _ = desk.search(answer.understood or question.question, max(CUTS))
        yield judge(question, answer, hits)


def alone(questions: Sequence[Question]) -> list[Question]:
    """The follow-ups of a set as the questions that they stand for."""
    return [replace(q, question=q.alone, turns=()) for q in questions if q.turns and q.alone]
