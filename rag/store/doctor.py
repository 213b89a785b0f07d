"""Whether every promise of the stores holds, and mending what is derived."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rag.embedding import Embedder
from rag.errors import DamagedCatalogError, StoreError
from rag.store.backup import CATALOG, backups, damaged
from rag.store.catalog import Catalog, Member
from rag.store.columns import Columns
from rag.store.lexical import LexicalStore
from rag.store.library import generation_folder, open_vectors
from rag.store.publish import publish
from rag.store.seal import damage
from rag.store.vectors import Server
from rag.store.writer import writing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Examination:
    """What is wrong, one line each; whether it was mended, or can be."""

    findings: tuple[str, ...] = ()
    mended: bool = False
    mendable: bool = False


def examine(home: Path, embedder: Embedder, *, repair: bool, server: Server | None = None) -> Examination:
    """Looks at everything; with `repair`, mends what it can.

    Mending rebuilds vectors, words and columns from the catalog; nothing is embedded again. A damaged catalog is not
    mended: its last backup is offered.
    """
    if not home.is_dir():
        return Examination((f"there is no home {home}; run `briefdesk ingest`, or name another with --home",))
    if not (home / CATALOG).exists() and (kept := backups(home)):
        return Examination(
            (f"the catalog is missing; `briefdesk restore` brings back its last backup, {kept[0].line}",)
        )
    try:
        with writing(home) as catalog:
            if wrong := catalog.check():
                return Examination((str(damaged(home, wrong[0])),))
            members = list(catalog.members(catalog.generation).values())
            findings, wanted = _recorded(catalog, members)
            derived = _derived(home, catalog, wanted, server) if members else []
            mendable = bool(derived) and not findings  # what the catalog itself lacks cannot be rebuilt from it
            if repair and mendable:
                publish(home, catalog, embedder, members, server, anew=True)
            return Examination((*findings, *derived), repair and mendable, mendable)
    except DamagedCatalogError as error:
        return Examination((str(error),))


def mend_index(home: Path, embedder: Embedder, server: Server | None = None) -> list[str]:
    """Rebuilds the derived stores when they are damaged or missing; what was wrong with them, one line each.

    Quicker than `examine`: it reads files and no rows.
    """
    catalog = Catalog(home / CATALOG)
    try:
        folder = generation_folder(home, catalog.generation)
        found = damage(folder) if folder.is_dir() else [f"the index {folder} is missing"]
    finally:
        catalog.close()
    if found:
        with writing(home, wait_s=60) as catalog:
            members = catalog.members(catalog.generation).values()
            publish(home, catalog, embedder, members, server, anew=True)
    return found


def _recorded(catalog: Catalog, members: list[Member]) -> tuple[list[str], set[str]]:
    """What is wrong with the rows of the catalog, and the ids of the passages that are live by it."""
    findings: list[str] = []
    wanted: set[str] = set()
    fingerprint = catalog.meta("model_fingerprint") or ""
    without = 0
    for member in members:
        document = catalog.document(member.document_id, member.recipe)
        if document is None:
            findings.append(f"{member.source} is listed, but its document is missing; ingest it again")
            continue
        for passage in catalog.passages(document):
            if not passage.text or any(not passage.start <= a < b <= passage.end for a, b in passage.sentences):
                findings.append(f"passage {passage.id} does not lie in its document; run `briefdesk ingest --rebuild`")
        hashes = catalog.content_hashes(document.id, document.recipe)
        wanted.update(hashes)
        without += len(catalog.missing_vectors(list(hashes.values()), fingerprint))
    if without:
        findings.append(f"{without} passages have no vector; run `briefdesk ingest --rebuild`")
    return findings, wanted


def _derived(home: Path, catalog: Catalog, wanted: set[str], server: Server | None) -> list[str]:
    generation = catalog.generation
    folder = generation_folder(home, generation)
    if not folder.is_dir():
        return [f"the index of generation {generation} is missing"]
    if found := damage(folder):
        return [f"generation {generation}: {line}" for line in found]

    def vectors() -> set[str]:
        with open_vectors(home, catalog, folder, server) as store:
            # A collection on a server may still hold, for a moment, what only the generation before has.
            return store.ids() & wanted if server else store.ids()

    stores: dict[str, Callable[[], set[str]]] = {
        "vectors": vectors,
        "lexical": lambda: LexicalStore(folder / "lexical").ids(),
        "columns": lambda: {f"{key:016x}" for key in Columns(folder / "columns").ids.tolist()},
    }
    for name, read in stores.items():
        if not (server and name == "vectors") and not (folder / name).is_dir():
            found.append(f"the folder {name} of generation {generation} is missing")
            continue
        try:
            ids = read()
        except StoreError as error:
            found.append(str(error))
        except Exception as error:  # damaged files make chromadb and tantivy raise whatever they please
            log.exception("opening %s", folder / name)
            found.append(f"{name} of generation {generation} cannot be opened ({type(error).__name__})")
        else:
            if ids != wanted:
                held, others = len(ids & wanted), len(ids - wanted)
                found.append(f"{name} holds {held} of {len(wanted)} passages and {others} others")
    return found
