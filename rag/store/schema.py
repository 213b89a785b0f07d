"""The tables of the catalog, and how those of older versions are brought to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.store.catalog import Catalog

SCHEMA_VERSION = 4
TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT NOT NULL, recipe TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
    text TEXT NOT NULL, publisher TEXT NOT NULL, date TEXT NOT NULL, language TEXT NOT NULL, url TEXT NOT NULL,
    pages TEXT NOT NULL, group_name TEXT NOT NULL, topics TEXT NOT NULL, added_at TEXT NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0, lists TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (id, recipe)
);
CREATE TABLE IF NOT EXISTS passages (
    document_id TEXT NOT NULL, recipe TEXT NOT NULL, ordinal INTEGER NOT NULL, id TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, heading TEXT NOT NULL, page INTEGER, sentences TEXT NOT NULL,
    content_hash TEXT NOT NULL, PRIMARY KEY (document_id, recipe, ordinal),
    FOREIGN KEY (document_id, recipe) REFERENCES documents(id, recipe) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS passages_by_id ON passages(id);
CREATE TABLE IF NOT EXISTS vectors (
    content_hash TEXT NOT NULL, fingerprint TEXT NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (content_hash, fingerprint)
);
CREATE TABLE IF NOT EXISTS members (
    generation INTEGER NOT NULL, source TEXT NOT NULL, document_id TEXT NOT NULL, recipe TEXT NOT NULL,
    file_hash TEXT NOT NULL, PRIMARY KEY (generation, source),
    FOREIGN KEY (document_id, recipe) REFERENCES documents(id, recipe)
);
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, command TEXT NOT NULL, report TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outcomes (
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, place INTEGER NOT NULL, question TEXT NOT NULL,
    outcome TEXT NOT NULL, PRIMARY KEY (run, question)
);
"""


def upgrade(catalog: Catalog) -> None:
    """Brings an older catalog up to date.

    Schema 1 also stored a vector for each token, most of its size; schema 2 kept what came to each question of a
    run inside its report; schema 3 did not know which items make a list.
    """
    before = catalog.meta("schema")
    if before == "1":
        with catalog.transaction():
            for column in ("token_vectors", "token_scales", "token_spans"):
                catalog.db.execute(f"ALTER TABLE vectors DROP COLUMN {column}")
            catalog.db.execute("ALTER TABLE documents ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0")
            catalog.set_meta("schema", "2")
        catalog.db.execute("VACUUM")
    if before in ("1", "2"):
        with catalog.transaction():
            for run, report in catalog.db.execute("SELECT id, report FROM runs WHERE command = 'check'").fetchall():
                known = json.loads(report)
                values: dict[str, dict[str, float]] = {}
                for figure, own in known.pop("values", {}).items():
                    for question, value in own.items():
                        values.setdefault(question, {})[figure] = value
                rows = [
                    (run, n, key, json.dumps({"id": key, "values": own})) for n, (key, own) in enumerate(values.items())
                ]
                catalog.db.executemany("INSERT INTO outcomes VALUES (?, ?, ?, ?)", rows)
                report = json.dumps({**known, "seconds": None}, ensure_ascii=False)
                catalog.db.execute("UPDATE runs SET command = 'eval', report = ? WHERE id = ?", (report, run))
            catalog.set_meta("schema", "3")
    if before in ("1", "2", "3"):
        with catalog.transaction():
            catalog.db.execute("ALTER TABLE documents ADD COLUMN lists TEXT NOT NULL DEFAULT '[]'")
            catalog.set_meta("schema", str(SCHEMA_VERSION))
