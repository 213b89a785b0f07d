"""Answers made of several: comparisons, summaries and briefings, and the answers to two questions as one."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.comparison import compare
from rag.composed import LOOKED_UP, Composed, Find
from rag.filters import Filter
from rag.query import covers, understand
from rag.store.library import Library
from rag.summary import brief_on, document_of, overview, summarise
from rag.task import Task
from rag.timing import ms_since
from rag.types import Answer, Citation, Document, Hit, Outline, Row, Sentence, Step, Turn
from rag.values import dates, quantities
from rag.words import stems_of

if TYPE_CHECKING:
    from rag.chain import Desk


def of_both(desk: Desk, question: str, parts: tuple[str, str], only: Filter, turns: Sequence[Turn]) -> Answer:
    """The answers to two questions as one; what is not answered of them is said."""
    first = desk.ask(parts[0], only, turns)
    second = desk.ask(parts[1], only, [*turns, Turn(first.understood or parts[0], first)])
    return _joined(question, parts, first, second)


def composed(
    desk: Desk, library: Library, question: str, task: Task, only: Filter, turns: Sequence[Turn]
) -> Generator[Step, None, tuple[Answer, Sequence[Hit]] | None]:
    """What `task` asks for, made of quotations, and the passages it was made from, as yet unverified.

    None when the documents hold too little for it.
    """
    timings = {"understand": 0.0, "retrieve": 0.0}
    hits: list[Hit] = []

    def find(text: str, k: int) -> list[Hit]:
        began = time.perf_counter()
        found = desk.look_up(library, text, k, only)
        hits.extend(found)
        timings["retrieve"] += ms_since(began)
        return found

    begin = time.perf_counter()
    allowed = only.select(library.listings.values()) if only else []
    last = next((turn.answer.citations[0].document for turn in turns[::-1] if turn.answer.citations), None)
    what = task.subjects[0] if task.subjects else ""
    document = document_of(library, what, allowed, last) if task.kind == "summary" else None
    looked_up = LOOKED_UP * max(len(task.subjects), 1)
    yield Step("reading", library.listings[document.id].passages if document else looked_up)
    answer = _asked_of_both(desk, question, task, only)
    if answer is None:
        made = _made(desk, library, task, document, find, allowed)
        if not made.sentences:
            return None
        sentences, citations = tuple(made.sentences), tuple(made.citations)
        answer = Answer(question, sentences, citations, False, "extractive", 1.0, outline=made.outline)
    timings["answer"] = ms_since(begin) - timings["retrieve"]
    yield Step("checking", len(answer.sentences))
    return replace(answer, timings_ms=timings), hits


def side_by_side(desk: Desk, question: str, task: Task, only: Filter) -> Answer | None:
    """The answers of both that a question asks of, side by side, as yet unverified.

    None where one sentence says as much, or where there is no answer of one of them.
    """
    begin = time.perf_counter()
    needs = [need for side in task.subjects for need in understand(side, desk.glossary).needs]
    for one in desk.quoted(question, only).citations:
        if (_has_value(one) or not task.weighs) and all(covers(need, stems_of(one.quote)) == 1.0 for need in needs):
            return None
    both = _asked_of_both(desk, question, task, only)
    if both is None or both.outline is None or len(set(map(frozenset, both.outline.rows[0].cells))) == 1:
        return None
    return replace(both, timings_ms={"understand": 0.0, "retrieve": 0.0, "answer": ms_since(begin)})


def _has_value(citation: Citation) -> bool:
    return bool(quantities(citation.quote) or dates(citation.quote))


def _made(
    desk: Desk, library: Library, task: Task, document: Document | None, find: Find, allowed: Sequence[str]
) -> Composed:
    """A comparison, a summary of `document`, or where there is none a briefing on what is named, or on all there is."""
    if task.kind == "comparison":
        return compare(library, task, find, desk.glossary)
    if document:
        return summarise(library, document)
    return brief_on(library, task.subjects[0], find, desk.glossary) if task.subjects else overview(library, allowed)


def _asked_of_both(desk: Desk, question: str, task: Task, only: Filter) -> Answer | None:
    """A comparison of one thing: the same question asked of each subject; None where one has no answer."""
    if not task.questions:
        return None
    first, second = (desk.quoted(each, only) for each in task.questions)
    if first.abstained or second.abstained:
        return None
    if task.weighs and not all(any(map(_has_value, one.citations)) for one in (first, second)):
        return None
    both = _joined(question, (task.questions[0], task.questions[1]), first, second)
    said = [sentence.text for sentence in both.sentences]
    cells = tuple(tuple(said.index(sentence.text) for sentence in one.sentences) for one in (first, second))
    return replace(both, outline=Outline("comparison", task.subjects, (Row(task.aspect, cells),)))


def _joined(question: str, parts: tuple[str, str], first: Answer, second: Answer) -> Answer:
    """The answers to the two `parts` of a question as one; a quotation of both stands once.

    Where one part is left unanswered, the other is answered and a warning says so.
    """
    given = [answer for answer in (first, second) if not answer.abstained]
    timings = {step: took + second.timings_ms.get(step, 0.0) for step, took in first.timings_ms.items()}
    if not given:
        return replace(first, question=question, timings_ms=timings, understood="")
    citations: list[Citation] = []
    sentences: list[Sentence] = []
    for answer in given:
        numbers: dict[int, int] = {}
        for citation in answer.citations:
            place = (citation.document.id, citation.start, citation.end)
            same = next((c.number for c in citations if (c.document.id, c.start, c.end) == place), None)
            if same is None:
                citations.append(replace(citation, number=len(citations) + 1))
            numbers[citation.number] = same or len(citations)
        for sentence in answer.sentences:
            renumbered = replace(sentence, citations=tuple(numbers[n] for n in sentence.citations))
            if renumbered not in sentences:
                sentences.append(renumbered)
    unsaid = tuple(
        f"the documents do not say: {part}"
        for part, answer in zip(parts, (first, second), strict=True)
        if answer.abstained
    )
    return replace(
        given[0],
        question=question,
        sentences=tuple(sentences),
        citations=tuple(citations),
        confidence=min(answer.confidence for answer in given),
        warnings=(*dict.fromkeys(w for answer in given for w in answer.warnings), *unsaid),
        differences=tuple(d for answer in given for d in answer.differences),
        timings_ms=timings,
        outline=None,
        understood="",
    )
