"""The live passages as columns, one row a passage in the order of the documents: mapped files, nothing to load.

Chroma and tantivy find candidates one by one. What stands around a candidate (the vectors and words of the passages
before and after it) is read here, because rows of one document lie side by side. Derived: made from the catalog.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from rag.embedding import Floats
from rag.types import Passage
from rag.words import index_terms

Ints = npt.NDArray[np.int64]
# A passage is scored together with the passages up to so many places before and after it: octaves.
REACHES = (0, 1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one document.

    `ids`: uint64 [n]; `vectors`: float16 [n, dimension], unit length; `norms`: float32 [n, reaches], the length of the
    sum of the vectors within each of REACHES; `terms`: uint32 hashes of the stems, row after row; `counts`: uint8, how
    often each occurs; `sizes`: int64 [n], distinct stems of each row; `lengths`: int32 [n], stems of each row;
    `pages`: int32 [n], 0 where the format has none.
    """

    ids: npt.NDArray[np.uint64]
    vectors: npt.NDArray[np.float16]
    norms: Floats
    terms: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]
    sizes: Ints
    lengths: npt.NDArray[np.int32]
    pages: npt.NDArray[np.int32]


_FILES: dict[str, Any] = {
    "ids": np.uint64,
    "vectors": np.float16,
    "norms": np.float32,
    "terms": np.uint32,
    "counts": np.uint8,
    "sizes": np.int64,
    "lengths": np.int32,
    "pages": np.int32,
}


class Columns:
    """The columns in a folder. Raises OSError or ValueError when they are not whole."""

    def __init__(self, folder: Path) -> None:
        layout = json.loads((folder / "layout.json").read_text())
        self.dimension = int(layout["dimension"])
        self.documents: list[str] = layout["documents"]
        self.starts: Ints = np.array(layout["starts"], np.int64)  # first row of each document, then the end
        self.count = int(self.starts[-1])
        self._titles: list[frozenset[int]] = [frozenset(title) for title in layout["titles"]]
        shapes = {"vectors": (-1, self.dimension), "norms": (-1, len(REACHES))}
        arrays = {name: _mapped(folder / name, kind).reshape(shapes.get(name, (-1,))) for name, kind in _FILES.items()}
        self.ids: npt.NDArray[np.uint64] = arrays["ids"]
        self.vectors: npt.NDArray[np.float16] = arrays["vectors"]
        self.norms: Floats = arrays["norms"]
        self.lengths: npt.NDArray[np.int32] = arrays["lengths"]
        self.pages: npt.NDArray[np.int32] = arrays["pages"]
        self._terms, self._counts, self._sizes = arrays["terms"], arrays["counts"], arrays["sizes"]
        for name in ("ids", "vectors", "norms", "sizes", "lengths", "pages"):
            if len(arrays[name]) != self.count:
                raise ValueError(f"{name} has {len(arrays[name])} rows of {self.count}")

    @cached_property
    def _order(self) -> tuple[npt.NDArray[np.uint64], Ints]:
        order = np.argsort(self.ids, kind="stable")
        return self.ids[order], order

    @cached_property
    def _term_starts(self) -> Ints:
        return np.concatenate([[0], np.cumsum(self._sizes)])

    @cached_property
    def mean_length(self) -> float:
        """Stems in a passage, on average."""
        return float(self.lengths.mean()) if self.count else 1.0

    def rows(self, passage_ids: Iterable[str]) -> Ints:
        """The rows of these passages, ascending; ids that are not live are left out."""
        wanted = numbers(passage_ids)
        if not len(wanted) or not self.count:
            return np.empty(0, np.int64)
        ids, order = self._order
        at = np.minimum(np.searchsorted(ids, wanted), self.count - 1)
        found: Ints = np.sort(order[at[ids[at] == wanted]])
        return found

    def rows_of_documents(self, document_ids: Iterable[str]) -> Ints:
        """The rows of these documents, ascending."""
        wanted = set(document_ids)
        spans = [np.arange(self.starts[i], self.starts[i + 1]) for i, key in enumerate(self.documents) if key in wanted]
        return np.concatenate([np.empty(0, np.int64), *spans])

    def document_of(self, rows: Ints) -> Ints:
        """Index into `documents` of each row."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def around(self, rows: Ints, reach: int) -> Ints:
        """`rows` and those up to `reach` places from them in the same document, ascending, each once."""
        index = self.document_of(rows)
        low, high = self.starts[index], self.starts[index + 1]
        near = rows[:, None] + np.arange(-reach, reach + 1)
        return np.unique(near[(near >= low[:, None]) & (near < high[:, None])])

    def frequencies(self, rows: Ints, terms: Sequence[str]) -> Floats:
        """How often each of `terms` (stems) occurs in each of `rows`: [rows, terms]."""
        starts = self._term_starts
        found = np.zeros((len(rows), len(terms)), np.float32)
        sizes = starts[rows + 1] - starts[rows]
        if not len(rows) or not sizes.sum():
            return found
        # The stretches of all rows in one index: row after row, each counted from its own start.
        offsets = np.repeat(starts[rows] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        where = np.arange(int(sizes.sum())) + offsets
        stretch = self._terms[where]
        owner = np.repeat(np.arange(len(rows)), sizes)
        for column, term in enumerate(terms):
            hit = np.flatnonzero(stretch == hashed(term))
            found[owner[hit], column] = self._counts[where[hit]]
        return found

    @cached_property
    def _in_titles(self) -> Counter[int]:
        return Counter(key for title in self._titles for key in title)

    def title_match(self, rows: Ints, terms: Sequence[str]) -> Floats:
        """How far the title of each row's document holds those of `terms` that stand in any title: 0 to 1, [rows].

        Weighted by inverse document frequency, documents counted: in a hundred reports of 2023, 2023 tells little.
        """
        total = len(self._titles)
        weights = {key: math.log(1 + total / held) for key in map(hashed, terms) if (held := self._in_titles[key])}
        if not weights:
            return np.zeros(len(rows), np.float32)
        owners, back = np.unique(self.document_of(rows), return_inverse=True)
        shares = [sum(weights[key] for key in weights.keys() & self._titles[i]) for i in owners]
        found: Floats = (np.array(shares, np.float32) / sum(weights.values()))[back]
        return found

    def block(self, index: int) -> Block:
        """The rows of the document at `index`, as they were written."""
        rows = slice(int(self.starts[index]), int(self.starts[index + 1]))
        terms = slice(int(self._term_starts[rows.start]), int(self._term_starts[rows.stop]))
        return Block(
            self.ids[rows], self.vectors[rows], self.norms[rows], self._terms[terms], self._counts[terms],
            self._sizes[rows], self.lengths[rows], self.pages[rows],
        )  # fmt: skip


class ColumnsWriter:
    """Writes columns document by document; `close` makes them whole."""

    def __init__(self, folder: Path, dimension: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._dimension = folder, dimension
        self._files: dict[str, IO[bytes]] = {name: (folder / name).open("wb") for name in _FILES}
        self._documents: list[str] = []
        self._titles: list[list[int]] = []
        self._starts = [0]

    def add(self, document_id: str, title: str, block: Block) -> None:
        for name, kind in _FILES.items():
            self._files[name].write(np.ascontiguousarray(getattr(block, name), kind).tobytes())
        self._documents.append(document_id)
        self._titles.append(sorted({hashed(stem) for stem in index_terms(title)}))
        self._starts.append(self._starts[-1] + len(block.ids))

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        layout = {
            "dimension": self._dimension,
            "documents": self._documents,
            "titles": self._titles,
            "starts": self._starts,
        }
        (self._folder / "layout.json").write_text(json.dumps(layout))


def block_of(passages: Sequence[Passage], stems: Sequence[Sequence[str]], vectors: Floats) -> Block:
    """The rows of a document's `passages`: the stems of each one's text, and unit vectors [n, dimension]."""
    terms: list[int] = []
    counts: list[int] = []
    sizes: list[int] = []
    lengths: list[int] = []
    above = ""
    for passage, own in zip(passages, stems, strict=True):
        # A heading's words count where it stands: above the first passage of its section.
        said = own if passage.heading == above else [*index_terms(passage.heading), *own]
        above = passage.heading
        found: dict[int, int] = {}
        for stem in said:
            key = hashed(stem)
            found[key] = min(found.get(key, 0) + 1, 255)
        terms.extend(found)
        counts.extend(found.values())
        sizes.append(len(found))
        lengths.append(len(said))
    return Block(
        numbers(passage.id for passage in passages),
        vectors.astype(np.float16),
        _norms(vectors),
        np.array(terms, np.uint32),
        np.array(counts, np.uint8),
        np.array(sizes, np.int64),
        np.array(lengths, np.int32),
        np.array([passage.page or 0 for passage in passages], np.int32),
    )


def numbers(passage_ids: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Passage ids (16 hexadecimal digits) as numbers."""
    return np.fromiter((int(key, 16) for key in passage_ids), np.uint64)


@lru_cache(maxsize=500_000)
def hashed(stem: str) -> int:
    return zlib.crc32(stem.encode())


def window_sums(values: npt.NDArray[Any], low: Ints, high: Ints) -> npt.NDArray[np.float64]:
    """For each i the sum of values[low[i]:high[i]], along the first axis."""
    running = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, dtype=np.float64, out=running[1:])
    sums: npt.NDArray[np.float64] = running[high] - running[low]
    return sums


def _norms(vectors: Floats) -> Floats:
    count = len(vectors)
    at = np.arange(count)
    found = np.empty((count, len(REACHES)), np.float32)
    for column, reach in enumerate(REACHES):
        sums = window_sums(vectors, np.maximum(at - reach, 0), np.minimum(at + reach + 1, count))
        found[:, column] = np.linalg.norm(sums, axis=1)
    return found


def _mapped(path: Path, kind: Any) -> npt.NDArray[Any]:
    if path.stat().st_size == 0:
        return np.empty(0, kind)
    return np.memmap(path, dtype=kind, mode="r")
