"""How well support is judged: pairs of sentence and passage, half of them subtly wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.dataset import SETS
from ingest.chunk import sentence_spans
from rag.support import Judge, Support
from rag.types import Document, Passage

CLAIMS = SETS / "claims.jsonl"
RETOLD = SETS / "retold.jsonl"  # told more freely, as a language model tells what it read


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and the passage it is held against. `kind` says how it is wrong; empty when it is right."""

    half: str
    kind: str
    sentence: str
    document: Document
    passage: Passage


def load_pairs(path: Path = CLAIMS, half: str = "") -> list[Pair]:
    """The pairs of a file of JSON Lines, one passage a line: half, title, passage, right, wrong[{kind, sentence}].

    Those of one `half` only, if it is given.
    """
    every = (pair for line in path.read_text(encoding="utf-8").splitlines() for pair in _pairs(json.loads(line)))
    return [pair for pair in every if half in ("", pair.half)]


def _pairs(row: dict[str, Any]) -> Iterator[Pair]:
    half = str(row["half"])
    document, passage = as_passage(str(row["title"]), str(row["passage"]))
    for sentence in row["right"]:
        yield Pair(half, "", sentence, document, passage)
    for wrong in row["wrong"]:
        yield Pair(half, wrong["kind"], wrong["sentence"], document, passage)


def as_passage(title: str, text: str) -> tuple[Document, Passage]:
    """A document that is one passage."""
    document = Document("claims", title, title, title, text)
    spans = tuple(sentence_spans(text, 0, len(text)))
    return document, Passage("claims", "claims", 0, len(text), text, sentences=spans)


def measure(judge: Judge, pairs: Sequence[Pair]) -> list[tuple[Pair, Support]]:
    return [(pair, judge.judge(pair.sentence, pair.passage, pair.document)) for pair in pairs]


def passed_and_caught(judged: Sequence[tuple[Pair, Support]]) -> tuple[list[bool], list[bool]]:
    """Of each right sentence whether it was passed, and of each wrong one whether it was caught."""
    passed = [found.supported for pair, found in judged if not pair.kind]
    caught = [not found.supported for pair, found in judged if pair.kind]
    return passed, caught
