"""Answering with no language model: the sentences that answer the question, verbatim, or nothing at all.

Whether the best sentence is an answer at all is a logistic regression on a few figures of `rag.scoring`
(`rag/data/confidence.json`, fitted on the development half of the eval set by `python -m eval.fit`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.embedding import Embedded
from rag.expects import asks_why, goes_on_with_why, may_be_why, without_marks
from rag.lists import item_above, list_led_by, list_with
from rag.logistic import probability
from rag.orders import follows_an_order, is_order
from rag.ordinal import asked_for, lists_such, with_what_is_below
from rag.premise import advises_another, misses, of_another_number
from rag.query import Query, covers
from rag.scoring import Candidate, need_weights, score_sentences
from rag.stated import Text
from rag.store.library import Library
from rag.types import Hit, ItemList
from rag.values import quantities
from rag.words import leans_on_the_one_before, stems_of, words

MAX_SENTENCES = 3
MAX_LIST = 12
# A second or third sentence must reach this share of the best one's score; less when it stands in the same passage,
# where one sentence goes on with what another began.
_SECOND, _BESIDE = 0.95, 0.85
_REASON_NEAR = 0.85  # share of the best score from which on a sentence with a reason goes before one without
# Where the best sentence comes near and misses, another one may answer, if it comes as near.
_LOOKED_AT, _NEAR = 4, 0.75
_WITHOUT = 0.3  # what is left of the confidence where the best sentence comes near and misses
_LIST_NEAR = 0.9  # share of the best score that some item of a list must reach, or its introduction
_ALL = 0.95  # share of the question from which on all of it stands above a list
_LIST_LEAD = 0.5  # share of the question that must stand above a list
_ADVICE = re.compile(r"\b(should|ought|recommend(s|ed|ations?)?|advises?)\b", re.IGNORECASE)
_STANDS_OUT = 0.12  # an item this far ahead of the next is what the question is about


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

    Of the passages `beyond` only lists are looked at, by what stands above them.
    """
    candidates = ranked(library, query, embedded, hits)
    if not candidates:
        return Extract((), 0.0, None)
    if asks_why(query):
        candidates[0] = _with_reason(candidates[0])
    best = _fit(query, candidates)
    unfit = _only_orders(query) or best is None
    best = best or candidates[0]
    candidates = [best, *(one for one in candidates if one is not best)]
    sure = confidence(best.features) * (_WITHOUT if unfit else 1.0)
    if sure < threshold:
        return Extract((), sure, best)
    weights = need_weights(library, query)
    further = [Candidate(hit, *span, 0.0) for hit in beyond for span in hit.passage.sentences[:1]]
    chosen = (
        _one_item(query, weights, [*candidates, *further])
        or _as_list(query, weights, candidates, further)
        or _best_few(query, candidates)
    )
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


def wants_list(query: Query) -> bool:
    """Whether a list, or one item of it, is asked for."""
    return query.answer_type == "list" or bool(asked_for(query.text))


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
    """The best sentence, and those almost as good that say something else; what introduces a list brings it along."""
    best = candidates[0]
    chosen = [best]
    if (around := list_led_by(best.hit.document, best.start, best.end)) and len(around.items) <= MAX_LIST:
        return [best, *(replace(best, start=a, end=b) for a, b in around.items)]
    for candidate in candidates[1:]:
        if list_led_by(candidate.hit.document, candidate.start, candidate.end):
            continue
        beside = any(candidate.hit.passage.id == other.hit.passage.id for other in chosen)
        if len(chosen) == MAX_SENTENCES or candidate.score < (_BESIDE if beside else _SECOND) * best.score:
            continue
        if any(_alike(candidate, other) for other in chosen) or (not asks_why(query) and _misses(query, candidate)):
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


def _one_item(query: Query, weights: Sequence[float], places: Sequence[Candidate]) -> list[Candidate]:
    """The item that a question asks for by its place in a list: "the second recommendation"."""
    for nth in asked_for(query.text):
        such = [
            one
            for one in _lists_at(query, weights, places, nth.said)
            if lists_such(one.around, one.at.hit.document, one.at.hit.passage.heading, nth.noun)
        ]
        best = max(such, key=lambda one: one.lead, default=None)
        if best and (item := nth.range_in(best.around)):
            start, end = with_what_is_below(best.at.hit.document, item)
            return [replace(best.at, start=start, end=end)]
    return []


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list at a place, and the share of the question that title, heading and introduction say."""

    at: Candidate
    around: ItemList
    lead: float


def _lists_at(
    query: Query, weights: Sequence[float], places: Sequence[Candidate], place: str = ""
) -> Iterator[_Listed]:
    """The lists of at most MAX_LIST items that sentences stand in or introduce, each once.

    `place` is the word of the question that says which item is asked for: a list need not say it.
    """
    total = sum(weights) or 1.0
    seen: set[tuple[str, int]] = set()
    for at in places:
        document = at.hit.document
        around = list_with(document, at.start) or list_led_by(document, at.start, at.end)
        if not around or not 2 <= len(around.items) <= MAX_LIST or (document.id, around.items[0][0]) in seen:
            continue
        seen.add((document.id, around.items[0][0]))
        introduction = document.text[slice(*around.lead)] if around.lead else ""
        # Numbered sections are as often no list to a reader: their heading must be what is asked for.
        if around.of_sections and not _names_what_is_asked(query, introduction):
            continue
        if advises_another(query, introduction):
            continue
        head = stems_of(f"{document.title} {at.hit.passage.heading} {introduction}")
        met = [
            1.0 if need.text.lower() == place or _counts(need.text, around.items) else covers(need, head)
            for need in query.needs
        ]
        yield _Listed(at, around, sum(w * share for w, share in zip(weights, met, strict=True)) / total)


def _as_list(
    query: Query, weights: Sequence[float], candidates: Sequence[Candidate], beyond: Sequence[Candidate]
) -> list[Candidate]:
    """All items of the list that a question for a list is answered by, in their order; empty when there is none.

    A list answers when title, heading and introduction say what the question asks, better than any single sentence
    does, and when no single item stands out (then the question is about that item), unless it says how many it wants.
    `beyond` are places further down, where only a list that all of the question stands above is taken.
    """
    if query.answer_type != "list":
        return []
    near = [one for one in candidates if one.score >= _LIST_NEAR * candidates[0].score]
    enough = max(_LIST_LEAD, candidates[0].features["lexical"] - 0.3)
    best: _Listed | None = None
    for one in _lists_at(query, weights, near):
        items, document = one.around.items, one.at.hit.document
        inside = [c for c in candidates if c.hit.document == document and items[0][0] <= c.start < one.around.end]
        stands_out = len(inside) > 1 and inside[0].score - inside[1].score > _STANDS_OUT
        stands_out = stands_out and not _counts(query.text, items)
        if one.lead >= enough and (best is None or one.lead > best.lead) and not stands_out:
            best = one
    for one in _lists_at(query, weights, beyond):
        if one.lead >= _ALL and (best is None or one.lead > best.lead) and _names_what_is_asked(query, _above(one)):
            best = one
    return [replace(best.at, start=a, end=b) for a, b in best.around.items] if best else []


def _above(one: _Listed) -> str:
    document, around = one.at.hit.document, one.around
    return f"{one.at.hit.passage.heading} {document.text[slice(*around.lead)] if around.lead else ''}"


def _names_what_is_asked(query: Query, above: str) -> bool:
    """Whether what stands above a list says what a question wants a list of, or that it is advice as well."""
    stems = stems_of(above)
    advises = bool(_ADVICE.search(query.text) and _ADVICE.search(above))
    return advises or any(need.kind == "word" and need.own <= stems for need in query.needs)


def _counts(text: str, items: Sequence[tuple[int, int]]) -> bool:
    """Whether `text` names the number of items: "the five recommendations" are all five."""
    return any(quantity.value == len(items) for quantity in quantities(text))


def _fit(query: Query, candidates: Sequence[Candidate]) -> Candidate | None:
    """The best of the best few that says what is asked for; after one that does not, it must say more of something."""
    first = candidates[0]
    for one in candidates[: 1 if asks_why(query) else _LOOKED_AT]:  # a reason was looked for before
        says_more = any(mine > theirs for mine, theirs in zip(one.shares, first.shares, strict=True))
        if one.score >= _NEAR * first.score and (one is first or says_more) and not _misses(query, one):
            return one
    return None


def _misses(query: Query, candidate: Candidate) -> bool:
    heading = candidate.hit.passage.heading.split(" > ")[-1]
    return misses(query, candidate.shares, _in_context(candidate), heading)


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
