"""A second look at the best passages, by a model that reads question and passage together (a cross-encoder)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import not_loaded
from rag.types import Hit

LOOKED_AT = 40  # passages that are read again; more cost time and rarely hold the answer
log = logging.getLogger(__name__)


class Reranker:
    """A sentence-transformers CrossEncoder by name or path, loaded on first use.

    Raises ModelError when it cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()

    @cached_property
    def model(self) -> Any:
        if Path(self.name).exists():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import CrossEncoder

        try:
            return CrossEncoder(self.name)
        except Exception as error:  # hub, disk and weights raise what they please; it is logged, and told in one line
            log.exception("loading %s", self.name)
            check = "--rerank, a sentence-transformers CrossEncoder by name or path"
            raise not_loaded("reranking", self.name, error, check) from error

    def rerank(self, question: str, hits: Sequence[Hit], k: int) -> list[Hit]:
        """The best `k` of `hits` in the model's order; their scores are its own, between 0 and 1."""
        if not hits:
            return []
        pairs = [(question, hit.passage.embedded_text(hit.document)) for hit in hits]
        with self._lock:
            raw = np.asarray(self.model.predict(pairs, show_progress_bar=False), np.float64)
        figures = raw.reshape(len(hits), -1)[:, -1]  # of several labels the last one means "relevant"
        if figures.min() < 0 or figures.max() > 1:
            figures = 1 / (1 + np.exp(-figures))
        order = np.argsort(-figures, kind="stable")[:k]
        return [replace(hits[int(i)], score=float(figures[i])) for i in order]
