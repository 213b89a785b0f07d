"""Answers and hits as JSON and as text for a terminal. The JSON is stable: scripts and checks read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rag.types import Answer, Citation, Difference, Hit, Outline, Sentence, Usage

NOT_SAID = "The documents do not say."


def answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "answer": NOT_SAID if answer.abstained else answer.text,
        "abstained": answer.abstained,
        "sentences": [
            {
                "text": sentence.text,
                "supported": sentence.supported,
                "citations": list(sentence.citations),
                **({"reason": sentence.reason} if sentence.reason else {}),
            }
            for sentence in answer.sentences
        ],
        "citations": [citation_json(citation) for citation in answer.citations],
        "mode": answer.mode,
        "confidence": round(answer.confidence, 3),
        "warnings": list(answer.warnings),
        "timings_ms": _rounded(answer.timings_ms),
        **({"usage": usage_json(answer.usage)} if answer.usage else {}),
        **({"definition": asdict(answer.definition)} if answer.definition else {}),
        **({"outline": outline_json(answer.outline)} if answer.outline else {}),
        **({"differences": [_difference(d) for d in answer.differences]} if answer.differences else {}),
        **({"understood": answer.understood} if answer.understood else {}),
    }


def outline_json(outline: Outline) -> dict[str, Any]:
    """How the sentences, by their place, are laid out in rows and columns."""
    return {
        "kind": outline.kind,
        "columns": list(outline.columns),
        "rows": [{"heading": row.heading, "cells": [list(cell) for cell in row.cells]} for row in outline.rows],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {"note": difference.note, **citation_json(difference.citation)}


def usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "counted": usage.counted,
        "cost": None if usage.cost is None else round(usage.cost, 6),
    }


def usage_text(usage: Usage) -> str:
    """Tokens and, where prices are set, cost: in one line for a reader."""
    about = "" if usage.counted else "about "
    cost = "" if usage.cost is None else f", cost {usage.cost:.4f}"
    return f"{about}{usage.input_tokens:,} tokens read, {usage.output_tokens:,} written{cost}"


def citation_json(citation: Citation) -> dict[str, Any]:
    document = citation.document
    return {
        "n": citation.number,
        "document": document.name,
        "title": document.title,
        "publisher": document.publisher,
        "date": document.date,
        "url": document.url,
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }


def search_json(question: str, hits: Sequence[Hit], timings_ms: dict[str, float]) -> dict[str, Any]:
    return {
        "question": question,
        "hits": [
            {
                "document": hit.document.name,
                "title": hit.document.title,
                "page": hit.passage.page,
                "start": hit.passage.start,
                "end": hit.passage.end,
                "text": hit.passage.text,
                "score": round(hit.score, 4),
            }
            for hit in hits
        ],
        "timings_ms": _rounded(timings_ms),
    }


def answer_text(answer: Answer) -> str:
    """The answer for a terminal: sentences with their numbers, then the quotations they rest on."""
    lines: list[str] = []
    if answer.understood:
        lines += [f"understood as: {answer.understood}", ""]
    if answer.abstained:
        lines.append(NOT_SAID)
    if answer.outline:
        for row in answer.outline.rows:
            lines.append(row.heading.upper() if row.heading else "")
            for column, cell in zip(answer.outline.columns, row.cells, strict=True):
                name = f"{column}: " if len(row.cells) > 1 else ""
                lines.extend(f"  {name}{_marked(answer.sentences[i])}" for i in cell)
    else:
        lines.extend(_marked(sentence) for sentence in answer.sentences)
    lines.append("")
    if answer.citations:
        lines.append("The nearest passages:" if answer.abstained else "Sources:")
    said = {sentence.text for sentence in answer.sentences}  # what stands above need not be read twice
    for citation in answer.citations:
        document = citation.document
        where = [document.title, document.publisher, document.date or "no date"]
        if citation.page:
            where.append(f"page {citation.page}")
        lines.append(f"{citation.number}  {', '.join(part for part in where if part)}")
        lines.append(f"   {document.name}, characters {citation.start} to {citation.end}")
        if citation.line not in said:
            lines.append(f"   “{citation.line}”")
    if answer.definition:
        lines.append(f"glossary: {answer.definition.term}: {answer.definition.text} [{answer.definition.source}]")
    for difference in answer.differences:
        citation = difference.citation
        lines += [f"note: {difference.note}", f"   “{citation.line}”"]
        lines.append(f"   {citation.document.name}, characters {citation.start} to {citation.end}")
    lines.extend(f"note: {warning}" for warning in answer.warnings)
    if answer.usage:
        lines.append(f"written by {answer.mode}: {usage_text(answer.usage)}")
    return "\n".join(lines).rstrip()


def _marked(sentence: Sentence) -> str:
    marks = " ".join(f"({n})" for n in sentence.citations)
    why = "" if sentence.supported else f"  [not supported: {sentence.reason}]"
    return f"{sentence.text} {marks}".rstrip() + why


def hits_text(hits: Sequence[Hit]) -> str:
    lines: list[str] = []
    for number, hit in enumerate(hits, 1):
        page = f", page {hit.passage.page}" if hit.passage.page else ""
        heading = f" > {hit.passage.heading}" if hit.passage.heading else ""
        lines.append(f"{number}  {hit.score:.3f}  {hit.document.title}{heading}{page}  ({hit.document.name})")
        lines.append(f"   {' '.join(hit.passage.text.split())}")
    return "\n".join(lines)


def _rounded(timings_ms: dict[str, float]) -> dict[str, float]:
    return {step: round(value, 2) for step, value in timings_ms.items()}
