"""What headings tell of what stands below them, and what a paragraph tells off by "First", "Second", "Third"."""

from __future__ import annotations

import re

from rag.types import Document
from rag.values import ORDINALS
from rag.words import stem, stems_of, words

_MARKS = 300  # characters of a heading's marks, and of what of it is cut
_BEFORE_ITEM = re.compile(r"\s+(?:(?:[-*+•]|\(?\w{1,3}[.)])\s*)?$")
_NUMBERED = r"(?:\W*\d+(?:\.\d+)*[.):]?\s*)?\W*"
_WORKS = (
    r"(?:references|bibliography|works cited|literature(?: cited)?|(?:list of )?sources(?: cited)?|further reading|"
    r"(?:end|foot)?notes|参考文献|参考资料)"
)
_OF_WORKS = re.compile(rf"{_NUMBERED}{_WORKS}\W*", re.IGNORECASE)
_BESIDE = re.compile(
    rf"{_NUMBERED}(?:(?:appendix|annex|(?:table of )?contents|acknowledge?ments)\b.*|{_WORKS}(?: and \w+)?\W*)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\b([A-Z][^\W_]+)[-–—]([A-Z][^\W_]+)")
_NUMBERED_NAME = re.compile(r"\b(?P<name>[A-Z][A-Za-z]+) (?:\d+|[A-Z])\b")
_IN_ORDER = ("first", *ORDINALS)
_TOLD_OFF = re.compile(
    rf"(?:(?<=[.!?:;)”\"*]\s)|^)(?=[\s*_]*(?:(?P<nth>{'|'.join(_IN_ORDER[:6])})(?:ly)?|finally|lastly)\b[,:*_ ])",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]+[*_)”\"]*(?=\s+[A-Z\"“(*_]|\s*$)")  # "p. 3" ends none


def below_heading(document: Document, section: str, position: int) -> bool:
    """Whether what begins at `position` is the first below the last heading of `section`."""
    last = section.split(" > ")[-1]
    before = _BEFORE_ITEM.sub("", document.text[max(position - len(last) - _MARKS, 0) : position])
    line = before.rsplit("\n", 1)[-1]
    said, named = (" ".join(word.text for word in words(text)) for text in (line, last))
    cut = line.lstrip().startswith("#") and said.startswith(named)  # a long heading is
    return bool(named) and (said == named or cut)


def nearest_numbers(section: str) -> str:
    """The headings of a section, without what is numbered there otherwise than in a nearer one.

    Below "SB 253 and SB 261 > 2.1 SB 253" all is about SB 253.
    """
    found: list[str] = []
    nearer: set[str] = set()
    for heading in reversed(section.split(" > ")):
        numbered = list(_NUMBERED_NAME.finditer(heading))
        for match in reversed(numbered):
            if match["name"] in nearer:
                heading = heading[: match.start()] + heading[match.end() :]
        nearer |= {match["name"] for match in numbered}
        found.insert(0, heading)
    return " > ".join(found)


def without_halves(heading: str, asked: frozenset[str]) -> frozenset[str]:
    """Stems of a heading, without names that stand there only as a half: Chengdu-Chongqing is not Chengdu."""
    halves = {
        stem(one)
        for pair in _PAIR.finditer(heading)
        for one, other in (pair.groups(), pair.groups()[::-1])
        if stem(other) not in asked
    }
    return stems_of(_PAIR.sub(" ", heading)) | (stems_of(heading) - halves)


def lists_works(section: str) -> bool:
    """Whether a section is a list of works: their titles say nothing of the document's own."""
    return any(_OF_WORKS.fullmatch(heading) for heading in section.split(" > "))


def is_beside_the_text(section: str) -> bool:
    """Whether it is an annex, notes, or another part of a document that a summary leaves out."""
    return any(_BESIDE.fullmatch(heading) for heading in section.split(" > "))


def told_off(document: Document, end: int) -> list[tuple[int, int]]:
    """What follows the sentence that ends at `end`, in its paragraph, as "First, ... Second, ..."; else nothing."""
    text = document.text
    stop = text.find("\n\n", end)
    behind = text[end : stop if stop >= 0 else len(text)]
    at = end + len(behind) - len(behind.lstrip())
    behind = behind.strip()
    marks = list(_TOLD_OFF.finditer(behind))
    if len(marks) < 2 or marks[0].start() or (marks[0]["nth"] or "").lower() != "first":
        return []
    found: list[tuple[int, int]] = []
    for mark, follows in zip(marks, [*marks[1:], None], strict=True):
        last = follows.start() if follows else len(behind)
        closes = _SENTENCE_END.search(behind, mark.start(), last)
        until = closes.end() if closes and not follows else len(behind[:last].rstrip())
        found.append((at + mark.start(), at + until))
    return found
