"""Ingestion: what is new or changed is loaded, chunked and embedded; what is gone goes; then one switch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ingest.chunk import recipe
from ingest.fetch import Fetcher
from ingest.prepare import Prepared, Task, prepare
from ingest.reader import Reader
from ingest.report import Report
from ingest.sources import find, listed, read_file
from rag.embedding import Embedder, Floats
from rag.errors import OutdatedHomeError, SourceRefusedError, UsageError
from rag.settings import Settings
from rag.store.catalog import Catalog, Member, content_hash
from rag.store.library import check_model
from rag.store.publish import publish
from rag.store.runs import add_run
from rag.store.writer import writing
from rag.types import Document

log = logging.getLogger(__name__)

_FLUSH_PASSAGES = 1024  # embedded and written together: enough that texts of like length meet in a batch

# (stage, done, total): documents for "load", passages for "embed".
Progress = Callable[[str, int, int], None]


def ingest(
    sources: Sequence[str],
    settings: Settings,
    embedder: Embedder,
    *,
    rebuild: bool = False,
    listing: Path | None = None,
    ray: str = "",
    wait_s: float = 0.0,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """Brings the index up to date with `sources` (files, folders, addresses; none means the corpus).

    A folder stands for all readable files below it; indexed files that are gone from it are removed. A source that
    cannot be read is refused with its reason, keeps what was indexed of it before, and does not stop the rest.
    `listing` is a list of sources whose addresses are fetched as well. `ray` is the address of a Ray cluster that
    loads, chunks and embeds ("local" starts one here); the writing is done here all the same. Where another process
    writes, it is waited for up to `wait_s` seconds.

    Raises LockedError, HomeError, ModelMismatchError (unless `rebuild`), ModelError, StoreError, UsageError.
    """
    begin = time.perf_counter()
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report()
    with writing(settings.home, wait_s=wait_s) as catalog:
        if not rebuild:
            check_model(catalog, embedder)
        members = catalog.members(catalog.generation)
        wanted = list(sources) or ([] if listing else [str(settings.corpus)])
        if rebuild:
            wanted += [source for source in members if source not in wanted]
        found = find(wanted, list(members))
        if listing:
            found.sources.update(listed(listing))
        report.refused.extend(found.refused)
        tasks = [Task(source, meta, members.get(source), rebuild) for source, meta in found.sources.items()]
        run = _Run(catalog, embedder, report, progress, recipe(embedder, settings.passage_tokens), members)
        for number, (prepared, vectors) in enumerate(_prepared(tasks, settings, embedder, ray)):
            progress("load", number, len(tasks))
            run.take(prepared, vectors)
        run.flush()
        progress("load", len(tasks), len(tasks))
        for source in found.gone:
            report.removed.append(source)
            run.live.pop(source, None)

        changed = report.added or report.changed or report.removed
        moved = bool(run.live) and (catalog.meta("vectors_at") or "") != settings.chroma_url.rstrip("/")
        if changed or moved or (rebuild and run.live):
            with report.timed("store"):
                progress("store", 0, 1)
                publish(settings.home, catalog, embedder, run.live.values(), settings.chroma)
                progress("store", 1, 1)
        listings = catalog.listings(catalog.generation).values()
        report.documents, report.passages = len(listings), sum(listing.passages for listing in listings)
        report.tokens = sum(listing.tokens for listing in listings)
        report.seconds = time.perf_counter() - begin
        add_run(catalog, started_at, "ingest", report.as_json())
    return report


def is_stale(settings: Settings, embedder: Embedder) -> bool:
    """Whether the index lacks something of the corpus as it is on disk now, or holds something that is gone."""
    if not (settings.home / "catalog.sqlite").exists():
        return True
    try:
        catalog = Catalog(settings.home / "catalog.sqlite")
    except OutdatedHomeError:
        return True
    try:
        members = catalog.members(catalog.generation)
        if not members or (catalog.meta("vectors_at") or "") != settings.chroma_url.rstrip("/"):
            return True
        check_model(catalog, embedder)
        found = find([str(settings.corpus)], list(members))
        cut = recipe(embedder, settings.passage_tokens)
        for source in found.sources:
            member = members.get(source)
            try:
                if member is None or (member.recipe, member.file_hash) != (cut, read_file(Path(source)).hash):
                    return True
            except SourceRefusedError:  # ingestion says why; nothing in the index is older than it
                continue
        return bool(found.gone)
    finally:
        catalog.close()


def _prepared(
    tasks: Sequence[Task], settings: Settings, embedder: Embedder, ray: str
) -> Iterator[tuple[Prepared, dict[str, Floats]]]:
    """Each source prepared, in order, with the vectors that are there already by content hash (a cluster makes them).

    Not in a thread beside the embedding: it would hold Python's lock while torch, which needs it for each of some
    hundred small steps, waits: embedding the filings of the bench took 72 s beside it and 28 s alone.
    """
    if ray:
        from ingest.cluster import prepared_on

        yield from prepared_on(ray, tasks, settings, embedder)
        return
    fetch = Fetcher.of(settings).fetch
    with Reader(**settings.reading) as reader:
        for task in tasks:
            yield prepare(task, embedder, settings.passage_tokens, fetch, reader.read), {}


class _Run:
    """The documents of one run on their way into the catalog."""

    def __init__(
        self,
        catalog: Catalog,
        embedder: Embedder,
        report: Report,
        progress: Progress,
        cut: str,
        members: dict[str, Member],
    ) -> None:
        self.catalog, self.embedder = catalog, embedder
        self.report, self.progress, self.recipe = report, progress, cut
        self.members = members
        self.live = dict(members)
        self._pending: list[tuple[Prepared, Document, Member]] = []
        self._made: dict[str, Floats] = {}
        self._embedded = self._to_embed = 0

    def take(self, prepared: Prepared, vectors: dict[str, Floats]) -> None:
        source, document = prepared.source, prepared.document
        for stage, seconds in prepared.seconds.items():
            self.report.stages_s[stage] += seconds
        if prepared.refused:
            self.report.refused.append({"source": source, "reason": prepared.refused})
            return
        self.report.notes += [{"source": source, "note": note} for note in prepared.notes]
        before = self.members.get(source)
        same = before is not None and (before.file_hash, before.recipe) == (prepared.file_hash, self.recipe)
        (self.report.unchanged if same else self.report.changed if before else self.report.added).append(source)
        if document is None:
            return
        self._pending.append((prepared, document, Member(source, document.id, self.recipe, prepared.file_hash)))
        self._made.update(vectors)
        if sum(len(waiting.passages) for waiting, _, _ in self._pending) >= _FLUSH_PASSAGES:
            self.flush()

    def flush(self) -> None:
        """Embeds what is pending, and writes it, one transaction a document."""
        texts: dict[str, str] = {}
        for prepared, document, _ in self._pending:
            for passage in prepared.passages:
                text = passage.embedded_text(document)
                texts[content_hash(text)] = text
        missing = self.catalog.missing_vectors(list(texts), self.embedder.fingerprint)
        made = {key: self._made[key] for key in missing if key in self._made}
        keys = [key for key in texts if key in missing and key not in made]
        self._to_embed += len(keys)

        def done(count: int) -> None:
            self._embedded += count
            self.progress("embed", self._embedded, self._to_embed)

        with self.report.timed("embed"):
            vectors = self.embedder.embed([texts[key] for key in keys], done=done) if keys else ()
        with self.report.timed("store"):
            made.update(zip(keys, vectors, strict=True))
            if made:
                self.catalog.add_vectors(self.embedder.fingerprint, made.items())
            now = datetime.now(UTC).isoformat(timespec="seconds")
            for prepared, document, member in self._pending:
                self.catalog.add_document(document, prepared.passages, prepared.tokens, now)
                self.live[member.source] = member
        self._pending.clear()
        self._made.clear()


def remove(settings: Settings, embedder: Embedder, sources: Sequence[str], *, wait_s: float = 0.0) -> list[str]:
    """Takes documents out of the index; returns the sources that were there. `restore` brings them back.

    Raises UsageError when nothing would be left, LockedError, HomeError, StoreError.
    """
    with writing(settings.home, wait_s=wait_s) as catalog:
        members = catalog.members(catalog.generation)
        gone = [source for source in sources if source in members]
        left = [member for source, member in members.items() if source not in gone]
        if gone and not left:
            raise UsageError("the last document cannot be removed; add another one first")
        if gone:
            publish(settings.home, catalog, embedder, left, settings.chroma)
    return gone


def restore(settings: Settings, embedder: Embedder, sources: Sequence[str], *, wait_s: float = 0.0) -> list[str]:
    """Puts back what the last change of the index took out of it; returns the sources that it could put back.

    Only the generation before is kept, so what was removed two changes ago must be ingested again.
    """
    with writing(settings.home, wait_s=wait_s) as catalog:
        members = catalog.members(catalog.generation)
        before = catalog.members(catalog.generation - 1)
        back = [source for source in sources if source in before and source not in members]
        if back:
            wanted = [*members.values(), *(before[source] for source in back)]
            publish(settings.home, catalog, embedder, wanted, settings.chroma)
    return back
