"""Words of a question that stand in no document are looked for by the words that come nearest to them.

What a reader calls a slogan the documents may call a phrase, and BM25 finds neither. Which words the documents have for
it is asked of the passages that are nearest in meaning (pseudo-relevance feedback, with embeddings: Kuzi et al., 2016),
so no list of all words has to be kept. A name is never looked for by another name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.query import Need, Query
from rag.store.library import Library
from rag.words import words

_WORDS = 3  # that stand for one that is nowhere
_NEAR = 0.5  # cosine of two words, each embedded alone, from which one may stand for the other


def expanded(library: Library, query: Query, passage_ids: Sequence[str]) -> dict[str, float]:
    """The terms of `query` with weights, words that stand nowhere replaced by near ones from these passages."""
    unknown = [need for need in query.needs if _stands_nowhere(library, need)]
    if not unknown:
        return query.terms
    there: dict[str, str] = {}  # a word by its stem
    for _, passage in sorted(library.passages_by_id(passage_ids).items()):
        for word in words(passage.text):
            if word.can_stand_for_another:
                there.setdefault(word.stem, word.text.lower())
    if not there:
        return query.terms
    stems = list(there)
    terms = dict(query.terms)
    cosines = library.embedder.embed_words([need.text.lower() for need in unknown]) @ (
        library.embedder.embed_words(list(there.values())).T
    )
    for need, row in zip(unknown, cosines, strict=True):
        near = [int(i) for i in np.argsort(-row, kind="stable")[:_WORDS] if row[i] >= _NEAR]
        if near:
            terms.pop(next(iter(need.own)), None)
        for i in near:
            terms[stems[i]] = max(terms.get(stems[i], 0.0), float(row[i]))
    return terms


def _stands_nowhere(library: Library, need: Need) -> bool:
    """Whether it is a single word, no name, that no passage holds."""
    return need.kind == "word" and all(
        len(alternative) == 1 and not library.lexical.document_frequency(stem)
        for alternative in need.alternatives
        for stem in alternative
    )
