"""Scoring passages within what stands around them.

A passage of some seventy word pieces rarely says by itself what it is about; the passages before and after it do. Each
candidate is therefore compared with the question at five widths (itself, and with 1, 2, 4 and 8 neighbours on either
side), by meaning and by words, and the ten figures are averaged. The words are those of the whole window (BM25 over the
window as if it were one passage: Robertson and Zaragoza, 2009, section 3.4); the vector is the mean of the window's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.embedding import Floats
from rag.store.columns import REACHES, Columns, Ints, window_sums
from rag.words import has_cjk

_K1, _B = 1.2, 0.75
# Where the best passage holds less than this share of the question's words (by weight), words tell little, and count
# less: a question in words of its own is then found by its meaning.
_HELD = 0.5


def window_scores(
    columns: Columns, rows: Ints, vector: Floats, terms: Mapping[str, float], *, dense_weight: float
) -> Floats:
    """The score, 0 to 1, of each of `rows` (ascending) for a question: [rows].

    `vector` is the question's unit vector; `terms` are its stems with weights (inverse document frequency included).
    Figures of one kind and width are divided by the highest among `rows` (Bruch et al., 2023: the theoretical minimum,
    0, is the same for every question). `dense_weight` is the vectors' share, and more where no passage holds the words.
    """
    if not len(rows):
        return np.empty(0, np.float32)
    wide = columns.around(rows, max(REACHES))
    at = np.searchsorted(wide, rows)
    index = columns.document_of(rows)
    first, last = columns.starts[index], columns.starts[index + 1]

    cosines = columns.vectors[wide].astype(np.float32) @ vector
    frequencies = columns.frequencies(wide, list(terms))
    lengths = columns.lengths[wide].astype(np.float32)
    norms = columns.norms[rows]
    weights = np.fromiter(terms.values(), np.float32, len(terms))

    dense, lexical = np.zeros(len(rows)), np.zeros(len(rows))
    for column, reach in enumerate(REACHES):
        # Rows of one window lie side by side in `wide`, because it holds all of them.
        low = at - np.minimum(rows - first, reach)
        high = at + np.minimum(last - 1 - rows, reach) + 1
        dense += _scaled(window_sums(cosines.astype(np.float64), low, high) / np.maximum(norms[:, column], 1e-6))
        tf = window_sums(frequencies, low, high)
        length = window_sums(lengths, low, high)[:, None]
        average = columns.mean_length * (2 * reach + 1)
        saturated = tf * (_K1 + 1) / (tf + _K1 * (1 - _B + _B * length / average) + 1e-9)
        lexical += _scaled(saturated @ weights)
    dense_weight = 1 - (1 - dense_weight) * min(_held(frequencies[at] > 0, weights, list(terms)) / _HELD, 1)
    scores: Floats = ((dense_weight * dense + (1 - dense_weight) * lexical) / len(REACHES)).astype(np.float32)
    return scores


def _held(there: npt.NDArray[Any], weights: Floats, terms: list[str]) -> float:
    """The largest share of the question's words, by weight, that one passage holds: of the Chinese or of the others.

    A Chinese question is looked for in its own words and in English ones, and no passage need hold both.
    """
    chinese = np.fromiter((has_cjk(term) for term in terms), bool, len(terms))
    shares = [
        float(np.where(there[:, of], weights[of], 0.0).sum(axis=1).max()) / float(weights[of].sum())
        for of in (chinese, ~chinese)
        if weights[of].sum() > 0
    ]
    return max(shares, default=0.0)


def idf(total: int, frequency: int) -> float:
    """Inverse document frequency as in BM25 (Robertson and Zaragoza, 2009), never negative."""
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))


def _scaled(figures: npt.NDArray[Any]) -> npt.NDArray[Any]:
    scaled: npt.NDArray[Any] = np.maximum(figures, 0) / max(float(figures.max(initial=0.0)), 1e-9)
    return scaled
