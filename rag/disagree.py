"""What can be checked letter by letter between a sentence and a quotation: values, names, polarity, and who did what.

Every check returns why the quotation does not support the sentence, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from rag.grammar import Clause, clauses, content, denials, names, opposed, verbs
from rag.values import Date, Quantity, dates, quantities
from rag.words import Word, stem, stems_of, words

_ABOUT = re.compile(r"\b(about|around|roughly|nearly|almost|approximately|some|circa|ca)\s*$", re.IGNORECASE)
_ONLY = re.compile(r"\b(only|at most|at the earliest)\b", re.IGNORECASE)
_NOT_BEFORE = re.compile(r"\bnot?\b.*\b(before|until|more than|over|beyond)\b", re.IGNORECASE)
NAME_WEIGHT = 2.0  # against 1 for any other word
# Words that say little by themselves: comparatives are held against their opposites, years against dates.
LIGHT = frozenset(
    map(
        stem,
        """every each far still nearly almost around just even already together alone itself larger bigger higher
        greater smaller lower fewer year""".split(),
    )
)


class Text:
    """A sentence or a quotation, with what it claims."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def quantities(self) -> list[Quantity]:
        return quantities(self.text)

    @cached_property
    def dates(self) -> list[Date]:
        return dates(self.text)

    @cached_property
    def names(self) -> list[Word]:
        return names(self.text)

    @cached_property
    def content(self) -> list[Word]:
        return content(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return stems_of(self.text)

    @cached_property
    def clauses(self) -> list[Clause]:
        return clauses(self.text)

    @cached_property
    def coarse(self) -> list[Clause]:
        return clauses(self.text, coarse=True)


def disagreement(said: Text, held: Text, above: Text) -> str:
    """Why the quotation `held`, under the title and heading `above`, contradicts `said`; empty when nothing does."""
    return (
        _missing(said, held, above)
        or _denied(said, held)
        or _contrary(said, held)
        or _mispaired(said, held)
        or _other_subject(said, held)
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
    mine, theirs = denials(said.text), denials(held.text)
    if _ONLY.search(held.text) and _NOT_BEFORE.search(said.text):
        return ""  # "expected only in 2027" is "not expected before 2027"
    if (theirs.core & said.stems) - mine.scope:
        return "the quotation denies it"
    if (mine.core & held.stems) - theirs.scope and not theirs.core & mine.scope:
        return "the quotation does not deny it"
    return ""


def _contrary(said: Text, held: Text) -> str:
    """An opposite in the clause that says most of the sentence's clause, or sides of a comparison that are swapped."""
    for clause in said.coarse:
        mine = _stems(clause.text)
        near = _nearest(mine, said, held)
        if near and (word := opposed(mine, _stems(near.text), held.stems)):
            return f"the quotation says the opposite ({word})"
    sides, others = (re.split(r"\bthan\b", text.text, maxsplit=1) for text in (said, held))
    if len(sides) == len(others) == 2:
        left, right = (_stems(side) for side in sides)
        their_left, their_right = _stems(others[0]), _stems(others[1])
        if (left - right) & (their_right - their_left) and (right - left) & (their_left - their_right):
            return "the quotation compares them the other way round"
    return ""


def _nearest(mine: frozenset[str], said: Text, held: Text) -> Clause | None:
    """The clause of the quotation that says most of the stems `mine`; of equals the one with the sentence's subject."""
    subject = said.content[0].stem if said.content else ""
    shared = [(len(mine & _stems(c.text)), subject in _stems(c.text), c) for c in held.coarse]
    most = max(((count, has) for count, has, _ in shared), default=(0, False))
    return next(c for count, has, c in shared if (count, has) == most) if most[0] else None


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text) if not word.is_stopword) | frozenset(
        word.stem
        for word in words(text)
        if word.text.lower()
        in ("more", "most", "all", "above", "below", "under", "over", "before", "after", "few", "he", "she")
    )


def _mispaired(said: Text, held: Text) -> str:
    """A value that the quotation gives for something else.

    Every value (number or date) of the sentence is looked for in the quotation's clauses. When another clause, with
    another value of the same kind, holds more of what stands beside it in the sentence, the two were mixed up; likewise
    when the verb of the sentence stands in another clause and the value's own clause has a verb of its own.
    """
    values: list[Quantity | Date] = [*said.quantities, *said.dates]
    for value in values:
        clause = next((c for c in said.clauses if c.start <= value.start < c.end), None)
        beside = _anchors(clause.text, value) if clause else []
        alone = len(beside) < 2 and all(isinstance(anchor, Word) for anchor in beside)
        text = said.text if alone or clause is None else clause.text
        anchors = _anchors(text, value)
        mine = [c for c in held.clauses if any(_matches(value, v) for v in _values(c.text))]
        rivals = [c for c in held.clauses if c not in mine and _has_another(c, value, text)]
        refused = f"the quotation gives {said.text[value.start : value.end].strip()} for something else"
        if mine and rivals and all(any(_fits_better(a, b, anchors, value, held) for a in rivals) for b in mine):
            return refused
        if _done_elsewhere(said, held, _verb_stems(text), value):
            return refused
    return ""


def _done_elsewhere(said: Text, held: Text, acts: frozenset[str], value: Quantity | Date) -> bool:
    """Whether the clauses with `value` tell something of their own, and what the sentence tells stands elsewhere."""
    predicate = frozenset(word.stem for word in said.content[1:])
    mine = [c for c in held.coarse if any(_matches(value, v) for v in _values(c.text))]
    others = [c for c in held.coarse if c not in mine]
    return (
        bool(acts and mine)
        and all(_verb_stems(c.text) - said.stems and not _stems(c.text) & predicate for c in mine)
        and any(acts <= _stems(c.text) for c in others)
    )


def _has_another(clause: Clause, value: Quantity | Date, text: str) -> bool:
    """Whether the clause has a value of the same kind that does not stand in `text`, around the sentence's own."""
    there = [v for v in _values(clause.text) if _kind(v) == _kind(value)]
    return bool(there) and not any(_matches(v, own) for v in there for own in _values(text))


@lru_cache(maxsize=4096)
def _verb_stems(text: str) -> frozenset[str]:
    at = verbs(text)
    return frozenset(word.stem for word in words(text) if word.start in at)


@lru_cache(maxsize=4096)
def _values(text: str) -> tuple[Quantity | Date, ...]:
    return (*quantities(text), *dates(text))


def _kind(value: Quantity | Date) -> str:
    return value.unit if isinstance(value, Quantity) else "date"


def _matches(one: Quantity | Date, other: Quantity | Date) -> bool:
    if isinstance(one, Quantity):
        return isinstance(other, Quantity) and one.value == other.value
    return isinstance(other, Date) and one.within(other)


def _anchors(text: str, value: Quantity | Date) -> list[Word | Quantity | Date]:
    """What stands beside `value`: the words of its clause, and its other values."""
    return [*content(text), *(v for v in _values(text) if not _matches(value, v))]


def _fits_better(rival: Clause, own: Clause, anchors: Sequence[Any], value: Quantity | Date, held: Text) -> bool:
    """Whether the clause `rival` holds more of `anchors` than `own`, where the value stands.

    Words before the rival's value serve both clauses of a sentence ("spent 3 in 2019 and 4 in 2020"), except names
    and values when the later clause has its own. A clause without a verb ("against 37 percent on the islands") says
    only what is different: a word of its own decides.
    """
    values = [v for v in _values(rival.text) if _kind(v) == _kind(value)]
    before = rival.text[: values[0].start] if values else ""
    same_sentence = not re.search(r"[.!?。！？]\s", held.text[rival.start : own.end].rstrip()[:-1])
    serves = same_sentence and rival.start < own.start
    own_names = bool(names(own.text)) or any(w.text[0].isupper() for w in content(own.text))
    own_kinds = {_kind(v) for v in _values(own.text)}
    for_rival = for_own = 0.0
    for anchor in anchors:
        if isinstance(anchor, Word):
            there, here = anchor.stem in _stems(rival.text), anchor.stem in _stems(own.text)
            named = anchor.text[0].isupper()
            weight = NAME_WEIGHT if named else 1.0
            inherited = serves and anchor.stem in _stems(before) and not (named and own_names)
        else:
            there = any(_matches(anchor, v) for v in _values(rival.text))
            here = any(_matches(anchor, v) for v in _values(own.text))
            weight = NAME_WEIGHT
            inherited = serves and _kind(anchor) not in own_kinds
        if there and not here and not inherited:
            for_rival += weight
        elif here and not there:
            for_own += weight
    if _is_elliptic(own):
        return for_rival > 0 and for_own == 0
    return for_rival > (0 if same_sentence and _is_elliptic(rival) else for_own)


def _is_elliptic(clause: Clause) -> bool:
    begins = re.match(r"\s*(and|but|against|compared|versus|after|or|to|from|up from)\b", clause.text, re.IGNORECASE)
    return (
        begins is not None
        and not _verb_stems(re.sub(r"^\s*compared", "", clause.text))
        and len(content(clause.text)) <= 5
    )


def _other_subject(said: Text, held: Text) -> str:
    """The subject of the sentence is in the quotation, but what is said is said of another there."""
    if not said.content:
        return ""
    acts = verbs(said.text)
    first = next((word for word in said.content[1:] if word.start in acts), None)
    own = frozenset(word.stem for word in said.names if first is None or word.start < first.start)
    subject = own if said.content[0].stem in own else frozenset({said.content[0].stem})
    predicate = frozenset(word.stem for word in said.content) - own - subject
    # Where the quotation says it: in the clause with the sentence's verb, else with its values, else most of its words.
    verb = first.stem if first else ""
    values: list[Quantity | Date] = [*said.quantities, *said.dates]
    holding = [c for c in held.coarse if verb in _stems(c.text)] if verb else []
    holding = holding or [c for c in held.coarse if any(_matches(v, w) for v in values for w in _values(c.text))]
    most = max((len(predicate & _stems(c.text)) for c in held.coarse), default=0)
    if not holding and most:
        holding = [c for c in held.coarse if len(predicate & _stems(c.text)) == most]
    done = _verb_stems(said.text) - subject
    others = [_another(clause, said, held, own, subject, predicate, done) for clause in holding]
    if others and all(others):
        return f"the quotation says it of {others[0]}"
    return _swapped(said, held)


def _another(
    clause: Clause,
    said: Text,
    held: Text,
    own: frozenset[str],
    subject: frozenset[str],
    predicate: frozenset[str],
    acts: frozenset[str],
) -> str:
    """Of whom the clause says what the sentence says of its subject, when that is another; "" when it is not."""
    stems = _stems(clause.text)
    every = names(clause.text)
    # A name of the sentence stands elsewhere, and here stands one that the sentence does not hold.
    foreign = [word for word in every if word.stem not in said.stems]
    elsewhere = {word.stem for word in said.names} - stems
    if foreign and elsewhere and elsewhere <= held.stems and len(predicate & stems) > 1:
        return foreign[0].text
    # Another name stands where the subject should, before what is said.
    at = min((word.start for word in words(clause.text) if word.stem in acts), default=0)
    before = [word for word in every if word.stem not in own and word.start < at]
    if own and before and not own & stems and own & held.stems:
        return before[0].text
    there = content(clause.text)
    if subject & stems or not subject & held.stems or not there:
        return ""
    # A subject of its own: what stands at its beginning and not in the sentence, before what the sentence says.
    first = next((word for word in there if word.stem not in LIGHT), there[0])
    told = acts or predicate
    tells = any(word.stem in told and word.start > first.start for word in there)
    return first.text if first.stem not in said.stems and first.start not in verbs(clause.text) and tells else ""


def _swapped(said: Text, held: Text) -> str:
    """What does and what it is done to change places around a verb that both hold."""
    for verb in sorted(_verb_stems(said.text) & _verb_stems(held.text)):
        if _is_passive(said.text, verb) != _is_passive(held.text, verb):
            continue  # the passive turns them round rightly
        if _has_no_object(said.text, verb) or _has_no_object(held.text, verb):
            continue
        left, right = _sides(said.text, verb)
        their_left, their_right = _sides(held.text, verb)
        if left - right and (left - right) <= their_right - their_left and (right - left) & (their_left - their_right):
            return "the quotation says it the other way round"
    for name in said.names[:1]:
        others = [word for word in held.names if word.stem not in said.stems]
        at = [word.start for word in words(held.text) if word.stem == name.stem]
        told = [w.start for w in words(held.text) if w.stem in {c.stem for c in said.content if c not in said.names}]
        passive = re.search(r"\bby\b", said.text + held.text)
        if said.content[0] != name or not (at and told and others) or passive:
            continue
        if min(at) > max(told) and others[0].start < min(told):
            return f"the quotation says it of {others[0].text}"
    return ""


def _is_passive(text: str, verb: str) -> bool:
    start = next(word.start for word in words(text) if word.stem == verb)
    return re.search(r"\b(is|are|was|were|be|been|being)\s+(\w+ly\s+|not\s+|also\s+)?$", text[:start]) is not None


def _has_no_object(text: str, verb: str) -> bool:
    end = next(word.end for word in words(text) if word.stem == verb)
    return re.match(r"\s+(on|in|at|from|to|of|with|for|into|through|by)\b", text[end:], re.IGNORECASE) is not None


def _sides(text: str, verb: str) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of the content before and behind `verb`."""
    at = next(word.start for word in words(text) if word.stem == verb)
    acts = verbs(text)
    every = [word for word in content(text) if word.start not in acts]
    return (
        frozenset(word.stem for word in every if word.start < at),
        frozenset(word.stem for word in every if word.start > at),
    )
