"""Sets of questions as JSON Lines: one question a line, with its reference answer and gold quotations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.errors import UsageError
from rag.types import Document

SETS = Path(__file__).parent / "sets"
DEFAULT_SET = SETS / "brief.jsonl"
NATURAL_SET = SETS / "natural.jsonl"  # as people ask, in their own words, and what they take for granted
Half = Literal["development", "test"]
HALVES: tuple[Half, ...] = get_args(Half)


class _Line(BaseModel):
    """What a line holds is taken as it stands: "yes" is not true, and a name that is not known is a slip."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Gold(_Line):
    """Where an answer stands: a quotation of a document, a page of it, or, with neither, the whole of it."""

    document: str = Field(min_length=1, description="name of the file, or the address")
    quote: str = Field("", description="the words that answer, as they stand there")
    page: int | None = Field(None, ge=1, description="in place of `quote`: the page that answers, from 1")
    part: str = Field("", description="what of the answer stands here; each part must be found, within one any will do")


class Question(_Line):
    """One line of a set."""

    id: str = Field("", description="a name of its own; without one it is called by its line")
    half: Half = Field("test", description="`development` to choose settings by, `test` to report")
    question: str = Field(min_length=1, description="what is asked")
    turns: tuple[str, ...] = Field((), description="questions asked before it, in the same conversation")
    alone: str = Field("", description="a follow-up as a question that stands alone")
    ways: tuple[str, ...] = Field((), description="other wordings, which must get the same answer")
    kind: str = Field("fact", description="what kind of question: any word; figures are given for each")
    language: str = Field("en", description="language of the question")
    difficulty: Literal["", "easy", "medium", "hard"] = Field("", description="easy, medium or hard")
    answerable: bool = Field(True, description="false: the documents do not say")
    reference: str = Field("", description="a right answer, in words")
    gold: tuple[Gold, ...] = Field((), description="where the answer stands; alternatives, unless they have parts")
    key_facts: tuple[Annotated[str, Field(min_length=1)] | tuple[str, ...], ...] = Field(
        (), description="what a right answer must say: words, or a list of words of which one must be there"
    )

    @model_validator(mode="after")
    def _whole(self) -> Question:
        if self.answerable and not self.gold:
            raise ValueError("an answerable question needs 'gold'; one that is not has \"answerable\": false")
        if not self.answerable and (self.gold or self.key_facts):
            raise ValueError("a question that the documents do not answer has neither 'gold' nor 'key_facts'")
        if any(gold.quote and gold.page for gold in self.gold):
            raise ValueError("'gold' has a 'quote' or a 'page', not both")
        return self

    @property
    def facts(self) -> tuple[tuple[str, ...], ...]:
        """The key facts, each as the wordings of which one must be there."""
        return tuple((fact,) if isinstance(fact, str) else fact for fact in self.key_facts)

    @property
    def parts(self) -> dict[str, list[Gold]]:
        """The gold by the part of the answer that it holds."""
        found: dict[str, list[Gold]] = {}
        for gold in self.gold:
            found.setdefault(gold.part, []).append(gold)
        return found


def load_set(path: Path) -> list[Question]:
    """The questions of a set.

    Raises UsageError naming file and line of what is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the set {path} cannot be read ({error}); name a JSON Lines file") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = question_of(json.loads(line), number)
            if question.id in questions:
                raise ValueError(f"the id {question.id!r} was used before")
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: {error}; see docs/evaluate.md for the fields") from error
        questions[question.id] = question
    if not questions:
        raise UsageError(f"the set {path} holds no questions")
    return list(questions.values())


def of_half(questions: Sequence[Question], half: str, name: str) -> list[Question]:
    """The questions of `half`, or all of them. Raises UsageError when there are none."""
    found = [question for question in questions if half in ("all", question.half)]
    if not found:
        raise UsageError(f"the set {name} holds no questions of the half {half}")
    return found


def question_of(row: object, number: int) -> Question:
    """The question that a line holds. Raises ValueError, in one sentence, when it holds none."""
    if not isinstance(row, dict):
        raise ValueError("a line must be a JSON object")
    try:
        question = Question.model_validate_json(json.dumps(row), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("tuple[", "constrained")))
        if first["type"] == "missing":
            raise ValueError(f"{where!r} is missing") from error
        if first["type"] == "extra_forbidden":
            raise ValueError(f"{where!r} is no field of a question") from error
        said = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{where!r}: {said}" if where else said) from error
    return question if question.id else question.model_copy(update={"id": f"line-{number}"})


def lost_gold(questions: Sequence[Question], documents: Mapping[str, Document]) -> list[str]:
    """Gold that does not stand in its document any more, as lines for a reader."""
    by_name = {document.name: document for document in documents.values()}
    lost: list[str] = []
    for question in questions:
        for gold in question.gold:
            document = by_name.get(gold.document)
            if document is None:
                lost.append(f"{question.id}: {gold.document} is not indexed")
            elif gold.quote not in document.text:
                lost.append(f"{question.id}: the gold quotation is not in {gold.document}: {gold.quote[:60]}")
            elif gold.page and gold.page > len(document.pages):
                lost.append(f"{question.id}: {gold.document} has no page {gold.page}")
    return lost
