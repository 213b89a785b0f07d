"""Words that mean as much, by way of Chinese: two that an entry of the dictionary gives for one Chinese word.

Paraphrases by pivoting (Bannard and Callison-Burch, 2005): how likely a word is said by another is the chance of coming
from the one to the other over an entry that has both. `rag/data/synonyms.txt` is made by `python -m eval.fit english`.
"""

from __future__ import annotations

from functools import cache

from rag.wordlists import lines_of

_ENOUGH = 0.2  # chance from which on one word says the other


@cache
def _pairs() -> dict[frozenset[str], float]:
    split = (line.split(" ") for line in lines_of("synonyms.txt"))
    return {frozenset((one, other)): min(float(chance) / _ENOUGH, 1.0) for one, other, chance in split}


def says(one: str, other: str) -> float:
    """How far a stem says another, 0 to 1."""
    return _pairs().get(frozenset((one, other)), 0.0)
