"""Answering with no language model: the sentences that answer the question, verbatim, or nothing at all.

Whether the best sentence is an answer at all is a logistic regression on a few figures of `rag.scoring`
(`rag/data/confidence.json`, fitted on the development half of the eval set by `python -m eval.fit`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.embedding import Embedded
from rag.expects import asks_why, goes_on_with_why, may_be_why, without_marks
from rag.logistic import probability
from rag.orders import follows_an_order, is_order
from rag.premise import misses, of_another_number
from rag.query import Query, covers
from rag.scoring import Candidate, need_weights, score_sentences
from rag.stated import Text
from rag.store.library import Library
from rag.types import Document, Hit
from rag.values import quantities
from rag.words import leans_on_the_one_before, stems_of, words

MAX_SENTENCES = 3
MAX_LIST = 12
# A second or third sentence must reach this share of the best one's score; less when it stands in the same passage,
# where one sentence goes on with what another began.
_SECOND, _BESIDE = 0.95, 0.85
_REASON_NEAR = 0.85  # share of the best score from which on a sentence with a reason goes before one without
_ITEM = re.compile(r"[ \t]*([-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
_WITHOUT = 0.3  # what is left of the confidence where the best sentence comes near and misses
_LIST_LEAD = 0.5  # share of the question that must stand above a list
_STANDS_OUT = 0.12  # an item this far ahead of the next is what the question is about


@dataclass(frozen=True, slots=True)
class Extract:
    """The stretches that answer, best first, and how sure it is that they do (0 to 1)."""

    spans: tuple[Candidate, ...]
    confidence: float
    best: Candidate | None


def extract(library: Library, query: Query, embedded: Embedded, hits: Sequence[Hit], *, threshold: float) -> Extract:
    """One to three sentences from `hits` that answer `query`, more for a list; none below `threshold`."""
    candidates = ranked(library, query, embedded, hits)
    if not candidates:
        return Extract((), 0.0, None)
    if asks_why(query):
        candidates[0] = _with_reason(candidates[0])
    best = candidates[0]
    unfit = _only_orders(query) or misses(query, best.shares, _with_antecedent(best).text)
    sure = confidence(best.features) * (_WITHOUT if unfit else 1.0)
    if sure < threshold:
        return Extract((), sure, best)
    chosen = _as_list(query, need_weights(library, query), candidates) or _best_few(query, candidates)
    return Extract(tuple(_apart([_with_antecedent(candidate) for candidate in chosen])), sure, best)


def ranked(library: Library, query: Query, embedded: Embedded, hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences of `hits` that may answer, best first."""
    asked = Text(query.reading)
    candidates = [
        one
        for one in score_sentences(library, query, embedded, hits)
        if not _ordered(one) and not of_another_number(asked, Text(one.text))
    ]
    if query.answer_type in ("when", "quantity"):  # without a date, or a figure, it is no answer however near
        return [candidate for candidate in candidates if candidate.features["fits"] > 0] or candidates
    if asks_why(query) and candidates:  # before what is asked about comes why it is so, where that is said
        near = [one for one in candidates if one.score >= _REASON_NEAR * candidates[0].score]
        reason = next((one for one in near if may_be_why(one.text)), candidates[0])
        return [reason, *(one for one in candidates if one is not reason)]
    return candidates


def _only_orders(query: Query) -> bool:
    """Whether it asks nothing of the documents, and only tells the program what to do."""
    return is_order(query.text) and not query.text.rstrip().endswith(("?", "？"))


def _with_reason(candidate: Candidate) -> Candidate:
    """A sentence with the one behind it, when that one says why it is so."""
    behind = next((span for span in candidate.hit.passage.sentences if span[0] >= candidate.end), None)
    if behind is None or not goes_on_with_why(candidate.hit.document.text[slice(*behind)]):
        return candidate
    return replace(candidate, end=behind[1])


def _ordered(candidate: Candidate) -> bool:
    return follows_an_order(candidate.hit.document.text, candidate.start, candidate.end)


def confidence(features: dict[str, float]) -> float:
    """Probability that the sentence with these features answers the question."""
    return probability("confidence", features)


def _best_few(query: Query, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence, and those almost as good that say something else."""
    best = candidates[0]
    chosen = [best]
    for candidate in candidates[1:]:
        beside = any(candidate.hit.passage.id == other.hit.passage.id for other in chosen)
        if len(chosen) == MAX_SENTENCES or candidate.score < (_BESIDE if beside else _SECOND) * best.score:
            continue
        if any(_alike(candidate, other) for other in chosen):
            continue
        chosen.append(candidate)
    return chosen


def _apart(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Without those that lie inside another one, which then stands in the place of the best of them."""
    found: list[Candidate] = []
    for one in chosen:
        around = next((other for other in chosen if _within(one, other) and not _within(other, one)), one)
        if not any(_within(around, other) for other in found):
            found.append(around)
    return found


def _within(one: Candidate, other: Candidate) -> bool:
    return one.hit.document.id == other.hit.document.id and other.start <= one.start and one.end <= other.end


def _alike(one: Candidate, other: Candidate) -> bool:
    a, b = (
        {word.stem for word in words(without_marks(candidate.text)) if not word.is_stopword}
        for candidate in (one, other)
    )
    return len(a & b) >= 0.8 * min(len(a), len(b))


def _as_list(query: Query, weights: Sequence[float], candidates: Sequence[Candidate]) -> list[Candidate]:
    """All items of the list that a question for a list is answered by, in their order; empty when there is none.

    A list answers when title, heading and introduction say what the question asks, better than any single sentence
    does, and when no single item stands out (then the question is about that item), unless it says how many it wants.
    """
    if query.answer_type != "list":
        return []
    total = sum(weights) or 1.0
    best: tuple[float, list[Candidate]] = (0.0, [])
    seen: set[tuple[str, int]] = set()
    for candidate in candidates:
        document = candidate.hit.document
        items, introduction = list_around(document, candidate.start, candidate.end)
        if not 2 <= len(items) <= MAX_LIST or (document.id, items[0][0]) in seen:
            continue
        seen.add((document.id, items[0][0]))
        head = stems_of(f"{document.title} {candidate.hit.passage.heading} {introduction}")
        met = [1.0 if _counts(need.text, items) else covers(need, head) for need in query.needs]
        lead = sum(w * share for w, share in zip(weights, met, strict=True)) / total
        inside = [c for c in candidates if c.hit.document == document and items[0][0] <= c.start < items[-1][1]]
        stands_out = len(inside) > 1 and inside[0].score - inside[1].score > _STANDS_OUT
        stands_out = stands_out and not _counts(query.text, items)
        if lead > best[0] and lead >= max(_LIST_LEAD, candidates[0].features["lexical"] - 0.3) and not stands_out:
            best = (lead, [replace(candidate, start=a, end=b) for a, b in items])
    return best[1]


def _counts(text: str, items: Sequence[tuple[int, int]]) -> bool:
    """Whether `text` names the number of items: "the five recommendations" are all five."""
    return any(quantity.value == len(items) for quantity in quantities(text))


def list_around(document: Document, start: int, end: int) -> tuple[list[tuple[int, int]], str]:
    """The list that the sentence at start:end introduces or belongs to: its items' ranges, and the line before it."""
    text = document.text
    lines: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        lines.append((position, position + len(line)))
        position += len(line) + 1
    at = next(i for i, (a, b) in enumerate(lines) if a <= start <= b)

    def item(i: int) -> re.Match[str] | None:
        return _ITEM.match(text, *lines[i])

    if not item(at):
        if not text[start:end].rstrip().endswith((":", "：")):
            return [], ""
        at += 1
        while at < len(lines) and lines[at][0] == lines[at][1]:
            at += 1
    if at >= len(lines) or not item(at):
        return [], ""
    while at > 0 and item(at - 1):
        at -= 1
    before = at - 1
    while before > 0 and lines[before][0] == lines[before][1]:
        before -= 1
    introduction = text[slice(*lines[before])] if before >= 0 else ""
    items: list[tuple[int, int]] = []
    while at < len(lines) and (match := item(at)):
        items.append((match.end(), lines[at][1]))
        at += 1
    return items, introduction if introduction.rstrip().endswith((":", "：")) else ""


def _with_antecedent(candidate: Candidate) -> Candidate:
    """A sentence that begins with "It" or "These" takes the one before it along, so that it can be understood."""
    passage = candidate.hit.passage
    text = candidate.hit.document.text
    start = candidate.start
    sentences = list(passage.sentences)
    index = next((i for i, span in enumerate(sentences) if span[0] == start), 0)
    while (
        index > 0
        and leans_on_the_one_before(text[start : candidate.end])
        and "\n\n" not in text[sentences[index - 1][1] : start]
        and candidate.end - sentences[index - 1][0] < 600
        and sum(1 for s in sentences if sentences[index - 1][0] <= s[0] < candidate.end) <= 3
    ):
        index -= 1
        start = sentences[index][0]
    if start == candidate.start:
        return candidate
    return replace(candidate, start=start)
