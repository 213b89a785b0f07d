"""A home in one file, and a home made of such a file. The index is not in it: it is rebuilt from the catalog."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rag.embedding import Embedder
from rag.errors import HomeError, UsageError
from rag.store.backup import CATALOG, backups, copy_database, put_back
from rag.store.catalog import Catalog
from rag.store.library import check_model
from rag.store.publish import publish
from rag.store.vectors import Server
from rag.store.writer import locked

_ABOUT = "about.json"
KEPT_FILES = ("feedback.jsonl", "eval-set.jsonl", "users.json")
KEPT_FOLDERS = ("uploads", "fetched")


def write_archive(home: Path, to: Path) -> dict[str, Any]:
    """Writes the home to `to` (.tar.gz), also while others write to it; what it says of itself.

    Raises HomeError when there is nothing to keep, UsageError when `to` cannot be written.
    """
    if not (home / CATALOG).exists():
        raise HomeError(f"there is no index at {home} to back up; name its home with --home")
    partly = to.with_name(f"{to.name}.partly")
    copy = to.with_name(f"{to.name}.catalog")
    about = {
        "home": str(home.resolve()),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("briefdesk"),
    }
    try:
        with closing(sqlite3.connect(home / CATALOG, timeout=30)) as db:
            copy_database(db, copy)
        # It holds the documents and the hashes of passwords: for its owner's eyes.
        with open(os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as archive:
                archive.add(copy, CATALOG)
                for name in (*KEPT_FILES, *KEPT_FOLDERS):
                    if (home / name).exists():
                        archive.add(home / name, name)
                copy.write_text(json.dumps(about))
                archive.add(copy, _ABOUT)
            file.flush()
            os.fsync(file.fileno())
        partly.replace(to)
    except sqlite3.DatabaseError as error:
        raise HomeError(f"the catalog of {home} cannot be copied ({error}); run `briefdesk doctor`") from error
    except OSError as error:
        raise UsageError(f"{to} cannot be written ({error.strerror or error}); name another file") from error
    finally:
        copy.unlink(missing_ok=True)
        partly.unlink(missing_ok=True)
    return about


def restore_archive(home: Path, archive: Path, embedder: Embedder, server: Server | None, *, force: bool) -> int:
    """Makes `home` what `archive` holds and builds its index; how many documents are there.

    Raises UsageError when it is no such archive, or `home` holds an index and not `force`; HomeError, LockedError,
    ModelMismatchError.
    """
    if (home / CATALOG).exists() and not force:
        raise UsageError(
            f"{home} holds an index already; name an empty home with --home, or add --force to put the archive in its "
            "place (its catalog is kept in the folder damaged)"
        )
    with locked(home):
        unpacked = home / "restoring"
        shutil.rmtree(unpacked, ignore_errors=True)
        try:
            with tarfile.open(archive) as file:
                file.extractall(unpacked, filter="data")
            about = json.loads((unpacked / _ABOUT).read_text())
            if not (unpacked / CATALOG).is_file():
                raise KeyError(CATALOG)
        except (OSError, tarfile.TarError, ValueError, KeyError, EOFError) as error:
            shutil.rmtree(unpacked, ignore_errors=True)
            raise UsageError(f"{archive} is no backup that can be read ({error}); choose another") from error
        for name in (*KEPT_FILES, *KEPT_FOLDERS):
            if (unpacked / name).exists():
                _replace(unpacked / name, home / name)
        put_back(home, unpacked / CATALOG)
        shutil.rmtree(unpacked, ignore_errors=True)
        return _rebuilt(home, embedder, server, moved_from=str(about.get("home", "")))


def restore_backup(home: Path, embedder: Embedder, server: Server | None) -> tuple[str, int]:
    """Goes back to the newest backup of the catalog; which it was, and how many documents are there.

    Raises HomeError when there is none.
    """
    found = backups(home)
    if not found:
        raise HomeError(f"{home} has no backup of its catalog; name an archive made by `briefdesk backup`")
    with locked(home):
        put_back(home, found[0].path)
        return found[0].line, _rebuilt(home, embedder, server)


def _replace(new: Path, old: Path) -> None:
    if old.is_dir():
        shutil.rmtree(old)
    new.replace(old)


def _rebuilt(home: Path, embedder: Embedder, server: Server | None, moved_from: str = "") -> int:
    catalog = Catalog(home / CATALOG, create=True)
    try:
        if moved_from and Path(moved_from) != home.resolve():
            catalog.move_sources(moved_from, str(home.resolve()))
        check_model(catalog, embedder)
        members = list(catalog.members(catalog.generation).values())
        publish(home, catalog, embedder, members, server, anew=True)
        return len(members)
    finally:
        catalog.close()
