"""Where gold stands in the documents, and what of it a passage or a quotation holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from eval.dataset import Gold, Question
from rag.types import Answer, Citation, Document, Hit

# One sign for those that a keyboard, a word processor and a PDF write differently.
_VARIANTS = {
    "'": "['’‘]",
    "’": "['’‘]",
    "‘": "['’‘]",
    '"': '["“”]',
    "“": '["“”]',
    "”": '["“”]',
    "-": "[-‐‑–]",
    "–": "[-‐‑–]",
}
Span = tuple[int, int]


def places(document: Document, gold: Gold) -> tuple[Span, ...]:
    """The character ranges of `document` where `gold` stands; none when it is another's, or gone.

    White space and typographic variants do not matter: a line of a PDF ends where the quotation goes on.
    """
    if document.name != gold.document:
        return ()
    if gold.page:
        return (document.pages[gold.page - 1],) if gold.page <= len(document.pages) else ()
    if not gold.quote:
        return ((0, len(document.text)),)
    return _found(document.text, gold.quote)


@lru_cache(maxsize=4096)
def _found(text: str, quote: str) -> tuple[Span, ...]:
    parts = ("".join(_VARIANTS.get(c, re.escape(c)) for c in word) for word in quote.split())
    return tuple(match.span() for match in re.finditer(r"\s+".join(parts), text))


def holds(document: Document, start: int, end: int, gold: Gold) -> bool:
    """Whether document.text[start:end] has at least half of a gold quotation; of a page or a document, anything."""
    for a, b in places(document, gold):
        shared = min(end, b) - max(start, a)
        if shared > 0 and (not gold.quote or shared * 2 >= b - a):
            return True
    return False


def in_passage(hit: Hit, gold: Gold) -> bool:
    return holds(hit.document, hit.passage.start, hit.passage.end, gold)


def cited(citation: Citation, gold: Gold) -> bool:
    return holds(citation.document, citation.start, citation.end, gold)


def rank_of(question: Question, hits: Sequence[Hit]) -> int | None:
    """The rank, from 1, by which every part of the gold was found; None when one was not."""
    last = 0
    for part in question.parts.values():
        rank = next((n for n, hit in enumerate(hits, 1) if any(in_passage(hit, gold) for gold in part)), None)
        if rank is None:
            return None
        last = max(last, rank)
    return last or None


def shown(answer: Answer) -> tuple[str, list[Citation]]:
    """What a reader sees: the answer and, beside it, what other sources say otherwise; and what they are cited for."""
    notes = [f"{difference.note} {difference.citation.line}" for difference in answer.differences]
    return "\n".join([answer.text, *notes]), [*answer.citations, *(d.citation for d in answer.differences)]


def says(text: str, wordings: Sequence[str]) -> bool:
    """Whether `text`, normalised, has one of the wordings of a key fact."""
    return any(normalised(wording) in text for wording in wordings)


def supports(citation: Citation, question: Question) -> bool:
    """Whether a citation has gold, or itself says the key facts; where an answer has parts or items, one of them."""
    if any(cited(citation, gold) for gold in question.gold):
        return True
    quote = normalised(citation.quote)
    held = [says(quote, fact) for fact in question.facts]
    return any(held) if question.kind == "list" or len(question.parts) > 1 else bool(held) and all(held)


def normalised(text: str) -> str:
    """Case, typographic variants and white space do not matter when a fact is looked for."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return re.sub(r"\s+", " ", plain)
