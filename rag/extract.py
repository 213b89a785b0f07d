"""Answering with no language model: the sentences that answer the question, verbatim, or nothing at all.

Whether the best sentence is an answer at all is a logistic regression on a few figures of `rag.scoring`
(`rag/data/confidence.json`, fitted on the development half of the eval set by `python -m eval.fit`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.embedding import Embedded
from rag.expects import asks_which_ones, asks_why, goes_on_with_why, only_names_works, says_how_many
from rag.labels import label_of
from rag.listed import MAX_LIST, as_list, one_item
from rag.lists import item_above, list_led_by
from rag.logistic import probability
from rag.markup import without_marks
from rag.orders import follows_an_order, is_order
from rag.preferred import preferred
from rag.premise import (
    NEARBY,
    beside_another,
    brief_meant,
    labels_another,
    misses,
    of_another_brief,
    of_another_number,
)
from rag.query import Query, covers
from rag.scoring import Candidate, need_weights, score_sentences
from rag.sections import told_off
from rag.stated import Text
from rag.store.library import Library
from rag.types import Hit
from rag.unsaid import unsaid
from rag.words import leans_on_the_one_before, stems_of, words

MAX_SENTENCES = 3
# A second or third sentence must reach this share of the best one's score; less when it stands in the same passage,
# where one sentence goes on with what another began.
_SECOND, _BESIDE = 0.95, 0.88
# Where the best of these sentences comes near and misses, another may answer that reaches this share of its score; less
# when it names what is asked about, and the best one does not.
_LOOKED_AT, _NEAR, _NAMING = 4, 0.9, 0.75
_WITHOUT = 0.3  # what is left of the confidence where the best sentence comes near and misses
# Of itself the program knows nothing.
_OF_THE_PROGRAM = re.compile(
    r"(?:who|what|when|where|how|why)\b(?: (?:has|have|had|did|do|does|is|are|was|were))? \w+ you\W*$|"
    r"(?:where|when|how old) (?:are|were|do|did|have) you\b(?: \w+)?\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Extract:
    """The stretches that answer, best first, and how sure it is that they do (0 to 1)."""

    spans: tuple[Candidate, ...]
    confidence: float
    best: Candidate | None


def extract(
    library: Library,
    query: Query,
    embedded: Embedded,
    hits: Sequence[Hit],
    *,
    threshold: float,
    beyond: Sequence[Hit] = (),
) -> Extract:
    """One to three sentences from `hits` that answer `query`, more for a list; none below `threshold`.

    Of the passages `beyond` only lists are looked at, by what stands above them, and numbers of what is counted.
    """
    counting = [hit for hit in beyond if query.counts_things and says_how_many(query, hit.passage.text)]
    candidates = ranked(library, query, embedded, [*hits, *counting])
    if not candidates:
        return Extract((), 0.0, None)
    if asks_why(query):
        candidates[0] = _with_reason(candidates[0])
    fit = best_that_fits(query, candidates)
    best = fit or candidates[0]
    candidates = [best, *(one for one in candidates if one is not best)]
    weights = need_weights(library, query)
    sure = probability("confidence", figures(query, weights, best))
    if fit is None or _only_orders(query) or _OF_THE_PROGRAM.match(query.text):
        sure *= _WITHOUT
    if sure < threshold:
        return Extract((), sure, best)
    further = [Candidate(hit, *span, 0.0) for hit in beyond for span in hit.passage.sentences]
    chosen = (
        one_item(query, weights, [*candidates, *further])
        or as_list(query, weights, candidates, further)
        or _best_few(query, candidates)
    )
    return Extract(tuple(self_contained(chosen)), sure, best)


def ranked(library: Library, query: Query, embedded: Embedded, hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences of `hits` that may answer, best first."""
    asked = Text(query.reading)
    brief = brief_meant(query.text, library.primary_title)
    candidates = [
        one
        for one in score_sentences(library, query, embedded, hits)
        if not _ordered(one)
        and not only_names_works(query, one.hit.passage.section)
        and not of_another_number(asked, Text(one.text))
        and not of_another_brief(brief, one.text)
    ]
    return preferred(query, candidates)


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


def figures(query: Query, weights: Sequence[float], candidate: Candidate) -> dict[str, float]:
    """What the probability that a sentence answers is made of."""
    return candidate.features | unsaid(query, weights, candidate, _in_context(candidate))


def _best_few(query: Query, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence, and those almost as good that say something else; what introduces a list brings it along."""
    best = candidates[0]
    chosen = [best]
    if (around := list_led_by(best.hit.document, best.start, best.end)) and len(around.items) <= MAX_LIST:
        return [best, *(replace(best, start=a, end=b) for a, b in around.items)]
    if (query.answer_type == "list" or asks_which_ones(query)) and (told := told_off(best.hit.document, best.end)):
        return [best, *(replace(best, start=a, end=b) for a, b in told)]
    named = asks_which_ones(query) and best.features["fits"] > 0  # then nobody wants what is said of them
    labelled = bool(label_of(best.text))  # "Founded: 2014" says all that is asked, and "Employees: 12" something else
    for candidate in candidates[1:]:
        if list_led_by(candidate.hit.document, candidate.start, candidate.end):
            continue
        if named and (candidate.features["fits"] <= 0 or candidate.features["lexical"] < best.features["lexical"]):
            continue
        if labelled and label_of(candidate.text) and candidate.features["lexical"] < best.features["lexical"]:
            continue
        beside = any(candidate.hit.passage.id == other.hit.passage.id for other in chosen)
        if len(chosen) == MAX_SENTENCES or candidate.score < (_BESIDE if beside else _SECOND) * best.score:
            continue
        if any(_alike(candidate, other) for other in chosen) or (not asks_why(query) and _misses(query, candidate)):
            continue
        if beside_another(query, candidate.shares, candidate.text):
            continue
        chosen.append(candidate)
    return chosen


def self_contained(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Each with what it cannot be understood without; one that then lies inside another is put for the best of them."""
    taken = [_with_antecedent(candidate) for candidate in chosen]
    found: list[Candidate] = []
    for one in taken:
        around = next((other for other in taken if _within(one, other) and not _within(other, one)), one)
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


def best_that_fits(query: Query, candidates: Sequence[Candidate]) -> Candidate | None:
    """The best of the best few that says what is asked for; after one that does not, it must say more of something."""
    first = candidates[0]
    for one in candidates[: 1 if asks_why(query) else _LOOKED_AT]:  # a reason was looked for before
        more = [n for n, mine, theirs in zip(query.needs, one.shares, first.shares, strict=True) if mine > theirs]
        enough = _NAMING if any(need.kind == "name" for need in more) else _NEAR
        if one.score >= enough * first.score and (one is first or more) and not _misses(query, one):
            return one
    return None


def _misses(query: Query, candidate: Candidate) -> bool:
    around = stems_of(candidate.hit.passage.text)
    shares = [
        max(share, NEARBY * covers(need, around)) if need.kind == "word" and not query.counts(need) else share
        for need, share in zip(query.needs, candidate.shares, strict=True)
    ]
    return labels_another(query, shares, candidate.text) or misses(
        query, shares, _in_context(candidate), candidate.hit.passage.section
    )


def _in_context(candidate: Candidate) -> str:
    """What a sentence says where it stands: with what it leans on, and what introduces its list."""
    held = _with_antecedent(candidate)
    document, lead = candidate.hit.document, candidate.leans_on
    return held.text if lead is None or lead[0] >= held.start else f"{document.text[slice(*lead)]} {held.text}"


def _with_antecedent(candidate: Candidate) -> Candidate:
    """A sentence with what it cannot be understood without.

    One that begins with "It" or "These" takes the one before it along, an item of a list within a list the item that it
    stands under.
    """
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
    if index == 0 and candidate.leans_on and leans_on_the_one_before(text[start : candidate.end]):
        start = candidate.leans_on[0]  # what it leans on stands in the passage before
    if (above := item_above(candidate.hit.document, start)) and candidate.end - above[0] < 400:
        start = above[0]
    return candidate if start == candidate.start else replace(candidate, start=start)
