"""What a question, or a conversation, is about: "the Bronze Age collapse", "tiger sharks"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.glossary import Glossary
from rag.grammar import bare_verb, content, is_english, names, runs, verbs
from rag.nouns import is_general, is_relational
from rag.places import places
from rag.types import Turn
from rag.values import quantities
from rag.words import OWNER, Word, words

_SAID_OF = re.compile(r"\W*((why|how|how \w+|since when|when)\s)?(is|are|was|were)\s", re.IGNORECASE)
_ASKED_FOR = re.compile(r"\b(which|what|how (many|much)) $", re.IGNORECASE)
# Where something is done: "What did Intel do in Chengdu?" is about Intel.
_AT_A_PLACE = re.compile(r"\b(in|at|from|near|within|into|to) (the )?$", re.IGNORECASE)
_SEVERAL = re.compile(
    r"(?:what|which|how many) (?P<what>(?:[a-z-]+ ){0,3}?[a-z-]+s) "
    r"(?=(?:is|are|was|were|do|does|did|has|have|can|will)\b)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r" \d{1,4}(?![\d.,%]*\d|%| (?:percent|million|billion|trillion|yuan|euro|dollars)\b)")
# "What does the brief say about inequality?" is about inequality.
_SAYS_ABOUT = re.compile(
    r"\b(?:say|says|said|tell|tells|told|write|writes|know|known)\b[^?]*?\b(?:about|on) (?P<what>[^?]+)", re.IGNORECASE
)
_KNOWN = re.compile(r"\b(the|this|that|these|those) $", re.IGNORECASE)
_THE = re.compile(
    r"(?P<helped>\b(is|are|was|were|has|have|had|did|does|do|will|would|can|could) )?\bthe (?P<noun>\w+)"
    r"(?=\W*$| (is|are|was|were|has|have|had|did|does|will|would|can|could|in \d{4})\b"
    r"|(?(helped) (?!(of|for|to|in|on|with|that|which)\b)|(?!)))",
    re.IGNORECASE,
)


def topic(turns: Sequence[Turn], glossary: Glossary, *, besides: str = "") -> str:
    """What the conversation is about, `besides` left aside: the longest term or name of the last question, or its noun.

    Where the questions say nothing, it is what the last answer is about, or the document it comes from.
    """
    for turn in reversed(turns):
        about = _SAYS_ABOUT.search(turn.question)
        for text in ([about["what"]] if about else []) + [turn.question]:
            if (found := _named(text, glossary) or _nouns(text)) and found != besides:
                return found
    for turn in reversed(turns):
        for sentence in turn.answer.sentences[:1]:
            if (found := _named(sentence.text, glossary)) and found != besides:
                return found
        for citation in turn.answer.citations[:1]:
            return citation.document.title
    return ""


def both(turns: Sequence[Turn]) -> tuple[str, str] | None:
    """The two that were last spoken of together: those of a comparison, or two names of one question."""
    for turn in turns[:-3:-1]:
        if turn.answer.outline and len(turn.answer.outline.columns) > 1:
            return turn.answer.outline.columns[0], turn.answer.outline.columns[1]
        for (a, b), (c, d) in pairwise(runs(turn.question, names(turn.question))):
            if turn.question[b:c].removesuffix("the ") in (" and ", " or "):
                return _with_article(turn.question, a, b), _with_article(turn.question, c, d)
    return None


def in_turn(turns: Sequence[Turn]) -> tuple[str, str] | None:
    """The two that the same was asked of, one after the other: "And China?" behind what the Union spends."""
    if len(turns) < 2:
        return None
    (before, one), (after, other) = (_without_its_name(turn.question) for turn in turns[-2:])
    return (one, other) if one and other and one != other and before == after else None


def _without_its_name(question: str) -> tuple[str, str]:
    """A question with its first name cut out, and that name."""
    named = runs(question, names(question))
    if not named:
        return question, ""
    start, end = named[0]
    name = _with_article(question, start, end)
    before = question[:start].removesuffix("the ")
    return f"{before}*{question[end:]}".casefold(), name


def several(turns: Sequence[Turn]) -> str:
    """What the last question asks which or how many there are of somewhere, or of something: the parks in Alba."""
    text = turns[-1].question
    match = _SEVERAL.match(text)
    of_it = [_with_article(text, a, b) for a, b in runs(text, names(text)) if match and a >= match.end()]
    if match is None or not of_it:
        return ""
    return f"the {match['what']} in {where}" if (where := place(turns)) else f"the {match['what']} of {of_it[0]}"


def place(turns: Sequence[Turn]) -> str:
    """Where "there" is: the last name of the last question that stands behind "in" or "at"; "" without one."""
    text = turns[-1].question
    found = [(a, b) for a, b in runs(text, names(text)) if _AT_A_PLACE.search(text[:a])]
    return _with_article(text, *found[-1]) if found else ""


def person(turns: Sequence[Turn]) -> str:
    """Who "he" or "she" is: the last name in an answer that is of two or three words, none of them an English word."""
    for turn in reversed(turns):
        for text in (turn.answer.text, turn.question):
            for start, end in reversed(runs(text, names(text))):
                spoken = text[start:end].split()
                told = any(is_english(word) or word.isupper() or OWNER.search(word) for word in spoken[:-1])
                if 2 <= len(spoken) <= 3 and not told and not is_english(spoken[-1]) and not spoken[-1].isupper():
                    return OWNER.sub("", text[start:end])
    return ""


def _named(text: str, glossary: Glossary) -> str:
    """The longest term or name of a text, with the noun it names: "the Bronze Age collapse"."""
    spans = [(m.start, _with_number(text, m.end)) for m in (*glossary.mentions(text), *places().mentions(text))]
    spans += [(start, _with_number(text, end)) for start, end in runs(text, names(text)) if end - start > 2]
    if not spans:
        return ""
    start, end = max(spans, key=lambda span: (_AT_A_PLACE.search(text[: span[0]]) is None, span[1] - span[0]))
    start, end = max([(a, b) for a, b in runs(text, _nominal(text)) if a <= start and end <= b], default=(start, end))
    return _with_article(text, start, end)


def _nouns(text: str) -> str:
    """What a question without names brings up: "tiger sharks". What it calls "the plan" was brought up before."""
    found = [
        (start, end)
        for start, end in runs(text, _nominal(text))
        if not _ASKED_FOR.search(text[:start]) and (" " in text[start:end] or not _KNOWN.search(text[:start]))
    ]
    if not found:
        return ""
    start, end = max(found, key=lambda run: run[1] - run[0])
    return _with_article(text, start, _with_number(text, end))


def _with_number(text: str, end: int) -> int:
    """Where a name ends that has a number behind it: Policy Brief 4."""
    number = _NUMBERED.match(text, end)
    return number.end() if number else end


def _nominal(text: str) -> list[Word]:
    """The words of a question that are part of what it is about: neither verbs nor always of something else."""
    acts, every = verbs(text) | bare_verb(text), content(text)
    # "Was the Stanford experiment ethical": the last word is said of what stands before it.
    if len(every) > 1 and _SAID_OF.match(text) and every[-1].text[0].islower():
        every = every[:-1]
    kept = {w for w in every if w.start not in acts and not is_relational(w) and not is_general(w)}
    found: list[Word] = []
    for word in reversed(words(text)):
        # "Third Plenum", "529 plan": a number belongs to the noun behind it.
        if word in kept or (found and _counts(text, word, found[-1])):
            found.append(word)
    return found[::-1]


def _counts(text: str, word: Word, behind: Word) -> bool:
    """Whether `word` is a number or rank, written right before the word `behind`."""
    spoken = any(quantity.start <= word.start < quantity.end for quantity in quantities(text))
    return (word.kind == "number" or spoken) and not text[word.end : behind.start].strip(" -")


def _with_article(text: str, start: int, end: int) -> str:
    article = re.search(r"\bthe $", text[:start], re.IGNORECASE)
    return ("the " if article else "") + OWNER.sub("", text[start:end])


def said_again(text: str, last: str) -> tuple[int, int, str] | None:
    """Where in `text` a noun stands for what the last question named in full, and that name.

    "The plan" behind "the 14th Five-Year Plan". A name of its own tells that another is meant.
    """
    if names(text):
        return None
    full = {last[a:b].split()[-1].lower(): (a, b) for a, b in runs(last, _nominal(last)) if " " in last[a:b].strip()}
    for match in _THE.finditer(text):
        if span := full.get(match["noun"].lower()):
            return match.start("noun") - len("the "), match.end("noun"), _with_article(last, *span)
    return None
