"""Short forms that a text introduces beside their long ones, as in "the United Methodist Church (UMC)".

After Schwartz and Hearst (2003); here the first letters of the words must be the short form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.words import Word, words

SHORT = re.compile(r"[A-Z]{2,6}")
BETWEEN = re.compile(r"[\s\-–/&.]*")  # what stands between the words of one name
SMALL = frozenset("of and for the in on to de du la a".split())
_IN_BRACKETS = re.compile(r"\(\s*(?:the )?[\"“']?([^()\"”]{2,80}?)[\"”']?\s*\)")
_BEFORE_BRACKETS = re.compile(r"\b([A-Z]{2,6})\s*$")
_GOES_ON = re.compile(r"s?[,;:] ")  # "(CSDDD, Directive 2024/1760)"


def introduced(text: str) -> Iterator[tuple[str, str]]:
    """The short forms that `text` introduces, each with what it stands for."""
    spoken: Sequence[Word] | None = None
    for match in _IN_BRACKETS.finditer(text):
        written = _GOES_ON.split(match[1])[0]
        short = written.removesuffix("s")
        if SHORT.fullmatch(short):
            spoken = words(text) if spoken is None else spoken
            before = [word for word in spoken if word.end <= match.start()]
            for count in range(2, len(written) * 2 + 1):
                if spells(before[-count:], text, short):
                    yield short, text[before[-count].start : before[-1].end]
                    break
        elif (beside := _BEFORE_BRACKETS.search(text, 0, match.start())) and spells(
            words(match[1]), match[1], beside[1]
        ):
            yield beside[1], match[1]


def mark_of(short: str) -> str:
    """The term under which the index keeps the passages that introduce a short form: no word is spelled so."""
    return f"({short.lower()}"


def spells(name: Sequence[Word], text: str, short: str) -> bool:
    """Whether the first letters of these words are `short`; small words may be left out."""
    if len(name) < 2 or any(not BETWEEN.fullmatch(text[a.end : b.start]) for a, b in pairwise(name)):
        return False
    return name[0].text.lower() not in SMALL and initials(name) == short


def initials(name: Sequence[Word]) -> str:
    """The first letters of its words, without small ones."""
    return "".join(word.text[0].upper() for word in name if word.text.lower() not in SMALL)
