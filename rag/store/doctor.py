"""Whether every promise of the stores holds, and mending what is derived."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from rag.embedding import Embedder
from rag.store.lexical import LexicalStore
from rag.store.library import generation_folder, publish, writing
from rag.store.vectors import VectorStore

log = logging.getLogger(__name__)


def examine(home: Path, embedder: Embedder, *, repair: bool) -> tuple[list[str], bool]:
    """What is wrong, one line each, and whether it was mended.

    Mending rebuilds vectors and words from the catalog; nothing is embedded again.
    """
    with writing(home) as catalog:
        findings = catalog.check()
        if findings:
            return findings, False
        generation = catalog.generation
        members = list(catalog.members(generation).values())
        documents = catalog.documents(members)
        lost = [m.source for m in members if m.document_id not in documents]
        findings += [f"{source} is listed, but its document is missing; ingest it again" for source in lost]
        passages = catalog.passages(documents)
        wanted = {passage.id for passage in passages}
        for passage in passages:
            if not passage.text or any(not passage.start <= a < b <= passage.end for a, b in passage.sentences):
                findings.append(f"passage {passage.id} does not lie in its document; run `briefdesk ingest --rebuild`")
        hashes = catalog.content_hashes(documents)
        fingerprint = catalog.meta("model_fingerprint") or ""
        vectors = catalog.vectors(list(hashes.values()), fingerprint)
        if without := sum(1 for key in hashes.values() if key not in vectors):
            findings.append(f"{without} passages have no vector; run `briefdesk ingest --rebuild`")
        derived = _derived(home, generation, wanted) if members else []
        findings += derived
        if not (repair and derived) or len(findings) > len(derived):
            return findings, False
        shutil.rmtree(generation_folder(home, generation), ignore_errors=True)
        publish(home, catalog, embedder, members)
        return findings, True


def _derived(home: Path, generation: int, wanted: set[str]) -> list[str]:
    folder = generation_folder(home, generation)
    if not folder.is_dir():
        return [f"the index of generation {generation} is missing"]
    found: list[str] = []
    for name, store in (("vectors", VectorStore), ("lexical", LexicalStore)):
        if not (folder / name).is_dir():
            found.append(f"the folder {name} of generation {generation} is missing")
            continue
        try:
            opened: Any = store(folder / name)
            ids = opened.ids()
            if ids != wanted:
                held, others = len(ids & wanted), len(ids - wanted)
                found.append(f"{name} holds {held} of {len(wanted)} passages and {others} others")
        except Exception as error:  # damaged files make chromadb and tantivy raise whatever they please
            log.exception("opening %s", folder / name)
            found.append(f"{name} of generation {generation} cannot be opened ({type(error).__name__})")
    return found
