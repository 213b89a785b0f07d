"""Running a set through the chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from eval.baselines import BASELINES, baseline
from eval.dataset import Question
from eval.diagnose import diagnose
from eval.evidence import rank_of
from eval.metrics import FIGURES, Outcome, Response, is_right, measure
from eval.model_judge import ModelJudge
from eval.ranking import DEPTH
from rag.chain import Desk
from rag.types import Answer


def outcomes_of(
    desk: Desk,
    questions: Iterable[Question],
    parallel: int = 1,
    *,
    whole: bool = True,
    judge: ModelJudge | None = None,
) -> Iterator[Outcome]:
    """The outcomes one by one, in order, as they come; `parallel` are asked at the same time.

    Unless they are to be `whole`, other wordings are not asked and baselines not measured.
    """
    if parallel == 1:
        for question in questions:
            yield outcome_of(desk, question, whole=whole, judge=judge)
        return
    pool = ThreadPoolExecutor(parallel)
    try:
        yield from pool.map(lambda question: outcome_of(desk, question, whole=whole, judge=judge), questions)
    finally:  # whoever stops here does not wait for those that have not begun
        pool.shutdown(wait=False, cancel_futures=True)


def outcome_of(desk: Desk, question: Question, *, whole: bool = True, judge: ModelJudge | None = None) -> Outcome:
    """How `question` goes: asked, measured, and if it goes wrong put down to a stage."""
    question = question if whole else question.model_copy(update={"ways": ()})
    response = _respond(desk, question)
    stage, evidence = diagnose(desk, question, response.answer, response.hits)
    return Outcome(
        question,
        response.answer,
        rank_of(question, response.hits),
        measure(question, response, desk.judge)
        | (judge.values(question, response.answer, response.hits) if judge else {}),
        stage,
        evidence,
        _right_if_answered(desk, question, response.answer),
        tuple(other for other in response.others if other.text != response.answer.text),
        {name: _baseline_values(name, desk, question, response) for name in BASELINES if whole},
    )


def _baseline_values(name: str, desk: Desk, question: Question, response: Response) -> dict[str, float]:
    values = measure(question, baseline(name, desk, question, response), desk.judge)
    # Only chance searches in its own way; the others have nothing of their own to be measured there.
    return {key: value for key, value in values.items() if name == "random" or FIGURES[key].group != "retrieval"}


def _respond(desk: Desk, question: Question) -> Response:
    turns = desk.converse(question.turns)
    answer = desk.ask(question.question, turns=turns)
    hits, _ = desk.search(answer.understood or question.question, max(DEPTH, desk.settings.k))
    return Response(answer, hits, [desk.ask(way, turns=turns) for way in question.ways])


def _right_if_answered(desk: Desk, question: Question, answer: Answer) -> float | None:
    """Whether the answer, or the one that an abstention kept back, is right.

    None where it cannot be known, and with a language model, whose answers have no confidence of their own.
    """
    if answer.mode != "extractive" or (question.answerable and not question.facts):
        return None
    if not question.answerable:
        return 0.0
    if answer.abstained:
        answer = desk.quoted(answer.understood or question.question, min_confidence=0.0)
    return float(is_right(question, answer))


def alone(questions: Sequence[Question]) -> list[Question]:
    """The follow-ups of a set as the questions that they stand for."""
    return [q.model_copy(update={"question": q.alone, "turns": ()}) for q in questions if q.turns and q.alone]
