"""Sets of questions as JSON Lines: one question a line, with its reference answer and gold quotations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import UsageError
from rag.types import Document

SETS = Path(__file__).parent / "sets"
DEFAULT_SET = SETS / "brief.jsonl"
HALVES = ("development", "test")


@dataclass(frozen=True, slots=True)
class Gold:
    """A quotation that answers: the name of its document, and its text as it stands there."""

    document: str
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a set. Each of `key_facts` must occur in a right answer; `gold` are alternatives."""

    id: str
    question: str
    half: str
    kind: str
    language: str
    difficulty: str
    answerable: bool
    reference: str
    gold: tuple[Gold, ...]
    key_facts: tuple[str, ...]
    turns: tuple[str, ...] = ()  # the questions asked before it
    alone: str = ""  # a follow-up as a question that stands alone


def load_set(path: Path) -> list[Question]:
    """The questions of a set.

    Raises UsageError naming file and line of what is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the set {path} cannot be read ({error}); name a JSON Lines file") from error
    questions: list[Question] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(question_of(json.loads(line), number))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise UsageError(f"{path}, line {number}: {reason}; see docs/evaluate.md for the fields") from error
    if not questions:
        raise UsageError(f"the set {path} holds no questions")
    return questions


def lost_gold(questions: list[Question], documents: Mapping[str, Document]) -> list[str]:
    """Gold quotations that do not stand in their document any more, as lines for a reader."""
    by_name = {document.name: document for document in documents.values()}
    lost: list[str] = []
    for question in questions:
        for gold in question.gold:
            document = by_name.get(gold.document)
            if document is None:
                lost.append(f"{question.id}: {gold.document} is not indexed")
            elif gold.quote not in document.text:
                lost.append(f"{question.id}: the gold quotation is not in {gold.document}: {gold.quote[:60]}")
    return lost


def question_of(row: dict[str, object], number: int) -> Question:
    """The question that a line holds; raises ValueError, KeyError or TypeError when it holds none."""
    if not isinstance(row, dict):
        raise ValueError("a line must be a JSON object")
    answerable = bool(row.get("answerable", True))
    gold = row.get("gold") or []
    if not isinstance(gold, list):
        raise ValueError("'gold' must be a list")
    half = str(row.get("half", "test"))
    if half not in HALVES:
        raise ValueError(f"'half' is {half!r}, not development or test")
    question = Question(
        id=str(row.get("id", f"line-{number}")),
        question=str(row["question"]),
        half=half,
        kind=str(row.get("kind", "fact")),
        language=str(row.get("language", "en")),
        difficulty=str(row.get("difficulty", "")),
        answerable=answerable,
        reference=str(row.get("reference", "")),
        gold=tuple(Gold(str(g["document"]), str(g["quote"])) for g in gold),
        key_facts=tuple(str(fact) for fact in (row.get("key_facts") or [])),  # type: ignore[attr-defined]
        turns=tuple(str(turn) for turn in (row.get("turns") or [])),  # type: ignore[attr-defined]
        alone=str(row.get("alone", "")),
    )
    if answerable and not (question.gold and question.key_facts):
        raise ValueError("an answerable question needs 'gold' and 'key_facts'")
    return question
