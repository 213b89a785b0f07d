"""One question, or a JSON Lines file of questions, through one desk."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.errors import BriefdeskError, UsageError

if TYPE_CHECKING:
    from rag.chain import Desk
    from rag.settings import Settings

# What answers one question, after those before it: the answer as JSON and as text.
One = Callable[["Desk", str, Sequence[str]], tuple[dict[str, Any], str]]


def answer_all(
    one: One,
    question: str | None,
    batch: Path | None,
    as_json: bool,
    settings: Callable[[], Settings],
) -> None:
    """Answers the question, or each line of the batch. A bad line gets an error line of its own, in its place."""
    if (question is None) == (batch is None):
        raise UsageError("name either a QUESTION or --batch FILE")
    if question is not None and not question.strip():
        raise UsageError("the question is empty; ask something about the documents")
    lines = _batch_lines(batch) if batch else None
    from rag.chain import Desk

    failed = False
    with closing(Desk(settings())) as desk:
        if lines is None:
            found, text = one(desk, question or "", ())
            if as_json:
                print_json(found)
            else:
                click.echo(text)
            return
        for number, line in enumerate(lines, 1):
            try:
                found, _ = one(desk, *_question_of(line, number))
            except BriefdeskError as error:
                found, failed = {"line": number, "error": str(error)}, True
            print_json(found)
    if failed:
        sys.exit(1)


def _batch_lines(batch: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(batch) == "-" else batch.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"--batch {batch} cannot be read ({reason}); name a JSON Lines file") from error
    return [line for line in text.splitlines() if line.strip()]


def _question_of(line: str, number: int) -> tuple[str, list[str]]:
    """The question of a line, and those asked before it."""
    try:
        row = json.loads(line)
        return str(row["question"]), [str(turn) for turn in row.get("turns") or []]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f'line {number} is not of the form {{"question": "..."}}') from error


def print_json(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, ensure_ascii=False))
