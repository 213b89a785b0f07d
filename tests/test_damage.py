"""Damaged, removed and swapped files: the doctor names them, and mends them without embedding again."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingest.pipeline import ingest, remove
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import DamagedCatalogError, StoreError
from rag.settings import load_settings
from rag.store.backup import KEPT, backups
from rag.store.catalog import Catalog
from rag.store.doctor import examine, mend_index
from rag.store.library import generation_folder
from tests.test_cli import run_cli

QUESTION = "Which two mechanisms does the brief call new?"


def folder_of(home: Path) -> Path:
    catalog = Catalog(home / "catalog.sqlite")
    try:
        return generation_folder(home, catalog.generation)
    finally:
        catalog.close()


def index_files(home: Path) -> list[Path]:
    """The files that a store reads; a lock file says nothing."""
    return [path for path in sorted(folder_of(home).rglob("*")) if path.is_file() and path.stat().st_size]


def flip(path: Path, chance: random.Random) -> None:
    """Other bytes at three random places."""
    data = bytearray(path.read_bytes())
    for _ in range(3):
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    path.write_bytes(data)


class NoEmbedding:
    """The embedder, which fails the test when it is asked to embed passages."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __getattr__(self, name: str) -> object:
        assert name not in ("embed", "embed_tokens", "embed_tokens_once"), "mending must not embed again"
        return getattr(self._embedder, name)


def mended(home: Path, embedder: Embedder) -> None:
    plain = NoEmbedding(embedder)
    found = examine(home, plain, repair=False)  # type: ignore[arg-type]
    assert found.findings
    assert found.mendable
    assert examine(home, plain, repair=True).mended  # type: ignore[arg-type]
    assert not examine(home, embedder, repair=False).findings
    desk = Desk(load_settings(home=home), embedder)
    assert not desk.ask(QUESTION).abstained
    desk.close()


@pytest.mark.parametrize("store", ["vectors", "lexical", "columns", "manifest.json"])
def test_random_bytes_are_found_and_mended(own_home: Path, embedder: Embedder, store: str) -> None:
    chance = random.Random(7)
    folder = folder_of(own_home)
    # In a SQLite file most bytes of a small database are room: what it says is compared, in the next test.
    paths = [p for p in index_files(own_home) if p.relative_to(folder).parts[0] == store and p.suffix != ".sqlite3"]
    for path in paths:
        before = path.read_bytes()
        flip(path, chance)
        assert examine(own_home, embedder, repair=False).findings, path
        with pytest.raises(StoreError, match="doctor --repair"):
            Desk(load_settings(home=own_home), embedder)
        path.write_bytes(before)
    flip(max(paths, key=lambda path: path.stat().st_size), chance)
    mended(own_home, embedder)


def test_a_changed_vector_in_chromas_database_is_found(own_home: Path, embedder: Embedder) -> None:
    database = folder_of(own_home) / "vectors" / "chroma.sqlite3"
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("UPDATE embeddings SET embedding_id = '0000000000000000' WHERE id = 3").rowcount
        db.commit()
    mended(own_home, embedder)


@pytest.mark.parametrize("store", ["vectors", "lexical", "columns"])
def test_a_removed_store_is_found_and_mended(own_home: Path, embedder: Embedder, store: str) -> None:
    shutil.rmtree(folder_of(own_home) / store)
    mended(own_home, embedder)


def test_every_removed_file_is_found(own_home: Path, embedder: Embedder) -> None:
    folder = folder_of(own_home)
    for path in index_files(own_home):
        if path.name in ("manifest.json", ".managed.json"):
            continue
        aside = path.rename(own_home / "aside")
        assert examine(own_home, embedder, repair=False).findings, path.relative_to(folder)
        aside.rename(path)
    shutil.rmtree(folder)
    mended(own_home, embedder)


def test_a_swapped_generation_is_found_and_mended(own_home: Path, embedder: Embedder) -> None:
    settings = load_settings(home=own_home)
    before = folder_of(own_home)
    catalog = Catalog(own_home / "catalog.sqlite")
    source = next(s for s in catalog.members(catalog.generation) if s.endswith(".md"))
    catalog.close()
    remove(settings, embedder, [source])
    now = folder_of(own_home)
    before.rename(own_home / "aside")
    now.rename(before)
    (own_home / "aside").rename(now)
    mended(own_home, embedder)


def test_a_start_of_the_page_mends_the_index(own_home: Path, embedder: Embedder) -> None:
    assert not mend_index(own_home, embedder)
    flip(max(folder_of(own_home).rglob("data_level0.bin")), random.Random(1))
    found = mend_index(own_home, NoEmbedding(embedder))  # type: ignore[arg-type]
    assert "data_level0.bin" in found[0]
    assert not examine(own_home, embedder, repair=False).findings


def test_a_damaged_catalog_is_named_and_its_backup_brought_back(own_home: Path, embedder: Embedder) -> None:
    settings = load_settings(home=own_home, corpus=own_home.parent / "nothing")
    extra = own_home.parent / "extra.md"
    for number in range(KEPT + 2):
        extra.write_text(f"# Extra\n\nThe greenhouse in Ghent holds {number} rare orchids.\n")
        ingest([str(extra)], settings, embedder)
    kept = backups(own_home)
    assert len(kept) == KEPT
    assert kept[0].number > kept[-1].number
    catalog = own_home / "catalog.sqlite"
    before = catalog.read_bytes()
    chance = random.Random(3)
    named = 0
    for _ in range(20):
        data = bytearray(before)
        at = chance.randrange(len(data) - 4096)
        data[at : at + 4096] = chance.randbytes(4096)
        catalog.write_bytes(data)
        for beside in own_home.glob("catalog.sqlite-*"):
            beside.unlink()
        found = examine(own_home, embedder, repair=True)
        if found.findings:
            assert "damaged" in found.findings[0]
            assert "briefdesk restore" in found.findings[0]
            assert not found.mended
            named += 1
    assert named >= 15  # what was free room in the file means nothing
    catalog.write_bytes(b"no database at all" * 1000)
    with pytest.raises(DamagedCatalogError, match="briefdesk restore"):
        Desk(settings, embedder)
    assert "briefdesk restore" in run_cli("ask", "What?", home=own_home).stderr
    assert [one.number for one in backups(own_home)] == [one.number for one in kept], "damage replaced a sound backup"
    done = run_cli("restore", home=own_home)
    assert done.returncode == 0, done.stderr
    assert not examine(own_home, embedder, repair=False).findings
    assert list((own_home / "damaged").rglob("catalog.sqlite"))
    desk = Desk(settings, embedder)
    assert not desk.ask("How many rare orchids does the greenhouse in Ghent hold?").abstained
    desk.close()


def test_an_emptied_catalog_is_damage_and_not_a_new_home(own_home: Path, embedder: Embedder) -> None:
    ingest([str(own_home.parent / "none.md")], load_settings(home=own_home), embedder)
    (own_home / "catalog.sqlite").write_bytes(b"")
    assert "damaged" in examine(own_home, embedder, repair=True).findings[0]
    (own_home / "catalog.sqlite").unlink()
    assert "missing" in examine(own_home, embedder, repair=True).findings[0]
    assert run_cli("restore", home=own_home).returncode == 0
    assert not examine(own_home, embedder, repair=False).findings


def test_what_a_killed_reader_left_half_written_is_rolled_back(own_home: Path, embedder: Embedder) -> None:
    """Chroma writes a row whenever it is opened: killed meanwhile, it leaves a journal that SQLite has to undo."""
    database = folder_of(own_home) / "vectors" / "chroma.sqlite3"
    journal = database.with_name(f"{database.name}-journal")
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 2")  # pages: more than it holds are written before the end
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO acquire_write (lock_status) VALUES (?)", [(1,)] * 5000)
        half = {path: path.read_bytes() for path in (database, journal)}
        db.execute("ROLLBACK")
    for path, data in half.items():
        path.write_bytes(data)
    assert not examine(own_home, embedder, repair=False).findings
    assert not journal.exists()
    desk = Desk(load_settings(home=own_home), embedder)
    assert not desk.ask(QUESTION).abstained
    desk.close()


def test_a_home_may_be_named_as_an_address_may_not(own_home: Path, embedder: Embedder) -> None:
    home = own_home.rename(own_home.with_name("50% of #1? yes"))
    assert not examine(home, embedder, repair=False).findings
    desk = Desk(load_settings(home=home), embedder)
    assert not desk.ask(QUESTION).abstained
    desk.close()
