"""Recall and IoU of the characters that answer, on the public passages (Chroma's chunking evaluation)."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

import numpy as np

from rag.chain import Desk
from rag.types import Hit

BUDGET = 1000  # word pieces of the embedding model
_HITS = 40  # more than fit the budget
PEERS = {
    "recursive 200-token chunks, dense, top 5": (0.772, 0.061),
    "128-token chunks, top 8, dense + BM25": (0.869, 0.064),
    "60-token units with neighbours, prototype": (0.928, None),
    "text-embedding-3-large, semantic chunks (published)": (0.897, None),
}


def measure(desk: Desk, folder: Path) -> dict[str, float]:
    """Recall, IoU, and recall by corpus, over all questions; the best passages that fit BUDGET count, in order."""
    recalls: dict[str, list[float]] = defaultdict(list)
    overlaps: list[float] = []
    with (folder / "passages" / "questions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            gold = [(part["start_index"], part["end_index"]) for part in json.loads(row["references"])]
            hits = _fitting(desk, desk.search(row["question"], _HITS)[0])
            recall, overlap = _shares(hits, f"{row['corpus_id']}.md", gold)
            recalls[row["corpus_id"]].append(recall)
            overlaps.append(overlap)
    by_corpus = {f"recall, {name}": mean(values) for name, values in sorted(recalls.items())}
    every = [value for values in recalls.values() for value in values]
    return {"recall": mean(every), "IoU": mean(overlaps), **by_corpus}


def _fitting(desk: Desk, hits: list[Hit]) -> list[Hit]:
    sizes = np.cumsum(desk.embedder.count([hit.passage.text for hit in hits]))
    return [hit for hit, size in zip(hits, sizes, strict=True) if size <= BUDGET]


def _shares(hits: list[Hit], name: str, gold: list[tuple[int, int]]) -> tuple[float, float]:
    """Share of the gold characters found, and intersection over union with all characters found."""
    wanted = {i for start, end in gold for i in range(start, end)}
    found = {i for hit in hits if hit.document.name == name for i in range(hit.passage.start, hit.passage.end)}
    everything = sum(hit.passage.end - hit.passage.start for hit in hits)
    both = len(wanted & found)
    return both / len(wanted), both / (everything + len(wanted) - both)
