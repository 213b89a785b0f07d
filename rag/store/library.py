"""Catalog, vectors, words and columns as one: opened together, changed together, always of the same generation."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from rag.embedding import Embedder, Floats, TokenVectors
from rag.errors import BriefdeskError, EmptyIndexError, HomeError, LockedError, ModelMismatchError, StoreError
from rag.store.catalog import Catalog, Member
from rag.store.columns import Columns, ColumnsWriter, block_of, numbers
from rag.store.lexical import LexicalStore
from rag.store.vectors import Server, VectorStore
from rag.types import Document, Hit, Listing, Passage
from rag.words import index_terms

log = logging.getLogger(__name__)

PRIMARY_GROUP = "brief"
_TEXTS = 256  # documents whose texts are kept in memory
_ADDED_TOGETHER = 2000  # vectors: each call to a store costs, and all at once would fill the memory


class Library:
    """The generation that is current when it is opened, for reading. It stays as it is while others write.

    Raises EmptyIndexError when nothing has been ingested, ModelMismatchError when it was made with another model,
    StoreError when the vectors are somewhere else than `server` says, or do not answer.
    """

    def __init__(self, home: Path, embedder: Embedder, server: Server | None = None) -> None:
        if not (home / "catalog.sqlite").exists():
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        self.home = home
        self.embedder = embedder
        self.catalog = Catalog(home / "catalog.sqlite")
        self.generation = self.catalog.generation
        self.listings: dict[str, Listing] = self.catalog.listings(self.generation)
        if not self.listings:
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        check_model(self.catalog, embedder)
        folder = generation_folder(home, self.generation)
        if not folder.is_dir():
            raise BriefdeskError(f"the index {folder} is missing; run `briefdesk doctor --repair`")
        self.documents = Documents(self.catalog, self.listings)
        self.lexical = LexicalStore(folder / "lexical")
        try:
            self.columns = Columns(folder / "columns")
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"the index {folder} is not whole; run `briefdesk doctor --repair`") from error
        # One flag a document of the columns: whether it is what the library is about, and not a note around it.
        self.is_primary = np.array([self._group(key) == PRIMARY_GROUP for key in self.columns.documents], np.float32)
        self.vectors = open_vectors(home, self.catalog, self.generation, server)

    def close(self) -> None:
        self.vectors.close()
        self.catalog.close()

    def _group(self, document_id: str) -> str:
        listing = self.listings.get(document_id)
        return listing.group if listing else ""

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


def open_vectors(home: Path, catalog: Catalog, generation: int, server: Server | None) -> VectorStore:
    """The vectors of a generation, in its folder or on `server`.

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
    folder = generation_folder(home, generation) / "vectors"
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


@contextmanager
def writing(home: Path) -> Iterator[Catalog]:
    """The catalog, opened for the one writer that a home may have at a time.

    Raises LockedError when another process writes, HomeError when the home cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise PermissionError(13, "Permission denied")
        lock = FileLock(home / "write.lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"another process is writing to {home}; wait until it has finished, then run the command again"
        ) from error
    except OSError as error:
        raise HomeError(
            f"the home {home} cannot be written ({error.strerror or error}); name another with --home or BRIEFDESK_HOME"
        ) from error
    try:
        catalog = Catalog(home / "catalog.sqlite", create=True)
        try:
            yield catalog
        finally:
            catalog.close()
    finally:
        lock.release()


def publish(
    home: Path, catalog: Catalog, embedder: Embedder, members: Iterable[Member], server: Server | None = None
) -> int:
    """Builds the generation that holds exactly `members`, verifies it, and switches to it.

    The caller holds the write lock, and documents and vectors are in the catalog. Returns the generation's number.
    Raises BriefdeskError, and leaves the current generation in place, when what was built is not what was asked for.

    On a server, one collection serves the old generation and the new: what is new is added before the switch, what is
    stale goes after it, and a passage that is not of a reader's own generation is not shown to it.
    """
    members = list(members)
    current = catalog.generation
    number = current + 1
    folder = generation_folder(home, number)
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left behind
    folder.mkdir(parents=True)
    if catalog.meta("library") is None:
        catalog.set_meta("library", uuid.uuid4().hex)

    old = _copy_current(home, catalog, current, folder, embedder, server)
    vectors = (
        VectorStore.on_server(server, collection_name(home, catalog), create=True)
        if server
        else VectorStore.in_folder(folder / "vectors", expected=catalog.passage_count(members))
    )
    known = vectors.ids() if server or old else set()
    lexical = LexicalStore(folder / "lexical")
    columns = ColumnsWriter(folder / "columns", embedder.dimension)
    places = {document_id: index for index, document_id in enumerate(old.documents)} if old else {}
    before = set(_ids(old)) if old else set()
    wanted: set[str] = set()
    missing: dict[str, str] = {}  # passages whose vectors the store does not have: id -> content hash
    with lexical.changing() as change:
        for document_id, (recipe, title) in catalog.titles(members).items():
            hashes = catalog.content_hashes(document_id, recipe)
            wanted.update(hashes)
            block = old.block(places[document_id]) if old and document_id in places else None
            if block is None or not np.array_equal(block.ids, numbers(hashes)):
                document = catalog.document(document_id, recipe)
                assert document is not None  # its title was just read
                passages = catalog.passages(document)
                stems = [index_terms(passage.text) for passage in passages]
                block = block_of(passages, stems, _vectors(catalog, hashes, embedder.fingerprint))
                for passage, own in zip(passages, stems, strict=True):
                    if passage.id not in before:
                        change.add(passage.id, document_id, [*index_terms(f"{title}\n{passage.heading}"), *own])
            missing.update((key, content) for key, content in hashes.items() if key not in known)
            if len(missing) >= _ADDED_TOGETHER:
                vectors.add(list(missing), _vectors(catalog, missing, embedder.fingerprint))
                missing.clear()
            columns.add(document_id, title, block)
        vectors.add(list(missing), _vectors(catalog, missing, embedder.fingerprint))
        columns.close()
        stale = sorted(before - wanted)
        for key in stale:
            change.remove(key)
    if not server:
        vectors.remove(stale)

    held = vectors.ids()
    built = held & wanted if server else held, lexical.ids(), set(_ids(Columns(folder / "columns")))
    if built != (wanted, wanted, wanted):
        vectors.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise BriefdeskError(
            f"the new index does not hold what was ingested ({len(built[0])} vectors, {len(built[1])} texts and "
            f"{len(built[2])} rows for {len(wanted)} passages); the old one stays in use, "
            "run `briefdesk doctor --repair`"
        )
    catalog.switch(
        number,
        members,
        {
            "model_name": embedder.name,
            "model_fingerprint": embedder.fingerprint,
            "model_dimension": str(embedder.dimension),
            "vectors_at": server.url if server else "",
        },
    )
    if server:
        vectors.remove(sorted(held - wanted))
    vectors.close()
    # Readers may still hold the generation before; it goes with the next run.
    keep = [number, current]
    catalog.sweep(keep)
    for other in (home / "index").iterdir():
        if other.name not in {f"{n:06d}" for n in keep}:
            shutil.rmtree(other, ignore_errors=True)
    return number


def _vectors(catalog: Catalog, hashes: Mapping[str, str], fingerprint: str) -> Floats:
    """The vectors of passages, given by id and content hash, in their order: [passages, dimension]."""
    stored = catalog.vectors(list(hashes.values()), fingerprint)
    if any(key not in stored for key in hashes.values()):
        raise BriefdeskError("a passage has no vector in the catalog; run `briefdesk ingest --rebuild`")
    found: Floats = np.array([stored[key] for key in hashes.values()], np.float32)
    return found


def _ids(columns: Columns) -> Iterator[str]:
    return (f"{key:016x}" for key in columns.ids.tolist())


def _copy_current(
    home: Path, catalog: Catalog, current: int, folder: Path, embedder: Embedder, server: Server | None
) -> Columns | None:
    """Starts the new generation from a copy of the current one, so that a small change costs little.

    Returns the columns of the current one; None when there was nothing sound to copy.
    """
    source = generation_folder(home, current)
    if not source.is_dir() or catalog.meta("model_fingerprint") != embedder.fingerprint:
        return None
    try:
        columns = Columns(source / "columns")
        held = set(_ids(columns))
        copies: list[set[str]] = []
        shutil.copytree(source / "lexical", folder / "lexical")
        copies.append(LexicalStore(folder / "lexical").ids())
        if not server:
            shutil.copytree(source / "vectors", folder / "vectors")
            store = VectorStore.in_folder(folder / "vectors")
            copies.append(store.ids())
            store.close()
        if all(copy == held for copy in copies):
            return columns
        log.warning("generation %d: %s passages; building anew", current, [len(held), *map(len, copies)])
    except Exception:  # a damaged copy of any kind is no reason to stop: the catalog has everything
        log.exception("generation %d cannot be copied; building anew", current)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return None
