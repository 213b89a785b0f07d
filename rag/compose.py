"""Longer answers: comparisons as tables, summaries and briefings in sections, every sentence of them quoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rag.cite import cite
from rag.embedding import Floats, unit
from rag.expects import without_marks
from rag.extract import list_around
from rag.glossary import Glossary
from rag.grammar import content, names, verbs
from rag.orders import follows_an_order
from rag.query import Need, covers, understand
from rag.store.library import PRIMARY_GROUP, Library
from rag.types import Citation, Document, Hit, Outline, Passage, Row, Sentence
from rag.values import YEAR, quantities
from rag.words import index_terms, stems_of, words

Kind = Literal["comparison", "summary", "briefing"]
Find = Callable[[str, int], Sequence[Hit]]

MAX_ROWS = 6  # of a comparison
MAX_SECTIONS = 8  # of a summary or briefing
_A_SECTION = 2  # sentences of one
LOOKED_UP = 24  # passages for each side of a comparison, and for a briefing
_READ = 60  # passages of a document that a summary reads
_ALIKE, _PAIRED = 0.85, 0.45  # cosines of sentences: from here the same again; from here about the same thing
_RELEVANT = 0.35  # cosine of topic and sentence, below which a briefing leaves it out

_AND = r"(?:and|with|to|against|versus|vs\.?|from|和|与|跟)"
_ASPECT = r"(?:\s+(?:in terms of|with regard to|regarding|by|as to|concerning|on|in)\s+(?:their\s+)?(?P<aspect>.+?))?"
_COMPARE = (
    re.compile(rf"^(?:please\s+)?compare\s+(?P<a>.+?)\s+{_AND}\s+(?P<b>.+?){_ASPECT}[?.!]*$", re.IGNORECASE),
    re.compile(
        r"^(?:what(?:'s| is| are)\s+)?(?:the\s+)?(?:main\s+)?differences?\s+between\s+(?P<a>.+?)\s+and\s+"
        rf"(?P<b>.+?){_ASPECT}[?.!]*$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^how\s+(?:do|does|did)\s+(?P<a>.+?)\s+(?:differ|compare)\s+{_AND}\s+(?P<b>.+?){_ASPECT}[?.!]*$",
        re.IGNORECASE,
    ),
    re.compile(r"^(?:请)?比较(?:一下)?(?P<a>.+?)[和与跟](?P<b>.+?)(?:的(?P<aspect>.+?))?[？?。]*$"),
)
_SUMMARISE = re.compile(
    r"^(?:please\s+)?(?:summari[sz]e|sum up|(?:give\s+(?:me\s+)?)?(?:a\s+|the\s+)?(?:short\s+|brief\s+)?summary of)"
    r"\s+(?P<what>.+?)[?.!]*$"
    r"|^(?:请)?(?:总结|概括)(?:一下)?(?P<chinese>.+?)[？?。]*$",
    re.IGNORECASE,
)
_BRIEF = re.compile(
    r"^(?:please\s+)?(?:brief me (?:on|about)|(?:give|write)\s+(?:me\s+)?(?:a\s+)?(?:briefing|overview)\s+"
    r"(?:on|of|about)|tell me (?:all |everything )?about)\s+(?P<topic>.+?)[?.!]*$",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\b(while|whereas|than|but|unlike|against|compared|above|below|ahead of|behind)\b", re.IGNORECASE
)
_IN_YEAR = re.compile(r"^(?:the )?(?P<what>.+?) (?:in|of|for) (?P<year>(?:19|20)\d\d)$", re.IGNORECASE)
_OWNED = re.compile(r"^(?:the )?(?P<what>[a-z][a-z -]+?) (?:of|by|in) (?P<who>(?:the )?[A-Z].*)$")
_THIS = re.compile(r"^(it|this|that|the|this|the current)?\s*(document|text|paper|file|source|note)?$", re.IGNORECASE)
_THE_BRIEF = re.compile(r"^(the |this )?(policy )?brief( 24)?$|^简报$|^政策简报$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be composed: of `subjects` (two to compare, one to sum up or be briefed on), in view of `aspect`.

    `questions`, one for each subject, where one thing is asked of both.
    """

    kind: Kind
    subjects: tuple[str, ...]
    aspect: str = ""
    questions: tuple[str, ...] = ()


@dataclass
class Composed:
    """Sentences with their citations, and how they are laid out."""

    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    outline: Outline | None = None

    def add(self, document: Document, passage: Passage, start: int, end: int) -> int:
        """The index of a new sentence that quotes start:end."""
        number = len(self.citations) + 1
        self.citations.append(cite(number, document, passage, start, end))
        self.sentences.append(Sentence(self.citations[-1].line, (number,), True))
        return len(self.sentences) - 1


def task_of(question: str) -> Task | None:
    """What a question asks to be composed; None for a plain question."""
    text = " ".join(question.split())
    for pattern in _COMPARE:
        if match := pattern.match(text):
            return _comparison(match["a"].strip(), match["b"].strip(), (match["aspect"] or "").strip())
    if match := _SUMMARISE.match(text):
        return Task("summary", ((match["what"] or match["chinese"]).strip(),))
    if match := _BRIEF.match(text):
        return Task("briefing", (match["topic"].strip(),))
    return None


def _comparison(a: str, b: str, aspect: str) -> Task:
    """What is named once and meant of both: "basic research in 2023 and 2024", "the investments of A and B in C"."""
    if (dated := _IN_YEAR.match(a)) and YEAR.fullmatch(b):
        what, years = dated["what"], (dated["year"], b)
        return Task("comparison", years, what, tuple(f"What was the {what} in {year}?" for year in years))
    if (owned := _OWNED.match(a)) and " of " not in b and not YEAR.search(a):
        what, where = owned["what"], f" in {aspect}" if aspect else ""
        questions = tuple(f"What was the {what} of {who}{where}?" for who in (owned["who"], b))
        return Task("comparison", (owned["who"], b), f"{what}{where}", questions)
    return Task("comparison", (a, b), aspect)


def compose(library: Library, task: Task, document: Document | None, find: Find, glossary: Glossary) -> Composed:
    """What `task` asks for; a summary of `document`, or where there is none a briefing on what it names."""
    if task.kind == "comparison":
        return compare(library, task, find, glossary)
    return summarise(library, document) if document else brief_on(library, task.subjects[0], find)


# -- comparison


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
        units = {q.unit for q in quantities(one.text) if q.unit}
        for j, other in enumerate(sides[1]):
            if one.text == other.text:  # one sentence about both: it stands in both cells
                table[i, j] = 1.0
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
        above = stems_of(f"{hit.document.title} {hit.passage.heading}")
        for start, end in hit.passage.sentences:
            text = hit.document.text[start:end]
            stems = stems_of(text)
            here = _names(own, stems) or (_names(own, above) and not _names(other, above | stems) and not names(text))
            both = _names(other, stems)
            if here and (not both or _CONTRAST.search(text) or _same_units(text)) and _tells(hit.document, start, end):
                found.append((hit, start, end))
    if not found:
        return []
    terms = frozenset(stem for need in (*own, *other) for alternative in need.alternatives for stem in alternative)
    vectors = library.embedder.embed([_without(hit.document.text[a:b], terms) for hit, a, b in found])
    said = [_Said(hit, a, b, vector) for (hit, a, b), vector in zip(found, vectors, strict=True)]
    if aspect:
        asked = library.embedder.embed_query(aspect).vector
        said.sort(key=lambda one: -float(one.vector @ asked))
        said = [one for one in said if float(one.vector @ asked) >= _RELEVANT][:3]
    return said


def _names(needs: Sequence[Need], stems: frozenset[str]) -> bool:
    return bool(needs) and all(covers(need, stems) >= 0.9 for need in needs)


def _same_units(text: str) -> bool:
    units = [quantity.unit for quantity in quantities(text)]
    return len(units) > len(set(units))


def _without(text: str, terms: frozenset[str]) -> str:
    kept = text
    for word in reversed(words(text)):
        if word.stem in terms:
            kept = kept[: word.start] + kept[word.end :]
    return without_marks(kept)


def _heading(one: _Said, other: _Said) -> str:
    """What a row is about: the heading both stand under, or the things that both say."""
    if one.hit.passage.heading and one.hit.passage.heading == other.hit.passage.heading:
        return one.hit.passage.heading.split(" > ")[-1]
    said, acts = stems_of(other.text), verbs(one.text)
    named = {word.start for word in names(one.text)}
    shared = [
        word.text.removesuffix("'s").lower()
        for word in content(without_marks(one.text))
        if word.stem in said and word.start not in acts | named and len(word.text) > 3
    ]
    return " ".join(dict.fromkeys(shared[:2])) or one.hit.passage.heading.split(" > ")[-1]


# -- summary and briefing


def document_of(library: Library, what: str, only: Sequence[str], last: Document | None) -> Document | None:
    """The document that a summary is asked of: by title, "the brief", or "this document"; None when there is none."""
    listings = library.listings
    if _THIS.match(what.strip()):
        if len(only) == 1:
            return library.documents[only[0]]
        if last is not None:
            return library.documents.get(last.id)
        what = "the brief"
    if _THE_BRIEF.match(what.strip()):
        return next((library.documents[key] for key, one in listings.items() if one.group == PRIMARY_GROUP), None)
    asked = frozenset(index_terms(what))
    best: tuple[float, str] = (0.0, "")
    for key, listing in listings.items():
        title = stems_of(f"{listing.title} {listing.name}")
        own = set(index_terms(listing.title))
        if what.casefold() in (listing.name.casefold(), listing.title.casefold()):
            return library.documents[key]
        if asked and asked <= title:
            best = max(best, (len(asked & own) / max(len(own), 1), key))
    return library.documents[best[1]] if best[0] >= 0.5 else None


def summarise(library: Library, document: Document) -> Composed:
    """A document section by section: of each the sentences nearest to what it says as a whole; lists are kept whole."""
    passages = library.catalog.passages(document)
    if len(passages) > _READ:
        passages = [passages[round(i * (len(passages) - 1) / (_READ - 1))] for i in range(_READ)]
    spans = [(passage, a, b) for passage in passages for a, b in passage.sentences if _tells(document, a, b)]
    composed = Composed()
    if not spans:
        return composed
    vectors = library.embedder.embed([without_marks(document.text[a:b]) for _, a, b in spans])
    whole = unit(vectors.mean(axis=0))
    headings = list(dict.fromkeys(passage.heading for passage, _, _ in spans))
    if len(headings) > MAX_SECTIONS:  # those that say most of what the document says
        weight = {
            h: max(float(v @ whole) for (p, _, _), v in zip(spans, vectors, strict=True) if p.heading == h)
            for h in headings
        }
        kept = set(sorted(headings, key=lambda heading: -weight[heading])[:MAX_SECTIONS])
        headings = [heading for heading in headings if heading in kept]
    a_section = max(_A_SECTION, MAX_SECTIONS // 2 if len(headings) == 1 else 0)
    rows: list[Row] = []
    for heading in headings:
        inside = [i for i, (passage, _, _) in enumerate(spans) if passage.heading == heading]
        centre = unit(vectors[inside].mean(axis=0) + whole)
        chosen = _central(vectors, inside, centre, a_section)
        cells: list[int] = []
        done: set[tuple[int, int]] = set()
        for i in sorted(chosen):
            passage, start, end = spans[i]
            items, _ = list_around(document, start, end)
            for a, b in items or [(start, end)]:
                if (a, b) not in done:
                    done.add((a, b))
                    cells.append(composed.add(document, passage, a, b))
        rows.append(Row(heading.split(" > ")[-1], (tuple(cells),)))
    composed.outline = Outline("summary", (document.title,), tuple(rows))
    return composed


def brief_on(library: Library, topic: str, find: Find) -> Composed:
    """What the documents say of a topic, a section for each document, the most telling first."""
    asked = library.embedder.embed_query(topic).vector
    terms = frozenset(index_terms(topic))
    spans: list[tuple[Hit, int, int]] = []
    for hit in find(topic, LOOKED_UP):
        spans += [(hit, a, b) for a, b in hit.passage.sentences if _tells(hit.document, a, b)]
    composed = Composed()
    if not spans:
        return composed
    vectors = library.embedder.embed([without_marks(hit.document.text[a:b]) for hit, a, b in spans])
    held = [
        len(terms & {w.stem for w in words(f"{hit.document.title} {hit.passage.heading} {hit.document.text[a:b]}")})
        / max(len(terms), 1)
        for hit, a, b in spans
    ]
    score = vectors @ asked * 0.6 + np.array(held) * 0.4
    order = [int(i) for i in np.argsort(-score) if vectors[i] @ asked >= _RELEVANT and held[i] >= 0.5]
    by_document: dict[str, list[int]] = {}
    taken: list[int] = []
    for i in order:
        own = by_document.setdefault(spans[i][0].document.id, [])
        if len(own) < _A_SECTION and all(float(vectors[i] @ vectors[j]) < _ALIKE for j in taken):
            own.append(i)
            taken.append(i)
    rows = [
        Row(
            spans[chosen[0]][0].document.title,
            (tuple(composed.add(spans[i][0].document, spans[i][0].passage, *spans[i][1:]) for i in sorted(chosen)),),
        )
        for chosen in [own for own in by_document.values() if own][:MAX_SECTIONS]
    ]
    if rows:
        composed.outline = Outline("briefing", (topic,), tuple(rows))
    return composed


def _tells(document: Document, start: int, end: int) -> bool:
    text = document.text[start:end]
    return (
        len(words(text)) > 4
        and not text.rstrip().endswith((":", "："))
        and not follows_an_order(document.text, start, end)
    )


def _central(vectors: Floats, inside: Sequence[int], centre: Floats, count: int) -> list[int]:
    """The sentences nearest to `centre` that do not say the same again; a section's first is preferred a little."""
    order = sorted(inside, key=lambda i: -(float(vectors[i] @ centre) + 0.05 * (i == inside[0])))
    chosen: list[int] = []
    for i in order:
        if len(chosen) < count and all(float(vectors[i] @ vectors[j]) < _ALIKE for j in chosen):
            chosen.append(i)
    return chosen
