"""Who did what to whom: whether a quotation says of another what a sentence says of its subject."""

from __future__ import annotations

import re

from rag.grammar import Clause, content, names, verbs
from rag.stated import LIGHT, Text, matches, telling_stems, values_of, verb_stems
from rag.values import Date, Quantity
from rag.words import stem, stems_of, words

_RELATIVE = re.compile(r"(which|who|whose|that(?! of\b))\b", re.IGNORECASE)
_APPOSITION = re.compile(r"\s*(an?|the|who|which|formerly|then)\s", re.IGNORECASE)
_REFERS = re.compile(r"\s*(they|he|she|it)\b", re.IGNORECASE)
_DONE_BY = re.compile(r"\b(?P<verb>\w+(?:ed|en|un|wn|t|ne)) by (?P<who>(?:[^\s,.;:()]+ ?){1,6})")
_OF_ANOTHER = re.compile(r"\b(by|to|from|for|in|at|of|with|and)\s+(the\s+|an?\s+)?$", re.IGNORECASE)
# What opens a sentence and is not its subject.
_OPENERS = frozenset(
    map(
        stem,
        """however moreover therefore thus meanwhile then first second third finally instead furthermore nevertheless
        example addition contrast rather""".split(),
    )
)


def other_subject(said: Text, held: Text) -> str:
    """The subject of the sentence is in the quotation, but what is said is said of another there."""
    if not said.content:
        return ""
    acts = verbs(said.text)
    if _REFERS.match(said.text) and said.content[0].start in acts:
        return _swapped(said, held)  # "They asked UNDP": who they are is not in the sentence
    first = next((word for word in said.content[1:] if word.start in acts), None)
    own = frozenset(word.stem for word in said.names if first is None or word.start < first.start)
    subject = own if said.content[0].stem in own else frozenset({said.content[0].stem})
    predicate = frozenset(word.stem for word in said.content) - own - subject
    # Where the quotation says it: in the clause with the sentence's verb and values, with either, with most words.
    verb = first.stem if first else ""
    values: list[Quantity | Date] = [*said.quantities, *said.dates]
    told = [c for c in held.coarse if verb and verb in verb_stems(c.text)]
    given = [c for c in held.coarse if any(matches(v, w) for v in values for w in values_of(c.text))]
    holding = [c for c in told if c in given] or told or given
    most = max((len(predicate & telling_stems(c.text)) for c in held.coarse), default=0)
    if not holding and most:
        holding = [c for c in held.coarse if len(predicate & telling_stems(c.text)) == most]
    done = verb_stems(said.text) - subject
    others = [_another(_with_subject(held, c), said, held, own, subject, predicate, done) for c in holding]
    if others and all(others):
        return f"the quotation says it of {others[0]}"
    return _swapped(said, held)


def _with_subject(held: Text, clause: Clause) -> Clause:
    """A clause that begins with its verb or with "which", with what says whose; appositions are no subject."""
    at = held.coarse.index(clause)
    text = clause.text
    while at and _lacks_subject(text):
        at -= 1
        before = held.coarse[at].text
        if _APPOSITION.match(before) and not verbs(before):
            continue
        text = before + text
        if not before.rstrip().endswith((",", "-", "–", "—")):
            break
    return Clause(clause.start, clause.end, text)


def _lacks_subject(text: str) -> bool:
    first = next((word for word in words(text) if word.text.lower() not in ("and", "but", "also", "then")), None)
    return first is not None and (first.start in verbs(text) or _RELATIVE.match(text, first.start) is not None)


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
    first_told = min((w.start for w in words(clause.text) if w.stem in (acts or predicate)), default=0)
    foreign = [
        word
        for word in every
        if word.stem not in said.stems
        and not _in_brackets(clause.text, word.start)
        and (word.start < first_told or _OF_ANOTHER.search(clause.text[: word.start]))
    ]
    elsewhere = {word.stem for word in said.names} - stems
    if foreign and elsewhere and elsewhere <= held.stems and len(predicate & stems) > 1:
        return foreign[0].text
    # Another name stands where the subject should, before what is said.
    at = min((word.start for word in words(clause.text) if word.stem in acts), default=0)
    before = [word for word in every if word.stem not in own and word.start < at]
    if own and before and not own & stems and own & held.stems:
        return before[0].text
    if own and (referring := _REFERS.match(clause.text)) and _named_later(own, clause, held):
        return f"another ({referring.group().strip()})"
    there = content(clause.text)
    if subject & stems or not subject & held.stems or not there:
        return ""
    # A subject of its own: what stands at its beginning and not in the sentence, before what the sentence says.
    first = next((w for w in there if w.stem not in LIGHT | _OPENERS and not w.text.lower().endswith("ly")), there[0])
    if own and re.search(r"\bthe\s$", clause.text[: first.start], re.IGNORECASE) and _alone_before(own, clause, held):
        return ""  # "Ferrum's works closed, and the town lost ...": the town is Ferrum
    told = acts or predicate
    tells = any(word.stem in told and word.start > first.start for word in there)
    return first.text if first.stem not in said.stems and first.start not in verbs(clause.text) and tells else ""


def _named_later(own: frozenset[str], clause: Clause, held: Text) -> bool:
    """Whether the names `own` stand in the quotation, and only behind the start of `clause`."""
    at = [word.start for word in words(held.text) if word.stem in own]
    return bool(at) and min(at) > clause.start


def _alone_before(own: frozenset[str], clause: Clause, held: Text) -> bool:
    """Whether before `clause` the quotation names `own`, and nobody else."""
    before = [word for word in held.names if word.start < clause.start]
    return bool(before) and all(word.stem in own for word in before)


def _in_brackets(text: str, at: int) -> bool:
    return text.rfind("(", 0, at) > text.rfind(")", 0, at)


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
    if by := _by_another(said.text, held.text):
        return f"the quotation says it of {by}"
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


def _by_another(said: str, held: str) -> str:
    """Who did it by the quotation, where both say by whom, and not the same: "begun by his father"."""
    theirs = {stem(match["verb"]): match["who"] for match in _DONE_BY.finditer(held)}
    for match in _DONE_BY.finditer(said):
        who = theirs.get(stem(match["verb"]))
        at = range(match.start("who"), match.end("who"))
        mine = [word for word in content(said) if word.start in at]
        known = any(word in names(said) for word in mine) or {word.stem for word in mine} <= stems_of(held)
        if who and mine and known and content(who) and not stems_of(who) & {word.stem for word in mine}:
            return who.strip()
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
