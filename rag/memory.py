"""What glibc does with memory that is freed; with any other C library nothing here does anything."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def keep_freed() -> None:
    """Keeps what a batch frees for the next one.

    By default blocks of some MB go back to the system, and each layer then waits for fresh pages: a quarter of the
    time of embedding in eight bits. All threads share two heaps: with one for each, as is usual, a server with dozens
    of threads grows for hours before all of them are as large as they get.
    """
    # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of mallopt(3)
    trim_threshold, mmap_threshold, arena_max = -1, -3, -8
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(trim_threshold, 256 << 20)
        libc.mallopt(mmap_threshold, 32 << 20)
        libc.mallopt(arena_max, 2)


def give_back() -> None:
    """Gives what is free back to the system, after work whose threads have ended and left their shares behind.

    Else a server grows by some MB with each document that is added.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
