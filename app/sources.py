"""Where the notes have their claims from: the sources behind marks like [S22]."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of corpus/sources.yaml."""

    id: str
    publisher: str
    title: str
    date: str
    url: str

    @property
    def label(self) -> str:
        return ", ".join(part for part in (self.publisher, self.title, self.date) if part)


@lru_cache(maxsize=4)
def load_sources(path: Path) -> dict[str, Source]:
    """The sources by id; none when there is no such file."""
    if not path.is_file():
        return {}
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return {
        str(entry["id"]): Source(*(str(entry.get(key) or "") for key in ("id", "publisher", "title", "date", "url")))
        for entry in entries
    }
