"""A whole run of the harness: a set is read, sampled, asked, measured, and kept."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from eval.dataset import DEFAULT_SET, Question, load_set, lost_gold, of_half
from eval.model_judge import ModelJudge, judge_of
from eval.run import outcomes_of
from eval.runs import Run, header, keeping, load_run
from rag.chain import Desk


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run. `sample` questions are drawn by `seed`, as many of each kind as its share; 0: all of them."""

    path: Path | None = None
    half: str = "all"
    sample: int = 0
    seed: int = 0
    parallel: int = 1
    resume: bool = False
    judge: str = ""  # a language model, as provider:model


def evaluate(desk: Desk, wanted: Wanted, *, quiet: bool = False) -> tuple[Run, list[str]]:
    """The run, as it is kept, and what of the set's gold no longer stands in the documents.

    Raises UsageError when the set cannot be read or holds no question of that half, and ModelError when a judge is
    wanted and does not answer; what has come until then is kept, and `resume` goes on.
    """
    path = wanted.path or DEFAULT_SET
    questions = sampled(of_half(load_set(path), wanted.half, str(path)), wanted.sample, wanted.seed)
    lost = lost_gold(questions, desk.library.documents)
    head = {**header(desk, path.name, questions, wanted.half, wanted.sample, wanted.seed), "lost_gold": lost}
    judge = _judge(desk, wanted.judge, quiet) if wanted.judge else None
    if judge:
        agreement = {metric: own.as_json() for metric, own in judge.agreement.items()}
        head["judge"] = {"model": judge.name, "agreement": agreement}
    with (
        keeping(desk, head, resume=wanted.resume) as book,
        Progress(console=Console(stderr=True), disable=quiet, transient=True) as bar,
    ):
        left = [(place, question) for place, question in enumerate(questions) if question.id not in book.done]
        task = bar.add_task("asking", total=len(questions), completed=len(questions) - len(left))
        outcomes = outcomes_of(desk, [question for _, question in left], wanted.parallel, judge=judge)
        for (place, _), outcome in zip(left, outcomes, strict=True):
            book.keep(place, outcome)
            bar.advance(task)
    return load_run(desk.settings.home, str(book.number)), lost


def _judge(desk: Desk, name: str, quiet: bool) -> ModelJudge:
    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("holding the judge against labels")
        return judge_of(desk, name, lambda done, total: bar.update(task, completed=done, total=total))


def sampled(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """`count` of the questions, in their order, each kind by its share; all of them for 0."""
    if not 0 < count < len(questions):
        return list(questions)
    dice = random.Random(seed)
    kinds: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        kinds[question.kind].append(place)
    # By largest remainder: a kind of one in a hundred is drawn once in a hundred.
    shares = {kind: count * len(places) / len(questions) for kind, places in kinds.items()}
    taken = {kind: int(share) for kind, share in shares.items()}
    for kind in sorted(kinds, key=lambda kind: taken[kind] - shares[kind])[: count - sum(taken.values())]:
        taken[kind] += 1
    chosen = sorted(place for kind, places in kinds.items() for place in dice.sample(places, taken[kind]))
    return [questions[place] for place in chosen]
