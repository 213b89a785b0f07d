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


def load_pairs(path: Path = CLAIMS) -> list[Pair]:
    """The pairs of a file of JSON Lines, one passage a line: half, title, passage, right, wrong[{kind, sentence}]."""
    return [pair for line in path.read_text(encoding="utf-8").splitlines() for pair in _pairs(json.loads(line))]


def _pairs(row: dict[str, Any]) -> Iterator[Pair]:
    text, half = str(row["passage"]), str(row["half"])
    document = Document("claims", str(row["title"]), str(row["title"]), str(row["title"]), text)
    passage = Passage("claims", "claims", 0, len(text), text, sentences=tuple(sentence_spans(text, 0, len(text))))
    for sentence in row["right"]:
        yield Pair(half, "", sentence, document, passage)
    for wrong in row["wrong"]:
        yield Pair(half, wrong["kind"], wrong["sentence"], document, passage)


def measure(judge: Judge, pairs: Sequence[Pair]) -> list[tuple[Pair, Support]]:
    return [(pair, judge.judge(pair.sentence, pair.passage, pair.document)) for pair in pairs]
