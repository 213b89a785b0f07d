"""What can be checked letter by letter between a sentence and a quotation: values, names, polarity, and who did what.

Every check returns why the quotation does not support the sentence, or nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from rag.grammar import Clause, Denial, denials, opposed, opposite
from rag.mispaired import mispaired
from rag.stated import Text, telling_stems
from rag.subject import other_subject
from rag.values import YEAR, Quantity, quantities
from rag.words import words

_ABOUT = re.compile(r"\b(about|around|roughly|nearly|almost|approximately|some|circa|ca)\s*$", re.IGNORECASE)
_ONLY = re.compile(r"\b(only|at most|at the earliest)\b", re.IGNORECASE)
_AUXILIARY = "(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)"
# "Is it ...?", "How successful was it?"
_OPEN = re.compile(rf"\s*(?:{_AUXILIARY}(?:n['’]t)?|how (?!much|many|{_AUXILIARY})\w+)\b", re.IGNORECASE)
_CHOICE = re.compile(r"\b(or|than)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(not|never|no)\b|n['’]t\b", re.IGNORECASE)
_FIRST = re.compile(r"\bfirst\b", re.IGNORECASE)
_NOT_BEFORE = re.compile(r"\bnot?\b.*\b(before|until|more than|over|beyond)\b", re.IGNORECASE)


def disagreement(said: Text, held: Text, above: Text) -> str:
    """Why the quotation `held`, under the title and heading `above`, contradicts `said`; empty when nothing does."""
    return (
        _missing(said, held, above)
        or _denied(said, held)
        or _contrary(said, held)
        or mispaired(said, held)
        or other_subject(said, held)
    )


def _missing(said: Text, held: Text, above: Text) -> str:
    """A number, date or name of the sentence that is not in the quotation."""
    for quantity in said.quantities:
        if not any(_equal(quantity, other, said.text) for other in held.quantities) and not _counts(quantity, said):
            return f"the number {said.text[quantity.start : quantity.end].strip()} is not in the quotation"
    for date in said.dates:
        if not any(date.within(other) for other in held.dates):
            return f"the date {said.text[date.start : date.end].strip()} is not in the quotation"
    own = frozenset(word.stem for word in said.names)
    # Title and heading say what "it" is, unless the quotation names something else.
    context = frozenset() if any(word.stem not in own for word in held.names) else above.stems
    for word in said.names:
        if not any(word.stem == other or _derived(word.stem, other) for other in held.stems | context):
            return f"the name {word.text} is not in the quotation"
    return ""


def _counts(quantity: Quantity, said: Text) -> bool:
    """Whether the number counts what the sentence then lists: "two mechanisms, this and that"."""
    listed = re.search(r"[,:]\s(.+)$", said.text[quantity.end :])
    if not listed or quantity.unit or not 2 <= quantity.value <= 12:
        return False
    items = [item for item in re.split(r",\s(?:and\s)?|\sand\s", listed.group(1)) if item.strip()]
    return len(items) == quantity.value


def _equal(quantity: Quantity, other: Quantity, text: str) -> bool:
    if quantity.same_as(other) or (quantity.value == other.value and "rank" in (quantity.unit, other.unit)):
        return True
    if _ABOUT.search(text[: quantity.start]) and quantity.unit == other.unit and other.value:
        digits = max(len(quantity.value.normalize().as_tuple().digits), 2)
        return bool(
            quantity.value.normalize()
            == (+other.value.quantize(Decimal(1).scaleb(other.value.adjusted() + 1 - digits))).normalize()
        )
    return False


def _derived(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short) and len(long) - len(short) <= 3


def _denied(said: Text, held: Text) -> str:
    if _ONLY.search(held.text) and _NOT_BEFORE.search(said.text):
        return ""  # "expected only in 2027" is "not expected before 2027"
    mine, theirs = denials(said.text), denials(held.text)
    if (theirs.core & said.stems) - mine.scope:
        return "the quotation denies it"
    return "the quotation does not deny it" if _left_undenied(mine, theirs, held) else ""


def _left_undenied(mine: Denial, theirs: Denial, held: Text) -> bool:
    return bool((mine.core & held.stems) - theirs.scope and not theirs.core & mine.scope)


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
    return _left_undenied(mine, theirs, held) or (bool(_DENIES.search(asked.text)) and not theirs.core)


def of_another_number(asked: Text, held: Text) -> bool:
    """Whether `held` is about the Fourth Plenum where the Third is asked about: its number before the same word."""
    mine, theirs = _numbered(asked.text), _numbered(held.text)
    said = {number for numbers in theirs.values() for number in numbers} | {q.value for q in held.quantities}
    return any(word in theirs and not numbers & said for word, numbers in mine.items())


@lru_cache(maxsize=4096)
def _numbered(text: str) -> dict[str, frozenset[Decimal]]:
    """The counts and ranks that stand before a word, by its stem; years and what has a unit are none."""
    found: dict[str, frozenset[Decimal]] = {}
    every = [(q.end, q.value) for q in quantities(text) if q.unit in ("", "rank") and not YEAR.fullmatch(str(q.value))]
    every += [(match.end(), Decimal(1)) for match in _FIRST.finditer(text)]
    for end, value in every:
        word = next((word for word in words(text) if word.start >= end), None)
        if word and word.kind == "word" and not word.is_stopword and not text[end : word.start].strip():
            found[word.stem] = found.get(word.stem, frozenset()) | {value}
    return found


def _contrary(said: Text, held: Text) -> str:
    """An opposite in the clause that says most of the sentence's clause, or sides of a comparison that are swapped."""
    for clause in said.coarse:
        mine = telling_stems(clause.text)
        near = _nearest(mine, said, held)
        if near and (word := opposed(mine, telling_stems(near.text), held.stems)):
            return f"the quotation says the opposite ({word})"
    sides, others = (re.split(r"\bthan\b", text.text, maxsplit=1) for text in (said, held))
    if len(sides) == len(others) == 2:
        left, right = (telling_stems(side) for side in sides)
        their_left, their_right = telling_stems(others[0]), telling_stems(others[1])
        if (left - right) & (their_right - their_left) and (right - left) & (their_left - their_right):
            return "the quotation compares them the other way round"
    return ""


def _nearest(mine: frozenset[str], said: Text, held: Text) -> Clause | None:
    """The clause of the quotation that says most of the stems `mine`; of equals the one with the sentence's subject."""
    subject = said.content[0].stem if said.content else ""
    shared = [(len(mine & telling_stems(c.text)), subject in telling_stems(c.text), c) for c in held.coarse]
    most = max(((count, has) for count, has, _ in shared), default=(0, False))
    return next(c for count, has, c in shared if (count, has) == most) if most[0] else None
