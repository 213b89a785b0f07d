"""One item of a list, asked for by its place: "the second recommendation", "what about the third one?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from rag.cite import cite
from rag.lists import introduction, list_with
from rag.types import Answer, Citation, Document, ItemList, Turn
from rag.values import NUMBER_WORDS, ORDINALS
from rag.words import STOPWORDS, stem, stems_of, words

_MOST = 12  # up to which places and numbers are read as words
_PLACES = ["first", *ORDINALS][:_MOST]
_NUMBERS = list(NUMBER_WORDS)[1 : _MOST + 1]
_NTH = rf"(?P<nth>{'|'.join(_PLACES)}|last|final|\d{{1,2}}(?:st|nd|rd|th))"
_OF_A_KIND = re.compile(
    rf"\b{_NTH} (?:of (?:the|its|their|these|those) )?(?P<behind>[a-z]+(?: [a-z]+){{0,2}})|"
    rf"\b(?P<named>[a-z]+) (?:number |no\.? ?|#)?(?P<count>\d{{1,2}}|{'|'.join(_NUMBERS)})\b",
    re.IGNORECASE,
)
_OF_THE_LAST = re.compile(
    r"(?:and |but |so |ok(?:ay)?,? )?(?:(?:what|how) (?:about|is|was)|what['’]s|why|tell me (?:more )?about|explain)? ?"
    rf"(?:the |number |no\. )?(?:{_NTH}|(?P<count>\d{{1,2}}|{'|'.join(_NUMBERS)}))"
    r"(?: one| point| item| (?:of (?:them|these|those))| (?P<noun>[a-z]+))?\W*",
    re.IGNORECASE,
)
_LONGEST = 500  # characters of an item with what stands below it


@dataclass(frozen=True, slots=True)
class Nth:
    """The place of an item, from 0, -1 the last, and the word that says so; the stem of what it is called, if it is."""

    place: int
    said: str
    noun: str = ""

    def range_in(self, around: ItemList) -> tuple[int, int] | None:
        """Where the item stands in a list that has so many."""
        return around.items[self.place] if -1 <= self.place < len(around.items) else None


def asked_for(question: str) -> list[Nth]:
    """Every "second recommendation" or "recommendation 2" of a question; of "third key risk" both a key and a risk."""
    return [
        _nth(match, noun)
        for match in _OF_A_KIND.finditer(question)
        for noun in takewhile(_is_told, (match["named"] or match["behind"]).split())
    ]


def _is_told(word: str) -> bool:
    return word.lower() not in STOPWORDS


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list that was given: the question that stands for it, and the item with what explains it."""

    question: str
    citation: Citation


def of_the_last(question: str, turns: Sequence[Turn]) -> Item | None:
    """The item of the last list that "what about the second one?" asks for.

    Between the list and the question only other items of it were spoken of.
    """
    match = _OF_THE_LAST.fullmatch(" ".join(question.split()))
    found = _last_list(turns) if match else None
    if match is None or found is None:
        return None
    last, around = found
    nth, cited = _nth(match, match["noun"] or ""), last.answer.citations[-1]
    named = nth.noun in stems_of(last.question) or lists_such(around, cited.document, "", nth.noun)
    item = nth.range_in(around) if named or not nth.noun else None
    if item is None:
        return None
    quoted = cite(1, cited.document, cited.passage, *with_what_is_below(cited.document, item))
    return Item(f"{last.question} ({nth.said})", quoted)


def _last_list(turns: Sequence[Turn]) -> tuple[Turn, ItemList] | None:
    since: list[Citation] = []
    for turn in reversed(turns):
        if around := _list_of(turn.answer):
            document = turn.answer.citations[-1].document
            inside = all(c.document.id == document.id and around.items[0][0] <= c.start < around.end for c in since)
            return (turn, around) if inside else None
        since += () if turn.answer.abstained else turn.answer.citations
    return None


def _nth(match: re.Match[str], noun: str) -> Nth:
    said, noun = (match["nth"] or match["count"]).lower(), stem(noun)
    if said in ("last", "final"):
        return Nth(-1, said, noun)
    number = next((names.index(said) + 1 for names in (_PLACES, _NUMBERS) if said in names), 0)
    number = number or int(re.sub(r"\D", "", said))
    return Nth(number - 1 if number else len(_PLACES), said, noun)


def lists_such(around: ItemList, document: Document, heading: str, noun: str) -> bool:
    """Whether a list is one of what a noun names: what stands above it has the noun's plural."""
    above = words(f"{document.title} | {heading} | {introduction(document, around)}")
    return any(word.stem == noun and word.text.lower().endswith("s") for word in above)


def _list_of(answer: Answer) -> ItemList | None:
    """The list that an answer has given, two of its items at least."""
    if answer.abstained or not answer.citations:
        return None
    document = answer.citations[-1].document
    around = list_with(document, answer.citations[-1].start)
    starts = {start for start, _ in around.items} if around else set()
    given = [one for one in answer.citations if one.document.id == document.id and one.start in starts]
    return around if len(given) > 1 else None


def with_what_is_below(document: Document, item: tuple[int, int]) -> tuple[int, int]:
    """An item with the paragraphs that explain it, where they are short."""
    around = list_with(document, item[0])
    if around is None:
        return item
    end = next((start for start, _ in around.items if start > item[0]), around.end)
    below = document.text[item[0] : end].rstrip()
    marked = re.sub(r"\n[ \t]*(?:[-*+•]|\(?\w{1,3}[.)])[ \t]*$|\n\W*$", "", below)
    return (item[0], item[0] + len(marked)) if item[1] - item[0] < len(marked) <= _LONGEST else item
