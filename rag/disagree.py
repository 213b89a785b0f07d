"""What can be checked letter by letter between a sentence and a quotation: values, names, polarity, and who did what.

Every check returns why the quotation does not support the sentence, or nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal

from rag.grammar import Clause, Denial, denials, opposed
from rag.mispaired import mispaired
from rag.stated import Text, telling_stems
from rag.subject import other_subject
from rag.values import Quantity
from rag.words import is_derived

_ABOUT = re.compile(r"\b(about|around|roughly|nearly|almost|approximately|some|circa|ca)\s*$", re.IGNORECASE)
_ONLY = re.compile(r"\b(only|at most|at the earliest)\b", re.IGNORECASE)
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
        if not any(word.stem == other or is_derived(word.stem, other) for other in held.stems | context):
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


def _denied(said: Text, held: Text) -> str:
    if _ONLY.search(held.text) and _NOT_BEFORE.search(said.text):
        return ""  # "expected only in 2027" is "not expected before 2027"
    mine, theirs = denials(said.text), denials(held.text)
    if (theirs.core & said.stems) - mine.scope:
        return "the quotation denies it"
    return "the quotation does not deny it" if left_undenied(mine, theirs, held) else ""


def left_undenied(mine: Denial, theirs: Denial, held: Text) -> bool:
    """Whether `held`, with the denials `theirs`, says what `mine` denies."""
    return bool((mine.core & held.stems) - theirs.scope and not theirs.core & mine.scope)


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
