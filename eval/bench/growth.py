"""Search as a library grows: latency, memory and disk at 1,000 to 1,000,000 passages.

The passages are made: words drawn by how often they occur in the shipped corpus and the public texts, a growing tail of
rare ones, vectors between those of real passages with noise. Everything after that is the real thing: catalog, Chroma,
tantivy, columns, the whole of a search.
"""

from __future__ import annotations

import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench.public import bench_folder
from eval.dataset import DEFAULT_SET, load_set
from rag.embedding import Embedder, Floats
from rag.settings import CHECKOUT, load_settings
from rag.store.catalog import Member, content_hash
from rag.store.publish import publish
from rag.store.writer import writing
from rag.types import Document, Passage

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_A_DOCUMENT = 100  # passages
_WORDS = 55  # of a passage, as in the shipped corpus
_RARE = 0.03  # share of words from the tail, whose vocabulary grows with the library


def measure(size: int, home: Path) -> dict[str, float]:
    """Builds a library of `size` passages in `home` and searches it, in processes of their own for their memory."""
    build = _in_process("build", size, home)
    search = _in_process("search", size, home)
    disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    return {"passages": size, "disk_mb": disk / 1e6, **build, **search}


def _in_process(what: str, size: int, home: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "eval.bench.growth", what, str(size), str(home)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=3600)
    if found.returncode:
        raise RuntimeError(found.stderr[-2000:])
    result: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    return result


def _texts() -> list[str]:
    paths = [*sorted((CHECKOUT / "corpus").rglob("*.md")), *sorted((CHECKOUT / "corpus").rglob("*.txt"))]
    folder = bench_folder()
    if folder:
        paths += sorted((folder / "passages").glob("*.md"))
    return [path.read_text(encoding="utf-8") for path in paths]


def build(size: int, home: Path) -> dict[str, float]:
    rng = np.random.default_rng(7)
    embedder = Embedder()
    texts = _texts()
    counts = Counter(word for text in texts for word in text.split())
    vocabulary = np.array(list(counts))
    shares = np.array(list(counts.values()), float)
    shares /= shares.sum()
    lines = [line for text in texts for line in text.split("\n") if len(line) > 80]
    seeds = embedder.embed([lines[i] for i in rng.choice(len(lines), min(2000, len(lines)), replace=False)])
    begin = time.perf_counter()
    with writing(home) as catalog:
        members: list[Member] = []
        for number in range(size // _A_DOCUMENT):
            words = vocabulary[rng.choice(len(vocabulary), _A_DOCUMENT * _WORDS, p=shares)].tolist()
            for i in np.flatnonzero(rng.random(len(words)) < _RARE):
                words[i] = f"term{int(rng.integers(0, max(size, 1000)))}"
            document, passages = _document(number, words)
            catalog.add_document(document, passages, len(words), "2026-01-01T00:00:00+00:00")
            keys = [content_hash(passage.embedded_text(document)) for passage in passages]
            vectors = _vectors(rng, seeds, len(passages))
            catalog.add_vectors(embedder.fingerprint, zip(keys, vectors, strict=True))
            members.append(Member(document.source, document.id, document.recipe, document.id))
        stored_s = time.perf_counter() - begin
        begin = time.perf_counter()
        publish(home, catalog, embedder, members)
    return {"catalog_s": stored_s, "publish_s": time.perf_counter() - begin, "build_peak_mb": _peak_mb()}


def _document(number: int, words: list[str]) -> tuple[Document, list[Passage]]:
    key = hashlib.sha256(str(number).encode()).hexdigest()[:16]
    pieces = [" ".join(words[i : i + _WORDS]) for i in range(0, len(words), _WORDS)]
    text = "\n\n".join(pieces)
    title = " ".join(words[:6])
    document = Document(key, f"/bench/{number}.txt", f"{number}.txt", title, text, recipe="bench", language="en")
    passages: list[Passage] = []
    start = 0
    for ordinal, piece in enumerate(pieces):
        end = start + len(piece)
        identity = hashlib.sha256(f"{key}:{ordinal}".encode()).hexdigest()[:16]
        passages.append(Passage(identity, key, start, end, piece, "", None, ordinal, ((start, end),)))
        start = end + 2
    return document, passages


def _vectors(rng: np.random.Generator, seeds: Floats, count: int) -> Floats:
    """Unit vectors between two real ones each, with noise: near each other as passages of a subject are."""
    one, other = (seeds[rng.integers(0, len(seeds), count)] for _ in range(2))
    share = rng.random((count, 1), dtype=np.float32) * 0.5
    mixed = (1 - share) * one + share * other + rng.standard_normal(one.shape, dtype=np.float32) * 0.025
    unit: Floats = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    return unit


def search(size: int, home: Path) -> dict[str, float]:
    from rag.chain import Desk

    begin = time.perf_counter()
    desk = Desk(load_settings(home=home, threads=2, llm=""))
    questions = [question.question for question in load_set(DEFAULT_SET) if question.language == "en"]
    for question in questions[:10]:
        desk.search(question, 8)
    opened_s = time.perf_counter() - begin
    timings = [desk.search(question, 8)[1] for question in questions]
    found: dict[str, float] = {"opened_s": opened_s}
    for step in ("total", "embed", "dense", "lexical", "fuse"):
        values = [timing[step] for timing in timings]
        found[f"{step}_p50_ms"] = statistics.median(values)
        found[f"{step}_p95_ms"] = statistics.quantiles(values, n=20)[18]
    return {**found, "search_peak_mb": _peak_mb()}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def grow(sizes: tuple[int, ...] = SIZES) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as temporary:
            rows.append(measure(size, Path(temporary) / "home"))
            print(json.dumps({key: round(value, 1) for key, value in rows[-1].items()}), flush=True)
    return rows


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Latency, memory and disk over passages, as an SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6))
    passages = [row["passages"] for row in rows]
    for name, label in (("total_p50_ms", "p50"), ("total_p95_ms", "p95")):
        left.plot(passages, [row[name] for row in rows], marker="o", label=label)
    left.set(xscale="log", xlabel="passages", ylabel="search, ms", ylim=(0, None))
    left.axhline(60, color="0.6", linestyle="--", linewidth=1)
    left.annotate("60 ms", (passages[0], 60), textcoords="offset points", xytext=(0, 4), color="0.4")
    left.legend(frameon=False)
    for name, label in (("search_peak_mb", "memory while searching"), ("disk_mb", "disk")):
        right.plot(passages, [row[name] / 1000 for row in rows], marker="o", label=label)
    right.set(xscale="log", yscale="log", xlabel="passages", ylabel="GB")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    step = {"build": build, "search": search}[sys.argv[1]]
    print(json.dumps(step(int(sys.argv[2]), Path(sys.argv[3]))))
