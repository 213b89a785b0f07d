"""One writer and many readers on one home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import LockedError
from rag.settings import load_settings
from rag.store.doctor import examine
from rag.store.writer import writing
from tests.conftest import CHECKOUT

ORCHIDS = "How many rare orchids does the greenhouse in Ghent hold?"


def note(path: Path, number: int) -> Path:
    path.write_text(f"# Greenhouse\n\nThe greenhouse in Ghent holds {number} rare orchids.\n")
    return path


def test_a_second_writer_is_told_who_writes(own_home: Path, embedder: Embedder) -> None:
    settings = load_settings(home=own_home)
    holding = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(own_home)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert holding.stdout is not None
    assert holding.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match=rf"process {holding.pid} \("):
        ingest([], settings, embedder)
    holding.kill()
    holding.wait()
    assert not ingest([], settings, embedder).refused  # the lock of one who was killed is free


_HOLDER = """
import sys, time
from pathlib import Path
from rag.store.writer import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_writer_that_waits_comes_next(own_home: Path) -> None:
    held = threading.Event()

    def hold() -> None:
        with writing(own_home):
            held.set()
            time.sleep(1)

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(10)
    with writing(own_home, wait_s=30) as catalog:
        assert catalog.generation
    holding.join()


def test_readers_see_one_generation_while_it_is_written(own_home: Path, embedder: Embedder, tmp_path: Path) -> None:
    """Each answer is whole and of one number, though every few answers another generation is switched to."""
    settings = load_settings(home=own_home, corpus=tmp_path / "none", threads=1)
    ingest([str(note(tmp_path / "note.md", 1000))], settings, embedder)
    desk = Desk(settings, embedder)
    stop = threading.Event()
    wrong: list[str] = []
    seen: set[str] = set()

    def read() -> None:
        while not stop.is_set():
            library = desk.library
            live = set(library.listings)
            answer = desk.ask(ORCHIDS)
            seen.add(answer.text)
            if answer.abstained or "rare orchids" not in answer.text:
                wrong.append(answer.text)
            documents = {c.document.id for c in answer.citations}
            for citation in answer.citations:
                if citation.document.text[citation.start : citation.end] != citation.quote:
                    wrong.append(citation.quote)
            if len({c.quote for c in answer.citations if "orchids" in c.quote}) > 1:
                wrong.append(f"two generations in one answer: {documents - live}")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1001, 1009):
        ingest([str(note(tmp_path / "note.md", number))], settings, embedder)
    stop.set()
    for reader in readers:
        reader.join(60)
    assert wrong == []
    assert len(seen) > 1
    assert "1008" in desk.ask(ORCHIDS).text
    desk.close()
    assert not examine(own_home, embedder, repair=False).findings


def test_processes_read_while_another_writes(own_home: Path, embedder: Embedder, tmp_path: Path) -> None:
    settings = load_settings(home=own_home, corpus=tmp_path / "none", threads=1)
    ingest([str(note(tmp_path / "note.md", 1))], settings, embedder)
    batch = tmp_path / "batch.jsonl"
    batch.write_text(json.dumps({"question": ORCHIDS}) + "\n")
    asking = [
        subprocess.Popen(
            [sys.executable, "-m", "app.cli", "ask", "--batch", str(batch), "--json", "--home", str(own_home)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "BRIEFDESK_THREADS": "1"},
        )
        for _ in range(3)
    ]
    number = 1
    while any(process.poll() is None for process in asking) and number < 60:
        number += 1
        ingest([str(note(tmp_path / "note.md", number))], settings, embedder)
    for process in asking:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "rare orchids" in json.loads(out)["answer"]
    assert not examine(own_home, embedder, repair=False).findings
