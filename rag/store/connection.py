"""Opening the catalog's file with SQLite, also where SQLite has no room for files of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def address_of(path: Path) -> str:
    """A file as SQLite's addresses name it."""
    return f"file:{quote(str(path))}"


def connected(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, timeout=30)


def reading(path: Path) -> sqlite3.Connection:
    """A database that is there, opened to be read: SQLite's errors where it is not, or where it is none.

    Not opened as one that may only be read: what a process left half written when it was killed has to be rolled back
    first, and SQLite does that only where it may write. Where the file may not be written it falls back by itself.
    """
    return sqlite3.connect(f"{address_of(path)}?mode=rw", uri=True, timeout=30)


def way_to_read(path: Path) -> str:
    """How a catalog is opened for reading: as a file that does not change, where there is no room for SQLite's own.

    On a disk that is full or cannot be written it can make no file for its write-ahead log, without which it does not
    read; when nothing waits in that log, nothing is missed.
    """
    try:
        with closing(connected(address_of(path))) as connection:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        ahead = path.with_name(f"{path.name}-wal")
        if not ahead.exists() or not ahead.stat().st_size:
            return "?immutable=1"
    except sqlite3.Error:
        pass  # what is wrong is said where it is opened
    return ""


def file_of(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
