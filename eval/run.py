"""Running a set through the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eval.dataset import Question
from eval.metrics import CUTS, Outcome, judge
from rag.chain import Desk


def run(
    desk: Desk, questions: Sequence[Question], progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Outcome]:
    """The outcome of each question, in order."""
    outcomes: list[Outcome] = []
    for number, question in enumerate(questions, 1):
        answer = desk.ask(question.question)
        hits, _ = desk.search(question.question, max(CUTS))
        outcomes.append(judge(question, answer, hits))
        progress(number, len(questions))
    return outcomes
