"""Answering with no language model: the sentences that answer the question, verbatim, or nothing at all.

Every sentence of the retrieved passages is scored by late interaction (Khattab and Zaharia, 2020: for each word of the
question the best cosine among the sentence's tokens), weighted by inverse document frequency, with the share of the
question's words that stand in it, its own cosine to the question, and the passage's score. Whether the best one is an
answer at all is a logistic regression on a few such figures (`rag/data/confidence.json`, fitted on the development
half of the eval set by `python -m eval.fit`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding import Embedded, Floats
from rag.query import AnswerType, Query, covers
from rag.store.library import Library
from rag.types import Document, Hit, Passage
from rag.words import words

MAX_SENTENCES = 3
MAX_LIST = 12
# What a match beside the sentence counts, against 1 in it: in title and heading, in the sentence before one that leans
# on it ("It rose ..."), in the rest of the passage.
_HEADING, _LEANT_ON, _AROUND = 0.85, 0.9, 0.6
_DOCUMENT = 0.6  # ... and one elsewhere in the document, for names and numbers
# Shares of the four figures in a sentence's score.
_LATE, _LEXICAL, _COSINE, _PASSAGE = 0.45, 0.25, 0.2, 0.1
_TYPE_BONUS, _TYPE_PENALTY = 0.06, 0.12
_MISSING_PENALTY = 0.15  # for a name or number of the question that is nowhere near
_SECOND = 0.9  # a second or third sentence must reach this share of the best one's score

_NUMBER_WORD = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|hundred|half|third|dozen|doubled?|"
    r"twice|no|none|[一二三四五六七八九十百千万亿两]+)\b",
    re.I,
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = re.compile(rf"\b(1[89]|20)\d\d\b|\b({_MONTHS})\b|\d年|\b\d0s\b", re.I)
# Dates and years are no figures: "in 2024" does not say how much.
_DATES_ONLY = re.compile(
    rf"\b(\d{{1,2}} )?({_MONTHS})( \d{{1,2}},)?( (1[89]|20)\d\d)?\b|"
    r"\b(in|since|of|by|from|to|for) (1[89]|20)\d\d\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)\b[A-Z][a-z]+ [A-Z][a-z]+|(?<=[a-z,] )[A-Z][a-z]+")
_REASON = re.compile(
    r"\b(because|since|due to|so that|in order to|aims? to|seeks? to|purpose|reason|therefore|to (correct|prevent|"
    r"avoid|address|enhance|help|better|keep))\b",
    re.I,
)
_DEFINES = re.compile(r"\b(is|are|means?|refers? to|stands for|called|known as|defined|covers|consists? of)\b", re.I)
_LEANS = re.compile(
    r"^(it|its|this|that|these|those|they|their|he|she|his|her|such|both|neither|there|the (two|three|four|five|same|"
    r"latter|former|sum|six|seven|approach|plan|measures?|source|programme|aim)|another|others?|however|but|instead|"
    r"in addition|moreover|also|so|thus|then)\b",
    re.I,
)
_ITEM = re.compile(r"[ \t]*([-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
_ENUMERATION = re.compile(r"[^,;:]{2,60}, [^,;:]{2,60}(, [^,;:]{2,60})*,? (and|or) \w")
_LIST_LEAD = 0.5  # share of the question that must stand above a list
_STANDS_OUT = 0.12  # an item this far ahead of the next is what the question is about


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: where it stands, how well it fits, and the figures behind that."""

    hit: Hit
    start: int
    end: int
    score: float
    features: dict[str, float] = field(default_factory=dict)
    covered: frozenset[int] = frozenset()  # which of the query's needs it holds


@dataclass(frozen=True, slots=True)
class Extract:
    """The stretches that answer, best first, and how sure it is that they do (0 to 1)."""

    spans: tuple[Candidate, ...]
    confidence: float
    best: Candidate | None


def extract(library: Library, query: Query, embedded: Embedded, hits: Sequence[Hit], *, threshold: float) -> Extract:
    """One to three sentences from `hits` that answer `query`, more for a list; none below `threshold`."""
    weights = need_weights(library, query)
    candidates = score_sentences(library, query, embedded, hits)
    if not candidates:
        return Extract((), 0.0, None)
    if query.answer_type in ("when", "quantity"):  # without a date, or a figure, it is no answer however near
        candidates = [candidate for candidate in candidates if candidate.features["fits"] > 0] or candidates
    best = candidates[0]
    sure = confidence(best.features)
    if sure < threshold:
        return Extract((), sure, best)
    chosen = _as_list(query, weights, candidates) or _best_few(query, candidates)
    return Extract(tuple(_apart([_with_antecedent(candidate) for candidate in chosen])), sure, best)


def score_sentences(library: Library, query: Query, embedded: Embedded, hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence of `hits`, best first."""
    weights = need_weights(library, query)
    question = _question_tokens(library, query, embedded)
    tokens = library.token_vectors([hit.passage.id for hit in hits])
    top = max((hit.score for hit in hits), default=1.0) or 1.0
    found: list[Candidate] = []
    for hit in hits:
        if hit.passage.id in tokens:
            token_vectors = tokens[hit.passage.id]
            found.extend(
                _score_passage(
                    query, embedded.vector, question, weights, hit, token_vectors.floats(), token_vectors.spans, top
                )
            )
    return sorted(found, key=lambda c: (-c.score, c.hit.document.name, c.start))


@cache
def _model() -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / "data" / "confidence.json").read_text()))


def confidence(features: dict[str, float]) -> float:
    """Probability that the sentence with these features answers the question."""
    model = _model()
    z = model["intercept"] + sum(weight * features[name] for name, weight in model["weights"].items())
    return 1 / (1 + math.exp(-z))


@dataclass(frozen=True, slots=True)
class _QuestionTokens:
    """The question's content words for late interaction: `vectors` [n, dimension], one weight and word for each."""

    vectors: Floats
    weights: Floats
    owner: np.ndarray[Any, np.dtype[np.int64]]  # which word each token belongs to
    word_weights: Floats


def need_weights(library: Library, query: Query) -> list[float]:
    """Inverse document frequency of each need, by its rarest word."""
    total = library.passage_count()
    return [
        max(_idf(library, total, stem) for stem in need.alternatives[0]) if need.alternatives[0] else 0.0
        for need in query.needs
    ]


def _idf(library: Library, total: int, stem: str) -> float:
    return math.log(1 + (total + 0.5) / (library.lexical.document_frequency(stem) + 0.5))


def _question_tokens(library: Library, query: Query, embedded: Embedded) -> _QuestionTokens:
    content = [w for w in words(query.reading) if not w.is_stopword]
    total = library.passage_count()
    vectors: list[Floats] = []
    weights: list[float] = []
    owner: list[int] = []
    word_weights: list[float] = []
    floats = embedded.tokens.floats()
    for word in content:
        rows = [i for i, (a, b) in enumerate(embedded.tokens.spans) if a < word.end and b > word.start and b > a]
        if not rows:
            continue
        weight = _idf(library, total, word.stem)
        for i in rows:
            vectors.append(floats[i])
            weights.append(weight / len(rows))
            owner.append(len(word_weights))
        word_weights.append(weight)
    if not vectors:  # only stop words: the whole question stands for itself
        vectors, weights, owner, word_weights = [embedded.vector], [1.0], [0], [1.0]
    return _QuestionTokens(
        np.stack(vectors), np.array(weights, np.float32), np.array(owner), np.array(word_weights, np.float32)
    )


def _score_passage(
    query: Query,
    vector: Floats,
    question: _QuestionTokens,
    weights: Sequence[float],
    hit: Hit,
    tokens: Floats,
    token_spans: np.ndarray[Any, np.dtype[np.int32]],
    top: float,
) -> list[Candidate]:
    passage, document = hit.passage, hit.document
    prefix = len(passage.prefix(document.title))
    # Token ranges count from the start of what was embedded; sentences count from the start of the document.
    starts = token_spans[:, 0] - prefix + passage.start
    similarity = question.vectors @ tokens.T  # [question tokens, passage tokens]
    heading = _stems(f"{document.title} {passage.heading}")
    around = _stems(passage.text)
    in_prefix = token_spans[:, 0] < prefix
    whole: frozenset[str] | None = None
    dense = float(vector @ _unit(tokens.mean(axis=0)))
    found: list[Candidate] = []
    spread = float(question.weights.sum())
    total = sum(weights) or 1.0
    before = np.zeros(len(starts), bool)  # tokens of the sentence before
    stems_before: frozenset[str] = frozenset()
    for start, end in passage.sentences:
        inside = (starts >= start) & (starts < end) & ~in_prefix
        if not inside.any():
            continue
        text = document.text[start:end]
        stems = _stems(text)
        leans = _LEANS.match(text) is not None and before.any()
        nearest = own = similarity[:, inside].max(axis=1)
        for tokens_there, share in ((in_prefix, _HEADING), (before & leans, _LEANT_ON), (~inside, _AROUND)):
            if tokens_there.any():
                nearest = np.maximum(nearest, share * similarity[:, tokens_there].max(axis=1))
        late = float((np.maximum(nearest, 0) * question.weights).sum() / spread)
        by_word = np.bincount(question.owner, weights=nearest) / np.bincount(question.owner)
        weakest = float((by_word + (1 - question.word_weights / question.word_weights.max())).min())

        lexical, hard_missing = 0.0, 0.0
        covered = set()
        for i, need in enumerate(query.needs):
            share = covers(need, stems)
            if share == 1.0:
                covered.add(i)
            share = max(share, _HEADING * covers(need, heading | stems))
            if leans:
                share = max(share, _LEANT_ON * covers(need, stems | stems_before))
            share = max(share, _AROUND * covers(need, around))
            if need.kind != "word" and share < _AROUND:
                whole = _document_stems(document) if whole is None else whole
                if covers(need, whole) == 1.0:
                    share = max(share, _DOCUMENT if need.kind == "name" else 0.0)
                hard_missing = max(hard_missing, (1 - share) * weights[i] / max(weights))
            lexical += weights[i] * share
        lexical /= total
        cosine = float(vector @ _unit(tokens[inside].mean(axis=0)))
        fits = _fits(query, text)
        score = (
            _LATE * late
            + _LEXICAL * lexical
            + _COSINE * cosine
            + _PASSAGE * hit.score / top
            + (_TYPE_BONUS if fits > 0 else _TYPE_PENALTY) * fits
            - _MISSING_PENALTY * hard_missing
        )
        features = {
            "late": late,
            "lexical": lexical,
            "cosine": cosine,
            "dense": dense,
            "own": float((np.maximum(own, 0) * question.weights).sum() / spread),
            "mean": float(by_word.mean()),
            "weakest": weakest,
            "hard_missing": hard_missing,
            "fits": fits,
            "score": score,
        }
        found.append(Candidate(hit, start, end, score, features, frozenset(covered)))
        before, stems_before = inside, stems
    return found


def _unit(vector: Floats) -> Floats:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text))


@cache
def _document_stems(document: Document) -> frozenset[str]:
    return _stems(document.title + " " + document.text)


def _fits(query: Query, text: str) -> float:
    """Whether a sentence has what the question asks for: 1 it has, -1 it lacks what every answer has, 0 either."""
    kind: AnswerType = query.answer_type
    if kind == "when":
        return 1.0 if _DATE.search(text) else -1.0
    if kind == "quantity":
        asked = {word.stem for word in words(query.reading) if word.kind == "number"}
        figures = [w for w in words(_DATES_ONLY.sub(" ", _without_markers(text))) if w.kind == "number"]
        has = any(w.stem not in asked for w in figures) or _NUMBER_WORD.search(text)
        return 1.0 if has else -1.0
    if kind == "who":
        return 0.5 if _NAME.search(text) else -0.5
    if kind == "where":
        return 0.3 if _NAME.search(text) else -0.3
    if kind == "why":
        return 0.5 if _REASON.search(text) else 0.0
    if kind == "list":
        return 0.5 if _ENUMERATION.search(text) else 0.0
    if kind == "definition":
        return 0.5 if _DEFINES.search(text) else 0.0
    return 0.0


def _without_markers(text: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", text)  # the number of a source is no figure


def _best_few(query: Query, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence, and those almost as good that say something else."""
    best = candidates[0]
    chosen = [best]
    for candidate in candidates[1:]:
        if len(chosen) == MAX_SENTENCES or candidate.score < _SECOND * best.score:
            break
        if any(_alike(candidate, other) for other in chosen):
            continue
        chosen.append(candidate)
    return chosen


def _apart(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Without those that lie inside another one."""
    return [
        one
        for i, one in enumerate(chosen)
        if not any(
            one.hit.document.id == other.hit.document.id
            and other.start <= one.start
            and one.end <= other.end
            and (other.end - other.start > one.end - one.start or j < i)
            for j, other in enumerate(chosen)
            if j != i
        )
    ]


def _alike(one: Candidate, other: Candidate) -> bool:
    a, b = (
        {word.stem for word in words(_without_markers(_text(candidate))) if not word.is_stopword}
        for candidate in (one, other)
    )
    return len(a & b) >= 0.8 * min(len(a), len(b))


def _text(candidate: Candidate) -> str:
    return candidate.hit.document.text[candidate.start : candidate.end]


def _as_list(query: Query, weights: Sequence[float], candidates: Sequence[Candidate]) -> list[Candidate]:
    """All items of the list that a question for a list is answered by, in their order; empty when there is none.

    A list answers when title, heading and introduction say what the question asks, better than any single sentence
    does, and when no single item stands out (then the question is about that item).
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
        head = _stems(f"{document.title} {candidate.hit.passage.heading} {introduction}")
        lead = sum(w * covers(need, head) for w, need in zip(weights, query.needs, strict=True)) / total
        inside = [c for c in candidates if c.hit.document == document and items[0][0] <= c.start < items[-1][1]]
        stands_out = len(inside) > 1 and inside[0].score - inside[1].score > _STANDS_OUT
        if lead > best[0] and lead >= max(_LIST_LEAD, candidates[0].features["lexical"] - 0.3) and not stands_out:
            best = (lead, [Candidate(candidate.hit, a, b, candidate.score, candidate.features) for a, b in items])
    return best[1]


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
    passage: Passage = candidate.hit.passage
    text = candidate.hit.document.text
    start = candidate.start
    sentences = list(passage.sentences)
    index = next((i for i, span in enumerate(sentences) if span[0] == start), 0)
    while (
        index > 0
        and _LEANS.match(text[start : start + 40])
        and "\n\n" not in text[sentences[index - 1][1] : start]
        and candidate.end - sentences[index - 1][0] < 600
        and sum(1 for s in sentences if sentences[index - 1][0] <= s[0] < candidate.end) <= 3
    ):
        index -= 1
        start = sentences[index][0]
    if start == candidate.start:
        return candidate
    return Candidate(candidate.hit, start, candidate.end, candidate.score, candidate.features, candidate.covered)


__all__ = ["Candidate", "Extract", "confidence", "extract", "list_around", "score_sentences"]
