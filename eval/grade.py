"""Grading an answer in somebody's own words against a reference and its evidence: what is right, missing and wrong.

With no language model. The points an answer must make are the key facts of the question, else the things its gold
quotations name. A point counts as made when its values, its words or words like them are there; a sentence is wrong
when `rag.support` finds that the evidence says otherwise, or when it answers with other things of the same kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from eval.dataset import SETS, Question
from eval.evidence import normalised, places
from rag.cite import cite
from rag.errors import UsageError
from rag.generate import split_sentences
from rag.grammar import content, names
from rag.markup import without_marks
from rag.store.library import Library
from rag.support import Judge
from rag.types import Citation
from rag.values import dates, quantities
from rag.words import stems_of, words

Verdict = Literal["right", "partly right", "wrong", "off topic"]
VERDICTS: tuple[Verdict, ...] = ("right", "partly right", "wrong", "off topic")
GRADES = SETS / "grades.jsonl"

# Fitted by hand on the development half of eval/sets/grades.jsonl, which docs/evaluate.md says how to measure.
_SAID = 0.6  # share of a point's words that must be there, or be there in another word
_ALIKE = 0.62  # cosine of two words from which one stands for the other
_ON_TOPIC = 0.28  # cosine of the answer and what the question asks and its reference says


_UNKNOWING = re.compile(r"^(i (do not|don't) know|no idea|not sure|don't know|\?+|不知道)\b", re.IGNORECASE)
_ENOUGH = 0.7  # share of all points that a right answer makes
_AND = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|;\s*")
# Reasons of `rag.disagree` by which evidence says otherwise, and not just something else.
_CONTRADICTS = ("denies it", "does not deny it", "the opposite", "the other way round")


@dataclass(frozen=True, slots=True)
class Point:
    """Something a right answer says."""

    text: str
    made: bool


@dataclass(frozen=True, slots=True)
class Grade:
    """How an answer does: its verdict, the points it must make, what of it is wrong and why, and the evidence."""

    verdict: Verdict
    points: tuple[Point, ...]
    wrong: tuple[tuple[str, str], ...]
    evidence: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Graded:
    """A line of the set of graded answers."""

    question: str  # the id of a question of the evaluation set
    half: str
    answer: str
    grade: Verdict


def load_grades(path: Path = GRADES) -> list[Graded]:
    """Raises UsageError naming the line that is wrong."""
    found: list[Graded] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            verdict = next(v for v in VERDICTS if v == row["grade"])
            found.append(Graded(str(row["question"]), str(row["half"]), str(row["answer"]), verdict))
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise UsageError(f"{path}, line {number} is no graded answer; see docs/evaluate.md") from error
    return found


def evidence_of(library: Library, question: Question) -> list[Citation]:
    """The gold quotations of a question that stand in `library`."""
    found: list[Citation] = []
    for gold in question.gold:
        key = library.named(gold.document)
        if key is None or not gold.quote:
            continue
        document = library.documents[key]
        for start, end in places(document, gold)[:1]:
            passages = library.catalog.passages(document)
            passage = next((p for p in passages if p.start <= start < p.end), passages[0])
            found.append(cite(len(found) + 1, document, passage, start, end))
    return found


class Grader:
    """Grades answers to questions of a set whose gold stands in `library`."""

    def __init__(self, library: Library, judge: Judge) -> None:
        self._library, self._judge = library, judge

    def grade(self, question: Question, answer: str) -> Grade:
        evidence = evidence_of(self._library, question)
        text = " ".join(answer.split())
        facts = [fact[0] for fact in question.facts] or [question.reference]
        points = [Point(fact, self._makes(text, fact)) for fact in facts]
        essential = all(point.made for point in points)
        points += [
            Point(item, self._makes(text, item)) for item in self._items(question.question, question.reference, facts)
        ]
        made = sum(point.made for point in points)
        wrong = self._wrong(question, text, evidence)
        if not made and not self._on_topic(question, text):
            verdict: Verdict = "off topic"
        elif wrong:
            verdict = "partly right" if made and len(points) > 1 and not essential else "wrong"
        elif essential and made >= _ENOUGH * len(points):
            verdict = "right"
        else:
            verdict = "partly right" if made else "wrong"
        return Grade(verdict, tuple(points), tuple(wrong), tuple(evidence))

    def _items(self, question: str, reference: str, facts: Sequence[str]) -> list[str]:
        """What the reference enumerates ("A, B and C") beside the facts; nothing when it is no enumeration."""
        plain = re.sub(r"\([^)]*\)", "", reference).split(":")[-1]
        joined = [(m.start, m.end) for m in self._judge.glossary.mentions(plain)]
        cuts = [m for m in _AND.finditer(plain) if not any(a < m.start() < b for a, b in joined)]
        edges = [0, *(edge for m in cuts for edge in (m.start(), m.end())), len(plain)]
        items = [plain[a:b].strip(" .") for a, b in zip(edges[::2], edges[1::2], strict=True)]
        asked = stems_of(question)
        items = [item for item in items if any(word.stem not in asked for word in content(item))]
        if len(items) < 2 or not any("and" in m.group() for m in cuts):
            return []
        known = [normalised(fact) for fact in facts]
        return [item for item in items if not any(fact in normalised(item) for fact in known)]

    def _makes(self, text: str, fact: str) -> bool:
        """Whether `text` says `fact`: its dates and figures exactly, its words or words like them."""
        if normalised(fact) in normalised(text):
            return True
        stated = dates(fact)
        if stated and not all(any(one.within(other) for other in dates(text)) for one in stated):
            return False
        figures = quantities(fact)
        if figures and not all(any(one.same_as(other) for other in quantities(text)) for one in figures):
            return False
        said = self._judge.spelled_out(text)
        wanted = [w for w in content(self._judge.spelled_out(fact)) if not re.search(r"\d", w.text)]
        if not wanted:
            return bool(stated or figures)
        stems = stems_of(said)
        prefixes = {word.text[:5].casefold() for word in content(said)}
        missing = [w for w in wanted if w.stem not in stems and w.text[:5].casefold() not in prefixes]
        named = {word.text for word in names(f"of {fact}")}
        if not missing or any(word.text in named for word in missing):
            return not missing  # a name is never said by another word
        others = sorted({w.text.lower() for w in content(said)})
        if not others:
            return False
        embedder = self._judge.embedder
        table = embedder.embed_words([w.text.lower() for w in missing]) @ embedder.embed_words(others).T
        met = len(wanted) - len(missing) + int((table.max(axis=1) >= _ALIKE).sum())
        return met / len(wanted) >= _SAID

    def _wrong(self, question: Question, text: str, evidence: Sequence[Citation]) -> list[tuple[str, str]]:
        """Sentences that the evidence contradicts."""
        found: list[tuple[str, str]] = []
        around = [f"{c.document.title} {c.passage.heading} {c.passage.text}" for c in evidence]
        held = " ".join([question.question, question.reference, *(c.quote for c in evidence)])
        for sentence in split_sentences(text):
            reason = self._contradiction(sentence, evidence, held, " ".join(around))
            if reason:
                found.append((sentence, reason))
        return found

    def _contradiction(self, sentence: str, evidence: Sequence[Citation], held: str, around: str) -> str:
        if not words(sentence):
            return ""
        for figure in quantities(sentence):
            said = sentence[figure.start : figure.end].strip()
            counts = not re.search(r"\d|百|千|万|亿", said)  # "the two cities"
            if not counts and not any(figure.same_as(other) for other in quantities(held)):
                return f"{said} is not what the evidence says"
        for date in dates(sentence):
            if not any(date.within(other) or other.within(date) for other in dates(f"{held} {around}")):
                return f"{sentence[date.start : date.end].strip()} is not what the evidence says"
        for citation in evidence:
            judged = self._judge.judge(sentence, citation.passage, citation.document)
            if judged.supported:
                return ""
            if any(sign in judged.reason for sign in _CONTRADICTS):
                return judged.reason
        return ""

    def _on_topic(self, question: Question, text: str) -> bool:
        """Whether an answer that makes no point is at least about what was asked, or of the kind that was asked for."""
        plain = without_marks(text)
        if _UNKNOWING.search(plain):
            return False
        values = [(v.start, v.end) for v in dates(plain)] + [(v.start, v.end) for v in quantities(plain)]
        beside = [w for w in content(plain) if not any(a <= w.start < b for a, b in values)]
        if values and not beside and (dates(question.reference) or quantities(question.reference)):
            return True  # a date where a date was asked for, a figure where a figure was
        if not beside:
            return False
        asked, reference, said = self._judge.embedder.embed([question.question, question.reference, plain])
        return max(float(asked @ said), float(reference @ said)) >= _ON_TOPIC


def agreement(
    grader: Grader, questions: Mapping[str, Question], graded: Sequence[Graded]
) -> list[tuple[Graded, Grade]]:
    """Each graded answer with the grade it is given here."""
    return [(one, grader.grade(questions[one.question], one.answer)) for one in graded]


def share_agreeing(found: Sequence[tuple[Graded, Grade]]) -> float:
    return float(np.mean([one.grade == grade.verdict for one, grade in found]))


def main() -> None:
    """Prints the agreement on both halves of the graded answers."""
    from eval.dataset import DEFAULT_SET, load_set
    from rag.chain import Desk
    from rag.settings import load_settings

    desk = Desk(load_settings())
    questions = {question.id: question for question in load_set(DEFAULT_SET)}
    grader = Grader(desk.library, desk.judge)
    for half in ("development", "test"):
        found = agreement(grader, questions, [one for one in load_grades() if one.half == half])
        print(json.dumps({"half": half, "answers": len(found), "agreement": round(share_agreeing(found), 4)}))


if __name__ == "__main__":
    main()
