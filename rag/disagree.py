"""What can be checked letter by letter between a sentence and a quotation: values, names, polarity, and who did what.

Every check returns why the quotation does not support the sentence, or nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal

from rag.grammar import Clause, runs
from rag.mispaired import mispaired
from rag.polarity import Denial, denials, opposed, turned_round
from rag.stated import Text, telling_stems
from rag.subject import other_subject
from rag.values import Quantity
from rag.words import Word, is_derived, stems_of

_ABOUT = re.compile(r"\b(about|around|roughly|nearly|almost|approximately|some|circa|ca)\s*$", re.IGNORECASE)
_LONG = 10_000
_BOUND = re.compile(
    r"\b(?:(?P<over>over|above|more than|at least)|under|below|less than|fewer than)\s*$", re.IGNORECASE
)
_NEARLY = Decimal("1.1")
# "Apart from the budget" is "for everything else", and denies nothing.
_APART = re.compile(r"\b(apart from|except|other than|besides|aside from)\b", re.IGNORECASE)
_ELSE = re.compile(r"\b(else|other|others|otherwise|only|except)\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(only|at most|at the earliest)\b", re.IGNORECASE)
_NOT_BEFORE = re.compile(r"\bnot?\b.*\b(before|until|more than|over|beyond)\b", re.IGNORECASE)


def disagreement(said: Text, held: Text, above: Text, around: str) -> str:
    """Why the quotation `held`, under the title and heading `above`, contradicts `said`; empty when nothing does.

    `around` is the passage that the quotation is from.
    """
    return (
        _missing(said, held, above, around)
        or _denied(said, held)
        or _contrary(said, held)
        or mispaired(said, held)
        or other_subject(said, held)
    )


def _missing(said: Text, held: Text, above: Text, around: str) -> str:
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
        if any(word.stem == other or is_derived(word.stem, other) for other in held.stems | context):
            continue
        if not _in_full(word, said, held, around):
            return f"the name {word.text} is not in the quotation"
    return ""


def _in_full(word: Word, said: Text, held: Text, around: str) -> bool:
    """Whether the quotation has the name without `word`, and the passage in full: "Mr Hill", once "Ann Hill"."""
    start, end = next((a, b) for a, b in runs(said.text, said.names) if a <= word.start < b)
    others = [other for other in said.names if start <= other.start < end and other != word]
    return any(other.stem in held.stems for other in others) and said.text[start:end] in around


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
    if quantity.unit != other.unit or not other.value:
        return False
    if bound := _BOUND.search(text[: quantity.start]):  # "just over 1,200" are 1,204
        over, share = bound["over"] is not None, other.value / quantity.value if quantity.value else Decimal(0)
        return Decimal(1) <= share < _NEARLY if over else 1 / _NEARLY < share <= Decimal(1)
    digits = len(quantity.value.normalize().as_tuple().digits)
    # 1,345,596 is 1.35 million, said without "about"; of small figures every digit counts.
    if _ABOUT.search(text[: quantity.start]) or (digits > 1 and other.value >= _LONG):
        digits = max(digits, 2)
        return bool(
            quantity.value.normalize()
            == (+other.value.quantize(Decimal(1).scaleb(other.value.adjusted() + 1 - digits))).normalize()
        )
    return False


def _denied(said: Text, held: Text) -> str:
    if _ONLY.search(held.text) and _NOT_BEFORE.search(said.text):
        return ""  # "expected only in 2027" is "not expected before 2027"
    if _APART.search(said.text) and _ELSE.search(held.text):
        return ""
    mine = denials(said.text)
    told = frozenset(word.stem for word in said.content)
    for sentence in held.sentences:
        theirs = denials(sentence.text)
        stems = stems_of(sentence.text)
        if (theirs.core & said.stems) - mine.scope:
            return "the quotation denies it"
        # Of several sentences only those that are about it are asked whether they deny it too.
        if left_undenied(mine, theirs, stems) and (len(held.sentences) == 1 or 2 * len(told & stems) > len(told)):
            return "the quotation does not deny it"
    return ""


def left_undenied(mine: Denial, theirs: Denial, held: frozenset[str]) -> bool:
    """Whether a text of the stems `held`, with the denials `theirs`, says what `mine` denies."""
    return bool((mine.core & held) - theirs.scope and not theirs.core & mine.scope)


def _contrary(said: Text, held: Text) -> str:
    """An opposite in the clause that says most of the sentence's clause, or sides of a comparison that are swapped."""
    for clause in said.coarse:
        mine = telling_stems(clause.text)
        for near in _nearest(mine, said, held):
            word = opposed(mine, telling_stems(near.text), telling_stems(held.sentence_of(near)))
            if word and not _turned_twice(clause.text, near.text):
                return f"the quotation says the opposite ({word})"
    if word := turned_round(said.stems_in_order, held.stems_in_order):
        return f"the quotation says it in the other order ({word})"
    sides, others = (re.split(r"\bthan\b", text.text, maxsplit=1) for text in (said, held))
    if len(sides) == len(others) == 2:
        left, right = (telling_stems(side) for side in sides)
        their_left, their_right = telling_stems(others[0]), telling_stems(others[1])
        if (left - right) & (their_right - their_left) and (right - left) & (their_left - their_right):
            return "the quotation compares them the other way round"
    return ""


def _turned_twice(said: str, held: str) -> bool:
    """Whether one of two opposite clauses also denies what the other says: most lack it, and few have it."""
    return bool(denials(said).core & stems_of(held)) != bool(denials(held).core & stems_of(said))


def _nearest(mine: frozenset[str], said: Text, held: Text) -> list[Clause]:
    """The clauses of the quotation that say most of the stems `mine`; of equals those with the sentence's subject."""
    subject = said.content[0].stem if said.content else ""
    shared = [(len(mine & telling_stems(c.text)), subject in telling_stems(c.text), c) for c in held.coarse]
    most = max(((count, has) for count, has, _ in shared), default=(0, False))
    return [c for count, has, c in shared if (count, has) == most] if most[0] else []
