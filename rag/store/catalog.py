"""The system of record: documents, passages, vectors, what is live, and what was run. SQLite in WAL mode.

Documents and passages never change once written (their ids are hashes of their content). What is live is a
*generation*: a list of (source, document). A run writes its documents, one transaction each, then one transaction
makes a new generation the current one. A crash before that leaves yesterday's generation as it was.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding import Floats
from rag.errors import HomeError, OutdatedHomeError
from rag.store.backup import damaged, is_damage
from rag.store.connection import address_of, connected, file_of, way_to_read
from rag.store.schema import SCHEMA_VERSION, TABLES, upgrade
from rag.types import Document, ItemList, Listing, Passage


@dataclass(frozen=True, slots=True)
class Member:
    """A live source: where it is, which document it became, how that was cut, and the hash of the bytes read."""

    source: str
    document_id: str
    recipe: str
    file_hash: str


class Catalog:
    """An open catalog. Every thread gets a connection of its own, so readers never wait for each other."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and not path.exists():
            raise HomeError(f"there is no index at {path.parent}; run `briefdesk ingest`")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._how = "" if create else way_to_read(path)
        try:
            if not self._how:
                self.db.execute("PRAGMA journal_mode=WAL")
            if create:
                self.db.executescript(TABLES)
                self.db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
                upgrade(self)
            version = self.meta("schema") or ""
            self._file = file_of(path)
        except (sqlite3.Error, OSError) as error:
            if is_damage(error):
                raise damaged(path.parent, str(error)) from error
            raise HomeError(
                f"the catalog {path} cannot be opened ({error}); check that the folder is readable and writable, "
                "or name another with --home"
            ) from error
        if version != str(SCHEMA_VERSION):
            if version.isdecimal() and int(version) < SCHEMA_VERSION:
                raise OutdatedHomeError(
                    f"the home {path.parent} was made by an older version; `briefdesk ingest` brings it up to date"
                )
            raise HomeError(
                f"the catalog {path} has schema {version}, this program needs {SCHEMA_VERSION}; use another --home"
            )

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connected(address_of(self.path) + self._how)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    @property
    def in_place(self) -> bool:
        """Whether the file that is open is still the one at its path."""
        try:
            return file_of(self.path) == self._file
        except OSError:
            return False

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # -- meta and generations

    def meta(self, key: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def generation(self) -> int:
        """Number of the current generation; 0 before the first."""
        return int(self.meta("generation") or 0)

    def members(self, generation: int) -> dict[str, Member]:
        rows = self.db.execute(
            "SELECT source, document_id, recipe, file_hash FROM members WHERE generation = ?", (generation,)
        )
        return {row[0]: Member(*row) for row in rows}

    def switch(self, generation: int, members: Iterable[Member], meta: dict[str, str]) -> None:
        """Makes `generation` the current one, in one transaction."""
        with self.transaction():
            self.db.execute("DELETE FROM members WHERE generation = ?", (generation,))
            self.db.executemany(
                "INSERT INTO members VALUES (?, ?, ?, ?, ?)",
                [(generation, m.source, m.document_id, m.recipe, m.file_hash) for m in members],
            )
            for key, value in {**meta, "generation": str(generation)}.items():
                self.set_meta(key, value)

    def sweep(self, keep: Sequence[int]) -> None:
        """Forgets generations not in `keep`, and documents and vectors that no kept generation needs."""
        marks = ",".join("?" * len(keep))
        with self.transaction():
            self.db.execute(f"DELETE FROM members WHERE generation NOT IN ({marks})", tuple(keep))
            gone = self.db.execute(
                "DELETE FROM documents WHERE (id, recipe) NOT IN (SELECT document_id, recipe FROM members)"
            ).rowcount
            if gone:  # else every vector still has its passage, and looking through all of them is not free
                self.db.execute("DELETE FROM vectors WHERE content_hash NOT IN (SELECT content_hash FROM passages)")

    # -- documents and passages

    def add_document(self, document: Document, passages: Sequence[Passage], tokens: int, added_at: str) -> None:
        """Writes a document with its passages in one transaction. Writing the same one again changes nothing."""
        with self.transaction():
            before = self.db.total_changes
            self.db.execute(
                "INSERT OR IGNORE INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    document.id,
                    document.recipe,
                    document.source,
                    document.name,
                    document.title,
                    document.text,
                    document.publisher,
                    document.date,
                    document.language,
                    document.url,
                    json.dumps(document.pages),
                    document.group,
                    json.dumps(document.topics, ensure_ascii=False),
                    added_at,
                    tokens,
                    json.dumps([(one.items, one.end, one.lead, one.of_sections) for one in document.lists]),
                ),
            )
            if self.db.total_changes == before:
                return
            self.db.executemany(
                "INSERT INTO passages VALUES (?,?,?,?,?,?,?,?,?,?)",
                [
                    (
                        document.id,
                        document.recipe,
                        passage.ordinal,
                        passage.id,
                        passage.start,
                        passage.end,
                        passage.heading,
                        passage.page,
                        json.dumps(passage.sentences),
                        content_hash(passage.embedded_text(document)),
                    )
                    for passage in passages
                ],
            )

    def document(self, document_id: str, recipe: str) -> Document | None:
        row = self.db.execute("SELECT * FROM documents WHERE id = ? AND recipe = ?", (document_id, recipe)).fetchone()
        return None if row is None else _document(row)

    def every_document(self) -> Iterator[Document]:
        """All that is stored, also of earlier generations."""
        return (_document(row) for row in self.db.execute("SELECT * FROM documents"))

    def move_sources(self, before: str, now: str) -> None:
        """Renames the sources below the folder `before`, which has moved to `now`."""
        with self.transaction():
            for table in ("members", "documents"):
                self.db.execute(
                    f"UPDATE {table} SET source = ? || substr(source, ?) WHERE substr(source, 1, ?) = ?",
                    (now + "/", len(before) + 2, len(before) + 1, before + "/"),
                )

    def shrink(self) -> None:
        """Gives back the room of what was deleted, and empties the log of what was written ahead."""
        self.db.execute("VACUUM")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def documents(self, members: Iterable[Member]) -> dict[str, Document]:
        """The documents of `members` by id, with their texts."""
        found = {member.document_id: self.document(member.document_id, member.recipe) for member in members}
        return {key: document for key, document in found.items() if document is not None}

    def titles(self, members: Iterable[Member]) -> dict[str, tuple[str, str]]:
        """Recipe and title of each document of `members`, by id, in their order.

        Raises HomeError when one is missing.
        """
        found: dict[str, tuple[str, str]] = {}
        for member in members:
            query = "SELECT recipe, title FROM documents WHERE id = ? AND recipe = ?"
            row = self.db.execute(query, (member.document_id, member.recipe)).fetchone()
            if row is None:
                raise HomeError(f"the document of {member.source} is not in the catalog; ingest it again")
            found[member.document_id] = (str(row[0]), str(row[1]))
        return found

    def listings(self, generation: int) -> dict[str, Listing]:
        """The live documents by id, without their texts, in the order of their sources."""
        rows = self.db.execute(
            "SELECT d.id, d.recipe, d.source, d.name, d.title, d.publisher, d.date, d.language, d.group_name, "
            "json_array_length(d.pages), d.added_at, d.tokens, "
            "(SELECT COUNT(*) FROM passages p WHERE p.document_id = d.id AND p.recipe = d.recipe) "
            "FROM members m JOIN documents d ON d.id = m.document_id AND d.recipe = m.recipe "
            "WHERE m.generation = ? ORDER BY m.source",
            (generation,),
        )
        return {row[0]: Listing(*row) for row in rows}

    def passages(self, document: Document) -> list[Passage]:
        """The passages of `document`, in the order of its text."""
        rows = self.db.execute(
            f"SELECT {_PASSAGE} FROM passages WHERE document_id = ? AND recipe = ? ORDER BY ordinal",
            (document.id, document.recipe),
        )
        return [_passage(document, row) for row in rows]

    def passage_before(self, document: Document, passage: Passage) -> Passage | None:
        """The passage that stands right before one of `document`."""
        row = self.db.execute(
            f"SELECT {_PASSAGE} FROM passages WHERE document_id = ? AND recipe = ? AND ordinal = ?",
            (document.id, document.recipe, passage.ordinal - 1),
        ).fetchone()
        return None if row is None else _passage(document, row)

    def passage_count(self, members: Iterable[Member]) -> int:
        query = "SELECT COUNT(*) FROM passages WHERE document_id = ? AND recipe = ?"
        return sum(self.db.execute(query, (m.document_id, m.recipe)).fetchone()[0] for m in members)

    def passages_by_id(self, documents: Mapping[str, Document], ids: Sequence[str]) -> dict[str, Passage]:
        """The passages with these ids that belong to `documents`."""
        marks = ",".join("?" * len(ids))
        rows = self.db.execute(
            f"SELECT {_PASSAGE}, document_id, recipe FROM passages WHERE id IN ({marks})", tuple(ids)
        )
        found: dict[str, Passage] = {}
        for row in rows:
            document = documents.get(row[-2])
            if document is not None and document.recipe == row[-1]:
                found[row[0]] = _passage(document, row)
        return found

    def content_hashes(self, document_id: str, recipe: str) -> dict[str, str]:
        """The content hash of each passage of a document, by passage id, in the order of its text."""
        rows = self.db.execute(
            "SELECT id, content_hash FROM passages WHERE document_id = ? AND recipe = ? ORDER BY ordinal",
            (document_id, recipe),
        )
        return dict(rows.fetchall())

    def hashes_of(self, ids: Sequence[str]) -> dict[str, str]:
        """The content hash of passages, by their ids."""
        found: dict[str, str] = {}
        for part, marks in _batches(ids):
            rows = self.db.execute(f"SELECT id, content_hash FROM passages WHERE id IN ({marks})", part)
            found.update(rows.fetchall())
        return found

    # -- vectors

    def missing_vectors(self, hashes: Sequence[str], fingerprint: str) -> set[str]:
        have: set[str] = set()
        for part, marks in _batches(hashes):
            query = f"SELECT content_hash FROM vectors WHERE fingerprint = ? AND content_hash IN ({marks})"
            have.update(row[0] for row in self.db.execute(query, (fingerprint, *part)))
        return set(hashes) - have

    def add_vectors(self, fingerprint: str, vectors: Iterable[tuple[str, Floats]]) -> None:
        """Writes (content hash, vector [dimension]) pairs, in one transaction."""
        with self.transaction():
            self.db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?,?,?)",
                ((key, fingerprint, vector.astype("<f4").tobytes()) for key, vector in vectors),
            )

    def vectors(self, hashes: Sequence[str], fingerprint: str) -> dict[str, Floats]:
        """Vectors [dimension] by content hash; those that are not stored are missing from the result."""
        found: dict[str, Floats] = {}
        for part, marks in _batches(hashes):
            rows = self.db.execute(
                f"SELECT content_hash, vector FROM vectors WHERE fingerprint = ? AND content_hash IN ({marks})",
                (fingerprint, *part),
            )
            found.update({row[0]: np.frombuffer(row[1], dtype="<f4") for row in rows})
        return found

    # --

    def check(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when it is whole."""
        try:
            rows = self.db.execute("PRAGMA integrity_check").fetchall()
        except sqlite3.Error as error:
            return [f"the catalog cannot be read: {error}"]
        return [str(row[0]) for row in rows if row[0] != "ok"]


def content_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _batches(keys: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """`keys` in parts that one statement can name, each with its placeholders."""
    for begin in range(0, len(keys), 500):
        part = list(keys[begin : begin + 500])
        yield part, ",".join("?" * len(part))


_PASSAGE = "id, start, end, heading, page, ordinal, sentences"


def _document(row: Sequence[Any]) -> Document:
    return Document(
        id=row[0],
        recipe=row[1],
        source=row[2],
        name=row[3],
        title=row[4],
        text=row[5],
        publisher=row[6],
        date=row[7],
        language=row[8],
        url=row[9],
        pages=tuple((int(a), int(b)) for a, b in json.loads(row[10])),
        group=row[11],
        topics=tuple(json.loads(row[12])),
        lists=tuple(
            ItemList(tuple((a, b) for a, b in items), end, (lead[0], lead[1]) if lead else None, of_sections)
            for items, end, lead, of_sections in json.loads(row[15])
        ),
    )


def _passage(document: Document, row: Sequence[Any]) -> Passage:
    return Passage(
        id=row[0],
        document_id=document.id,
        start=row[1],
        end=row[2],
        text=document.text[row[1] : row[2]],
        heading=row[3],
        page=row[4],
        ordinal=row[5],
        sentences=tuple((int(a), int(b)) for a, b in json.loads(row[6])),
    )
