"""Citations and their verification: a sentence is shown as supported only when a stored quotation says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.errors import BriefdeskError
from rag.types import Citation, Document, Hit, Passage, Sentence
from rag.words import words

_MARKER = re.compile(r"\s*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_NEGATION = frozenset("not no never neither nor none without cannot hardly".split())
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
# Share of a sentence's content words that must stand in its quotation; the rest may be the model's own wording.
MIN_OVERLAP = 0.55


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


def markers(text: str) -> list[int]:
    """The citation numbers a model wrote in `text`, in order, each once."""
    found: dict[int, None] = {}
    for match in _MARKER.finditer(text):
        found.update(dict.fromkeys(int(n) for n in re.split(r"[,;]", match.group(1))))
    return list(found)


def without_markers(text: str) -> str:
    return _MARKER.sub("", text).strip()


def quotation(sentence: str, passage: Passage, document: Document) -> tuple[int, int]:
    """The sentence, or two beside each other, of `passage` that share most words with `sentence`."""
    wanted = _content(sentence)
    spans = passage.sentences or ((passage.start, passage.end),)
    windows = [*spans, *((a[0], b[1]) for a, b in pairwise(spans))]

    def fit(span: tuple[int, int]) -> tuple[float, int]:
        held = _content(document.text[span[0] : span[1]])
        return (round(len(wanted & held) / max(len(wanted), 1), 3), span[0] - span[1])

    return max(windows, key=fit)


def unsupported(sentence: str, quote: str) -> str:
    """Why `quote` does not support `sentence`; empty when it does.

    Deterministic: the same numbers, names and polarity, and most of the same words.
    """
    said, held = words(sentence), words(quote)
    have = {word.stem for word in held}
    numbers = {_number(word.stem) for word in held} | {_number(word.text.lower()) for word in held}
    for word in said:
        if word.kind == "number" and word.stem not in numbers:
            return f"the number {word.text} is not in the quotation"
    for i, word in enumerate(said):
        if i and word.kind == "word" and word.text[0].isupper() and word.stem not in have:
            return f"the name {word.text} is not in the quotation"
    if _negated(sentence) != _negated(quote):
        return "one of sentence and quotation is negated"
    wanted = _content(sentence)
    overlap = len(wanted & _content(quote)) / len(wanted) if wanted else 0.0
    if overlap < MIN_OVERLAP:
        return f"only {overlap:.0%} of its words are in the quotation"
    return ""


def verify(sentences: Sequence[str], hits: Sequence[Hit]) -> tuple[list[Sentence], list[Citation]]:
    """Checks what a model wrote against the passages it was given as [1], [2], ...

    A sentence whose numbers are missing, invented or wrong is tried against every passage before it is marked.
    Citations are numbered anew, in the order in which they are used.
    """
    checked: list[Sentence] = []
    citations: list[Citation] = []
    for raw in sentences:
        text = without_markers(raw)
        if not words(text):
            continue
        named = [n for n in markers(raw) if 1 <= n <= len(hits)]
        reason = "it names no passage" if not markers(raw) else "it names a passage that was not given"
        for n in [*named, *(n for n in range(1, len(hits) + 1) if n not in named)]:
            hit = hits[n - 1]
            start, end = quotation(text, hit.passage, hit.document)
            why = unsupported(text, hit.document.text[start:end])
            if not why:
                citation = _use(citations, hit, start, end)
                checked.append(Sentence(text, (citation.number,), True))
                break
            if n in named:
                reason = why
        else:
            checked.append(Sentence(text, (), False, reason))
    return checked, citations


def _use(citations: list[Citation], hit: Hit, start: int, end: int) -> Citation:
    for citation in citations:
        if citation.document.id == hit.document.id and (citation.start, citation.end) == (start, end):
            return citation
    citation = cite(len(citations) + 1, hit.document, hit.passage, start, end)
    citations.append(citation)
    return citation


def _content(text: str) -> set[str]:
    return {_number(word.stem) for word in words(text) if not word.is_stopword}


def _number(word: str) -> str:
    return _NUMBER_WORDS.get(word, word)


def _negated(text: str) -> bool:
    lowered = text.lower()
    return any(word.text.lower() in _NEGATION for word in words(text)) or "n't" in lowered or "n’t" in lowered
