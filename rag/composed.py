"""What a longer answer is made of: sentences, every one of them quoted, and how they are laid out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rag.cite import cite
from rag.grammar import verbs
from rag.labels import label_of
from rag.lists import items_with
from rag.orders import follows_an_order
from rag.types import Citation, Document, Hit, Outline, Passage, Sentence
from rag.words import has_cjk, words

_DRAWN = re.compile(r"[\u2500-\u257f]")  # a line of a tree or a table that is drawn with characters
Find = Callable[[str, int], Sequence[Hit]]

LOOKED_UP = 24  # passages for each side of a comparison, and for a briefing
RELEVANT = 0.35  # cosine to what is asked for, below which a sentence is left out


@dataclass
class Composed:
    """Sentences with their citations, and how they are laid out."""

    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    outline: Outline | None = None

    def add(self, document: Document, passage: Passage, start: int, end: int) -> int:
        """The index of a new sentence that quotes start:end."""
        number = len(self.citations) + 1
        self.citations.append(cite(number, document, passage, start, end))
        self.sentences.append(Sentence(self.citations[-1].line, (number,), True))
        return len(self.sentences) - 1


def _says_something(document: Document, start: int, text: str) -> bool:
    """Whether it is more than a line beside the text: a file number, the names of the authors."""
    ends = text.rstrip("*_ \n").endswith((".", "!", "。", "！", ")", "]", "”", '"', ";", "；", ","))
    return ends or "|" in text or has_cjk(text) or bool(label_of(text) or verbs(text) or items_with(document, start))


def tells(document: Document, start: int, end: int) -> bool:
    text = document.text[start:end]
    return (
        (len(words(text)) > 4 or bool(label_of(text)))
        and not text.rstrip("*_ \n").endswith((":", "：", "?", "？"))
        and _says_something(document, start, text)
        and not _DRAWN.search(text)
        and not follows_an_order(document.text, start, end)
    )
