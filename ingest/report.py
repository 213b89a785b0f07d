"""What a run of ingestion did."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

STAGES = ("load", "chunk", "embed", "store")


@dataclass
class Report:
    """What a run did. `added`, `changed`, `unchanged` and `removed` are names of sources.

    `stages_s` are seconds of work. Loading and chunking go on while passages are embedded, so their sum may be more
    than `seconds`.
    """

    documents: int = 0
    passages: int = 0
    tokens: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)  # how a source was read, where a user should know
    seconds: float = 0.0
    stages_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    def as_json(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "passages": self.passages,
            "tokens": self.tokens,
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": len(self.unchanged),
            "removed": len(self.removed),
            "refused": self.refused,
            **({"notes": self.notes} if self.notes else {}),
            "seconds": round(self.seconds, 3),
            "stages_s": {stage: round(seconds, 3) for stage, seconds in self.stages_s.items()},
        }

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.stages_s[stage] += time.perf_counter() - begin
