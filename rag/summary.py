"""Summaries, briefings, overviews: the sentences that tell most of a document, of a topic, of all, in sections."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rag.composed import LOOKED_UP, RELEVANT, Composed, Find, tells
from rag.embedding import Floats, unit
from rag.extract import self_contained
from rag.glossary import Glossary
from rag.lists import item_above, items_with, list_led_by, list_with
from rag.markup import without_marks
from rag.query import Query, covers, understand
from rag.scoring import Candidate, need_weights
from rag.sections import is_beside_the_text
from rag.store.library import PRIMARY_GROUP, Library
from rag.task import A_TEXT
from rag.types import Document, Hit, Outline, Row
from rag.values import quantities
from rag.words import index_terms, leans_on_the_one_before, stems_of

_NAMED = 0.9  # share of a name from which on it is said
MAX_SECTIONS = 8
_DOCUMENTS = 12  # that an overview names
_TITLES = 400  # documents that it is chosen from
_A_SECTION, _MORE = 2, 4  # sentences of one; of the only one, or of one that sums up
_LONGEST = 6  # sentences of a section in which a list is kept whole
_READ = 60  # passages of a document that a summary reads
_ALIKE = 0.85  # cosine of two sentences from which they say the same
_SUMS_UP = re.compile(
    r"\b(summary|abstract|key (findings|messages|points|takeaways)|in brief|conclusions?)\b", re.IGNORECASE
)
_THIS = re.compile(r"^(it|this|that|the|this|the current)?\s*(document|text|paper|file|source|note)?$", re.IGNORECASE)
_THE_BRIEF = re.compile(r"^(the |this )?(policy )?brief( 24)?$|^(这份|这篇|本|该)?(政策)?简报$", re.IGNORECASE)
_TEXT_ON = re.compile(
    rf"^(the |this |that )?({A_TEXT}) (on|about|of|called|titled) (?=\S)|^(the |this |that )?(?=\S.* ({A_TEXT})$)",
    re.IGNORECASE,
)


def document_of(library: Library, what: str, only: Sequence[str], last: Document | None) -> Document | None:
    """The document that a summary is asked of: by title, "the brief", or "this document"; None when there is none.

    Without `what` it is the one that all is about.
    """
    listings = library.listings
    if _THIS.match(what.strip()) and what and last is not None and len(only or listings) > 1:
        return library.documents.get(last.id)
    if _THIS.match(what.strip()) or _THE_BRIEF.match(what.strip()):
        return the_one(library, only)
    what = _TEXT_ON.sub("", what.strip())
    asked = frozenset(index_terms(re.sub(rf" ({A_TEXT})$", "", what, flags=re.IGNORECASE)))
    best: tuple[float, str] = (0.0, "")
    for key, listing in listings.items():
        title = stems_of(f"{listing.title} {listing.name}")
        own = set(index_terms(listing.title))
        if what.casefold() in (listing.name.casefold(), listing.title.casefold()):
            return library.documents[key]
        if asked and asked <= title:
            best = max(best, (len(asked & own) / max(len(own), 1), key))
    return library.documents[best[1]] if best[0] >= 0.5 else None


def the_one(library: Library, only: Sequence[str]) -> Document | None:
    """The document that `only`, or the library, is all about: the only one, or the one that the others explain."""
    asked_of = only or list(library.listings)
    primary = [key for key in asked_of if library.listings[key].group == PRIMARY_GROUP]
    found = asked_of if len(asked_of) == 1 else primary[:1]
    return library.documents[found[0]] if found else None


def summarise(library: Library, document: Document) -> Composed:
    """A document section by section: of each the sentences nearest to what it says as a whole; lists are kept whole.

    Sections are those of the highest heading that parts the document. What calls itself a summary says more of it.
    """
    every = library.catalog.passages(document)
    passages = [passage for passage in every if not is_beside_the_text(passage.section)] or every
    parts = _parts(sorted({passage.section for passage in passages}))
    if len(passages) > _READ:
        passages = [passages[round(i * (len(passages) - 1) / (_READ - 1))] for i in range(_READ)]
    spans = [(passage, a, b) for passage in passages for a, b in passage.sentences if tells(document, a, b)]
    spans = [span for span in spans if "|" not in document.text[span[1] : span[2]]] or spans  # rows, where all are rows
    composed = Composed()
    if not spans:
        return composed
    vectors = library.embedder.embed([without_marks(document.text[a:b]) for _, a, b in spans])
    whole = unit(vectors.mean(axis=0))
    section = [parts[passage.section] for passage, _, _ in spans]
    sections = list(dict.fromkeys(section))
    if len(sections) > MAX_SECTIONS:  # those that say most of what the document says
        weight = {
            one: max(float(v @ whole) for at, v in zip(section, vectors, strict=True) if at == one)
            + bool(_SUMS_UP.search(one))
            for one in sections
        }
        kept = set(sorted(sections, key=lambda one: -weight[one])[:MAX_SECTIONS])
        sections = [one for one in sections if one in kept]
    rows: list[Row] = []
    for one in sections:
        inside = [i for i, at in enumerate(section) if at == one]
        centre = unit(vectors[inside].mean(axis=0) + whole)
        chosen = _central(vectors, inside, centre, _MORE if len(sections) == 1 or _SUMS_UP.search(one) else _A_SECTION)
        cells: list[int] = []
        done: set[tuple[int, int]] = set()
        for i in sorted(chosen):
            passage, start, end = spans[i]
            around = _whole_list(document, one.split(" > ")[-1], start, end)
            for a, b in around if len(done | set(around)) <= _LONGEST else [(start, end)]:
                if (a, b) not in done:
                    done.add((a, b))
                    cells.append(composed.add(document, passage, a, b))
        rows.append(Row(one.split(" > ")[-1] or document.title, (tuple(cells),)))
    composed.outline = Outline("summary", (document.title,), tuple(rows))
    return composed


def _parts(headings: Sequence[str]) -> dict[str, str]:
    """The section that each heading path belongs to: as few of its steps as tell several sections apart."""
    steps = {heading: heading.split(" > ") for heading in headings}
    for depth in range(1, max(map(len, steps.values()), default=1) + 1):
        parts = {heading: " > ".join(path[:depth]) for heading, path in steps.items()}
        if len(set(parts.values()) - {""}) > 1:
            return parts
    return {heading: heading for heading in headings}


def _whole_list(document: Document, section: str, start: int, end: int) -> Sequence[tuple[int, int]]:
    """The list that a sentence stands in or introduces, unless it is one within another; else the sentence.

    Numbered parts are the list of a section that they are all of.
    """
    parts = list_with(document, start)
    if parts and parts.of_sections and parts.lead and document.text[slice(*parts.lead)].strip(": ") == section:
        return parts.items
    around = items_with(document, start) or list_led_by(document, start, end)
    return around.items if around and not item_above(document, around.items[0][0]) else [(start, end)]


def brief_on(library: Library, topic: str, find: Find, glossary: Glossary) -> Composed:
    """What the documents say of a topic, a section for each document, the most telling first."""
    query = understand(topic, glossary)
    asked = library.embedder.embed_query(query.reading).vector
    weights = need_weights(library, query)
    spans: list[tuple[Hit, int, int]] = []
    for hit in find(topic, LOOKED_UP):
        spans += [(hit, a, b) for a, b in hit.passage.sentences if tells(hit.document, a, b)]
    composed = Composed()
    if not spans:
        return composed
    vectors = library.embedder.embed([without_marks(hit.document.text[a:b]) for hit, a, b in spans])
    held = [
        _held(query, weights, f"{hit.document.title} {hit.passage.heading} {hit.document.text[a:b]}")
        for hit, a, b in spans
    ]
    score = vectors @ asked * 0.6 + np.array(held) * 0.4
    order = [int(i) for i in np.argsort(-score) if vectors[i] @ asked >= RELEVANT and held[i] >= 0.5]
    given = [{quantity.value for quantity in quantities(hit.document.text[a:b])} for hit, a, b in spans]
    by_document: dict[str, list[int]] = {}
    taken: list[int] = []
    for i in order:
        own = by_document.setdefault(spans[i][0].document.id, [])
        again = any(float(vectors[i] @ vectors[j]) >= _ALIKE and given[i] <= given[j] for j in taken)
        if len(own) < _A_SECTION and not again:
            own.append(i)
            taken.append(i)
    rows: list[Row] = []
    for chosen in [own for own in by_document.values() if own][:MAX_SECTIONS]:
        said = self_contained([Candidate(*spans[i], 0.0) for i in sorted(chosen)])
        cell = tuple(
            composed.add(one.hit.document, one.hit.passage, one.start, one.end)
            for one in said
            if not leans_on_the_one_before(one.text)  # what that is about stands in another passage
        )
        if cell:
            rows.append(Row(spans[chosen[0]][0].document.title, (cell,)))
    if rows:
        composed.outline = Outline("briefing", (topic,), tuple(rows))
    return composed


def _held(query: Query, weights: Sequence[float], text: str) -> float:
    """How much of a topic a text names, 0 to 1; nothing where a name or a number of it is missing."""
    stems = stems_of(without_marks(text))
    shares = [covers(need, stems) for need in query.needs]
    if any(need.kind != "word" and share < _NAMED for need, share in zip(query.needs, shares, strict=True)):
        return 0.0
    return sum(w * share for w, share in zip(weights, shares, strict=True)) / (sum(weights) or 1.0)


def overview(library: Library, only: Sequence[str]) -> Composed:
    """What the documents are, of `only` or of the library: the titles that stand for most of them, each with what its
    document begins with."""
    keys = list(only or library.listings)
    if len(keys) > _TITLES:
        keys = [keys[round(i * (len(keys) - 1) / (_TITLES - 1))] for i in range(_TITLES)]
    first = next((i for i, key in enumerate(keys) if library.listings[key].group == PRIMARY_GROUP), 0)
    near = library.embedder.embed([library.listings[key].title for key in keys])
    near = near @ near.T
    composed, rows = Composed(), list[Row]()
    for i in _standing_for(near, first):
        document = library.documents[keys[i]]
        every = ((one, a, b) for one in library.catalog.passages(document) for a, b in one.sentences)
        begins = next(
            (one for one in every if tells(document, *one[1:]) and "|" not in document.text[slice(*one[1:])]), None
        )
        if begins:
            rows.append(Row(document.title, ((composed.add(document, *begins),),)))
        if len(rows) == _DOCUMENTS:
            break
    if rows:
        composed.outline = Outline("overview", ("",), tuple(rows))
    return composed


def _standing_for(near: Floats, first: int) -> list[int]:
    """All of them, ordered so that each beginning stands for most of the rest, from cosines [n, n].

    Greedy facility location (Cornuejols, Fisher and Nemhauser, 1977).
    """
    order, held = [first], near[first]
    while len(order) < len(near):
        gain = np.maximum(near - held, 0).sum(axis=1)
        gain[order] = -1
        order.append(int(gain.argmax()))
        held = np.maximum(held, near[order[-1]])
    return order


def _central(vectors: Floats, inside: Sequence[int], centre: Floats, count: int) -> list[int]:
    """The sentences nearest to `centre` that do not say the same again; a section's first is preferred a little."""
    order = sorted(inside, key=lambda i: -(float(vectors[i] @ centre) + 0.05 * (i == inside[0])))
    chosen: list[int] = []
    for i in order:
        if len(chosen) < count and all(float(vectors[i] @ vectors[j]) < _ALIKE for j in chosen):
            chosen.append(i)
    return chosen
