"""Values that a quotation gives for something else than the sentence does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from rag.grammar import Clause, content, names
from rag.stated import NAME_WEIGHT, Text, kind_of, matches, telling_stems, values_of, verb_stems
from rag.values import Date, Quantity
from rag.words import Word

_PART_OF = re.compile(r"(\s+\w+)?\s+(out of|of)\s+((the|its|their|all|his|her|every)\s+)?", re.IGNORECASE)
_PER = re.compile(r"(?:\s+\w+)?\s+(?:a|an|per|each|every)\s+(hour|day|week|month|quarter|year)\b", re.IGNORECASE)


def mispaired(said: Text, held: Text) -> str:
    """A value that the quotation gives for something else.

    Every value (number or date) of the sentence is looked for in the quotation's clauses. When another clause, with
    another value of the same kind, holds more of what stands beside it in the sentence, the two were mixed up; likewise
    when the verb of the sentence stands in another clause and the value's own clause has a verb of its own.
    """
    if turned := _share_turned(said, held) or _other_rate(said, held):
        return turned
    values: list[Quantity | Date] = [*said.quantities, *said.dates]
    for value in values:
        clause = next((c for c in said.clauses if c.start <= value.start < c.end), None)
        beside = _anchors(clause.text, value) if clause else []
        alone = len(beside) < 2 and all(isinstance(anchor, Word) for anchor in beside)
        text = said.text if alone or clause is None else clause.text
        anchors = _anchors(text, value)
        mine = [c for c in held.clauses if any(matches(value, v) for v in values_of(c.text))]
        rivals = [c for c in held.clauses if c not in mine and _has_another(c, value, text)]
        refused = f"the quotation gives {said.text[value.start : value.end].strip()} for something else"
        if mine and rivals and all(any(_fits_better(a, b, anchors, value, held) for a in rivals) for b in mine):
            return refused
        if _done_elsewhere(said, held, verb_stems(text), value):
            return refused
    return ""


def _share_turned(said: Text, held: Text) -> str:
    """Part and whole exchanged: nine of its three, where it is three of its nine."""
    theirs = _shares(held)
    for part, whole in _shares(said):
        if (whole, part) in theirs and (part, whole) not in theirs:
            return f"the quotation says {whole:f} of {part:f}"
    return ""


def _shares(text: Text) -> set[tuple[Decimal, Decimal]]:
    return {
        (one.value, other.value)
        for one, other in pairwise(text.quantities)
        if _PART_OF.fullmatch(text.text[one.end : other.start])
    }


def _other_rate(said: Text, held: Text) -> str:
    """A figure given for another time: 900 a month is not 900 a week."""
    for quantity in said.quantities:
        mine = _PER.match(said.text, quantity.end)
        theirs = [_PER.match(held.text, other.end) for other in held.quantities if matches(quantity, other)]
        if mine and theirs and all(rate and rate[1].lower() != mine[1].lower() for rate in theirs):
            return f"the quotation gives it {theirs[0].group().strip() if theirs[0] else ''}"
    return ""


def _done_elsewhere(said: Text, held: Text, acts: frozenset[str], value: Quantity | Date) -> bool:
    """Whether the clauses with `value` tell something of their own, and what the sentence tells stands elsewhere."""
    predicate = frozenset(word.stem for word in said.content[1:])
    mine = [c for c in held.coarse if any(matches(value, v) for v in values_of(c.text))]
    others = [c for c in held.coarse if c not in mine]
    return (
        bool(acts and mine)
        and all(verb_stems(c.text) - said.stems and not telling_stems(c.text) & predicate for c in mine)
        and any(acts <= verb_stems(c.text) for c in others)
    )


def _has_another(clause: Clause, value: Quantity | Date, text: str) -> bool:
    """Whether the clause has a value of the same kind that does not stand in `text`, around the sentence's own."""
    there = [v for v in values_of(clause.text) if kind_of(v) == kind_of(value)]
    return bool(there) and not any(matches(v, own) for v in there for own in values_of(text))


def _anchors(text: str, value: Quantity | Date) -> list[Word | Quantity | Date]:
    """What stands beside `value`: the words of its clause, and its other values."""
    return [*content(text), *(v for v in values_of(text) if not matches(value, v))]


def _fits_better(rival: Clause, own: Clause, anchors: Sequence[Any], value: Quantity | Date, held: Text) -> bool:
    """Whether the clause `rival` holds more of `anchors` than `own`, where the value stands.

    Words before the rival's value serve both clauses of a sentence ("spent 3 in 2019 and 4 in 2020"), except names
    and values when the later clause has its own. A clause without a verb ("against 37 percent on the islands") says
    only what is different: a word of its own decides.
    """
    values = [v for v in values_of(rival.text) if kind_of(v) == kind_of(value)]
    before = rival.text[: values[0].start] if values else ""
    same_sentence = not re.search(r"[.!?。！？]\s", held.text[rival.start : own.end].rstrip()[:-1])
    serves = same_sentence and rival.start < own.start
    own_names = bool(names(own.text)) or any(w.text[0].isupper() for w in content(own.text))
    own_kinds = {kind_of(v) for v in values_of(own.text)}
    for_rival = for_own = 0.0
    for anchor in anchors:
        if isinstance(anchor, Word):
            there, here = anchor.stem in telling_stems(rival.text), anchor.stem in telling_stems(own.text)
            named = anchor.text[0].isupper()
            weight = NAME_WEIGHT if named else 1.0
            inherited = serves and anchor.stem in telling_stems(before) and not (named and own_names)
        else:
            there = any(matches(anchor, v) for v in values_of(rival.text))
            here = any(matches(anchor, v) for v in values_of(own.text))
            weight = NAME_WEIGHT
            inherited = serves and kind_of(anchor) not in own_kinds
        if there and not here and not inherited:
            for_rival += weight
        elif here and not there:
            for_own += weight
    if _is_elliptic(own):
        return for_rival > 0 and for_own == 0
    return for_rival > (0 if same_sentence and _is_elliptic(rival) else for_own)


def _is_elliptic(clause: Clause) -> bool:
    begins = re.match(
        r"\s*(and|but|against|compared|versus|after|or|to|from|up from|of|in|on|for|among)\b",
        clause.text,
        re.IGNORECASE,
    )
    return (
        begins is not None
        and not verb_stems(re.sub(r"^\s*compared", "", clause.text))
        and len(content(clause.text)) <= 5
    )
