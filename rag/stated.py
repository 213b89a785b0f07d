"""What a sentence or a quotation claims: its values, names and clauses, found once and held against another's."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import pairwise

from rag.grammar import Clause, clauses, content, names, verbs
from rag.values import Date, Quantity, dates, quantities
from rag.words import Word, stem, stems_of, words

NAME_WEIGHT = 2.0  # against 1 for any other word
# Words that say little by themselves: comparatives are held against their opposites, years against dates.
LIGHT = frozenset(
    map(
        stem,
        """every each far still nearly almost around just even already together alone itself larger bigger higher
        greater smaller lower fewer year""".split(),
    )
)


_ENDS = re.compile(r"[.!?]\s+(?=[A-Z])|[。！？]")


class Text:
    """A sentence or a quotation, with what it claims."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def quantities(self) -> list[Quantity]:
        return quantities(self.text)

    @cached_property
    def dates(self) -> list[Date]:
        return dates(self.text)

    @cached_property
    def names(self) -> list[Word]:
        return names(self.text)

    @cached_property
    def content(self) -> list[Word]:
        return content(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return stems_of(self.text)

    @cached_property
    def stems_in_order(self) -> list[str]:
        return [word.stem for word in words(self.text)]

    @cached_property
    def clauses(self) -> list[Clause]:
        return clauses(self.text)

    @cached_property
    def sentences(self) -> list[Clause]:
        cuts = [0, *(match.end() for match in _ENDS.finditer(self.text)), len(self.text)]
        return [Clause(a, b, self.text[a:b]) for a, b in pairwise(cuts) if a < b]

    def sentence_of(self, clause: Clause) -> str:
        """The text of the sentence that `clause` is part of."""
        return next((one.text for one in self.sentences if one.start <= clause.start < one.end), self.text)

    @cached_property
    def coarse(self) -> list[Clause]:
        return clauses(self.text, coarse=True)


@lru_cache(maxsize=4096)
def telling_stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text) if not word.is_stopword) | frozenset(
        word.stem
        for word in words(text)
        if word.text.lower()
        in ("more", "most", "all", "above", "below", "under", "over", "before", "after", "few", "he", "she")
    )


@lru_cache(maxsize=4096)
def verb_stems(text: str) -> frozenset[str]:
    at = verbs(text)
    return frozenset(word.stem for word in words(text) if word.start in at)


@lru_cache(maxsize=4096)
def values_of(text: str) -> tuple[Quantity | Date, ...]:
    return (*quantities(text), *dates(text))


def kind_of(value: Quantity | Date) -> str:
    return value.unit if isinstance(value, Quantity) else "date"


def matches(one: Quantity | Date, other: Quantity | Date) -> bool:
    if isinstance(one, Quantity):
        return isinstance(other, Quantity) and (one.value == other.value or one.same_as(other))
    return isinstance(other, Date) and one.within(other)
