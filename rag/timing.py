"""How long a step took."""

from __future__ import annotations

import time


def ms_since(begin: float) -> float:
    """Milliseconds since `begin`, a reading of time.perf_counter()."""
    return (time.perf_counter() - begin) * 1000
