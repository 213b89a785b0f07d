"""Finding passages: candidates by vectors and by words, then each scored within what stands around it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from rag.embedding import Embedded, Floats
from rag.expand import expanded
from rag.query import Query
from rag.store.columns import Columns, Ints
from rag.store.library import Library
from rag.timing import ms_since
from rag.types import Hit
from rag.windows import idf, window_scores

CANDIDATES = 60  # taken from each of the two searches
_REACH = 2  # and their neighbours: the best passage of a place need not be the one that was found
_TITLE_BONUS = 0.15  # for a document whose title says all that titles can say of the question
_PAGE_PENALTY = 0.15  # for each better passage on the same page, which a reader sees together with it
# Up to so many passages a filter leaves, their vectors are compared one by one; above, the index is asked for more.
_EXACT = 50_000
_MOST = 2_000

# The library is about one brief: where it and a note say the same, the brief itself is quoted.
PRIMARY_BONUS = 0.08


def retrieve(
    library: Library,
    query: Query,
    embedded: Embedded,
    k: int,
    *,
    dense_weight: float = 0.5,
    documents: Sequence[str] | None = None,
) -> tuple[list[Hit], dict[str, float]]:
    """The best `k` passages, best first, and how long each step took in milliseconds.

    `documents` are ids: only passages of these are looked at.
    """
    timings: dict[str, float] = {}
    columns = library.columns
    begin = time.perf_counter()
    dense = _dense(library, embedded.vector, min(max(CANDIDATES, k), columns.count), documents)
    timings["dense"] = ms_since(begin)
    begin = time.perf_counter()
    terms = expanded(library, query, dense)
    lexical = [key for key, _ in library.lexical.search(terms, max(CANDIDATES, k), documents)]
    weights = {
        term: weight * idf(columns.count, library.lexical.document_frequency(term)) for term, weight in terms.items()
    }
    timings["lexical"] = ms_since(begin)
    begin = time.perf_counter()
    rows = columns.around(columns.rows({*dense, *lexical}), _REACH)
    scores = window_scores(columns, rows, embedded.vector, weights, dense_weight=dense_weight)
    scores = scores + PRIMARY_BONUS * library.is_primary[columns.document_of(rows)]
    scores = scores + _TITLE_BONUS * columns.title_match(rows, list(terms))
    best = _spread(columns, rows, scores, k)
    dense_ranks, lexical_ranks = ({key: rank for rank, key in enumerate(found, 1)} for found in (dense, lexical))
    keys = {f"{int(columns.ids[rows[i]]):016x}": float(scores[i]) for i in best}
    passages = library.passages_by_id(list(keys))
    hits = [
        Hit(passage, library.documents[passage.document_id], score, dense_ranks.get(key), lexical_ranks.get(key))
        for key, score in keys.items()
        if (passage := passages.get(key)) is not None
    ]
    timings["fuse"] = ms_since(begin)
    return hits, timings


def _dense(library: Library, vector: Floats, count: int, documents: Sequence[str] | None) -> list[str]:
    """Ids of the `count` passages nearest to `vector`, best first, of `documents` if given."""
    if documents is None:
        return [key for key, _ in library.vectors.search(vector, count)]
    columns = library.columns
    rows = columns.rows_of_documents(documents)
    if len(rows) <= _EXACT:
        cosines = columns.vectors[rows].astype(np.float32) @ vector
        chosen = rows[np.argsort(-cosines, kind="stable")[:count]]
        return [f"{int(key):016x}" for key in columns.ids[chosen]]
    wanted = min(int(2 * count * columns.count / len(rows)), _MOST)
    found = [key for key, _ in library.vectors.search(vector, wanted)]
    near = columns.rows(found)
    kept = {f"{int(key):016x}" for key in columns.ids[near[np.isin(near, rows)]]}
    return [key for key in found if key in kept][:count]


def _spread(columns: Columns, rows: Ints, scores: Floats, k: int) -> list[int]:
    """Indices of the `k` best of `rows`, best first, where a page that was chosen before is worth less.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) with the page as likeness; without pages, plain order.
    """
    order = np.lexsort((rows, -scores))
    pages = columns.pages[rows]
    if not pages.any():
        return [int(i) for i in order[:k]]
    places = columns.document_of(rows) * (int(pages.max()) + 1) + pages
    left = scores.copy()
    chosen: list[int] = []
    for _ in range(min(k, len(rows))):
        best = int(order[np.argmax(left[order])])
        chosen.append(best)
        left[best] = -np.inf
        if pages[best]:
            left[places == places[best]] -= _PAGE_PENALTY
    return chosen
