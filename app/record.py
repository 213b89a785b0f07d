"""An answer as JSON that can be kept anywhere (a receipt, the browser), and read back into an answer, checked anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.output import answer_json
from rag.cite import page_of, standing
from rag.errors import UsageError
from rag.store.library import Library
from rag.types import (
    Answer,
    Citation,
    Definition,
    Difference,
    Document,
    Outline,
    Passage,
    Row,
    Sentence,
    Turn,
    Usage,
)


def record(answer: Answer) -> dict[str, Any]:
    """The JSON of `ask --json`, in which each quotation names its document by its id too."""
    found = answer_json(answer)
    for kept, citation in zip(found["citations"], answer.citations, strict=True):
        kept["document_id"] = citation.document.id
    for kept, difference in zip(found.get("differences", []), answer.differences, strict=True):
        kept["document_id"] = difference.citation.document.id
    return found


def recall(library: Library, found: Mapping[str, Any]) -> Answer:
    """The answer that was recorded, as far as its quotations stand in the library now.

    A document that was indexed anew is found by its name, a quotation that has moved by its words. Raises UsageError
    when `found` is no record.
    """
    try:
        answer = Answer(
            question=str(found["question"]),
            sentences=tuple(
                Sentence(
                    str(s["text"]),
                    tuple(int(n) for n in s["citations"]),
                    bool(s["supported"]) and bool(s["citations"]),
                    str(s.get("reason", "")),
                )
                for s in found["sentences"]
            ),
            citations=tuple(c for kept in found["citations"] if (c := _citation(library, kept))),
            abstained=bool(found["abstained"]),
            mode=str(found["mode"]),
            confidence=float(found.get("confidence", 0.0)),
            warnings=tuple(str(warning) for warning in found.get("warnings", ())),
            timings_ms={str(step): float(ms) for step, ms in found.get("timings_ms", {}).items()},
            usage=Usage(**found["usage"]) if found.get("usage") else None,
            differences=tuple(
                Difference(str(kept["note"]), c)
                for kept in found.get("differences", ())
                if (c := _citation(library, kept))
            ),
            outline=_outline(found["outline"], len(found["sentences"])) if found.get("outline") else None,
            definition=Definition(**found["definition"]) if found.get("definition") else None,
            understood=str(found.get("understood", "")),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UsageError("what was kept of an answer cannot be read; ask the question again") from error
    again = standing(answer)
    return replace(again, sentences=tuple(_as_quoted(again, sentence) for sentence in again.sentences))


def recall_turn(library: Library, found: Mapping[str, Any]) -> Turn:
    """A recorded answer as a turn of a conversation."""
    answer = recall(library, found)
    return Turn(answer.understood or answer.question, answer)


def _citation(library: Library, kept: Mapping[str, Any]) -> Citation | None:
    document = _document(library, kept)
    quote = str(kept["quote"])
    if document is None or not quote:
        return None
    start = int(kept["start"])
    if document.text[start : start + len(quote)] != quote:
        start = document.text.find(quote)
    if start < 0:
        return None
    end, page = start + len(quote), page_of(document, start)
    # Of the passage nothing but the quotation is known any more; only the making of an answer needs more.
    passage = Passage("", document.id, start, end, quote, page=page)
    return Citation(int(kept["n"]), document, passage, start, end, quote, page)


def _document(library: Library, kept: Mapping[str, Any]) -> Document | None:
    identity, name = str(kept.get("document_id", "")), str(kept["document"])
    if identity not in library.listings:
        identity = library.named(name) or ""
    return library.documents[identity] if identity else None


def _outline(kept: Mapping[str, Any], sentences: int) -> Outline:
    rows = tuple(
        Row(str(row["heading"]), tuple(tuple(int(i) for i in cell) for cell in row["cells"])) for row in kept["rows"]
    )
    columns = tuple(str(column) for column in kept["columns"])
    if any(len(row.cells) != len(columns) or any(not 0 <= i < sentences for c in row.cells for i in c) for row in rows):
        raise ValueError("cells that do not fit")
    return Outline(str(kept["kind"]), columns, rows)


def _as_quoted(answer: Answer, sentence: Sentence) -> Sentence:
    """Without a language model a sentence is its quotation: what was changed since is not shown as supported."""
    if answer.mode != "extractive" or not sentence.supported:
        return sentence
    said = " ".join(sentence.text.split())
    quoted = {c.number: c.line for c in answer.citations}
    if any(quoted.get(n, "") in said or said in quoted.get(n, "") for n in sentence.citations):
        return sentence
    return replace(sentence, supported=False, citations=(), reason="it is not what its quotation says")
