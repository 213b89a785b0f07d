"""What happens around a home: a full disk, one that cannot be written, one that goes away, a clock that is set back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.additions import add
from ingest import pipeline
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import BriefdeskError, HomeError
from rag.settings import load_settings
from rag.store.backup import backups
from rag.store.doctor import examine
from tests.test_cli import run_cli

QUESTION = "Which two mechanisms does the brief call new?"


def mounted(folder: Path, *options: str) -> bool:
    folder.mkdir(exist_ok=True)
    return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    folder = tmp_path / "disk"
    if not mounted(folder, "-t", "tmpfs", "-o", "size=6m", "tmpfs"):
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_and_costs_nothing(small_disk: Path, corpus_home: Path, embedder: Embedder) -> None:
    home = Path(shutil.copytree(corpus_home, small_disk / "home"))
    settings = load_settings(home=home, corpus=small_disk / "none")
    extra = small_disk.parent / "extra.md"
    extra.write_text("# Greenhouse\n\nThe greenhouse in Ghent holds 17 rare orchids.\n")
    filler = small_disk / "filler"
    said: list[str] = []
    for left in range(0, 3_000_000, 150_000):  # the disk is full at one step of the run after the other
        filler.write_bytes(b"x" * max(0, shutil.disk_usage(small_disk).free - left))
        try:
            ingest([str(extra)], settings, embedder)
        except HomeError as error:
            said.append(str(error))
        filler.unlink(missing_ok=True)
        assert not examine(home, embedder, repair=False).findings
        desk = Desk(settings, embedder)
        assert not desk.ask(QUESTION).abstained
        held = desk.library.named("extra.md")
        desk.close()
        if held:
            break
    assert held
    assert len(said) > 5
    assert all("is full; free some space" in one for one in said)


def test_a_home_that_cannot_be_written_still_answers(tmp_path: Path, corpus_home: Path) -> None:
    folder = tmp_path / "disk"
    if not mounted(folder, "-t", "tmpfs", "-o", "size=30m", "tmpfs"):
        pytest.skip("a file system can only be mounted by root")
    try:
        home = Path(shutil.copytree(corpus_home, folder / "home"))
        assert mounted(folder, "-o", "remount,ro")
        done = run_cli("ask", QUESTION, home=home)
        assert "(1)" in done.stdout, done.stderr
        done = run_cli("ingest", str(tmp_path), home=home)
        assert done.returncode == 1
        assert "cannot be written" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_home_deleted_under_it_is_named_and_not_begun_anew(own_home: Path, embedder: Embedder) -> None:
    desk = Desk(load_settings(home=own_home), embedder)
    desk.ask(QUESTION)
    aside = own_home.rename(own_home.parent / "aside")
    with pytest.raises(BriefdeskError, match="briefdesk ingest"):
        desk.ask(QUESTION)
    extra = own_home.parent / "extra.md"
    extra.write_text("A note on orchids.\n")
    assert isinstance(list(add(desk, [extra], []))[-1], BriefdeskError)
    assert not own_home.exists()
    aside.rename(own_home)
    assert not desk.ask(QUESTION).abstained
    desk.close()


def test_a_clock_that_is_set_back_confuses_nothing(
    own_home: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier(datetime):
        back = timedelta()

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) - cls.back

    monkeypatch.setattr(pipeline, "datetime", Earlier)
    settings = load_settings(home=own_home, corpus=own_home.parent / "none")
    extra = own_home.parent / "extra.md"
    for number, days in enumerate((0, 400, 4000)):
        Earlier.back = timedelta(days=days)
        extra.write_text(f"# Greenhouse\n\nThe greenhouse in Ghent holds {number} rare orchids.\n")
        os.utime(extra, (0, 1_000_000_000 - 86400 * days))
        assert ingest([str(extra)], settings, embedder).seconds >= 0
        for one in backups(own_home)[:1]:
            os.utime(one.path, (0, 1_000_000_000 - 86400 * days))
    kept = backups(own_home)
    assert [one.generation for one in kept] == sorted((one.generation for one in kept), reverse=True)
    desk = Desk(settings, embedder)
    assert "2 rare orchids" in desk.ask("How many rare orchids does the greenhouse in Ghent hold?").text
    desk.close()
    assert not examine(own_home, embedder, repair=False).findings
