"""Pictures of the library: a map where documents and topics lie near what they resemble, and a timeline of events."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rag.cite import cite
from rag.embedding import Floats
from rag.glossary import Glossary
from rag.orders import follows_an_order
from rag.store.catalog import content_hash
from rag.store.library import Library
from rag.types import Citation, Listing
from rag.values import Date, dates
from rag.words import leans_on_the_one_before, stems_of

MAX_ON_MAP = 300  # documents; the map of more would be a cloud
MAX_EVENTS = 400
_TOPICS = 24  # on the map
_READ = 4000  # passages that are looked through for topics and events


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the map, from 0 to 1 in each direction: a document, or a topic (`listing` is None)."""

    x: float
    y: float
    label: str
    listing: Listing | None
    passages: int  # of the document, or that speak of the topic


@dataclass(frozen=True, slots=True)
class Event:
    """A sentence that dates something to the month or the day."""

    date: Date
    citation: Citation

    @property
    def key(self) -> tuple[int, int, int]:
        return (self.date.year or 0, self.date.month or 0, self.date.day or 0)


def places(library: Library, glossary: Glossary) -> list[Place]:
    """Documents and topics by t-SNE (van der Maaten and Hinton, 2008) on cosines of their mean vectors."""
    listings = sorted(library.listings.values(), key=lambda one: (-one.passages, one.name))[:MAX_ON_MAP]
    vectors: list[Floats] = []
    about: dict[str, list[Floats]] = {}
    read = 0
    for listing in listings:
        document = library.documents[listing.id]
        passages = library.catalog.passages(document)[: max(_READ // len(listings), 8)]
        keys = [content_hash(passage.embedded_text(document)) for passage in passages]
        stored = library.catalog.vectors(keys, library.embedder.fingerprint)
        own = [stored[key] for key in keys if key in stored]
        vectors.append(np.mean(own, axis=0) if own else np.zeros(library.embedder.dimension, np.float32))
        read += len(passages)
        for passage, key in zip(passages, keys, strict=True):
            for term in {mention.term.name for mention in glossary.mentions(passage.text)}:
                if key in stored:
                    about.setdefault(term, []).append(stored[key])
    # A topic is a term that some documents speak of and most do not.
    topics = sorted(
        (name for name, found in about.items() if 3 <= len(found) <= max(read // 7, 3)),
        key=lambda name: -len(about[name]),
    )[:_TOPICS]
    spots = _laid_out(np.array([*vectors, *(np.mean(about[name], axis=0) for name in topics)], np.float32))
    labels: list[tuple[str, Listing | None, int]] = [(one.title, one, one.passages) for one in listings]
    labels += [(name, None, len(about[name])) for name in topics]
    return [Place(float(x), float(y), *label) for (x, y), label in zip(spots, labels, strict=True)]


def _laid_out(vectors: Floats) -> Floats:
    """Places for the vectors [n, dimension]: [n, 2] between 0 and 1, no two on the same spot."""
    count = len(vectors)
    if count < 5:
        angles = 2 * math.pi * np.arange(count) / max(count, 1)
        return np.stack([0.5 + 0.3 * np.cos(angles), 0.5 + 0.3 * np.sin(angles)], axis=1).astype(np.float32)
    from sklearn.manifold import TSNE

    perplexity = min(12.0, (count - 1) / 3)
    made = TSNE(metric="cosine", init="pca", perplexity=perplexity, random_state=0).fit_transform(vectors)
    # By rank, half: outliers would press all others into a corner.
    ranks = made.argsort(axis=0).argsort(axis=0) / (count - 1)
    scaled = (made - made.min(axis=0)) / np.maximum(np.ptp(made, axis=0), 1e-9)
    spots = (ranks + scaled) / 2
    for _ in range(60):  # those that lie on each other move apart
        apart = spots[:, None] - spots[None]
        distance = np.maximum(np.linalg.norm(apart * np.array([1.0, 0.7]), axis=2), 1e-6)
        push = np.where((distance < 0.075) & ~np.eye(count, dtype=bool), 0.075 - distance, 0)
        spots += (apart / distance[..., None] * push[..., None]).sum(axis=1) * 0.3
    spots = (spots - spots.min(axis=0)) / np.maximum(np.ptp(spots, axis=0), 1e-9)
    found: Floats = spots.astype(np.float32)
    return found


def events(library: Library) -> list[Event]:
    """What happened when, in the words of the documents, in order; of sentences that say the same again, one."""
    found: list[Event] = []
    said: dict[tuple[int, int, int], list[frozenset[str]]] = {}
    read = 0
    for key in library.listings:
        if read >= _READ or len(found) >= MAX_EVENTS:
            break
        document = library.documents[key]
        for passage in library.catalog.passages(document)[: _READ - read]:
            read += 1
            for start, end in passage.sentences:
                text = document.text[start:end]
                dated = [date for date in dates(text) if date.year and date.month]
                if not dated or leans_on_the_one_before(text) or follows_an_order(document.text, start, end):
                    continue
                event = Event(dated[0], cite(len(found) + 1, document, passage, start, end))
                stems = stems_of(text)
                others = said.setdefault(event.key, [])
                if all(len(stems & other) < 0.6 * min(len(stems), len(other)) for other in others):
                    others.append(stems)
                    found.append(event)
    found.sort(key=lambda event: event.key)
    return [Event(one.date, replace(one.citation, number=n)) for n, one in enumerate(found, 1)]
