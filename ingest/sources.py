"""Where documents come from: files, folders, addresses, the list of sources. What to read, and what is gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ingest.load import SUFFIXES
from ingest.load.loaded import plain_meta
from rag.errors import SourceRefusedError, UsageError, first_line

MAX_FILE_BYTES = 200_000_000
_MAX_META_BYTES = 64_000
# Beside documents these are metadata, term lists and the like, not something to refuse.
_NOT_DOCUMENTS = {".yaml", ".yml", ".json", ".toml", ".lock", ".gitignore", ""}


@dataclass
class Found:
    """What a run is to read: `sources`, with the metadata that somebody else gave for each.

    `gone` are indexed sources whose file is no longer there.
    """

    sources: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Raw:
    """A source as read: its bytes, the name that tells its format, and metadata from beside it."""

    data: bytes
    name: str
    meta: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """Hash of content and metadata, 32 hexadecimal digits: when it is the same, nothing has changed."""
        beside = json.dumps(self.meta, sort_keys=True, ensure_ascii=False, default=str) if self.meta else ""
        return hashlib.sha256(self.data + (b"\0" + beside.encode() if beside else b"")).hexdigest()[:32]


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def find(wanted: Sequence[str], indexed: Sequence[str]) -> Found:
    """Looks for `wanted` (files, folders, addresses). `indexed` are the sources of the index as it is."""
    found = Found()
    for source in wanted:
        if is_address(source):
            found.sources[source] = {}
            continue
        path = Path(source).expanduser().resolve()
        if path.is_dir():
            below, refused = _walk(path)
            found.refused.extend(refused)
            found.sources.update({path: {} for path in below})
            found.gone += [
                m for m in indexed if not is_address(m) and Path(m).is_relative_to(path) and not Path(m).exists()
            ]
            if not below and not refused:
                found.refused.append({"source": source, "reason": "the folder holds no documents"})
        elif path.exists():
            found.sources[str(path)] = {}
        else:
            found.refused.append({"source": source, "reason": "there is no such file or folder; check the path"})
    found.gone = list(dict.fromkeys(found.gone))
    return found


def listed(path: Path) -> dict[str, Mapping[str, Any]]:
    """The addresses in a list of sources (`corpus/sources.yaml`) with the metadata it gives for each.

    Raises UsageError when it is not such a list.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {
            str(entry["url"]): {
                key: str(entry[key]) for key in ("title", "publisher", "date", "language") if entry.get(key)
            }
            for entry in entries
            if is_address(str(entry.get("url", "")))
        }
    except (OSError, yaml.YAMLError, TypeError, AttributeError) as error:
        raise UsageError(
            f"the list of sources {path} cannot be read ({str(error).splitlines()[0]}); "
            "it must be a YAML list of entries with url, title, publisher, date"
        ) from error


def read_file(path: Path) -> Raw:
    """A file with the metadata beside it.

    Raises SourceRefusedError when it cannot be read or is too large.
    """
    if not path.is_file():
        raise SourceRefusedError("it is not a regular file")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SourceRefusedError(f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        return Raw(path.read_bytes(), path.name, _beside(path))
    except OSError as error:
        raise SourceRefusedError(f"it cannot be opened ({error.strerror})") from error


def _beside(path: Path) -> Mapping[str, Any]:
    """The metadata file beside a document: `report.pdf` may have `report.yaml`."""
    beside = path.with_suffix(".yaml")
    if not beside.is_file():
        return {}
    try:
        if beside.stat().st_size > _MAX_META_BYTES:
            raise SourceRefusedError(f"the metadata file beside it is larger than {_MAX_META_BYTES // 1000} kB")
        meta = yaml.safe_load(beside.read_bytes())
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceRefusedError(f"the metadata file beside it is not valid YAML ({first_line(error)})") from error
    return plain_meta(meta) if isinstance(meta, dict) else {}


def _walk(folder: Path) -> tuple[list[str], list[dict[str, str]]]:
    below: list[str] = []
    refused: list[dict[str, str]] = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or path.is_dir():
            continue
        if not path.is_file():
            reason = "the link leads nowhere" if path.is_symlink() else "it is not a regular file"
            refused.append({"source": str(path), "reason": reason})
            continue
        if path.suffix.lower() in SUFFIXES:
            below.append(str(path))
        elif path.suffix.lower() not in _NOT_DOCUMENTS:
            refused.append({"source": str(path), "reason": f"there is no reader for {path.suffix}"})
    return below, refused
