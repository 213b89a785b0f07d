"""Whether every promise of the stores holds, and mending what is derived."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from rag.embedding import Embedder
from rag.errors import StoreError
from rag.store.catalog import Catalog
from rag.store.columns import Columns
from rag.store.lexical import LexicalStore
from rag.store.library import generation_folder, open_vectors, publish, writing
from rag.store.vectors import Server

log = logging.getLogger(__name__)


def examine(home: Path, embedder: Embedder, *, repair: bool, server: Server | None = None) -> tuple[list[str], bool]:
    """What is wrong, one line each, and whether it was mended.

    Mending rebuilds vectors, words and columns from the catalog; nothing is embedded again.
    """
    with writing(home) as catalog:
        findings = catalog.check()
        if findings:
            return findings, False
        generation = catalog.generation
        members = list(catalog.members(generation).values())
        fingerprint = catalog.meta("model_fingerprint") or ""
        wanted: set[str] = set()
        without = 0
        for member in members:
            document = catalog.document(member.document_id, member.recipe)
            if document is None:
                findings.append(f"{member.source} is listed, but its document is missing; ingest it again")
                continue
            for passage in catalog.passages(document):
                if not passage.text or any(not passage.start <= a < b <= passage.end for a, b in passage.sentences):
                    findings.append(
                        f"passage {passage.id} does not lie in its document; run `briefdesk ingest --rebuild`"
                    )
            hashes = catalog.content_hashes(document.id, document.recipe)
            wanted.update(hashes)
            without += len(catalog.missing_vectors(list(hashes.values()), fingerprint))
        if without:
            findings.append(f"{without} passages have no vector; run `briefdesk ingest --rebuild`")
        derived = _derived(home, catalog, generation, wanted, server) if members else []
        findings += derived
        if not (repair and derived) or len(findings) > len(derived):
            return findings, False
        shutil.rmtree(generation_folder(home, generation), ignore_errors=True)
        publish(home, catalog, embedder, members, server)
        return findings, True


def _derived(home: Path, catalog: Catalog, generation: int, wanted: set[str], server: Server | None) -> list[str]:
    folder = generation_folder(home, generation)
    if not folder.is_dir():
        return [f"the index of generation {generation} is missing"]

    def vectors() -> set[str]:
        store = open_vectors(home, catalog, generation, server)
        try:
            # A collection on a server may still hold, for a moment, what only the generation before has.
            return store.ids() & wanted if server else store.ids()
        finally:
            store.close()

    found: list[str] = []
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
