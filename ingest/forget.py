"""Taking a document out so that nothing of it is left: not in a store, a backup, a log, or what readers wrote down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.chunk import sentence_spans
from ingest.fetch import Fetcher
from ingest.load.loaded import one_line
from ingest.sources import is_address
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.settings import Settings
from rag.store.backup import BACKUPS, DAMAGED, back_up
from rag.store.library import collection_name, generation_folder
from rag.store.publish import publish
from rag.store.runs import forget_runs
from rag.store.vectors import VectorStore
from rag.store.writer import writing
from rag.types import Document

_TELLING_CHARS = 25  # a sentence of so many says where it is from


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten: the sources, how many lines of records went with them, and files that still lie elsewhere."""

    sources: tuple[str, ...]
    records: int
    left: tuple[str, ...]


def forget(settings: Settings, embedder: Embedder, wanted: str) -> Forgotten:
    """Forgets every document whose name, title, source or id is `wanted`, with all its earlier versions.

    A file outside the home is not touched. Raises UsageError when there is no such document.
    """
    home = settings.home
    with writing(home) as catalog:
        documents = [document for document in catalog.every_document() if wanted in _names(document)]
        if not documents:
            raise UsageError(f"there is no document {wanted!r}; `briefdesk status` lists them")
        sources = tuple(dict.fromkeys(document.source for document in documents))
        documents = [document for document in catalog.every_document() if document.source in sources]
        traces = _Traces(documents)
        members = [m for m in catalog.members(catalog.generation).values() if m.source not in sources]
        catalog.db.execute("PRAGMA secure_delete=ON")
        if settings.chroma:  # a server keeps what was deleted in its log (Chroma's issue 7659)
            VectorStore.drop(settings.chroma, collection_name(home, catalog))
        number = publish(home, catalog, embedder, members, settings.chroma, anew=True)
        for folder in (home / "index").iterdir():  # readers or not: they open the new one with their next question
            if folder != generation_folder(home, number):
                shutil.rmtree(folder)
        catalog.sweep([number])
        records = forget_runs(catalog, traces.stand_in)
        catalog.shrink()
    for name in (BACKUPS, DAMAGED, "restoring", "tmp"):
        shutil.rmtree(home / name, ignore_errors=True)
    fetcher = Fetcher.of(settings)
    for source in sources:
        if is_address(source):
            fetcher.forget(source)
        elif Path(source).is_relative_to(home.resolve()):
            Path(source).unlink(missing_ok=True)
            Path(source).with_suffix(".yaml").unlink(missing_ok=True)
    for path in (home / "feedback.jsonl", home / "eval-set.jsonl", *sorted((home / "logs").glob("*"))):
        records += _without_lines(path, traces)
    back_up(home)
    return Forgotten(sources, records, tuple(s for s in sources if not is_address(s) and Path(s).exists()))


class _Traces:
    """How a text shows that it is about, or from, a document."""

    def __init__(self, documents: Sequence[Document]) -> None:
        names = {name for document in documents for name in _names(document)}
        said = {
            one_line(document.text[a:b])
            for document in documents
            for a, b in sentence_spans(document.text, 0, len(document.text))
        }
        self._marks = [*names, *(one for one in said if len(one) >= _TELLING_CHARS)]

    def stand_in(self, text: str) -> bool:
        readable = one_line(_unescaped(text))
        return any(mark in readable or mark in text for mark in self._marks)


def _names(document: Document) -> set[str]:
    return {name for name in (document.id, document.source, document.name, document.title) if name}


def _unescaped(text: str) -> str:
    """A line of JSON with its texts as they are read."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False).replace('\\"', '"').replace("\\n", " ")
    except ValueError:
        return text


def _without_lines(path: Path, traces: _Traces) -> int:
    """Takes the lines that show a trace out of a file that others may be writing to; how many."""
    if not path.is_file():
        return 0
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = [line for line in lines if not traces.stand_in(line)]
    if len(kept) < len(lines):
        with path.open("r+", encoding="utf-8") as file:  # the same file: a logger has it open, and appends
            file.truncate(0)
            file.write("".join(kept))
    return len(lines) - len(kept)
