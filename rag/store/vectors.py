"""The vectors, in Chroma. Derived: everything here can be rebuilt from the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding import Floats

COLLECTION = "passages"
_BATCH = 2000  # below Chroma's limit of variables in one statement


class VectorStore:
    """One Chroma collection in a folder of its own: passage id -> unit vector."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        self._client: Any = chromadb.PersistentClient(
            path=str(folder), settings=Settings(anonymized_telemetry=False, allow_reset=False)
        )
        # ef_search: the index looks at this many candidates, and never fewer than are asked for.
        self._collection: Any = self._client.get_or_create_collection(
            COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "ip", "ef_search": 200, "ef_construction": 200}},
        )

    def add(self, ids: Sequence[str], vectors: Sequence[Floats]) -> None:
        for begin in range(0, len(ids), _BATCH):
            part = slice(begin, begin + _BATCH)
            self._collection.add(ids=list(ids[part]), embeddings=np.stack(vectors[part]))

    def remove(self, ids: Sequence[str]) -> None:
        for begin in range(0, len(ids), _BATCH):
            self._collection.delete(ids=list(ids[begin : begin + _BATCH]))

    def search(self, vector: Floats, count: int) -> list[tuple[str, float]]:
        """The `count` nearest (passage id, cosine), best first."""
        result = self._collection.query(query_embeddings=[vector], n_results=count, include=["distances"])
        # With the inner product Chroma's distance is 1 - cosine.
        return [(key, 1.0 - distance) for key, distance in zip(result["ids"][0], result["distances"][0], strict=True)]

    def ids(self) -> set[str]:
        return set(self._collection.get(include=[])["ids"])

    def count(self) -> int:
        return int(self._collection.count())

    def close(self) -> None:
        self._client.close()
