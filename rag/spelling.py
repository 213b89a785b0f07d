"""Words of a question that stand in no document and are no words: read as the word of the documents spelled most alike.

By the distance of Damerau and Levenshtein (optimal string alignment): a letter more, fewer, other, or two exchanged. A
word of the dictionary and a name that it knows are left alone: Chengde is not Chengdu, and Shanxi not Shaanxi.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from rag.glossary import Glossary
from rag.grammar import is_english, may_be_english
from rag.places import places
from rag.store.library import Library
from rag.wordlists import lines_of
from rag.words import Word, is_derived, stem, without_owner, words

_SHORTEST, _LONG = 5, 8  # letters of a word that may be wrong in one place, and in two
# Words of any question, which may be wrong in one place too: waht.
_ASKING = "about does from have should their there what when where which whom whose with would".split()
_PASSAGES = 30  # in which a stem is looked up as it is written
_LOOKED_UP = 6  # stems
_MOST = 8  # words of a question that are looked up
_CLEARLY = 4  # times as frequent as another word that is as near


@cache
def _known_names() -> frozenset[str]:
    return frozenset(name.lower() for name in lines_of("names.txt"))


def respelled(question: str, library: Library, glossary: Glossary) -> str:
    """`question` with each word that is nowhere replaced by the one of the documents that it must be.

    A question of which half the words are nowhere is in another language, and left as it is.
    """
    every = words(question)
    wrong = [word for word in every if _may_be_wrong(word, library, glossary)]
    if len(wrong) > 1 and len(wrong) >= min(_MOST, len(every) / 2):
        return question
    for word in reversed(wrong):
        if right := _nearest(word.text, library):
            end = word.start + len(without_owner(word.text))
            if is_english(right):
                right = right.capitalize() if word.text[0].isupper() else right.lower()
            question = question[: word.start] + right + question[end:]
    return question


def _may_be_wrong(word: Word, library: Library, glossary: Glossary) -> bool:
    base = without_owner(word.text)
    return (
        word.kind == "word"
        and len(base) >= _SHORTEST - 1
        and base.isalpha()
        and not base.isupper()
        and not library.lexical.document_frequency(word.stem)
        and not may_be_english(base)
        and base.lower() not in _known_names()
        and not glossary.mentions(base)
        and not places().mentions(base)
    )


def _nearest(text: str, library: Library) -> str:
    """The word of the documents that `text` is nearest to; empty when none is near, or two are."""
    from rapidfuzz.distance import OSA

    typed = without_owner(text).lower()
    if asking := [word for word in _ASKING if OSA.distance(typed, word, score_cutoff=1) <= 1]:
        return min(asking, key=lambda word: sorted(word) != sorted(typed))
    if len(typed) < _SHORTEST:
        return ""
    most = 1 if len(typed) < _LONG else 2
    alike: list[tuple[int, int, str]] = []
    for known, count in library.lexical.beginning_with(typed[0]):
        if len(known) < _SHORTEST - 1 or len(known) > len(typed) + most:
            continue
        # An ending may be wrong too, or hide where the stem ends: "prodctive" has that of "product" at its start.
        starts = {typed[: len(known) + more] for more in range(-most, most + 1)}
        if (distance := min(OSA.distance(known, start, score_cutoff=most) for start in starts)) <= most:
            alike.append((distance, -count, known))
    near: list[tuple[int, int, str]] = []
    for _, count, known in sorted(alike)[:_LOOKED_UP]:
        if is_derived(stem(typed), known):  # Californian is of California, and no mistake
            return ""
        distance, form = min((OSA.distance(typed, form.lower()), form) for form in _written(known, library))
        if distance <= most:
            near.append((distance, count, form))
    near.sort()
    if len(near) > 1 and near[0][0] == near[1][0] and near[0][1] > _CLEARLY * near[1][1]:
        return ""
    return near[0][2] if near else ""


def _written(known: str, library: Library) -> list[str]:
    """The forms in which documents write a stem, the most frequent first."""
    found = [key for key, _ in library.lexical.search({known: 1.0}, _PASSAGES)]
    forms: Counter[str] = Counter()
    for passage in library.passages_by_id(found).values():
        above = passage.prefix(library.documents[passage.document_id])
        forms.update(without_owner(word.text) for word in words(f"{above} {passage.text}") if word.stem == known)
    return [form for form, _ in forms.most_common()] or [known]
