"""Comparisons as tables: what is said of both subjects, row by row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.composed import LOOKED_UP, RELEVANT, Composed, Find, tells
from rag.embedding import Floats
from rag.glossary import Glossary
from rag.grammar import content, is_english, names, verbs
from rag.labels import label_of
from rag.markup import without_marks
from rag.query import Need, covers, understand
from rag.sections import lists_works, nearest_numbers
from rag.store.library import Library
from rag.task import Task
from rag.types import Hit, Outline, Row
from rag.values import quantities
from rag.words import leans_on_the_one_before, stems_of, words

MAX_ROWS = 6
_PAIRED = 0.45  # cosine of two sentences from which they are about the same thing
_LABELLED_ALIKE = 0.9  # as near as two lines are at least that have the same label
_CONTRAST = re.compile(
    r"\b(while|whereas|than|but|unlike|against|compared|above|below|ahead of|behind)\b", re.IGNORECASE
)
_NAMED = re.compile(r"\b[A-Z]\w+ $")


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence about a subject, with the vector of what it says of it."""

    hit: Hit
    start: int
    end: int
    vector: Floats

    @property
    def text(self) -> str:
        return self.hit.document.text[self.start : self.end]


def compare(library: Library, task: Task, find: Find, glossary: Glossary) -> Composed:
    """A table: a row for each thing that is said of both subjects, then what is said of one alone.

    Sentences are paired by the likeness of what is left when the subjects' names are taken out of them.
    """
    needs = [understand(subject, glossary).needs for subject in task.subjects]
    sides = [
        _about(library, task.subjects[i], needs[i], needs[1 - i], task.aspect, find) for i in range(len(task.subjects))
    ]
    composed = Composed()
    if not all(sides):
        return composed
    table = np.array([[float(one.vector @ other.vector) for other in sides[1]] for one in sides[0]])
    for i, one in enumerate(sides[0]):
        units, label = {q.unit for q in quantities(one.text) if q.unit}, label_of(one.text)
        for j, other in enumerate(sides[1]):
            if one.text == other.text:  # one sentence about both: it stands in both cells
                table[i, j] = 1.0
            elif label and label == label_of(other.text):
                table[i, j] = max(table[i, j], _LABELLED_ALIKE)
            elif units & {q.unit for q in quantities(other.text) if q.unit}:
                table[i, j] += 0.1
    rows: list[Row] = []
    free = np.ones_like(table, bool)
    while len(rows) < MAX_ROWS and free.any():
        i, j = divmod(int(np.where(free, table, -1).argmax()), table.shape[1])
        if table[i, j] < _PAIRED:
            break
        free[i, :] = free[:, j] = False
        one, other = sides[0][i], sides[1][j]
        first = composed.add(one.hit.document, one.hit.passage, one.start, one.end)
        both = one.text == other.text
        second = first if both else composed.add(other.hit.document, other.hit.passage, other.start, other.end)
        rows.append(Row(_heading(one, other), ((first,), (second,))))
    if not rows:
        first, second = (composed.add(s[0].hit.document, s[0].hit.passage, s[0].start, s[0].end) for s in sides)
        rows.append(Row(_heading(sides[0][0], sides[1][0]), ((first,), (second,))))
    composed.outline = Outline("comparison", task.subjects, tuple(rows))
    return composed


def _about(
    library: Library, subject: str, own: Sequence[Need], other: Sequence[Need], aspect: str, find: Find
) -> list[_Said]:
    """Sentences about a subject. One that names both must set them against each other, or it compares nothing."""
    found: list[tuple[Hit, int, int]] = []
    for hit in find(f"{subject} {aspect}".strip(), LOOKED_UP):
        if lists_works(hit.passage.section):
            continue
        above = stems_of(f"{hit.document.title} {nearest_numbers(hit.passage.heading)}")
        for start, end in hit.passage.sentences:
            text = hit.document.text[start:end]
            stems = stems_of(text)
            above_it = _names(own, above) and not _names(other, above | stems)
            here = _names(own, stems) or (above_it and _names_nobody(text))
            both = _names(other, stems)
            contrasts = not both or _CONTRAST.search(text) or _same_units(text)
            alone = not leans_on_the_one_before(text)  # "It was first put forward ...": nobody knows what
            if here and contrasts and alone and tells(hit.document, start, end):
                found.append((hit, start, end))
    if not found:
        return []
    terms = frozenset(stem for need in (*own, *other) for alternative in need.alternatives for stem in alternative)
    vectors = library.embedder.embed([_without(hit.document.text[a:b], terms) for hit, a, b in found])
    said = [_Said(hit, a, b, vector) for (hit, a, b), vector in zip(found, vectors, strict=True)]
    if aspect:
        asked = library.embedder.embed_query(aspect).vector
        said.sort(key=lambda one: -float(one.vector @ asked))
        said = [one for one in said if float(one.vector @ asked) >= RELEVANT][:3]
    return said


def _names_nobody(text: str) -> bool:
    """Whether a sentence below a name may be about that: it names nobody, or has a label that does not."""
    if label := label_of(text):  # "Formation Date:" is in capitals and no name, "Sichuan holds assignments:" has one
        return all(is_english(word.text) for word in names(label))
    return not names(text)


def _names(needs: Sequence[Need], stems: frozenset[str]) -> bool:
    return bool(needs) and all(covers(need, stems) >= 0.9 for need in needs)


def _same_units(text: str) -> bool:
    """Whether it gives two figures of a kind; the number of a name ("Brief 24") and a number in words are none."""
    figures = [
        q for q in quantities(text) if q.unit or (text[q.start].isdigit() and not _NAMED.search(text[: q.start]))
    ]
    units = [quantity.unit for quantity in figures]
    return len(units) > len(set(units))


def _without(text: str, terms: frozenset[str]) -> str:
    kept = text
    for word in reversed(words(text)):
        if word.stem in terms:
            kept = kept[: word.start] + kept[word.end :]
    return without_marks(kept)


def _heading(one: _Said, other: _Said) -> str:
    """What a row is about: the label or the heading of both, or the things that both say."""
    if (label := label_of(one.text)) and label == label_of(other.text):
        return label
    if one.hit.passage.section and one.hit.passage.section == other.hit.passage.section:
        return one.hit.passage.section.split(" > ")[-1]
    said, acts = stems_of(other.text), verbs(one.text)
    named = {word.start for word in names(one.text)}
    shared = [
        word.text.removesuffix("'s").lower()
        for word in content(without_marks(one.text))
        if word.stem in said and word.start not in acts | named and len(word.text) > 3
    ]
    return " ".join(dict.fromkeys(shared[:2])) or one.hit.passage.section.split(" > ")[-1]
