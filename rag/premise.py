"""What a question takes for granted, held against a sentence that may answer it."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from rag.disagree import left_undenied
from rag.grammar import denials, opposite
from rag.stated import Text, telling_stems
from rag.values import YEAR, quantities
from rag.words import words

_AUXILIARY = "(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
# "Is it ...?", "How successful was it?"
_OPEN = re.compile(rf"\s*(?:{_AUXILIARY}(?:n['’]t)?|how (?!much|many|{_AUXILIARY})\w+)\b", re.IGNORECASE)
_CHOICE = re.compile(r"\b(or|than)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(not|never|no)\b|n['’]t\b", re.IGNORECASE)
# `rag.values` counts from the second on: "first used" is no rank. Before a noun it is one.
_FIRST = re.compile(r"\bfirst\b", re.IGNORECASE)


def turns_round(asked: Text, held: Text) -> bool:
    """Whether `held` says the opposite of what a question takes for granted, or does not deny what it takes for denied.

    What was western is no answer about the eastern, what was advanced none about what was not. A question that can be
    answered with no, that offers a choice or compares, takes neither for granted.
    """
    if _OPEN.match(asked.text) or _CHOICE.search(asked.text):
        return False
    mine, theirs = denials(asked.text), denials(held.text)
    other = opposite(telling_stems(asked.text), telling_stems(held.text), held.stems)
    if other and other not in theirs.scope:  # "not equal" is no opposite of "unequal"
        return True
    return left_undenied(mine, theirs, held) or (bool(_DENIES.search(asked.text)) and not theirs.core)


def of_another_number(asked: Text, held: Text) -> bool:
    """Whether `held` is about the Fourth Plenum where the Third is asked about: its number before the same word."""
    mine = _numbered(asked.text)
    if not mine:  # as with most questions: then no sentence need be read for it
        return False
    theirs = _numbered(held.text)
    said = {number for numbers in theirs.values() for number in numbers} | {q.value for q in held.quantities}
    return any(word in theirs and not numbers & said for word, numbers in mine.items())


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
