"""Drafted questions, put to a person in the terminal one by one."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import click

from eval.dataset import Question, load_set
from eval.draft import drafts, line_of
from rag.chain import Desk
from rag.errors import UsageError
from rag.filters import Filter
from rag.generate import LanguageModel


def review(desk: Desk, target: Path, count: int, seed: int, only: Filter, *, ask: bool) -> None:
    """Proposes `count` questions; those that are accepted are added to `target`, the others forgotten.

    Unless somebody can be asked they are printed, as lines of a set. Raises UsageError when `target` is no set or
    cannot be written, and when the documents give no question.
    """
    known = load_set(target) if target.exists() else []
    model = LanguageModel(desk.settings) if desk.settings.llm else None
    proposed = list(islice(drafts(desk, known, only=only, seed=seed, model=model), count))
    if not proposed:
        raise UsageError("no sentence of these documents makes a question by rule; try --llm, or write them by hand")
    accepted = 0
    for number, question in enumerate(proposed, 1):
        if not ask:
            click.echo(line_of(question))
            continue
        chosen = _asked(question, f"{number} of {len(proposed)}")
        if chosen is None:
            break
        if chosen.question:
            _append(target, chosen)
            accepted += 1
    if ask:
        click.echo(f"{accepted} added to {target}")


def _asked(question: Question, where: str) -> Question | None:
    """The question as it is accepted; one without text when it is not wanted; None to stop."""
    click.echo(f"\n{where}  {question.question}")
    for gold in question.gold:
        click.echo(f"  {gold.document}: {' '.join(gold.quote.split())}")
    facts = " / ".join(" or ".join(fact) for fact in question.facts)
    click.echo(f"  must say: {facts}" if facts else "  the documents do not say")
    answer = click.prompt("  accept, edit, skip or quit", type=click.Choice(["a", "e", "s", "q"]), default="s")
    if answer == "q":
        return None
    if answer == "e":
        return question.model_copy(update={"question": click.prompt("  question", default=question.question)})
    return question if answer == "a" else question.model_copy(update={"question": ""})


def _append(target: Path, question: Question) -> None:
    try:
        with target.open("a", encoding="utf-8") as file:
            file.write(line_of(question) + "\n")
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}); name another file") from error
