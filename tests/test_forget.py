"""`briefdesk forget` leaves no trace, `backup` and `restore` lose none, and an older home is brought along."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from app.accounts import USERS, Accounts
from app.feedback import add_feedback, add_question
from app.record import record
from ingest.forget import forget
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import EmptyIndexError, UsageError
from rag.settings import load_settings
from rag.store.archive import restore_archive, write_archive
from rag.store.doctor import examine
from tests.conftest import run_cli

CANARY = "quetzalcoatlus"
SENTENCE = f"The {CANARY} foundation paid 4711 euros to the greenhouse in Ghent in 2025."
ORCHIDS = "How much did the foundation pay to the greenhouse in Ghent?"


def traces(home: Path, *words: str) -> list[str]:
    """Files of the home that hold one of the words, in any case or as UTF-16."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file():
            data = path.read_bytes().lower()
            for word in words:
                if word.lower().encode() in data or word.encode("utf-16-le") in path.read_bytes():
                    found.append(f"{path.relative_to(home)}: {word}")
    return found


def test_a_forgotten_document_leaves_no_trace(own_home: Path, embedder: Embedder) -> None:
    settings = load_settings(home=own_home, corpus=own_home.parent / "none")
    uploads = own_home / "uploads"
    uploads.mkdir()
    document = uploads / f"{CANARY}-report.md"
    document.write_text(f"# The {CANARY} report\n\n{SENTENCE}\n")
    ingest([str(document)], settings, embedder)
    document.write_text(f"# The {CANARY} report\n\n{SENTENCE}\n\nIt was {CANARY} again.\n")
    ingest([str(document)], settings, embedder)
    kept = document.read_bytes()
    document.write_bytes(b"")
    assert ingest([str(uploads)], settings, embedder).refused  # stands in the report of a run, by its name
    document.write_bytes(kept)
    desk = Desk(settings, embedder)
    answer = desk.ask(ORCHIDS)
    assert "4711" in answer.text
    add_feedback(own_home, {"record": record(answer), "good": True})
    gold = {"document": document.name, "quote": SENTENCE}
    add_question(desk, {"question": ORCHIDS, "answer": "4711 euros", "gold": [gold]})
    desk.close()
    rows = own_home.parent / "set.jsonl"
    rows.write_text((own_home / "eval-set.jsonl").read_text())
    done = run_cli("eval", str(rows), home=own_home)
    assert done.returncode == 0, done.stderr
    (own_home / "logs").mkdir(exist_ok=True)
    with (own_home / "logs" / "briefdesk.log").open("a") as log:
        log.write(json.dumps({"message": f"refused {document}: it is empty"}) + "\n")
    assert len({line.split("/")[0].split(":")[0] for line in traces(own_home, CANARY)}) >= 6, "it was everywhere"
    reader = Desk(settings, embedder)  # a page that is open meanwhile

    found = forget(settings, embedder, document.name)
    assert found.sources == (str(document),)
    assert found.records >= 3
    assert found.left == ()
    assert traces(own_home, CANARY, "4711 euros", ORCHIDS) == []
    assert reader.library.named(document.name) is None
    assert "4711" not in reader.ask(ORCHIDS).text
    reader.close()
    assert traces(own_home, CANARY) == []
    assert not examine(own_home, embedder, repair=False).findings
    with pytest.raises(UsageError, match="no document"):
        forget(settings, embedder, document.name)


def test_a_file_outside_the_home_is_named_and_left(own_home: Path, embedder: Embedder) -> None:
    outside = own_home.parent / f"{CANARY}.md"
    outside.write_text(SENTENCE)
    ingest([str(outside)], load_settings(home=own_home), embedder)
    done = run_cli("forget", f"{CANARY}.md", home=own_home)
    assert done.returncode == 0, done.stderr
    assert "lies outside the home" in done.stdout
    assert outside.exists()
    assert traces(own_home, CANARY) == []


def test_the_last_document_can_be_forgotten(tmp_path: Path, embedder: Embedder) -> None:
    settings = load_settings(home=tmp_path / "home", corpus=tmp_path / "none")
    (tmp_path / "only.md").write_text(SENTENCE)
    ingest([str(tmp_path / "only.md")], settings, embedder)
    forget(settings, embedder, "only.md")
    assert traces(settings.home, CANARY) == []
    with pytest.raises(EmptyIndexError):
        Desk(settings, embedder)


def test_a_home_goes_into_a_file_and_comes_back_elsewhere(own_home: Path, tmp_path: Path, embedder: Embedder) -> None:
    settings = load_settings(home=own_home, corpus=tmp_path / "none")
    (own_home / "uploads").mkdir()
    (own_home / "uploads" / "report.md").write_text(SENTENCE)
    ingest([str(own_home / "uploads" / "report.md")], settings, embedder)
    Accounts(own_home / USERS).put("anna", "a long enough password", "editor")
    archive = tmp_path / "home.tar.gz"
    write_archive(own_home, archive)
    assert archive.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("home.tar*")) == ["home.tar.gz"]
    moved = tmp_path / "elsewhere"
    assert restore_archive(moved, archive, embedder, None, force=False) == 33
    assert Accounts(moved / USERS).check("anna", "a long enough password")
    desk = Desk(load_settings(home=moved), embedder)
    assert "4711" in desk.ask(ORCHIDS).text
    listing = desk.library.listings[desk.library.named("report.md") or ""]
    assert Path(listing.source) == (moved / "uploads" / "report.md").resolve()
    desk.close()
    assert not examine(moved, embedder, repair=False).findings
    with pytest.raises(UsageError, match="--force"):
        restore_archive(moved, archive, embedder, None, force=False)
    assert restore_archive(moved, archive, embedder, None, force=True) == 33
    assert list((moved / "damaged").rglob("catalog.sqlite"))


def test_what_is_no_backup_is_refused_and_changes_nothing(own_home: Path, tmp_path: Path, embedder: Embedder) -> None:
    before = (own_home / "catalog.sqlite").read_bytes()
    (tmp_path / "not.tar.gz").write_bytes(b"no archive")
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "about.json").write_text("{}")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as evil:
        evil.add(tmp_path / "evil" / "about.json", "../../outside.json")
        evil.add(tmp_path / "evil" / "about.json", "/tmp/outside.json")
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz") as empty:
        empty.add(tmp_path / "evil" / "about.json", "about.json")
    for name in ("not", "evil", "empty"):
        with pytest.raises(UsageError, match="no backup that can be read"):
            restore_archive(own_home, tmp_path / f"{name}.tar.gz", embedder, None, force=True)
    assert (own_home / "catalog.sqlite").read_bytes() == before
    assert not (tmp_path / "outside.json").exists()
    assert "no index" in run_cli("backup", str(tmp_path / "x.tar.gz"), home=tmp_path / "nothing").stderr


OLDER = Path(__file__).parent / "data" / "homes"


@pytest.mark.parametrize("name", sorted(path.name for path in OLDER.iterdir()))
def test_a_kept_older_home_is_brought_along(name: str, tmp_path: Path, embedder: Embedder) -> None:
    """Homes that earlier versions made, each kept as it was; docs/operate.md says how one is added."""
    home = Path(shutil.copytree(OLDER / name, tmp_path / "home"))
    document = tmp_path / "new.md"
    document.write_text(SENTENCE)
    done = run_cli("ingest", str(document), home=home)
    assert done.returncode == 0, done.stderr
    assert not examine(home, embedder, repair=False).findings
    desk = Desk(load_settings(home=home), embedder)
    assert "3 pandas" in desk.ask("How many pandas does the reserve in Chengdu count?").text
    assert "4711" in desk.ask(ORCHIDS).text
    desk.close()
