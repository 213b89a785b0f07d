"""Who reads a generation holds it, so that it is not taken away under them. A lock of the kernel: a kill lets it go."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted
    fcntl = None  # type: ignore[assignment]

HOLD = "readers.lock"


def hold(folder: Path) -> Callable[[], None]:
    """Holds a generation until what is returned is called. Raises OSError when it is being taken away, or is gone."""
    if fcntl is None or (folder.is_dir() and not (folder / HOLD).exists()):  # an older version made it
        return lambda: None
    handle = os.open(folder / HOLD, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        (folder / HOLD).stat()  # it may have gone between the two
    except OSError:
        os.close(handle)
        raise
    held = [handle]

    def let_go() -> None:
        while held:
            os.close(held.pop())

    return let_go


def is_held(folder: Path) -> bool:
    """Whether somebody reads a generation."""
    if fcntl is None or not (folder / HOLD).exists():
        return False
    handle = os.open(folder / HOLD, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
