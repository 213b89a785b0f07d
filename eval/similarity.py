"""How like an answer is to the reference: by words, by their order, by meaning. None of them says that it is right."""

from __future__ import annotations

from collections import Counter

from rapidfuzz.distance import LCSseq

from rag.embedding import Embedder
from rag.words import words


def tokens(text: str) -> list[str]:
    """The stems of a text without function words; Chinese in pairs of characters."""
    return [word.stem for word in words(text) if not word.is_stopword]


def token_f1(reference: str, text: str) -> float:
    """Harmonic mean of precision and recall of the words, as for SQuAD (Rajpurkar et al., 2016), 0 to 1."""
    wanted, said = tokens(reference), tokens(text)
    return _f1(sum((Counter(wanted) & Counter(said)).values()), len(wanted), len(said))


def rouge_l(reference: str, text: str) -> float:
    """F-measure of the longest common subsequence of words (Lin, 2004), 0 to 1."""
    wanted, said = tokens(reference), tokens(text)
    return _f1(LCSseq.similarity(wanted, said), len(wanted), len(said))


def _f1(shared: int, wanted: int, said: int) -> float:
    return 2 * shared / (wanted + said) if shared else 0.0


def likeness(embedder: Embedder, reference: str, text: str) -> float | None:
    """Cosine of the two as the embedding model reads them, not below 0; None when the text is longer than it reads."""
    if not text:
        return 0.0
    if embedder.count([text])[0] > embedder.max_tokens - 2:
        return None
    return max(float(embedder.embed_query(reference).vector @ embedder.embed_query(text).vector), 0.0)
