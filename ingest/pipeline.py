"""Ingestion: what is new or changed is loaded, chunked and embedded; what is gone goes; then one switch."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ingest.chunk import chunk, recipe, trim
from ingest.fetch import fetch, is_address
from ingest.load import SUFFIXES, Loaded, load
from rag.embedding import Embedder
from rag.errors import SourceRefusedError
from rag.settings import Settings
from rag.store.catalog import Catalog, Member, content_hash
from rag.store.library import check_model, publish, writing
from rag.types import Document, Passage
from rag.words import has_cjk

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 200_000_000
# Beside documents these are metadata, term lists and the like, not something to refuse.
_NOT_DOCUMENTS = {".yaml", ".yml", ".json", ".toml", ".lock", ".gitignore", ""}
_FLUSH_PASSAGES = 256

# (stage, done, total): documents for "load", passages for "embed".
Progress = Callable[[str, int, int], None]


@dataclass
class Report:
    """What a run did. `added`, `changed`, `unchanged` and `removed` are names of sources."""

    documents: int = 0
    passages: int = 0
    tokens: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    stages_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("load", "chunk", "embed", "store"), 0.0))

    def as_json(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "passages": self.passages,
            "tokens": self.tokens,
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": len(self.unchanged),
            "removed": len(self.removed),
            "refused": self.refused,
            "seconds": round(self.seconds, 3),
            "stages_s": {stage: round(seconds, 3) for stage, seconds in self.stages_s.items()},
        }

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.stages_s[stage] += time.perf_counter() - begin


def ingest(
    sources: Sequence[str],
    settings: Settings,
    embedder: Embedder,
    *,
    rebuild: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """Brings the index up to date with `sources` (files, folders, addresses; none means the corpus).

    A folder stands for all readable files below it; indexed files that are gone from it are removed. A source that
    cannot be read is refused with its reason, keeps what was indexed of it before, and does not stop the rest.

    Raises LockedError, HomeError, ModelMismatchError (unless `rebuild`), ModelError.
    """
    begin = time.perf_counter()
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report()
    with writing(settings.home) as catalog:
        if not rebuild:
            check_model(catalog, embedder)
        members = catalog.members(catalog.generation)
        wanted = list(sources) or [str(settings.corpus)]
        if rebuild:
            wanted += [source for source in members if source not in wanted]
        found, gone = _resolve(wanted, members, report)
        run = _Run(catalog, embedder, settings, report, progress, recipe(embedder, settings.passage_tokens), members)
        for number, source in enumerate(found):
            progress("load", number, len(found))
            run.take(source, rebuild=rebuild)
        run.flush()
        progress("load", len(found), len(found))
        for source in gone:
            report.removed.append(source)
            run.live.pop(source, None)

        changed = report.added or report.changed or report.removed
        if changed or (rebuild and run.live):
            with report.timed("store"):
                progress("store", 0, 1)
                publish(settings.home, catalog, embedder, list(run.live.values()))
                progress("store", 1, 1)
        documents = catalog.documents(run.live.values())
        passages = catalog.passages(documents)
        report.documents, report.passages = len(documents), len(passages)
        report.tokens = int(catalog.meta("tokens") or 0)
        if changed or not report.tokens:
            report.tokens = sum(embedder.count([passage.text for passage in passages]))
            catalog.set_meta("tokens", str(report.tokens))
        report.seconds = time.perf_counter() - begin
        catalog.add_run(started_at, "ingest", report.as_json())
    return report


def is_stale(settings: Settings, embedder: Embedder) -> bool:
    """Whether the index lacks something of the corpus as it is on disk now, or holds something that is gone."""
    if not (settings.home / "catalog.sqlite").exists():
        return True
    catalog = Catalog(settings.home / "catalog.sqlite")
    try:
        members = catalog.members(catalog.generation)
        if not members:
            return True
        check_model(catalog, embedder)
        found, gone = _resolve([str(settings.corpus)], members, Report())
        cut = recipe(embedder, settings.passage_tokens)
        for source in found:
            member = members.get(source)
            path = Path(source)
            if member is None or member.recipe != cut or member.file_hash != _hash(path.read_bytes(), _sidecar(path)):
                return True
        return bool(gone)
    finally:
        catalog.close()


class _Run:
    """The documents of one run on their way into the catalog."""

    def __init__(
        self,
        catalog: Catalog,
        embedder: Embedder,
        settings: Settings,
        report: Report,
        progress: Progress,
        cut: str,
        members: dict[str, Member],
    ) -> None:
        self.catalog, self.embedder, self.settings = catalog, embedder, settings
        self.report, self.progress, self.recipe = report, progress, cut
        self.members = members
        self.live = dict(members)
        self._pending: list[tuple[Document, list[Passage], Member]] = []
        self._embedded = self._to_embed = 0

    def take(self, source: str, *, rebuild: bool) -> None:
        try:
            with self.report.timed("load"):
                data, sidecar, name = _read(source)
                file_hash = _hash(data, sidecar)
                before = self.members.get(source)
                unchanged = before is not None and (before.file_hash, before.recipe) == (file_hash, self.recipe)
                if unchanged and not rebuild:
                    self.report.unchanged.append(source)
                    return
                loaded = load(data, name)
                document = self._document(source, loaded, sidecar, file_hash)
            with self.report.timed("chunk"):
                passages = chunk(document, loaded, self.embedder, self.settings.passage_tokens)
        except SourceRefusedError as error:
            log.warning("refused %s: %s", source, error)
            self.report.refused.append({"source": source, "reason": str(error)})
            return
        except Exception as error:  # a parser's own fault must not cost the rest of the run
            log.exception("reading %s", source)
            reason = (
                f"it could not be read ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
            )
            self.report.refused.append({"source": source, "reason": reason})
            return
        member = Member(source, document.id, self.recipe, file_hash)
        (self.report.unchanged if unchanged else self.report.changed if before else self.report.added).append(source)
        self._pending.append((document, passages, member))
        if sum(len(passages) for _, passages, _ in self._pending) >= _FLUSH_PASSAGES:
            self.flush()

    def flush(self) -> None:
        """Embeds what is pending, and writes it, one transaction a document."""
        texts: dict[str, str] = {}
        for document, passages, _ in self._pending:
            for passage in passages:
                text = passage.embedded_text(document.title)
                texts[content_hash(text)] = text
        missing = self.catalog.missing_vectors(list(texts), self.embedder.fingerprint)
        keys = [key for key in texts if key in missing]
        self._to_embed += len(keys)

        def done(count: int) -> None:
            self._embedded += count
            self.progress("embed", self._embedded, self._to_embed)

        with self.report.timed("embed"):
            embedded = self.embedder.embed([texts[key] for key in keys], done=done)
        with self.report.timed("store"):
            self.catalog.add_vectors(self.embedder.fingerprint, zip(keys, embedded, strict=True))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            for document, passages, member in self._pending:
                self.catalog.add_document(document, passages, now)
                self.live[member.source] = member
        self._pending.clear()

    def _document(self, source: str, loaded: Loaded, sidecar: bytes, file_hash: str) -> Document:
        meta = {**loaded.meta, **_sidecar_meta(sidecar)}
        name = source if is_address(source) else Path(source).name
        heading = next((b for b in loaded.blocks if b.kind == "heading" and b.level == 1), None)
        title = str(meta.get("title") or (loaded.text[heading.start : heading.end] if heading else "") or name)
        topics = meta.get("topics") or ()
        return Document(
            id=file_hash[:16],
            recipe=self.recipe,
            source=source,
            name=name,
            title=trim(" ".join(title.split()), self.embedder, self.embedder.max_tokens // 4),
            text=loaded.text,
            publisher=str(meta.get("publisher") or ""),
            date=str(meta.get("date") or ""),
            language=str(meta.get("language") or ("zh" if has_cjk(loaded.text[:2000]) else "")),
            url=str(meta.get("url") or (source if is_address(source) else "")),
            pages=loaded.pages,
            group=str(meta.get("group") or ""),
            topics=tuple(str(topic) for topic in topics) if isinstance(topics, list | tuple) else (str(topics),),
        )


def _resolve(wanted: Sequence[str], members: dict[str, Member], report: Report) -> tuple[list[str], list[str]]:
    """What to read, and which indexed sources are gone. What cannot be found is refused in `report`."""
    found: dict[str, None] = {}
    gone: list[str] = []
    for source in wanted:
        if is_address(source):
            found[source] = None
            continue
        path = Path(source).expanduser().resolve()
        if path.is_dir():
            below, refused = _walk(path)
            report.refused.extend(refused)
            found.update(dict.fromkeys(below))
            gone += [m for m in members if not is_address(m) and Path(m).is_relative_to(path) and not Path(m).exists()]
            if not below and not refused:
                report.refused.append({"source": source, "reason": "the folder holds no documents"})
        elif path.exists():
            found[str(path)] = None
        else:
            report.refused.append({"source": source, "reason": "there is no such file or folder; check the path"})
    return list(found), list(dict.fromkeys(gone))


def _walk(folder: Path) -> tuple[list[str], list[dict[str, str]]]:
    below: list[str] = []
    refused: list[dict[str, str]] = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        if path.suffix.lower() in SUFFIXES:
            below.append(str(path))
        elif path.suffix.lower() not in _NOT_DOCUMENTS:
            refused.append({"source": str(path), "reason": f"there is no reader for {path.suffix}"})
    return below, refused


def _read(source: str) -> tuple[bytes, bytes, str]:
    """The bytes of a source, those of its metadata file, and the name that tells its format."""
    if is_address(source):
        data, name = fetch(source)
        return data, b"", name
    path = Path(source)
    if not path.is_file():
        raise SourceRefusedError("it is not a regular file")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SourceRefusedError(f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        return path.read_bytes(), _sidecar(path), path.name
    except OSError as error:
        raise SourceRefusedError(f"it cannot be opened ({error.strerror})") from error


def _sidecar(path: Path) -> bytes:
    """The metadata file beside a document: `report.pdf` may have `report.yaml`."""
    beside = path.with_suffix(".yaml")
    return beside.read_bytes() if beside.is_file() else b""


def _sidecar_meta(sidecar: bytes) -> dict[str, Any]:
    try:
        meta = yaml.safe_load(sidecar) if sidecar else None
    except yaml.YAMLError as error:
        raise SourceRefusedError(f"the metadata file beside it is not valid YAML ({error})") from error
    return meta if isinstance(meta, dict) else {}


def _hash(data: bytes, sidecar: bytes) -> str:
    return hashlib.sha256(data + (b"\0" + sidecar if sidecar else b"")).hexdigest()[:32]
