"""Words that mean as much, by way of Chinese: two that an entry of the dictionary gives for one Chinese word.

Paraphrases by pivoting (Bannard and Callison-Burch, 2005): how likely a word is said by another is the chance of coming
from the one to the other over an entry that has both. `rag/data/synonyms.txt` is made by `python -m eval.fit english`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

from rag.wordlists import lines_of
from rag.words import stems_of

# Who first used a term has proposed it.
_COINED = re.compile(
    r"\bfirst (?:us|spoke|mention|rais|propos|introduc|put forward|wrote|made)\w* (?:of )?(?:the |this |its )?(?:\w+ )?"
    r"(?:term|phrase|concept|notion|word|expression|idea)\b",
    re.IGNORECASE,
)
_COINS = stems_of("propose coin introduce invent originate create")
# Nouns that what is for or against something goes by.
_SIDES = (
    stems_of(
        "weakness shortcoming drawback disadvantage downside limitation problem challenge difficulty bottleneck "
        "obstacle barrier hurdle con flaw deficiency"
    ),
    stems_of("strength advantage benefit merit upside pro"),
)
_ENOUGH = 0.2  # chance from which on one word says the other


@cache
def _pairs() -> dict[frozenset[str], float]:
    split = (line.split(" ") for line in lines_of("synonyms.txt"))
    pairs = {frozenset((one, other)): min(float(chance) / _ENOUGH, 1.0) for one, other, chance in split}
    return pairs | {frozenset(pair): 1.0 for side in _SIDES for pair in product(side, side)}


def coins(asked: frozenset[str], text: str) -> bool:
    """Whether a text says that something was coined, where these stems ask for that: "first used the term"."""
    return asked <= _COINS and _COINED.search(text) is not None


def says(one: str, other: str) -> float:
    """How far a stem says another, 0 to 1."""
    return _pairs().get(frozenset((one, other)), 0.0)
