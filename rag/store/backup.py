"""Copies of the catalog, made by SQLite's online backup before each run that writes; and going back to one of them."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import DamagedCatalogError, HomeError
from rag.store.connection import reading

log = logging.getLogger(__name__)

CATALOG = "catalog.sqlite"
BACKUPS, DAMAGED = "backups", "damaged"
KEPT = 3


@dataclass(frozen=True, slots=True)
class Backup:
    """A sound copy of the catalog. `made_at` is in ISO 8601, by the clock of that moment; `number` counts them."""

    path: Path
    number: int
    generation: int
    documents: int
    made_at: str

    @property
    def line(self) -> str:
        return f"{self.path.name}: {self.documents} documents (generation {self.generation}), made {self.made_at}"


def back_up(home: Path) -> Path | None:
    """Copies the catalog of `home`, unless the newest copy says the same; keeps the last few. None: no new copy.

    Raises DamagedCatalogError when the copy is not sound (older copies stay then), HomeError when it cannot be written.
    """
    source, folder = home / CATALOG, home / BACKUPS
    known = _numbered(folder)
    if not source.exists() or (source.stat().st_size == 0 and not known and not (home / "index").exists()):
        return None  # nothing was ever in it
    newest = known[-1][0] if known else 0
    partly = folder / "partly.sqlite"
    try:
        with closing(sqlite3.connect(source, timeout=30)) as db:
            if known and _state(db) == _state_of(known[-1][1]):
                return None
            folder.mkdir(parents=True, exist_ok=True)
            partly.unlink(missing_ok=True)
            copy_database(db, partly)
        if wrong := _unsound(partly):
            partly.unlink()
            raise damaged(home, wrong)
        made = folder / f"{newest + 1:06d}.sqlite"
        partly.replace(made)
        for _, old in known[: max(0, len(known) + 1 - KEPT)]:
            old.unlink(missing_ok=True)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise damaged(home, str(error)) from error
        raise HomeError(f"the catalog {source} cannot be backed up into {folder} ({error})") from error
    except OSError as error:
        raise HomeError(
            f"the catalog {source} cannot be backed up into {folder} ({error.strerror or error})"
        ) from error
    return made


def backups(home: Path) -> list[Backup]:
    """The sound copies, the newest first."""
    found: list[Backup] = []
    for number, path in reversed(_numbered(home / BACKUPS)):
        if not _unsound(path) and (known := _about(path, number)):
            found.append(known)
    return found


def damaged(home: Path, reason: str) -> DamagedCatalogError:
    """What a user is told of a damaged catalog: the way back is offered, and not gone without being asked."""
    found = backups(home)
    offered = (
        f"`briefdesk restore` brings back its last backup ({found[0].documents} documents, made {found[0].made_at}) "
        "and keeps the damaged file"
        if found
        else "it has no backup; restore one made by `briefdesk backup`, or name another --home and ingest again"
    )
    return DamagedCatalogError(f"the catalog {home / CATALOG} is damaged ({reason}); {offered}")


def is_damage(error: Exception) -> bool:
    """Whether SQLite says that the file is not what it was, and not that it is locked, full or out of reach."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    missing = str(error).startswith("no such table")  # a file that was emptied is a database without tables
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or missing


def put_back(home: Path, copy: Path) -> Path | None:
    """Makes `copy` the catalog of `home`. Returns where the one before is kept; None when there was none.

    The caller holds the write lock. A crash in between leaves the catalog before, or the copy.
    """
    catalog = home / CATALOG
    kept: Path | None = None
    fresh = home / f"{CATALOG}.new"
    shutil.copyfile(copy, fresh)
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    if catalog.exists():
        kept = home / DAMAGED / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        kept.mkdir(parents=True)
        for name in (CATALOG, f"{CATALOG}-wal", f"{CATALOG}-shm"):
            if (home / name).exists():
                shutil.copyfile(home / name, kept / name)
    # What was written ahead belongs to the file before; SQLite would write it into the new one.
    for name in (f"{CATALOG}-wal", f"{CATALOG}-shm"):
        (home / name).unlink(missing_ok=True)
    fresh.replace(catalog)
    return kept


def copy_database(db: sqlite3.Connection, to: Path) -> None:
    """A whole copy of a database that others may be writing to (sqlite.org/backup.html)."""
    with closing(sqlite3.connect(to)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """The copies in the order in which they were made. Counted: a clock may have been set back between them."""
    paths = folder.glob("*.sqlite") if folder.is_dir() else ()
    return sorted((int(path.stem), path) for path in paths if path.stem.isdecimal())


def _unsound(path: Path) -> str:
    """What is wrong with a database, in one line; empty when it is whole."""
    try:
        with closing(reading(path)) as db:
            rows: Sequence[tuple[str]] = db.execute("PRAGMA quick_check(1)").fetchall()
            _state(db)
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if rows == [("ok",)] else str(rows[0][0])


def _state(db: sqlite3.Connection) -> tuple[object, ...]:
    """What changes with every run that is kept."""
    generation = db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")} & {"runs", "outcomes"}
    counts = [db.execute(f"SELECT COUNT(*), MAX(rowid) FROM {table}").fetchone() for table in sorted(tables)]
    return (generation, *counts)


def _state_of(path: Path) -> tuple[object, ...] | None:
    try:
        with closing(reading(path)) as db:
            return _state(db)
    except sqlite3.DatabaseError:
        return None


def _about(path: Path, number: int) -> Backup | None:
    try:
        with closing(reading(path)) as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
            generation = int(row[0]) if row else 0
            documents = db.execute("SELECT COUNT(*) FROM members WHERE generation = ?", (generation,)).fetchone()[0]
    except (sqlite3.DatabaseError, ValueError):
        return None
    made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return Backup(path, number, generation, int(documents), made_at)
