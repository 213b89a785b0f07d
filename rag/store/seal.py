"""What the files of a generation are: sizes and hashes, written when it is published, compared before it is opened.

A damaged index must not reach the stores: Chroma's embedded client ends the whole process at some (its issue 7238) and
answers from the rest at others (7678).
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from rag.store.connection import reading

MANIFEST = "manifest.json"
_COPIED_BYTES = 64_000_000  # an index up to this size is compared whole even when every start waits for it
# Chroma writes a row here whenever it is opened; everything else in its database stays as it is.
_VOLATILE = {"acquire_write"}
_WITHOUT_MEANING = (".lock", "-journal", "-wal", "-shm")


def seal(folder: Path) -> None:
    """Writes down what the files of `folder` are. No store may have them open."""
    known = {str(path.relative_to(folder)): _known(path) for path in _files(folder)}
    partly = folder / f"{MANIFEST}.new"
    with partly.open("w", encoding="utf-8") as file:
        json.dump(known, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partly.replace(folder / MANIFEST)


def damage(folder: Path, *, whole: bool = True) -> list[str]:
    """What is no longer as it was sealed, one line each. Without `whole`, only sizes of a large index are compared.

    A folder that an older version made has no seal, so nothing can be said of it.
    """
    try:
        known: dict[str, dict[str, Any]] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        size = sum(entry["bytes"] for entry in known.values())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return [f"{MANIFEST} cannot be read"]
    whole = whole or size <= _COPIED_BYTES
    found: list[str] = []
    for name, entry in known.items():
        path = folder / name
        try:
            if not path.is_file():
                found.append(f"{name} is missing")
            elif entry.get("rows"):
                if whole and _rows_hash(path) != entry["rows"]:
                    found.append(f"{name} holds other rows than when it was made")
            elif path.stat().st_size != entry["bytes"]:
                found.append(f"{name} has {path.stat().st_size} bytes, {entry['bytes']} when it was made")
            elif whole and _hash(path) != entry["sha256"]:
                found.append(f"{name} holds other bytes than when it was made")
        except (OSError, sqlite3.Error) as error:
            found.append(f"{name} cannot be read ({error})")
    return found


def _files(folder: Path) -> Iterator[Path]:
    """The files that a store reads. An index that Chroma never wrote is begun anew, in its files, by each reader."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith(MANIFEST) or path.name.endswith(_WITHOUT_MEANING):
            continue
        if (
            path.name in ("data_level0.bin", "header.bin", "length.bin", "link_lists.bin")
            and not (path.parent / "index_metadata.pickle").exists()
        ):
            continue
        yield path


def _known(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if path.suffix == ".sqlite3":  # written when it is opened, but not in what it says
        return {"bytes": size, "rows": _rows_hash(path)}
    return {"bytes": size, "sha256": _hash(path)}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows_hash(path: Path) -> str:
    """Hash of every row of a SQLite database, but of those that only say that it was opened."""
    found = hashlib.sha256()
    with closing(reading(path)) as db:
        tables = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for name, sql in tables:
            found.update(f"{name}\0{sql}\0".encode())
            if name not in _VOLATILE and "VIRTUAL TABLE" not in sql:  # what a virtual table holds is in others
                for row in db.execute(f'SELECT * FROM "{name}"'):
                    found.update(repr(row).encode())
    return found.hexdigest()
