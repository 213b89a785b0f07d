"""What a question takes for granted, held against a sentence that may answer it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from rag.disagree import left_undenied
from rag.expects import asks_why, done_by_nobody, may_be_why, names_no_place, names_nobody
from rag.grammar import MEASURES, SUPERLATIVE, is_english, names, runs, verbs
from rag.labels import label_of, without_label
from rag.places import places
from rag.polarity import DIRECTIONS, denials, opposite
from rag.query import Query
from rag.scoring import HEADING
from rag.stated import Text, telling_stems
from rag.unsaid import telling_acts, topic_of
from rag.values import YEAR, dates, quantities
from rag.words import has_cjk, stems_of, words

_AUXILIARY = "(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
_ASKED_FOR = re.compile(rf"(?:which|what) (?!{_AUXILIARY}\b)(?P<noun>[a-z]+)\b", re.IGNORECASE)
_OF_WHO_DOES = re.compile(r"What (?:do|does|did) (?:the )?[A-Z]")
# "Is it ...?", "How successful was it?"
_OPEN = re.compile(rf"\s*(?:{_AUXILIARY}(?:n['’]t)?|how (?!much|many|{_AUXILIARY})\w+)\b", re.IGNORECASE)
_CHOICE = re.compile(r"\b(or|than)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(not|never|no)\b|n['’]t\b", re.IGNORECASE)
# `rag.values` counts from the second on: "first used" is no rank. Before a noun it is one.
_FIRST = re.compile(r"\bfirst\b", re.IGNORECASE)
_EXCEPT = re.compile(r"\b(except|excepting|excluding|exceptions?)\b", re.IGNORECASE)
_IN_PLACE = re.compile(r"\b(instead of|outside|other than|rather than|apart from|unlike|except)\b", re.IGNORECASE)
# "The brief on the lunar programme" is one among others.
_THE_BRIEF = re.compile(
    r"\b(?:the|this) (?:policy )?brief\b(?! (?:on|about|of|from|for|with|that|which|who|dealing|by|before|after|in)\b)",
    re.I,
)
_A_BRIEF = re.compile(r"\bbriefs? (?:no\.? ?)?(?P<number>\d+)\b", re.IGNORECASE)
_BASED_ON = re.compile(r"\bbased (?:up)?on\b", re.IGNORECASE)
_REFERS = re.compile(r"\b(?:this|these|such) (?P<noun>[a-z]+)", re.I)  # "this Lab" is one that was named before
_EST = rf"(?:{SUPERLATIVE}|wealthi)est"
_WHICH_MOST = re.compile(rf"(?:which|what)\b.*\b(?:most|least|fewest|{_EST})\b", re.IGNORECASE)
_RANKS = re.compile(
    r"\b(?:\w{3,}est|most|least|fewest|top|first|second|third|leads?|led|leading|leaders?|ranks?|ranked|ranking|ahead|"
    r"records?|exceed\w*|surpass\w*|above|peak\w*|main\w*|chief|principal|alone|more|less|fewer|only|best|worst|passed|"
    r"number one|after|before|followed|major\w*|dominat\w*|bulk|half|thirds|percent|largely|except)\b|%",
    re.IGNORECASE,
)
_SHOULD = re.compile(r"\b(?:should|ought)\b(?: the)?\s+", re.IGNORECASE)
_THERE = re.compile(r"\w there\b(?! (is|are|was|were|will|has|have|had|would|may|can))")  # where, stands before
# "The circle's share", "The output of the sector".
_ITS_OWNER = re.compile(r"The (?:(?P<owner>[a-z]+)['’]s?|[a-z]+ of the (?P<of>[a-z]+)) (?=[a-z])")
# What a sentence calls something it named before.
_GENERAL_OWNERS = stems_of(
    """country nation state government union republic kingdom economy province region city town municipality county
    area district capital island company firm group corporation bank business enterprise agency organisation
    organization association foundation institute institution university school museum centre center laboratory
    project programme program initiative fund plan strategy report study survey paper brief author team plant factory
    ship building bridge park party"""
)
_COUNTED = 0.3  # share of what is counted below which something else is
NEARBY = 0.6  # share of a word that stands in the same passage: of what a sentence is about it need not be said again
ONLY_NEAR = 0.6  # share of a name that stands in the passage or document of a sentence, not in it nor above it
_OWNER = re.compile(r"['’]s?(?=\s|$)")  # Sichuan's GDP is two names


def misses(query: Query, shares: Sequence[float], held: str, heading: str = "") -> bool:
    """Whether a sentence that comes near a question says something else than what is asked, or nothing of it.

    `shares` say how far each need of the question is met there or nearby, `held` is the sentence with what it leans on,
    `heading` the headings it stands under.
    """
    return (
        names_nobody(query, held)
        or names_no_place(query, held)
        or _done_otherwise(query, held)
        or _counts_others(query, shares)
        or _about_others(query, shares)
        or _asks_the_same(query, held)
        or _rests_on(query, held)
        or _of_another_year(query, shares, held)
        or of_others(query, shares, held, heading)
        or _owned_by_another(query, shares, held)
        or advises_another(query, held)
        or (asks_why(query) and not may_be_why(held))
        or _ranks_nothing(query, f"{heading} {held}")
        or turns_round(Text(query.reading), Text(held), heading)
    )


def _counts_others(query: Query, shares: Sequence[float]) -> bool:
    """Whether "how many citizens came?" would be answered by a number of something else."""
    return any(share < _COUNTED for need, share in zip(query.needs, shares, strict=True) if query.counts(need))


def labels_another(query: Query, shares: Sequence[float], line: str) -> bool:
    """Whether a line with a figure is of what its label says: "Competitors: 15 billion" is nothing of Apple's."""
    label = stems_of(label_of(line))
    met = [share for _, share in _names_met(query, shares)]
    return (
        bool(label and met)
        and query.answer_type == "quantity"
        and max(met) <= ONLY_NEAR
        and not label & query.spellings
    )


def _about_others(query: Query, shares: Sequence[float]) -> bool:
    """Whether something is said, and no word of what it should be about: of patents, by what is said of innovation."""
    asked = topic_of(query.reading)
    met = [share for need, share in zip(query.needs, shares, strict=True) if need.own & asked]
    return bool(met) and max(met) < NEARBY


def _asks_the_same(query: Query, held: str) -> bool:
    """Whether it only tells where that is answered: by "it shows which obstacles there are"."""
    asked = _ASKED_FOR.match(query.reading)
    return asked is not None and re.search(rf"\w (?:which|what) {re.escape(asked['noun'])}\b", held, re.I) is not None


def _ranks_nothing(query: Query, said: str) -> bool:
    """Whether "which is the richest?" would be answered by what puts nothing before anything else."""
    return bool(_WHICH_MOST.match(query.text)) and not has_cjk(said) and not _RANKS.search(said)


def _rests_on(query: Query, held: str) -> bool:
    """Whether "where is it based?" would be answered by what is based on something."""
    return query.answer_type == "where" and "base" in stems_of(query.reading) and bool(_BASED_ON.search(held))


def _of_another_year(query: Query, shares: Sequence[float], held: str) -> bool:
    """Whether it is about a year, and the one that is asked about is nowhere near: the target of 2026 is not 2025's."""
    met = [share for need, share in zip(query.needs, shares, strict=True) if YEAR.fullmatch(need.text)]
    return bool(met) and not any(met) and any(date.year for date in dates(held))


def turns_round(asked: Text, held: Text, heading: str = "") -> bool:
    """Whether `held` says the opposite of what a question takes for granted, or does not deny what it takes for denied.

    What was western is no answer about the eastern, what was advanced none about what was not. A question that can be
    answered with no, that offers a choice or compares, takes neither for granted.
    """
    if _OPEN.match(asked.text) or _CHOICE.search(asked.text):
        return False
    mine, theirs = denials(asked.text), denials(held.text)
    # Below "Contraction" an expansion may be what it is due to; below "West" an eastern city is still none there.
    said_above = stems_of(heading) - DIRECTIONS
    other = opposite(telling_stems(asked.text), telling_stems(held.text), held.stems | said_above)
    if other and other not in theirs.scope:  # "not equal" is no opposite of "unequal"
        return True
    if _EXCEPT.search(held.text):  # "all of them but two" says which were not
        return False
    denied = bool(_DENIES.search(asked.text))
    if not denied and _IN_PLACE.search(asked.text):  # "what did he call it instead of a sacrifice?" denies nothing
        return False
    return left_undenied(mine, theirs, held.stems) or (denied and not theirs.core)


def _done_otherwise(query: Query, held: str) -> bool:
    """Whether "who wrote it?" would be answered by what was done to it, by nobody: "it was published in May"."""
    if query.answer_type != "who" or query.language != "en" or not done_by_nobody(held):
        return False
    acts = telling_acts(query.reading)
    return bool(acts) and not acts & stems_of(held)


def of_others(query: Query, shares: Sequence[float], held: str, heading: str = "") -> bool:
    """Whether a date or a figure is of others: the name asked about stands only near it, and other names stand in it,
    or right above it.

    How many laboratories Guangdong has is not said by how many Sichuan has. Of a name of several words one is enough.
    """
    another = _begins_with_another(query, held)
    if query.answer_type not in ("when", "quantity", "why") and not (another and _OF_WHO_DOES.match(query.reading)):
        return False
    met = {_OWNER.sub("", name): share for name, share in _names_met(query, shares)}
    # A sentence that begins with another name is about that, and not about what stands above it.
    far = HEADING if another else ONLY_NEAR
    near = [name for name, share in met.items() if share <= far]
    written = [run for a, b in runs(query.text, names(query.text)) for run in _OWNER.split(query.text[a:b])]
    # China is said wherever China Mobile is not.
    said = [run for run in written if _is_said(run, met, far)]
    if all(any(name in run for run in said) for name in near):
        return False
    asked = stems_of(query.reading)
    of_another_place = query.answer_type == "quantity" and bool(_THERE.search(held))
    # "Formation Date:" names nobody.
    others = [
        *names(without_label(held)),
        *(word for word in names(heading.split(" > ")[-1]) if not is_english(word.text)),
    ]
    return of_another_place or (not _refers(held) and any(word.stem not in asked | MEASURES for word in others))


def _owned_by_another(query: Query, shares: Sequence[float], held: str) -> bool:
    """Whether a figure is of something else, and where is asked about stands only near it: "the circle's share" is not
    Sichuan's."""
    if query.answer_type != "quantity":
        return False
    near = [name for name, share in _names_met(query, shares) if share <= HEADING]
    owner = _ITS_OWNER.match(held)
    if not near or owner is None:
        return False
    return not stems_of(owner["owner"] or owner["of"]) & (query.spellings | _GENERAL_OWNERS)


def _refers(held: str) -> bool:
    """Whether it speaks of something named before: "this Lab", but not "this brings"."""
    at = verbs(held)
    return any(match.start("noun") not in at for match in _REFERS.finditer(held))


def _begins_with_another(query: Query, held: str) -> bool:
    """Whether the first word of a sentence is a name, and none that the question has in any of its spellings."""
    first = names(held)[:1]
    return bool(first) and first[0].start == words(held)[0].start and first[0].stem not in query.spellings


def beside_another(query: Query, shares: Sequence[float], text: str) -> bool:
    """Whether a date or a figure that goes on with another one is of somebody else: what is asked about stands at most
    above it, and another name in it."""
    if query.answer_type not in ("when", "quantity"):
        return False
    met = [share for _, share in _names_met(query, shares)]
    return bool(met) and max(met) <= HEADING and any(word.stem not in query.spellings for word in names(text))


def advises_another(query: Query, held: str) -> bool:
    """Whether it says what somebody else should do: "in answer to China the Union should" is no advice to China."""
    wanted = _SHOULD.search(query.text)
    if wanted is None or not any(word.start == wanted.end() for word in names(query.text)):
        return False
    advised = {
        word.stem
        for match in _SHOULD.finditer(held)
        for word in names(held[: match.start()])
        if not held[word.end : match.start()].strip()
    }
    return bool(advised) and not query.spellings & advised


def _names_met(query: Query, shares: Sequence[float]) -> list[tuple[str, float]]:
    """The names of a question, with how far each is met."""
    return [(need.text, share) for need, share in zip(query.needs, shares, strict=True) if need.names_something]


def _is_said(run: str, met: Mapping[str, float], far: float) -> bool:
    """Whether a name of several words is said: by one of two, by half of more."""
    shares = [share for _, share in _telling(met, run)]
    return bool(shares) and 2 * sum(share > far for share in shares) >= len(shares)


def _telling(met: Mapping[str, float], run: str) -> list[tuple[str, float]]:
    """Names of a run of them, with how far they are met: without places where it has others."""
    inside = [(name, share) for name, share in met.items() if name in run]
    return [(name, share) for name, share in inside if not places().mentions(name)] or inside


def of_another_number(asked: Text, held: Text) -> bool:
    """Whether `held` is about the Fourth Plenum where the Third is asked about: its number before the same word."""
    mine = _numbered(asked.text)
    if not mine:  # as with most questions: then no sentence need be read for it
        return False
    theirs = _numbered(held.text)
    said = {number for numbers in theirs.values() for number in numbers} | {q.value for q in held.quantities}
    return any(word in theirs and not numbers & said for word, numbers in mine.items())


def brief_meant(question: str, title: str) -> str:
    """The number of the brief of that title, where a question speaks of it as if there were no other; else nothing."""
    if not _THE_BRIEF.search(question) or _A_BRIEF.search(question):
        return ""
    match = _A_BRIEF.search(title)
    return match["number"] if match else ""


def of_another_brief(number: str, held: str) -> bool:
    """Whether a sentence is about briefs with other numbers: what "the brief" says is not what Policy Brief 11 does."""
    found = {match["number"] for match in _A_BRIEF.finditer(held)} if number else set()
    return bool(found) and number not in found


@lru_cache(maxsize=4096)
def _numbered(text: str) -> dict[str, frozenset[Decimal]]:
    """The counts and ranks that stand before a word, by its stem; years and what has a unit are none."""
    found: dict[str, frozenset[Decimal]] = {}
    every = [(q.end, q.value) for q in quantities(text) if q.unit in ("", "rank") and not YEAR.fullmatch(str(q.value))]
    every += [(match.end(), Decimal(1)) for match in _FIRST.finditer(text)]
    spoken = words(text) if every else []
    for end, value in every:
        word = next((word for word in spoken if word.start >= end), None)
        if word and word.kind == "word" and not word.is_stopword and not text[end : word.start].strip():
            found[word.stem] = found.get(word.stem, frozenset()) | {value}
    return found
