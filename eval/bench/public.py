"""Where the public measuring data lie. They are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

from rag.settings import CHECKOUT


def bench_folder() -> Path | None:
    """The folder of the public data (BRIEFDESK_BENCH, or ../shared/bench beside the checkout); None when absent."""
    folder = Path(os.environ.get("BRIEFDESK_BENCH") or CHECKOUT.parent / "shared" / "bench")
    return folder if folder.is_dir() else None
