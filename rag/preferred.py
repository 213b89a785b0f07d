"""Which sentence that comes near a question goes first: one that says what this kind of question asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import dropwhile

from rag.expects import (
    asks_for_advice,
    asks_for_growth,
    asks_how,
    asks_which_ones,
    asks_why,
    gives_advice,
    introduces,
    may_be_why,
    says_how_many,
)
from rag.grammar import MEASURES, names, runs
from rag.premise import ONLY_NEAR
from rag.query import Need, Query, covers
from rag.scoring import Candidate
from rag.sections import below_heading, without_halves
from rag.types import Document
from rag.unsaid import kinds_asked_for, telling_acts
from rag.values import NUMBER_WORDS
from rag.words import stems_of, words
from rag.years import years_of

# Shares of the best score from which on a sentence goes first that has what is asked for: a number before what is
# counted, or a name that only stands near the best one; a verb of the question; advice; by whom something was done; the
# long form of what is to be defined, or a heading that names it; a reason; several names.
_COUNTS, _NAMES_MORE, _ACTS, _ADVISES, _BY, _INTRODUCES, _BELOW, _REASONS, _NAMES, _AIMS = (
    0.85, 0.9, 0.8, 0.85, 0.85, 0.6, 0.7, 0.85, 0.9, 0.9,
)  # fmt: skip
_AS_MUCH = 0.9  # of the question's words, which European for Europe says as well
_SAID = 0.8  # share of a verb from which on it is said
_SAID_NEARLY = 0.4  # share of what is counted from which on another word may stand for it
_HAS = re.compile(
    r"(?P<owner>[^,.;:]{2,60}?) (?:has|have|had|counts?|comprises?|comprised|numbers?) "
    rf"(?:about |over |some |only |more than )?(?:\d[\d,]*|{'|'.join(NUMBER_WORDS)})\b"
)
_ASKS_WHO_HAS = re.compile(r"\b(?:has|have|had|in|of|belong(?:s|ed)? to)\b", re.IGNORECASE)
_NOW = re.compile(r"\b(?:is|are|do|does|has|have)\b|['’]s\b", re.IGNORECASE)
_NEWER, _SAME_QUANTITY = 0.9, 0.6  # of the best score, and of the words of two sentences
# What somebody wants is said where it is told what is aimed at.
_WANTED = re.compile(r"\b(?:want|wish|aim|intend|hope|aspire|plan|seek)(?:s|ed|ing)? to\b", re.IGNORECASE)
_WANTS_TO_KNOW = re.compile(r"\w+ to (?:know|ask|see|hear|understand)\b", re.IGNORECASE)
_AIM = re.compile(
    r"\b(?:aim|target|goal|objective|plan|want|intend|intention|hope|aspire|seek|ambition)(?:s|ed|ing)?\b"
    r"|\b(?:is|are) to (?:be|reach|rise|grow|become|have)\b",
    re.IGNORECASE,
)
# What says how far the amount before it is from another one.
_MORE_THAN_BEFORE = re.compile(
    r"(?:that|this|it) (?:was|is|were|means?) [^;]*(?:%|\b(?:percent|per cent|times)\b)[^;]* "
    r"(?:more|less|higher|lower|above|below)\b",
    re.IGNORECASE,
)
_TOLD_OFF = re.compile(
    r"(?: (?:of|in|to) [^,;:.]{2,40})?(?::| (?:are|were|namely))(?: [^,;:.]{2,60},)* [^,;:.]{2,60},? (?:and|or) \w"
)
_SENTENCE_END = re.compile(r"(?<=[.!?]) +")
_BY_WHOM = re.compile(r"\b(?P<act>[a-z]+ed|[a-z]+en|[a-z]+t) by (?:the |an? )?[A-Z]")


def preferred(query: Query, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates, best first; without those that lack a date or a figure, where some have what is asked for."""
    if not candidates:
        return candidates
    best = candidates[0]
    if query.answer_type in ("when", "quantity"):  # without a date, or a figure, it is no answer however near
        fitting = [candidate for candidate in candidates if candidate.features["fits"] > 0] or candidates
        return _newest(query, _amounts(query, fitting))
    if asks_how(query):
        return _first(candidates, _ACTS, lambda one: _says_what_is_done(query, one, best))
    if asks_for_advice(query):
        return _first(candidates, _ADVISES, lambda one: gives_advice(one.text) and _says_as_much(one, best))
    if query.answer_type == "list":
        below = _first(candidates, _BELOW, lambda one: _is_named_above(query, one))
        return _first(below, _NAMES, lambda one: _tells_which(query, one, best))
    if query.answer_type == "who":
        return _first(candidates, _BY, lambda one: _says_by_whom(query, one.text))
    if query.answer_type == "definition":
        defined = _first(candidates, _INTRODUCES, lambda one: introduces(query, one.text))
        if introduces(query, defined[0].text):
            return defined
        return _first(candidates, _BELOW, lambda one: _is_named_above(query, one))
    if asks_why(query):  # before what is asked about comes why it is so, where that is said
        return _first(candidates, _REASONS, lambda one: may_be_why(one.text))
    if asks_which_ones(query):  # and before what is said of them comes which they are
        named = _first(candidates, _NAMES, lambda one: one.features["fits"] > 0)
        return _first(named, _NAMES, lambda one: _tells_which(query, one, best))
    return candidates


def _first(candidates: Sequence[Candidate], near: float, wanted: Callable[[Candidate], bool]) -> list[Candidate]:
    """The candidates, with the first `wanted` one at their head that reaches the share `near` of the best score."""
    least = near * candidates[0].score
    found = next((one for one in candidates if one.score >= least and wanted(one)), None)
    return list(candidates) if found is None else [found, *(one for one in candidates if one is not found)]


def _amounts(query: Query, fitting: list[Candidate]) -> list[Candidate]:
    """The sentences that may answer with a date or a figure, the one first that says what is asked."""
    if query.counts_things:
        fitting = _first(fitting, _COUNTS, lambda one: says_how_many(query, one.text))
        fitting = _first(fitting, _COUNTS, lambda one: _has_so_many(query, one))
    if asks_for_growth(query.text):
        return _first(fitting, _NAMES_MORE, lambda one: _MORE_THAN_BEFORE.match(one.text) is not None)
    if wanted := _WANTED.search(query.text):
        aims = not _WANTS_TO_KNOW.search(query.text[wanted.start() :])
        fitting = _first(fitting, _AIMS, lambda one: aims and _AIM.search(one.text) is not None)
    return _first(fitting, _NAMES_MORE, lambda one: _names_more(query, one, fitting[0]))


def _newest(query: Query, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates; of the same quantity of several years the last one first, where none of them is asked about."""
    if query.answer_type != "quantity" or not _NOW.search(query.text) or years_of(query.reading):
        return candidates
    best = candidates[0]
    years, stems = years_of(best.text), stems_of(best.text)
    later = [
        one
        for one in candidates
        if one.score >= _NEWER * best.score
        and years
        and not _AIM.search(one.text)
        and max(years_of(one.text), default=0) > max(years)
        and len(stems & stems_of(one.text)) >= _SAME_QUANTITY * min(len(stems), len(stems_of(one.text)))
    ]
    newest = max(later, key=lambda one: max(years_of(one.text)), default=best)
    return [newest, *(one for one in candidates if one is not newest)]


def _has_so_many(query: Query, one: Candidate) -> bool:
    """Whether it says how many of them somebody has, in another word for them: "The East has ten members"."""
    has = _HAS.match(one.text)
    if has is None or not _ASKS_WHO_HAS.search(query.text):
        return False
    owner = stems_of(has["owner"])
    return all(
        share >= _SAID_NEARLY if query.counts(need) else covers(need, owner) == 1.0
        for need, share in zip(query.needs, one.shares, strict=True)
    )


def _names_more(query: Query, one: Candidate, other: Candidate) -> bool:
    """Whether each name of the question that only stands near the other sentence stands in this one, or above it."""
    met = [
        (need, a, b) for need, a, b in zip(query.needs, one.shares, other.shares, strict=True) if need.names_something
    ]
    far = [a for need, a, b in met if b <= ONLY_NEAR and not _goes_on_about(query, need, other)]
    return bool(far) and min(far) > ONLY_NEAR and all(a >= ONLY_NEAR for _, a, _ in met)


def _says_as_much(one: Candidate, other: Candidate) -> bool:
    return one.features["lexical"] >= _AS_MUCH * other.features["lexical"]


def _says_what_is_done(query: Query, one: Candidate, other: Candidate) -> bool:
    """Whether it says each verb of a question that the other sentence lacks: "mitigation" where it is "mitigated"."""
    acts = telling_acts(query.reading)
    met = [(a, b) for need, a, b in zip(query.needs, one.shares, other.shares, strict=True) if need.own & acts]
    lacking = [a for a, b in met if b < _SAID]
    said = [share for need, share in zip(query.needs, one.shares, strict=True) if need.kind != "word"]
    return bool(lacking) and min(lacking) >= _SAID and min(said, default=1.0) >= ONLY_NEAR


def _tells_which(query: Query, one: Candidate, other: Candidate) -> bool:
    """Whether it tells them off right behind the word that is asked with, "three regions: the coast, ...", and says no
    less of the question than the other."""
    kinds = kinds_asked_for(query.reading)
    told = any(word.stem in kinds and _TOLD_OFF.match(one.text, word.end) for word in words(one.text))
    return told and one.features["lexical"] >= other.features["lexical"]


def _says_by_whom(query: Query, text: str) -> bool:
    """Whether it says by whom was done what "who ...?" asks for: "developed by the Foundation"."""
    acts = telling_acts(query.reading)
    return any(words(match["act"])[0].stem in acts for match in _BY_WHOM.finditer(text))


def _is_named_above(query: Query, one: Candidate) -> bool:
    """Whether a sentence is the first below a heading that opens with what is asked about: "3.2 Option B - a chip"."""
    section = one.hit.passage.section
    spoken = [word for word in words(section.split(" > ")[-1]) if not word.is_stopword]
    named = [word.stem for word in dropwhile(lambda word: word.kind == "number", spoken)]
    asked = {stem for need in query.needs for stem in need.own}
    return set(named[: len(asked)]) == asked and below_heading(one.hit.document, section, one.start)


def _goes_on_about(query: Query, need: Need, candidate: Candidate) -> bool:
    """Whether a sentence names nothing, and the one that named something last in its paragraph is about this."""
    subject = _subject(candidate.hit.document, candidate.start, candidate.end)
    return covers(need, without_halves(subject, stems_of(query.reading))) == 1.0


@lru_cache(maxsize=20_000)
def _subject(document: Document, start: int, end: int) -> str:
    """What was named last before a sentence that names nothing, in its paragraph; of several names the first.

    What follows "China spent more than Japan" is about China until something else is named.
    """
    if _first_name(document.text[start:end]):
        return ""
    begins = document.text.rfind("\n", 0, start) + 1
    earlier = _SENTENCE_END.split(document.text[begins:start])
    return next(filter(None, map(_first_name, reversed(earlier))), "")


def _first_name(text: str) -> str:
    named = runs(text, [word for word in names(text) if word.stem not in MEASURES])
    return text[slice(*named[0])] if named else ""
