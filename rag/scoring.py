"""Scoring the sentences of retrieved passages against a question.

First by late interaction (Khattab and Zaharia, 2020: for each word of the question the best cosine among the
sentence's tokens), weighted by inverse document frequency, with the share of the question's words that stand in the
sentence, its own cosine to the question and the passage's score. Then, for the best ones, a word of the question that
does not stand there may be said by another: the cosine of the two words, each embedded alone, tells inhabitants from
unemployment where people are counted. A name is never said by another name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from rag.embedding import Embedded, Embedder, Floats, unit
from rag.expects import fits
from rag.lists import items_with
from rag.markup import without_marks
from rag.query import Query, covers
from rag.sections import nearest_numbers, without_halves
from rag.store.library import Library
from rag.thesaurus import coins, says
from rag.types import Document, Hit
from rag.values import dates
from rag.words import leans_on_the_one_before, stem, stems_of, words
from rag.years import says_year, years_meant, years_of

# What a match beside the sentence counts, against 1 in it: in title and heading, in the sentence before one that leans
# on it ("It rose ..."), in the rest of the passage, elsewhere in the document (names only).
HEADING, _LEANT_ON, _AROUND, _DOCUMENT = 0.85, 0.9, 0.4, 0.6
# Shares of the four figures in a sentence's score.
_LATE, _LEXICAL, _COSINE, _PASSAGE = 0.45, 0.25, 0.2, 0.1
_TYPE_BONUS, _TYPE_PENALTY = 0.06, 0.12
_MISSING_PENALTY = 0.15  # for a name or number of the question that is nowhere near
_REREAD = 16  # sentences whose words are compared one by one
# Below the first cosine two words have nothing to do with each other, from the second on one says the other.
_UNLIKE, _ALIKE, _SAID_OTHERWISE = 0.4, 0.75, 0.85


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: where it stands, how well it fits, and the figures behind that.

    `shares` says for each need of the question how far it is met, 0 to 1; `likeness` the cosine of its words, each in
    its sentence, to what comes nearest in this one, or in what this one leans on.
    """

    hit: Hit
    start: int
    end: int
    score: float
    features: dict[str, float] = field(default_factory=dict)
    shares: tuple[float, ...] = ()
    likeness: tuple[float, ...] = ()
    leans_on: tuple[int, int] | None = None  # the stretch before it that says what it is about

    @property
    def text(self) -> str:
        return self.hit.document.text[self.start : self.end]


def score_sentences(library: Library, query: Query, embedded: Embedded, hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence of `hits`, best first."""
    weights = need_weights(library, query)
    question = _question_tokens(library, query, embedded)
    tokens = library.token_vectors(hits)
    top = max((hit.score for hit in hits), default=1.0) or 1.0
    found: list[Candidate] = []
    for hit in hits:
        if hit.passage.id in tokens:
            vectors = tokens[hit.passage.id]
            found += _score_passage(
                query,
                embedded.vector,
                question,
                weights,
                hit,
                vectors.floats(),
                vectors.spans,
                top,
                _before(library, hit),
            )
    found.sort(key=_order)
    reread = _with_likeness(library.embedder, query, weights, found[:_REREAD])
    return sorted(reread, key=_order) + found[_REREAD:]


def _order(candidate: Candidate) -> tuple[float, str, int]:
    return (-candidate.score, candidate.hit.document.name, candidate.start)


def need_weights(library: Library, query: Query) -> list[float]:
    """Inverse document frequency of each need: by the rarest word of its most frequent spelling."""
    total = library.passage_count()
    return [
        min(max(_idf(library, total, stem) for stem in alternative) for alternative in need.alternatives)
        for need in query.needs
    ]


def _idf(library: Library, total: int, stem: str) -> float:
    return math.log(1 + (total + 0.5) / (library.lexical.document_frequency(stem) + 0.5))


@dataclass(frozen=True, slots=True)
class _QuestionTokens:
    """The question's content words for late interaction: `vectors` [n, dimension], one weight and word for each."""

    vectors: Floats
    weights: Floats
    owner: np.ndarray[Any, np.dtype[np.int64]]  # which word each token belongs to
    stems: tuple[str, ...]  # of each word

    def by_word(self, nearest: Floats) -> dict[str, float]:
        """The mean of a figure of the tokens, for each word by its stem."""
        means = np.bincount(self.owner, weights=nearest) / np.bincount(self.owner)
        return dict(zip(self.stems, means.tolist(), strict=True))


def _question_tokens(library: Library, query: Query, embedded: Embedded) -> _QuestionTokens:
    content = [w for w in words(query.reading) if not w.is_stopword]
    total = library.passage_count()
    vectors: list[Floats] = []
    weights: list[float] = []
    owner: list[int] = []
    stems: list[str] = []
    floats = embedded.tokens.floats()
    for word in content:
        rows = [i for i, (a, b) in enumerate(embedded.tokens.spans) if a < word.end and b > word.start and b > a]
        if not rows:
            continue
        weight = _idf(library, total, word.stem)
        for i in rows:
            vectors.append(floats[i])
            weights.append(weight / len(rows))
            owner.append(len(stems))
        stems.append(word.stem)
    if not vectors:  # only stop words: the whole question stands for itself
        vectors, weights, owner, stems = [embedded.vector], [1.0], [0], [""]
    return _QuestionTokens(np.stack(vectors), np.array(weights, np.float32), np.array(owner), tuple(stems))


def _score_passage(
    query: Query,
    vector: Floats,
    question: _QuestionTokens,
    weights: Sequence[float],
    hit: Hit,
    tokens: Floats,
    token_spans: np.ndarray[Any, np.dtype[np.int32]],
    top: float,
    before: tuple[int, int] | None,
) -> list[Candidate]:
    passage, document = hit.passage, hit.document
    prefix = len(passage.prefix(document))
    # Token ranges count from the start of what was embedded; sentences count from the start of the document.
    starts = token_spans[:, 0] - prefix + passage.start
    in_prefix = token_spans[:, 0] < prefix
    similarity = question.vectors @ tokens.T  # [question tokens, passage tokens]
    above = f"{document.title} {document.publisher} {nearest_numbers(passage.heading)}"
    heading = without_halves(above, stems_of(query.reading))
    around = stems_of(without_marks(passage.text))
    years = {need.text: years_meant(query, need) for need in query.needs if need.kind == "number" and dates(need.text)}
    need_is_counted = {need.text: query.counts(need) for need in query.needs}
    found: list[Candidate] = []
    for start, end in passage.sentences:
        inside = (starts >= start) & (starts < end) & ~in_prefix
        if not inside.any():
            continue
        text = document.text[start:end]
        stems = stems_of(without_marks(text))
        leans_on = before if leans_on_the_one_before(text) else _lead(document, start)
        lead = document.text[slice(*leans_on)] + " " if leans_on else ""
        leant_on = (starts >= leans_on[0]) & (starts < leans_on[1]) & ~in_prefix if leans_on else ~inside & False
        nearest = similarity[:, inside].max(axis=1)
        for there, counts in ((in_prefix, HEADING), (leant_on, _LEANT_ON), (~inside, _AROUND)):
            if there.any():
                nearest = np.maximum(nearest, counts * similarity[:, there].max(axis=1))
        late = float((np.maximum(nearest, 0) * question.weights).sum() / question.weights.sum())
        by_word = question.by_word(similarity[:, inside | leant_on].max(axis=1))
        likeness = tuple(max((by_word.get(stem, 0.0) for stem in need.own), default=0.0) for need in query.needs)

        stated = years_of(lead + text) if years else set()
        other_year = bool(stated) and not any(year in meant for meant in years.values() for year in stated)
        shares: list[float] = []
        for need in query.needs:
            share = max(covers(need, stems), HEADING * covers(need, heading | stems))
            if not need_is_counted[need.text]:  # how many people is not said where people stand in another sentence
                share = max(share, _AROUND * covers(need, around))
            if leans_on:
                share = max(share, _LEANT_ON * covers(need, stems | stems_of(without_marks(lead))))
            if share < _SAID_OTHERWISE and coins(need.own, text):
                share = _SAID_OTHERWISE
            if need.text in years:
                if says_year(years[need.text], text):
                    share = 1.0
                elif other_year:
                    share = 0.0  # what it says of 2024 is no answer about 2023, whatever stands around it
            if need.kind == "name" and share < _DOCUMENT and covers(need, _document_stems(document)) == 1.0:
                share = _DOCUMENT
            shares.append(share)
        features = {
            "late": late,
            "cosine": float(vector @ unit(tokens[inside].mean(axis=0))),
            "passage": hit.score / top,
            "fits": fits(query, text),
            "hard_missing": max(
                (
                    weight / max(weights) * (1 - share)
                    for need, share, weight in zip(query.needs, shares, weights, strict=True)
                    if need.kind != "word" and share < _AROUND
                ),
                default=0.0,
            ),
        }
        found.append(_scored(Candidate(hit, start, end, 0.0, features, tuple(shares), likeness, leans_on), weights))
        before = (start, end)
    return found


def _before(library: Library, hit: Hit) -> tuple[int, int] | None:
    """The sentence before a passage that begins with "It" or "These", in the same paragraph; with one that it needs."""
    passage, text = hit.passage, hit.document.text
    if not passage.sentences or not leans_on_the_one_before(text[slice(*passage.sentences[0])]):
        return None
    other = library.catalog.passage_before(hit.document, passage)
    if other is None or other.heading != passage.heading or "\n\n" in text[other.end : passage.start]:
        return None
    *earlier, (start, end) = other.sentences[-2:]
    if earlier and leans_on_the_one_before(text[start:end]) and "\n\n" not in text[earlier[0][1] : start]:
        start = earlier[0][0]
    return start, end


def _lead(document: Document, start: int) -> tuple[int, int] | None:
    """What introduces the list that a sentence is an item of."""
    around = items_with(document, start)
    return around.lead if around else None


def _scored(candidate: Candidate, weights: Sequence[float]) -> Candidate:
    """`candidate` with the figures that follow from its shares, and its score."""
    features = dict(candidate.features)
    total = sum(weights) or 1.0
    features["lexical"] = sum(w * share for w, share in zip(weights, candidate.shares, strict=True)) / total
    fit = features["fits"]
    score = (
        _LATE * features["late"]
        + _LEXICAL * features["lexical"]
        + _COSINE * features["cosine"]
        + _PASSAGE * features["passage"]
        + (_TYPE_BONUS if fit > 0 else _TYPE_PENALTY) * fit
        - _MISSING_PENALTY * features["hard_missing"]
    )
    return replace(candidate, features=features, score=score)


def _with_likeness(
    embedder: Embedder, query: Query, weights: Sequence[float], candidates: Sequence[Candidate]
) -> list[Candidate]:
    """The candidates, with needs met by another word for the same thing."""
    open_needs = [i for i, need in enumerate(query.needs) if need.kind == "word" and len(words(need.text)) == 1]
    open_needs = [i for i in open_needs if any(c.shares[i] < _SAID_OTHERWISE for c in candidates)]
    if not open_needs:
        return list(candidates)
    asked = embedder.embed_words([query.needs[i].text for i in open_needs])
    asked_stems = [stem(query.needs[i].text) for i in open_needs]
    found: list[Candidate] = []
    said = [_common_words(candidate) for candidate in candidates]
    embedder.embed_words(sorted({word for both in said for here in both for word in here}))  # one pass for all
    for candidate, both in zip(candidates, said, strict=True):
        shares = list(candidate.shares)
        for here, counts in zip(both, (1.0, HEADING), strict=True):
            if not here:
                continue
            stems = [stem(word) for word in here]
            nearest = (asked @ embedder.embed_words(here).T).max(axis=1)
            for row, i in enumerate(open_needs):
                likeness = graded(float(nearest[row]), _UNLIKE, _ALIKE)
                likeness = max(likeness, *(says(asked_stems[row], word) for word in stems))
                shares[i] = max(shares[i], _SAID_OTHERWISE * counts * likeness)
        found.append(_scored(replace(candidate, shares=tuple(shares)), weights))
    return found


def graded(cosine: float, unlike: float, alike: float) -> float:
    """How far one says the other: 0 up to the cosine `unlike`, 1 from `alike` on, in between by its place."""
    return min(max((cosine - unlike) / (alike - unlike), 0.0), 1.0)


def _common_words(candidate: Candidate) -> tuple[list[str], list[str]]:
    """The words that are no names: of the sentence (and of the one it leans on), and of what stands above it."""
    document, passage = candidate.hit.document, candidate.hit.passage
    lead = document.text[slice(*candidate.leans_on)] if candidate.leans_on else ""
    return (
        _plain(f"{lead} {candidate.text}", _names(document)),
        _plain(f"{passage.heading} {document.title}", _names(document)),
    )


def _plain(text: str, names: frozenset[str]) -> list[str]:
    spoken = (word for word in words(text) if word.can_stand_for_another)
    return sorted({word.text.lower() for word in spoken if word.stem not in names})


@lru_cache(maxsize=256)
def _names(document: Document) -> frozenset[str]:
    """Stems that the document writes with a capital inside sentences, and never without."""
    capital: set[str] = set()
    lower: set[str] = set()
    ends = True
    last = 0
    for word in words(document.text):
        between = document.text[last : word.start]
        ends = last == 0 or any(mark in between for mark in '.!?:\n|#-"“')
        last = word.end
        if word.kind == "word":
            (lower if word.text[0].islower() else set() if ends else capital).add(word.stem)
    return frozenset(capital - lower)


@lru_cache(maxsize=256)
def _document_stems(document: Document) -> frozenset[str]:
    return stems_of(f"{document.title} {document.publisher} {document.text}")
