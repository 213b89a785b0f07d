"""Catalog, vectors, words and columns as one: opened together, always of the same generation."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from rag.embedding import Embedder, TokenVectors
from rag.errors import EmptyIndexError, ModelMismatchError, StoreError
from rag.store.backup import CATALOG
from rag.store.catalog import Catalog
from rag.store.columns import Columns
from rag.store.hold import hold
from rag.store.lexical import LexicalStore
from rag.store.seal import damage
from rag.store.vectors import Server, VectorStore, copy_vectors
from rag.types import Document, Hit, Listing, Passage

PRIMARY_GROUP = "brief"
_OPENINGS = 2  # tries at an index that goes while it is opened
LITTLE_BYTES = 1_000_000  # of room on a disk: the stores cannot be opened there, and errors are about that
_TEXTS = 256  # documents whose texts are kept in memory


class Library:
    """The generation that is current when it is opened, for reading. It stays as it is while others write.

    Raises EmptyIndexError when nothing has been ingested, ModelMismatchError when it was made with another model,
    StoreError when the vectors are somewhere else than `server` says, or do not answer.
    """

    def __init__(self, home: Path, embedder: Embedder, server: Server | None = None) -> None:
        if not (home / CATALOG).exists():
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        self.home = home
        self.embedder = embedder
        self._closed = False
        self.catalog = Catalog(home / CATALOG)
        weakref.finalize(self, self.catalog.close)
        self.generation = self.catalog.generation
        if not self.generation:  # the first run was cut off before it switched
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        folder = generation_folder(home, self.generation)
        try:
            self._let_go = hold(folder)
        except OSError as error:
            raise StoreError(f"the index {folder} is missing; run `briefdesk doctor --repair`") from error
        weakref.finalize(self, self._let_go)
        self.listings: dict[str, Listing] = self.catalog.listings(self.generation)
        if not self.listings:
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        check_model(self.catalog, embedder)
        if not folder.is_dir():
            raise StoreError(f"the index {folder} is missing; run `briefdesk doctor --repair`")
        if wrong := damage(folder, whole=False):
            raise StoreError(f"the index {folder} is damaged ({wrong[0]}); run `briefdesk doctor --repair`")
        self.documents = Documents(self.catalog, self.listings)
        stores = self._writable(folder, server)
        self.lexical = LexicalStore(stores / "lexical")
        try:
            self.columns = Columns(folder / "columns")
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"the index {folder} is not whole; run `briefdesk doctor --repair`") from error
        # One flag a document of the columns: whether it is what the library is about, and not a note around it.
        self.is_primary = np.array([self._group(key) == PRIMARY_GROUP for key in self.columns.documents], np.float32)
        self.vectors = open_vectors(home, self.catalog, stores, server)
        # Whoever still answers from it holds it; when the last one lets go, so do the stores.
        weakref.finalize(self, self.vectors.close)

    def _writable(self, folder: Path, server: Server | None) -> Path:
        """Where the stores are opened. Both write even to read, so what cannot be written is copied elsewhere first."""
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > LITTLE_BYTES:
            return folder
        self._copy = tempfile.TemporaryDirectory(prefix="briefdesk-")
        copy = Path(self._copy.name)
        shutil.copytree(folder / "lexical", copy / "lexical")
        if not server:
            copy_vectors(folder / "vectors", copy / "vectors")
        return copy

    @property
    def is_current(self) -> bool:
        """Whether this is what the home holds now: neither followed by another generation nor replaced nor removed."""
        return not self._closed and self.catalog.in_place and self.catalog.generation == self.generation

    def close(self) -> None:
        self._closed = True
        self.vectors.close()
        self.catalog.close()
        self._let_go()

    def _group(self, document_id: str) -> str:
        listing = self.listings.get(document_id)
        return listing.group if listing else ""

    @cached_property
    def primary_title(self) -> str:
        """The title of the one document that the others are about; empty where there is none, or more than one."""
        titles = [listing.title for listing in self.listings.values() if listing.group == PRIMARY_GROUP]
        return titles[0] if len(titles) == 1 else ""

    def named(self, name: str) -> str | None:
        """The id of the document of that name; None when there is none."""
        return next((key for key, listing in self.listings.items() if listing.name == name), None)

    @property
    def fingerprint(self) -> str:
        """The same for the same documents, cut into passages in the same way, on any machine."""
        return corpus_fingerprint(self.listings.values())

    @property
    def identity(self) -> dict[str, object]:
        """What was asked, for records of answers and of evaluations: documents, passages, model."""
        return {
            "fingerprint": self.fingerprint,
            "documents": len(self.listings),
            "passages": self.passage_count(),
            "model": self.embedder.name,
            "model_fingerprint": self.embedder.fingerprint,
        }

    def passage_count(self) -> int:
        return self.columns.count

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        return self.catalog.passages_by_id(self.documents, ids)

    def token_vectors(self, hits: Sequence[Hit]) -> dict[str, TokenVectors]:
        """The vectors of the tokens of what was embedded of each hit's passage, by passage id.

        They are made when they are needed: stored, they would be twenty times the size of everything else.
        """
        texts = [hit.passage.embedded_text(hit.document) for hit in hits]
        made = self.embedder.embed_tokens_once(texts)
        return {hit.passage.id: vectors for hit, vectors in zip(hits, made, strict=True)}


def open_library(home: Path, embedder: Embedder, server: Server | None = None) -> Library:
    """The newest generation, also when others are written and taken away meanwhile. Raises as Library does."""
    for _ in range(_OPENINGS):
        try:
            return Library(home, embedder, server)
        except (StoreError, OSError):  # runs may have ended since its number was read, and its folder is gone
            continue
    return Library(home, embedder, server)


class Documents(Mapping[str, Document]):
    """The live documents by id. A text is read when it is asked for; the last few hundred are kept."""

    def __init__(self, catalog: Catalog, listings: Mapping[str, Listing]) -> None:
        self._catalog, self._listings = catalog, listings
        self._read = lru_cache(maxsize=_TEXTS)(self._from_catalog)

    def _from_catalog(self, document_id: str) -> Document:
        document = self._catalog.document(document_id, self._listings[document_id].recipe)
        if document is None:
            raise KeyError(document_id)
        return document

    def __getitem__(self, document_id: str) -> Document:
        return self._read(document_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listings)

    def __len__(self) -> int:
        return len(self._listings)


def corpus_fingerprint(listings: Iterable[Listing]) -> str:
    members = sorted(f"{listing.id} {listing.recipe}" for listing in listings)
    return hashlib.sha256("\n".join(members).encode()).hexdigest()[:16]


def generation_folder(home: Path, generation: int) -> Path:
    return home / "index" / f"{generation:06d}"


def open_vectors(home: Path, catalog: Catalog, stores: Path, server: Server | None) -> VectorStore:
    """The vectors of a generation, in the folder of its stores or on `server`.

    Raises StoreError when they were put somewhere else, or do not answer.
    """
    there = catalog.meta("vectors_at") or ""
    if there != (server.url if server else ""):
        raise StoreError(
            f"the vectors of {home} are {'on ' + there if there else 'in its own folder'}, and the setting chroma_url "
            f"says {server.url if server else 'nothing'}; run `briefdesk ingest` to bring them there"
        )
    if server:
        return VectorStore.on_server(server, collection_name(home, catalog))
    folder = stores / "vectors"
    if not folder.is_dir():
        raise StoreError(f"the vectors {folder} are missing; run `briefdesk doctor --repair`")
    return VectorStore.in_folder(folder)


def collection_name(home: Path, catalog: Catalog) -> str:
    """The name of this home's collection on a server. A copy of a home, in another place, gets one of its own."""
    seed = f"{catalog.meta('library')}\0{home.resolve()}"
    return f"briefdesk-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"


def check_model(catalog: Catalog, embedder: Embedder) -> None:
    """Raises ModelMismatchError when the index was made with another model than `embedder`."""
    made_with = catalog.meta("model_fingerprint")
    if made_with is not None and made_with != embedder.fingerprint:
        raise ModelMismatchError(
            f"the index was made with the embedding model {catalog.meta('model_name')} "
            f"({catalog.meta('model_dimension')} dimensions, weights {made_with}), not with {embedder.name} "
            f"(weights {embedder.fingerprint}); run `briefdesk ingest --rebuild` to make it anew with {embedder.name}, "
            "or set BRIEFDESK_MODEL back"
        )
