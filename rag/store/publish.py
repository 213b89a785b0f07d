"""Making a generation: built beside the current one, verified, sealed, then switched to."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

import numpy as np

from rag.acronyms import introduced, mark_of
from rag.embedding import Embedder, Floats
from rag.errors import BriefdeskError, StoreError
from rag.memory import give_back
from rag.store.catalog import Catalog, Member
from rag.store.columns import Columns, ColumnsWriter, block_of, numbers
from rag.store.hold import HOLD, is_held
from rag.store.lexical import LexicalStore
from rag.store.library import LITTLE_BYTES, collection_name, generation_folder
from rag.store.seal import damage, seal
from rag.store.vectors import Server, VectorStore, copy_vectors
from rag.words import index_terms

log = logging.getLogger(__name__)

_ADDED_TOGETHER = 2000  # vectors: each call to a store costs, and all at once would fill the memory
_SAMPLE = 50  # new passages that are looked for before a generation is switched to
_GROWN = 4  # times larger than what was laid out, an index is laid out anew


def publish(
    home: Path,
    catalog: Catalog,
    embedder: Embedder,
    members: Iterable[Member],
    server: Server | None = None,
    *,
    anew: bool = False,
) -> int:
    """Builds the generation that holds exactly `members`, verifies it, and switches to it.

    The caller holds the write lock, and documents and vectors are in the catalog. Returns the generation's number.
    Raises BriefdeskError, and leaves the current generation in place, when what was built is not what was asked for.
    `anew` takes nothing over from the current generation.

    On a server, one collection serves the old generation and the new: what is new is added before the switch, what is
    stale goes after it, and a passage that is not of a reader's own generation is not shown to it.
    """
    members = list(members)
    current = catalog.generation
    number = current + 1
    folder = generation_folder(home, number)
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left behind
    folder.mkdir(parents=True)
    (folder / HOLD).touch()
    if catalog.meta("library") is None:
        catalog.set_meta("library", uuid.uuid4().hex)
    meta = {
        "model_name": embedder.name,
        "model_fingerprint": embedder.fingerprint,
        "model_dimension": str(embedder.dimension),
        "vectors_at": server.url if server else "",
    }
    try:
        old = None if anew else _copy_current(home, catalog, members, folder, embedder, server)
        if server:
            with VectorStore.on_server(server, collection_name(home, catalog), create=True) as vectors:
                wanted = _build(catalog, embedder, members, folder, old, vectors, shared=True)
                seal(folder)
                catalog.switch(number, members, meta)
                vectors.remove(sorted(vectors.ids() - wanted))
        else:
            expected = catalog.passage_count(members)
            with VectorStore.in_folder(folder / "vectors", expected=expected) as vectors:
                wanted = _build(catalog, embedder, members, folder, old, vectors, shared=False)
            _check_search(catalog, embedder, folder, wanted - (set(_ids(old)) if old else set()))
            seal(folder)
            catalog.switch(number, members, meta)
    except Exception as error:
        full = shutil.disk_usage(home).free < LITTLE_BYTES  # Chroma's own errors do not say so
        if catalog.generation != number:
            shutil.rmtree(folder, ignore_errors=True)
        if full and not isinstance(error, BriefdeskError):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise
    give_back()
    sweep(home, catalog, [number, current])  # the one before can be put back, and readers are just leaving it
    return number


def sweep(home: Path, catalog: Catalog, keep: Sequence[int]) -> None:
    """Takes away the generations not in `keep` that nobody reads, and what only they needed."""
    held = [*keep]
    for folder in (home / "index").iterdir():
        number = int(folder.name) if folder.name.isdecimal() else 0
        if number in keep:
            continue
        if number and is_held(folder):
            held.append(number)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    catalog.sweep(held)


def _build(
    catalog: Catalog,
    embedder: Embedder,
    members: Sequence[Member],
    folder: Path,
    old: Columns | None,
    vectors: VectorStore,
    *,
    shared: bool,
) -> set[str]:
    """Brings what is in `folder` and `vectors` to the passages of `members`, whose ids it returns.

    `old` are the columns of the generation that was copied there. Vectors that are `shared` may hold others as well.
    Raises BriefdeskError when a store does not hold what was put into it.
    """
    known = vectors.ids() if shared or old else set()
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
                stems = [_terms(passage.read) for passage in passages]
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
    if not shared:
        vectors.remove(stale)
    held = vectors.ids()
    built = held & wanted if shared else held, lexical.ids(), set(_ids(Columns(folder / "columns")))
    if built != (wanted, wanted, wanted):
        raise StoreError(
            f"the new index does not hold what was ingested ({len(built[0])} vectors, {len(built[1])} texts and "
            f"{len(built[2])} rows for {len(wanted)} passages); the old one stays in use, "
            "run `briefdesk doctor --repair`"
        )
    return wanted


def _check_search(catalog: Catalog, embedder: Embedder, folder: Path, added: Set[str]) -> None:
    """Opens what was built as a reader will, and looks for some of the passages that are new.

    Chroma lists what it has lost (its issues 6975 and 7678): only a search shows it. Raises StoreError.
    """
    sample = sorted(added)[:: max(1, len(added) // _SAMPLE)]
    wanted = catalog.hashes_of(sample)
    with VectorStore.in_folder(folder / "vectors") as vectors:
        if lost := vectors.lost(list(wanted), _vectors(catalog, wanted, embedder.fingerprint)):
            raise StoreError(
                f"the new index does not find {len(lost)} of {len(sample)} passages that were put into it; the old one "
                "stays in use, run the command again"
            )


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
    home: Path,
    catalog: Catalog,
    members: Sequence[Member],
    folder: Path,
    embedder: Embedder,
    server: Server | None,
) -> Columns | None:
    """Starts the new generation from a copy of the current one, so that a small change costs little.

    Returns the columns of the current one; None when there was nothing sound to copy, or it was laid out for far less.
    """
    current = catalog.generation
    source = generation_folder(home, current)
    if not source.is_dir() or catalog.meta("model_fingerprint") != embedder.fingerprint:
        return None
    try:
        if wrong := damage(source):
            log.warning("generation %d is damaged (%s); building anew", current, wrong[0])
            return None
        columns = Columns(source / "columns")
        if catalog.passage_count(members) > _GROWN * columns.count:
            return None
        held = set(_ids(columns))
        copies: list[set[str]] = []
        shutil.copytree(source / "lexical", folder / "lexical")
        copies.append(LexicalStore(folder / "lexical").ids())
        if not server:
            copy_vectors(source / "vectors", folder / "vectors")
            with VectorStore.in_folder(folder / "vectors") as copied:
                copies.append(copied.ids())
        if all(copy == held for copy in copies):
            return columns
        log.warning("generation %d: %s passages; building anew", current, [len(held), *map(len, copies)])
    except Exception:  # a damaged copy of any kind is no reason to stop: the catalog has everything
        log.exception("generation %d cannot be copied; building anew", current)
    for store in ("lexical", "vectors"):
        shutil.rmtree(folder / store, ignore_errors=True)
    return None


def _terms(text: str) -> list[str]:
    """What the index holds of a passage: its words, and a mark for each short form that it introduces."""
    return [*index_terms(text), *(mark_of(short) for short, _ in introduced(text))]
