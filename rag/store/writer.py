"""The one writer that a home may have at a time."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.errors import HomeError, LockedError
from rag.store.backup import CATALOG, back_up
from rag.store.catalog import Catalog
from rag.store.library import LITTLE_BYTES

_LOCK, _HOLDER = "write.lock", "writer.json"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(home: Path, *, wait_s: float = 0.0) -> Iterator[Catalog]:
    """The catalog, opened for the one writer, after a backup of it as it was.

    Raises LockedError when another process still writes after `wait_s` seconds, HomeError when the home cannot be
    written or its disk is full, DamagedCatalogError.
    """
    with locked(home, wait_s=wait_s):
        back_up(home)
        catalog = Catalog(home / CATALOG, create=True)
        try:
            yield catalog
        finally:
            catalog.close()


@contextmanager
def locked(home: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """The write lock of `home`, which is made when it is not there. Raises LockedError, HomeError."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise PermissionError(errno.EACCES, "Permission denied")
        lock = FileLock(home / _LOCK)
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise LockedError(
            f"{_holder(home)} is writing to {home}; wait until it has finished, then run the command again"
        ) from error
    except OSError as error:
        raise HomeError(
            f"the home {home} cannot be written ({error.strerror or error}); name another with --home or BRIEFDESK_HOME"
        ) from error
    try:
        _sign(home)
        yield
    except Exception as error:
        if _is_full(home, error):
            raise HomeError(
                f"the disk of {home} is full; free some space and run the command again, the index is as it was"
            ) from error
        raise
    finally:
        (home / _HOLDER).unlink(missing_ok=True)
        lock.release()


def _sign(home: Path) -> None:
    """Says who writes, for others to read; one who was killed leaves it behind, and the lock is free all the same."""
    command = " ".join(["briefdesk", *sys.argv[1:2]]) if sys.argv[0].endswith("briefdesk") else Path(sys.argv[0]).name
    since = f"{datetime.now().astimezone():%H:%M:%S}"
    try:
        (home / _HOLDER).write_text(json.dumps({"pid": os.getpid(), "command": command, "since": since}))
    except OSError as error:
        if error.errno not in _FULL:  # the writing itself will say so
            raise


def _holder(home: Path) -> str:
    try:
        known: dict[str, Any] = json.loads((home / _HOLDER).read_text())
        return f"process {known['pid']} ({known['command']}, since {known['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _is_full(home: Path, error: BaseException | None) -> bool:
    """Whether a disk or a quota without room is behind an error, whichever store it went through."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _room(home) < LITTLE_BYTES):
            return True
        if any(said in str(error).casefold() for said in ("no space left", "disk is full", "file too large")):
            return True
        error = error.__cause__ or error.__context__
    return False


def _room(home: Path) -> int:
    try:
        return shutil.disk_usage(home).free
    except OSError:
        return 0
