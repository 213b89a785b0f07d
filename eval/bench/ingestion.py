"""How long taking documents in lasts: against the default pipeline of LangChain, again, and with one file changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ingest.pipeline import ingest
from ingest.report import Report
from rag.embedding import Embedder
from rag.settings import CHECKOUT, load_settings


def whole(folder: Path, home: Path, embedder: Embedder) -> Report:
    """Ingests the filings; the model is loaded before, as it is for the peer."""
    embedder.embed(["warm"])
    return ingest([str(folder / "filings")], load_settings(home=home), embedder)


def again(folder: Path, home: Path) -> Report:
    """The same once more, with nothing loaded: what a scheduled run costs."""
    settings = load_settings(home=home)
    return ingest([str(folder / "filings")], settings, settings.embedder())


def one_of_a_hundred(home: Path, corpus: Path, embedder: Embedder) -> tuple[float, float, float]:
    """Seconds for a hundred files, for one of them changed, and for that one alone in a home of its own."""
    corpus.mkdir(parents=True)
    notes = sorted((CHECKOUT / "corpus" / "notes").glob("*.md"))
    for number in range(100):
        text = notes[number % len(notes)].read_text(encoding="utf-8")
        (corpus / f"{number:03d}.md").write_text(f"{text}\n\nCopy {number}.\n", encoding="utf-8")
    settings = load_settings(home=home, corpus=corpus)
    first = ingest([], settings, embedder).seconds
    changed = corpus / "050.md"
    changed.write_text(changed.read_text(encoding="utf-8") + "\nOne more sentence stands here now.\n", encoding="utf-8")
    second = ingest([], settings, embedder).seconds
    alone = corpus.parent / "alone"
    alone.mkdir()
    shutil.copy(changed, alone)
    single = load_settings(home=home.parent / "home-alone", corpus=alone)
    return first, second, ingest([], single, embedder).seconds


def peer(folder: Path, name: str = "langchain") -> dict[str, Any] | None:
    """What `peer_bench.py` reports of `name`, in its own environment (BRIEFDESK_PEER_PYTHON); None without one."""
    python = os.environ.get("BRIEFDESK_PEER_PYTHON")
    if not python:
        return None
    filings = folder / "filings"
    command = [python, str(folder / "peer_bench.py"), name, str(filings), str(filings / "questions.json")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=1800, env={**os.environ, "OMP_NUM_THREADS": "2"}
    )
    if done.returncode:
        raise RuntimeError(f"the peer failed: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
