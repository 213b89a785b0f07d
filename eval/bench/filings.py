"""Whether the page that holds the evidence is among those of the best five passages (five filings of FinanceBench)."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

from rag.chain import Desk

CUT = 5
PEERS = {"LangChain": 0.45, "LlamaIndex": 0.60, "Haystack": 0.45, "txtai": 0.35}  # on six sister filings


def measure(desk: Desk, folder: Path) -> float:
    """Share of the questions whose page is found."""
    found: list[float] = []
    for question in json.loads((folder / "filings" / "questions.json").read_text(encoding="utf-8")):
        hits, _ = desk.search(question["question"], CUT)
        pages = {(hit.document.name.removesuffix(".pdf"), (hit.passage.page or 0) - 1) for hit in hits}
        found.append(float(any((question["doc"], page) in pages for page in question["pages"])))
    return mean(found)
