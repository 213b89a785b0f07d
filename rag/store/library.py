"""Catalog, vectors and words as one: opened together, changed together, always of the same generation."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.embedding import Embedder, Floats, TokenVectors
from rag.errors import BriefdeskError, EmptyIndexError, HomeError, LockedError, ModelMismatchError
from rag.store.catalog import Catalog, Member
from rag.store.lexical import LexicalStore
from rag.store.vectors import VectorStore
from rag.types import Passage

log = logging.getLogger(__name__)


class Library:
    """The generation that is current when it is opened, for reading. It stays as it is while others write.

    Raises EmptyIndexError when nothing has been ingested, ModelMismatchError when it was made with another model.
    """

    def __init__(self, home: Path, embedder: Embedder) -> None:
        if not (home / "catalog.sqlite").exists():
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        self.home = home
        self.embedder = embedder
        self.catalog = Catalog(home / "catalog.sqlite")
        self.generation = self.catalog.generation
        members = self.catalog.members(self.generation)
        if not members:
            raise EmptyIndexError(f"nothing has been ingested into {home}; run `briefdesk ingest`")
        check_model(self.catalog, embedder)
        folder = generation_folder(home, self.generation)
        if not folder.is_dir():
            raise BriefdeskError(f"the index {folder} is missing; run `briefdesk doctor --repair`")
        self.documents = self.catalog.documents(members.values())
        self.vectors = VectorStore(folder / "vectors")
        self.lexical = LexicalStore(folder / "lexical")

    def close(self) -> None:
        self.vectors.close()
        self.catalog.close()

    def passage_count(self) -> int:
        return self.lexical.count()

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        return self.catalog.passages_by_id(self.documents, ids)

    def passages_at(self, places: Sequence[tuple[str, int]]) -> list[Passage]:
        return self.catalog.passages_at(self.documents, places)

    def token_vectors(self, passage_ids: Sequence[str]) -> dict[str, TokenVectors]:
        return self.catalog.token_vectors(passage_ids, self.embedder.fingerprint)


def generation_folder(home: Path, generation: int) -> Path:
    return home / "index" / f"{generation:06d}"


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


def publish(home: Path, catalog: Catalog, embedder: Embedder, members: Sequence[Member]) -> int:
    """Builds the generation that holds exactly `members`, verifies it, and switches to it.

    The caller holds the write lock, and documents and vectors are in the catalog. Returns the generation's number.
    Raises BriefdeskError, and leaves the current generation in place, when what was built is not what was asked for.
    """
    current = catalog.generation
    number = current + 1
    documents = catalog.documents(members)
    passages = catalog.passages(documents)
    hashes = catalog.content_hashes(documents)
    vectors = catalog.vectors(list(hashes.values()), embedder.fingerprint)
    folder = generation_folder(home, number)
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left behind
    folder.mkdir(parents=True)

    wanted = {passage.id: passage for passage in passages}
    old = _copy_current(home, catalog, current, folder, embedder)
    stale, fresh = old - wanted.keys(), [passage for passage in passages if passage.id not in old]
    vector_store = VectorStore(folder / "vectors")
    lexical_store = LexicalStore(folder / "lexical")
    if stale:
        vector_store.remove(sorted(stale))
    if fresh:
        vector_store.add([p.id for p in fresh], [_vector(vectors, hashes[p.id]) for p in fresh])
    lexical_store.change(
        ((p.id, {"text": p.text, "heading": p.heading, "title": documents[p.document_id].title}) for p in fresh),
        remove=sorted(stale),
    )
    built = vector_store.ids(), lexical_store.ids()
    vector_store.close()
    if built != (set(wanted), set(wanted)):
        shutil.rmtree(folder, ignore_errors=True)
        raise BriefdeskError(
            f"the new index does not hold what was ingested ({len(built[0])} vectors and {len(built[1])} texts for "
            f"{len(wanted)} passages); the old one stays in use, run `briefdesk doctor --repair`"
        )
    catalog.switch(
        number,
        members,
        {
            "model_name": embedder.name,
            "model_fingerprint": embedder.fingerprint,
            "model_dimension": str(embedder.dimension),
        },
    )
    # Readers may still hold the generation before; it goes with the next run.
    keep = [number, current]
    catalog.sweep(keep)
    for other in (home / "index").iterdir():
        if other.name not in {f"{n:06d}" for n in keep}:
            shutil.rmtree(other, ignore_errors=True)
    return number


def _vector(vectors: dict[str, Floats], key: str) -> Floats:
    if key not in vectors:
        raise BriefdeskError("a passage has no vector in the catalog; run `briefdesk ingest --rebuild`")
    return vectors[key]


def _copy_current(home: Path, catalog: Catalog, current: int, folder: Path, embedder: Embedder) -> set[str]:
    """Starts the new generation from a copy of the current one, so that a small change costs little.

    Returns the passage ids in the copy; empty when there was nothing sound to copy.
    """
    source = generation_folder(home, current)
    if not source.is_dir() or catalog.meta("model_fingerprint") != embedder.fingerprint:
        return set()
    try:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        vector_store = VectorStore(folder / "vectors")
        in_vectors = vector_store.ids()
        vector_store.close()
        in_lexical = LexicalStore(folder / "lexical").ids()
        if in_vectors == in_lexical:
            return in_vectors
        log.warning("generation %d: %d vectors, %d texts; building anew", current, len(in_vectors), len(in_lexical))
    except Exception:  # a damaged copy of any kind is no reason to stop: the catalog has everything
        log.exception("generation %d cannot be copied; building anew", current)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return set()
