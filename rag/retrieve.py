"""Finding passages: vectors and words, fused, each passage scored together with its neighbours."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rag.embedding import Embedded
from rag.query import Query
from rag.store.library import Library
from rag.types import Hit, Passage

CANDIDATES = 120  # taken from each of the two searches
# A passage's share in its own score, and what it takes from passages one and two steps away in the same document:
# a neighbour that matches says that this is the place. Weights add up to 1 over the window of five.
_OWN, _NEAR, _FAR = 0.7, 0.1, 0.05

# The library is about one brief: where it and a note say the same, the brief itself is quoted.
PRIMARY_GROUP, PRIMARY_BONUS = "brief", 0.08

Ranking = Mapping[str, float]


def retrieve(
    library: Library,
    query: Query,
    embedded: Embedded,
    k: int,
    *,
    dense_weight: float = 0.5,
) -> tuple[list[Hit], dict[str, float]]:
    """The best `k` passages, best first, and how long each step took in milliseconds."""
    timings: dict[str, float] = {}
    begin = time.perf_counter()
    count = min(CANDIDATES, library.passage_count())
    dense = dict(library.vectors.search(embedded.vector, count))
    timings["dense"] = _ms(begin)
    begin = time.perf_counter()
    lexical = dict(library.lexical.search(query.terms, count))
    timings["lexical"] = _ms(begin)
    begin = time.perf_counter()
    fused = fuse(dense, lexical, weight=dense_weight)
    passages = library.passages_by_id(list(fused))
    scores = with_neighbours(fused, passages)
    for key, passage in passages.items():
        if library.documents[passage.document_id].group == PRIMARY_GROUP:
            scores[key] += PRIMARY_BONUS
    ranks = [{key: rank for rank, key in enumerate(ranking, 1)} for ranking in (dense, lexical)]
    best = sorted(scores, key=lambda key: (-scores[key], key))[:k]
    hits = [
        Hit(
            passage=passages[key],
            document=library.documents[passages[key].document_id],
            score=scores[key],
            dense_rank=ranks[0].get(key),
            lexical_rank=ranks[1].get(key),
        )
        for key in best
    ]
    timings["fuse"] = _ms(begin)
    return hits, timings


def fuse(dense: Ranking, lexical: Ranking, *, weight: float) -> dict[str, float]:
    """Convex combination of min-max normalised scores (Bruch et al., 2023, eq. 3).

    `weight` is dense's share, 0 to 1. A passage missing from one ranking scores 0 there.
    """
    dense, lexical = _normalised(dense), _normalised(lexical)
    return {key: weight * dense.get(key, 0.0) + (1 - weight) * lexical.get(key, 0.0) for key in {**dense, **lexical}}


def with_neighbours(scores: Ranking, passages: Mapping[str, Passage]) -> dict[str, float]:
    """Each passage's score mixed with those of the passages beside it in its document."""
    at = {(passage.document_id, passage.ordinal): scores[key] for key, passage in passages.items()}
    mixed = {}
    for key, passage in passages.items():
        place, ordinal = passage.document_id, passage.ordinal
        near = at.get((place, ordinal - 1), 0.0) + at.get((place, ordinal + 1), 0.0)
        far = at.get((place, ordinal - 2), 0.0) + at.get((place, ordinal + 2), 0.0)
        mixed[key] = _OWN * scores[key] + _NEAR * near + _FAR * far
    return mixed


def _normalised(ranking: Ranking) -> dict[str, float]:
    if not ranking:
        return {}
    low, high = min(ranking.values()), max(ranking.values())
    return {key: (score - low) / (high - low) if high > low else 1.0 for key, score in ranking.items()}


def _ms(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000
