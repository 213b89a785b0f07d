"""What a run of ingestion does to the index, and what it must never do."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from ingest.pipeline import ingest, is_stale
from ingest.report import Report
from rag.embedding import Embedder
from rag.errors import EmptyIndexError, HomeError, LockedError, ModelMismatchError, OutdatedHomeError
from rag.settings import Settings, load_settings
from rag.store.catalog import Catalog
from rag.store.doctor import Examination, examine
from rag.store.library import Library, generation_folder
from tests.conftest import CHECKOUT


@pytest.fixture
def corpus(settings: Settings) -> Path:
    (settings.corpus / "one.md").write_text("# One\n\nThe first document speaks of pandas in Chengdu.\n")
    (settings.corpus / "two.txt").write_text("The second document speaks of rail lines to Chongqing.\n")
    return settings.corpus


def passages_of(settings: Settings, embedder: Embedder) -> dict[str, str]:
    library = Library(settings.home, embedder)
    passages = [p for document in library.documents.values() for p in library.catalog.passages(document)]
    rows = {f"{key:016x}" for key in library.columns.ids.tolist()}
    assert library.vectors.ids() == library.lexical.ids() == rows == {passage.id for passage in passages}
    found = {passage.id: passage.text for passage in passages}
    library.close()
    return found


def counts(report: Report) -> tuple[int, int, int, int, int]:
    found = report.as_json()
    return (found["added"], found["changed"], found["unchanged"], found["removed"], len(found["refused"]))


def test_running_again_changes_nothing(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    assert counts(ingest([], settings, embedder)) == (2, 0, 0, 0, 0)
    before = passages_of(settings, embedder)
    generation = Catalog(settings.home / "catalog.sqlite").generation
    assert counts(ingest([], settings, embedder)) == (0, 0, 2, 0, 0)
    assert passages_of(settings, embedder) == before
    assert Catalog(settings.home / "catalog.sqlite").generation == generation


def test_a_changed_file_replaces_its_passages(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    ingest([], settings, embedder)
    (corpus / "one.md").write_text("# One\n\nIt now speaks of microchips.\n")
    assert is_stale(settings, embedder)
    assert counts(ingest([], settings, embedder)) == (0, 1, 1, 0, 0)
    texts = set(passages_of(settings, embedder).values())
    assert "It now speaks of microchips." in texts
    assert not any("pandas" in text for text in texts)
    assert not is_stale(settings, embedder)


def test_a_removed_file_takes_its_passages_along(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    ingest([], settings, embedder)
    (corpus / "two.txt").unlink()
    assert counts(ingest([], settings, embedder)) == (0, 0, 1, 1, 0)
    assert len(passages_of(settings, embedder)) == 1


def test_the_same_files_give_the_same_ids_in_another_home(tmp_path: Path, corpus: Path, embedder: Embedder) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(corpus, moved)
    one, other = (load_settings(home=tmp_path / name, corpus=c) for name, c in (("h1", corpus), ("h2", moved)))
    ingest([], one, embedder)
    ingest([], other, embedder)
    assert passages_of(one, embedder) == passages_of(other, embedder)


def test_what_cannot_be_read_is_refused_and_the_rest_goes_on(
    settings: Settings, corpus: Path, embedder: Embedder
) -> None:
    (corpus / "binary.md").write_bytes(b"\x00\x01\x02" * 100)
    (corpus / "picture.png").write_bytes(b"\x89PNG")
    report = ingest([], settings, embedder)
    assert counts(report) == (2, 0, 0, 0, 2)
    assert {Path(refusal["source"]).name for refusal in report.refused} == {"binary.md", "picture.png"}
    assert len(passages_of(settings, embedder)) == 2


def test_a_file_that_became_unreadable_keeps_what_was_indexed(
    settings: Settings, corpus: Path, embedder: Embedder
) -> None:
    ingest([], settings, embedder)
    before = passages_of(settings, embedder)
    (corpus / "one.md").write_bytes(b"\x00\x01\x02" * 100)
    assert counts(ingest([], settings, embedder)) == (0, 0, 1, 0, 1)
    assert passages_of(settings, embedder) == before


def test_a_missing_path_and_an_empty_folder_are_refused(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    (corpus / "empty").mkdir()
    report = ingest([str(corpus / "nothing.md"), str(corpus / "empty"), str(corpus / "one.md")], settings, embedder)
    assert counts(report) == (1, 0, 0, 0, 2)


def test_a_metadata_file_beside_a_document_is_read(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    (corpus / "two.yaml").write_text("title: Rail\npublisher: Institute\ndate: 2024-05-06\nurl: https://example.org/\n")
    ingest([], settings, embedder)
    library = Library(settings.home, embedder)
    (document,) = [d for d in library.documents.values() if d.name == "two.txt"]
    assert (document.title, document.publisher, document.date) == ("Rail", "Institute", "2024-05-06")


def test_another_model_is_a_clear_error_and_changes_nothing(
    settings: Settings, corpus: Path, embedder: Embedder
) -> None:
    ingest([], settings, embedder)
    before = passages_of(settings, embedder)
    catalog = Catalog(settings.home / "catalog.sqlite")
    made_with = catalog.meta("model_fingerprint") or ""
    catalog.set_meta("model_fingerprint", "0123456789abcdef")
    with pytest.raises(ModelMismatchError, match="ingest --rebuild"):
        ingest([], settings, embedder)
    with pytest.raises(ModelMismatchError, match="ingest --rebuild"):
        Library(settings.home, embedder)
    catalog.set_meta("model_fingerprint", made_with)
    assert passages_of(settings, embedder) == before


def test_rebuild_makes_the_index_anew(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    ingest([], settings, embedder)
    before = passages_of(settings, embedder)
    Catalog(settings.home / "catalog.sqlite").set_meta("model_fingerprint", "0123456789abcdef")
    ingest([], settings, embedder, rebuild=True)
    assert passages_of(settings, embedder) == before


def test_a_second_writer_is_told_so(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    ingest([], settings, embedder)
    with FileLock(settings.home / "write.lock"), pytest.raises(LockedError, match="another process is writing"):
        ingest([], settings, embedder)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HomeError, match="cannot be written"):
        ingest([], load_settings(home=tmp_path / "file" / "home"), embedder)


def test_an_empty_home_says_what_to_run(tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(EmptyIndexError, match="briefdesk ingest"):
        Library(tmp_path, embedder)


def test_a_reader_keeps_its_generation_while_another_is_published(
    settings: Settings, corpus: Path, embedder: Embedder
) -> None:
    ingest([], settings, embedder)
    library = Library(settings.home, embedder)
    before = library.vectors.ids()
    (corpus / "three.md").write_text("# Three\n\nSomething new about hydrogen.\n")
    ingest([], settings, embedder)
    assert library.vectors.ids() == before
    assert len(library.passages_by_id(sorted(before))) == len(before)
    assert len(passages_of(settings, embedder)) == len(before) + 1


@pytest.mark.parametrize("part", ["", "vectors", "lexical"])
def test_a_lost_index_is_found_and_restored_without_embedding(
    settings: Settings, corpus: Path, embedder: Embedder, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest([], settings, embedder)
    before = passages_of(settings, embedder)
    generation = Catalog(settings.home / "catalog.sqlite").generation
    shutil.rmtree(generation_folder(settings.home, generation) / part)
    assert examine(settings.home, embedder, repair=False).mendable
    monkeypatch.setattr(embedder, "embed", lambda *a, **k: pytest.fail("nothing may be embedded again"))
    assert examine(settings.home, embedder, repair=True).mended
    assert examine(settings.home, embedder, repair=False) == Examination()
    assert passages_of(settings, embedder) == before


def test_a_killed_run_leaves_the_old_index(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    ingest([], settings, embedder)
    before = passages_of(settings, embedder)
    for number in range(40):
        (corpus / f"more-{number}.md").write_text(f"# More {number}\n\n" + f"Sentence about topic {number}. " * 60)
    run = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "ingest", str(corpus), "--json", "--home", str(settings.home)],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    catalog = Catalog(settings.home / "catalog.sqlite")
    for _ in range(600):  # until the first documents of the run are in the catalog
        if catalog.db.execute("SELECT count(*) FROM documents").fetchone()[0] > 2 or run.poll() is not None:
            break
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    now = passages_of(settings, embedder)
    assert before.items() <= now.items()
    assert examine(settings.home, embedder, repair=False) == Examination()
    ingest([], settings, embedder)
    assert len({text for text in passages_of(settings, embedder).values() if "topic 39" in text}) > 0


def test_a_home_of_an_older_version_is_brought_up_to_date(settings: Settings, corpus: Path, embedder: Embedder) -> None:
    ingest([], settings, embedder)
    database = sqlite3.connect(settings.home / "catalog.sqlite")
    for column in ("token_vectors", "token_scales", "token_spans"):
        database.execute(f"ALTER TABLE vectors ADD COLUMN {column} BLOB NOT NULL DEFAULT x'00'")
    for column in ("tokens", "lists"):
        database.execute(f"ALTER TABLE documents DROP COLUMN {column}")
    database.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")
    database.commit()
    database.close()
    for folder in settings.home.glob("index/*/columns"):
        shutil.rmtree(folder)
    with pytest.raises(OutdatedHomeError, match="briefdesk ingest"):
        Library(settings.home, embedder)
    assert is_stale(settings, embedder)
    (corpus / "three.md").write_text("A third document.\n")
    assert counts(ingest([], settings, embedder)) == (1, 0, 2, 0, 0)
    assert len(passages_of(settings, embedder)) == 3
