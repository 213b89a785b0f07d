"""From a source to passages: read, load, chunk. Nothing is stored here, so it can run in any thread or process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.chunk import chunk, recipe, trim
from ingest.lists import lists_of
from ingest.load import Loaded, load
from ingest.sources import Raw, is_address, read_file
from rag.embedding import Embedder
from rag.errors import ModelError, SourceRefusedError
from rag.markup import without_markup
from rag.store.catalog import Member
from rag.types import Document, Passage
from rag.words import has_cjk

log = logging.getLogger(__name__)

_HEAD_BLOCKS = 4

Fetch = Callable[[str], Raw]
Read = Callable[[bytes, str], Loaded]  # of `load`: the content and its name


@dataclass(frozen=True, slots=True)
class Task:
    """A source to prepare: the metadata somebody gave for it, and how it stands in the index, if it does."""

    source: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    before: Member | None = None
    anew: bool = False  # also when nothing has changed


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source on its way into the index. Without a document nothing has changed, or it was `refused` and why."""

    source: str
    refused: str = ""
    file_hash: str = ""
    document: Document | None = None
    passages: tuple[Passage, ...] = ()
    tokens: int = 0  # word pieces of all passages
    notes: tuple[str, ...] = ()  # how it was read, where a user should know
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage: load, chunk


def prepare(task: Task, embedder: Embedder, passage_tokens: int, fetch: Fetch, read: Read = load) -> Prepared:
    """Reads, loads and chunks a source. What goes wrong with it is the reason of its refusal.

    Raises ModelError when the embedding model, which counts word pieces, cannot be loaded.
    """
    begin = time.perf_counter()
    try:
        raw = fetch(task.source) if is_address(task.source) else read_file(Path(task.source))
        raw = Raw(raw.data, raw.name, {**raw.meta, **task.meta})
        cut = recipe(embedder, passage_tokens)
        file_hash = raw.hash
        if not task.anew and task.before and (task.before.file_hash, task.before.recipe) == (file_hash, cut):
            return Prepared(task.source, file_hash=file_hash, seconds={"load": time.perf_counter() - begin})
        loaded = read(raw.data, raw.name)
        document = _document(task.source, loaded, raw, embedder, cut)
        loaded_at = time.perf_counter()
        passages, tokens = chunk(document, loaded, embedder, passage_tokens)
    except SourceRefusedError as error:
        log.warning("refused %s: %s", task.source, error)
        return Prepared(task.source, refused=str(error))
    except ModelError:
        raise
    except Exception as error:  # a parser's own fault must not cost the rest of the run
        log.exception("reading %s", task.source)
        reason = (str(error).splitlines() or [""])[0]
        return Prepared(task.source, refused=f"it could not be read ({type(error).__name__}: {reason})")
    seconds = {"load": loaded_at - begin, "chunk": time.perf_counter() - loaded_at}
    return Prepared(
        task.source,
        file_hash=file_hash,
        document=document,
        passages=tuple(passages),
        tokens=tokens,
        notes=loaded.notes,
        seconds=seconds,
    )


def _document(source: str, loaded: Loaded, raw: Raw, embedder: Embedder, cut: str) -> Document:
    meta = {**loaded.meta, **raw.meta}
    name = source if is_address(source) else Path(source).name
    # A heading is the document's title where it stands at its head; further down it is some section's.
    heading = next((b for b in loaded.blocks[:_HEAD_BLOCKS] if b.kind == "heading" and b.level == 1), None)
    above = without_markup(loaded.text[heading.start : heading.end]) if heading else ""
    title = str(meta.get("title") or above or name)
    topics = meta.get("topics") or ()
    return Document(
        id=raw.hash[:16],
        recipe=cut,
        source=source,
        name=name,
        title=trim(" ".join(title.split()), embedder, embedder.max_tokens // 4),
        text=loaded.text,
        publisher=str(meta.get("publisher") or ""),
        date=str(meta.get("date") or ""),
        language=str(meta.get("language") or ("zh" if has_cjk(loaded.text[:2000]) else "")),
        url=str(meta.get("url") or (source if is_address(source) else "")),
        pages=loaded.pages,
        group=str(meta.get("group") or ""),
        topics=tuple(str(topic) for topic in topics) if isinstance(topics, list | tuple) else (str(topics),),
        lists=lists_of(loaded.text, loaded.blocks),
    )
