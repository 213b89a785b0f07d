"""Who did what to whom: whether a quotation says of another what a sentence says of its subject."""

from __future__ import annotations

import re

from rag.grammar import Clause, content, names, verbs
from rag.stated import LIGHT, Text, matches, telling_stems, values_of, verb_stems
from rag.values import Date, Quantity
from rag.words import words


def other_subject(said: Text, held: Text) -> str:
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
    holding = [c for c in held.coarse if verb in telling_stems(c.text)] if verb else []
    holding = holding or [c for c in held.coarse if any(matches(v, w) for v in values for w in values_of(c.text))]
    most = max((len(predicate & telling_stems(c.text)) for c in held.coarse), default=0)
    if not holding and most:
        holding = [c for c in held.coarse if len(predicate & telling_stems(c.text)) == most]
    done = verb_stems(said.text) - subject
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
    stems = telling_stems(clause.text)
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
    for verb in sorted(verb_stems(said.text) & verb_stems(held.text)):
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
