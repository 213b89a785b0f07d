"""Citations and their verification: a sentence is shown as supported only when a stored quotation says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.errors import BriefdeskError
from rag.orders import follows_an_order
from rag.support import Judge
from rag.types import Answer, Citation, Document, Hit, Passage, Sentence
from rag.words import index_terms, words

_MARKER = re.compile(r"\s*[\[【](\d{1,3}(?:\s*[,;]\s*\d{1,3})*)[\]】]")
_MARKDOWN = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)]|#{1,6}|>)\s+|\*\*|__|`")
_PICTURE_OR_LINK = re.compile(r"!?\[([^\]]*)\]\(\s*[^)]*\)")
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:|\bdata:)[^\s<>\"')\]]+", re.IGNORECASE)
LEFT_OUT = "(address left out: no source has it)"
_OTHERS = 4  # passages tried beside the one a sentence names


def cite(number: int, document: Document, passage: Passage, start: int, end: int) -> Citation:
    """A citation of document.text[start:end]. Raises BriefdeskError when that is no stretch of the text."""
    if not 0 <= start < end <= len(document.text):
        raise BriefdeskError(f"{document.name} has no characters {start} to {end}; run `briefdesk doctor`")
    return Citation(number, document, passage, start, end, document.text[start:end], page_of(document, start))


def page_of(document: Document, position: int) -> int | None:
    return next((i + 1 for i, (a, b) in enumerate(document.pages) if a <= position < b), None)


def stands(citation: Citation) -> bool:
    """Whether the quotation is, to the character, what the document has at its place."""
    return citation.document.text[citation.start : citation.end] == citation.quote


def standing(answer: Answer) -> Answer:
    """The answer without quotations that do not stand in their documents; a sentence that loses its own is marked."""
    kept = tuple(citation for citation in answer.citations if stands(citation))
    numbers = {citation.number for citation in kept}
    if numbers.issuperset(n for sentence in answer.sentences for n in sentence.citations):
        return replace(answer, citations=kept)
    sentences = tuple(
        s
        if numbers.issuperset(s.citations)
        else replace(s, supported=False, citations=(), reason="its quotation does not stand in the document")
        for s in answer.sentences
    )
    return replace(answer, sentences=sentences, citations=kept)


def markers(text: str) -> list[int]:
    """The citation numbers a model wrote in `text`, in order, each once."""
    found: dict[int, None] = {}
    for match in _MARKER.finditer(text):
        found.update(dict.fromkeys(int(n) for n in re.split(r"[,;]", match.group(1))))
    return list(found)


def without_markers(text: str) -> str:
    return _MARKER.sub("", text).strip()


class Verifier:
    """Checks what a model writes, sentence by sentence, against the passages it was given as [1], [2], ...

    A sentence whose numbers are missing, invented or wrong is tried against the likeliest other passages before it is
    marked. Citations are numbered anew, in the order in which they are used.
    """

    def __init__(self, judge: Judge, hits: Sequence[Hit]) -> None:
        self._judge = judge
        self._hits = hits
        self._terms = [frozenset(index_terms(hit.passage.text)) for hit in hits]
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []

    def add(self, raw: str) -> Sentence | None:
        """The sentence, checked; None when `raw` holds no word."""
        text = self._plain(raw)
        if not words(text):
            return None
        numbers = markers(raw)
        named = [n - 1 for n in numbers if 1 <= n <= len(self._hits)]
        reason = "it names no passage" if not numbers else "" if named else "it names a passage that was not given"
        sentence = Sentence(text, (), False, reason)
        for i in [*named, *self._likeliest(text, named)]:
            hit = self._hits[i]
            found = self._judge.judge(text, hit.passage, hit.document)
            if found.supported and follows_an_order(hit.document.text, found.start, found.end):
                sentence = Sentence(text, (), False, "its passage gives orders to a language model")
                break
            if found.supported:
                sentence = Sentence(text, (self._use(hit, found.start, found.end).number,), True)
                break
            if i in named and not reason:
                reason = found.reason
                sentence = Sentence(text, (), False, reason)
        self.sentences.append(sentence)
        return sentence

    def _plain(self, raw: str) -> str:
        """The sentence as it is shown: no numbers, no mark-up, no address that the passages do not hold."""
        text = _PICTURE_OR_LINK.sub(lambda match: match.group(1), without_markers(raw))
        text = _MARKDOWN.sub("", _TAG.sub("", text)).strip()
        return _ADDRESS.sub(lambda match: match.group() if self._holds(match.group()) else LEFT_OUT, text)

    def _holds(self, address: str) -> bool:
        bare = address.rstrip(".,;:!?")
        return any(bare in hit.document.text or bare == hit.document.url for hit in self._hits)

    def _likeliest(self, text: str, but: Sequence[int]) -> list[int]:
        """The passages that share most words with the sentence, without those in `but`."""
        said = frozenset(index_terms(text))
        shared = [(len(said & terms), -i) for i, terms in enumerate(self._terms) if i not in but]
        return [-i for count, i in sorted(shared, reverse=True)[:_OTHERS] if count * 3 >= len(said)]

    def _use(self, hit: Hit, start: int, end: int) -> Citation:
        for citation in self.citations:
            if citation.document.id == hit.document.id and (citation.start, citation.end) == (start, end):
                return citation
        self.citations.append(cite(len(self.citations) + 1, hit.document, hit.passage, start, end))
        return self.citations[-1]
