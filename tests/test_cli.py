"""The commands as a user runs them: their JSON, their exit status, one clear sentence for each mistake."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from rag.store.catalog import Catalog
from tests.conftest import CHECKOUT, run_cli
from tests.test_load import make_pdf

STAGES = {"understand", "retrieve", "answer", "verify", "total"}


@pytest.fixture
def home(corpus_home: Path, tmp_path: Path) -> Path:
    """A copy of the index that a test may spoil."""
    copy = tmp_path / "home"
    shutil.copytree(corpus_home, copy)
    return copy


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom app.cli import cli\ncli.main(['--help'], standalone_mode=False)\n"
        "heavy = {'torch', 'gradio', 'chromadb', 'langchain', 'transformers', 'pydantic', 'rich', 'numpy'}\n"
        "sys.exit(str(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, timeout=60)
    assert done.returncode == 0, done.stderr
    for command in ("serve", "ingest", "ask", "search", "eval", "status", "doctor"):
        assert command in done.stdout


def test_ask_json_has_the_promised_form(corpus_home: Path) -> None:
    done = run_cli("ask", "How much did China spend on R&D in 2024?", "--json", home=corpus_home)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) >= {
        "question", "answer", "abstained", "sentences", "citations", "mode", "warnings", "timings_ms"
    }  # fmt: skip
    assert set(answer["timings_ms"]) == STAGES
    assert answer["abstained"] is False
    citation = answer["citations"][0]
    assert set(citation) == {"n", "document", "title", "publisher", "date", "url", "page", "start", "end", "quote"}
    file = next((CHECKOUT / "corpus").rglob(citation["document"]))
    assert file.read_text(encoding="utf-8")[citation["start"] : citation["end"]] == citation["quote"]
    assert {n for s in answer["sentences"] for n in s["citations"]} == {c["n"] for c in answer["citations"]}


def test_ask_batch_answers_in_order_and_marks_bad_lines(corpus_home: Path, tmp_path: Path) -> None:
    batch = tmp_path / "questions.jsonl"
    batch.write_text(
        '{"question": "Who coordinates ReConnect China?"}\nnot json\n{"question": ""}\n'
        '{"question": "How do I bake bread?"}\n'
    )
    done = run_cli("ask", "--batch", str(batch), "--json", home=corpus_home)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert len(lines) == 4
    assert "Ghent" in lines[0]["answer"]
    assert "line 2" in lines[1]["error"]
    assert "empty" in lines[2]["error"]
    assert lines[3]["abstained"] is True


def test_search_json_has_the_promised_form(corpus_home: Path) -> None:
    done = run_cli("search", "Which mechanisms are new?", "-k", "3", "--json", home=corpus_home)
    found = json.loads(done.stdout)
    assert set(found["timings_ms"]) == {"embed", "dense", "lexical", "fuse", "total"}
    assert len(found["hits"]) == 3
    assert set(found["hits"][0]) == {"document", "title", "page", "start", "end", "text", "score"}
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_ask_and_search_in_the_terminal_name_their_sources(corpus_home: Path) -> None:
    text = run_cli("ask", "Which mechanisms are new?", home=corpus_home).stdout
    assert "Sources:" in text
    assert "characters" in text
    assert "differentiated development paths" in run_cli("search", "Which mechanisms are new?", home=corpus_home).stdout


def test_ingest_json_and_refusals(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\nA document about tea in Chengdu.\n")
    (folder / "binary.md").write_bytes(b"\x00\x01" * 50)
    (folder / "locked.pdf").write_bytes(make_pdf("secret", password="pw"))
    home = tmp_path / "home"
    done = run_cli("ingest", str(folder), "--json", home=home)
    report = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert set(report) == {
        "documents", "passages", "tokens", "added", "changed", "unchanged", "removed", "refused", "seconds", "stages_s"
    }  # fmt: skip
    assert set(report["stages_s"]) == {"load", "chunk", "embed", "store"}
    assert (report["documents"], report["added"]) == (1, 1)
    reasons = {Path(refusal["source"]).name: refusal["reason"] for refusal in report["refused"]}
    assert "null bytes" in reasons["binary.md"]
    assert "encrypted" in reasons["locked.pdf"]
    done = run_cli("ingest", str(folder), home=home)
    assert done.returncode == 1
    assert "unchanged" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_status_and_doctor(corpus_home: Path) -> None:
    found = json.loads(run_cli("status", "--json", home=corpus_home).stdout)
    assert found["model"] == "all-MiniLM-L6-v2"
    assert len(found["documents"]) >= 25
    done = run_cli("doctor", home=corpus_home)
    assert done.returncode == 0
    assert "in order" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["ask", ""], 2, "the question is empty"),
        (["ask", "x" * 10_000], 2, "10,000 characters"),
        (["ask"], 2, "name either"),
        (["ask", "--batch", "nothing.jsonl"], 2, "cannot be read"),
        (["ask", "--batch", "corpus"], 2, "cannot be read"),
        (["ask", "What?", "--llm", "gpt"], 2, "provider:model"),
        (["ingest", "no/such/file.md"], 1, "no such file"),
        (["eval", "nothing.jsonl"], 2, "cannot be read"),
        (["nonsense"], 2, "No such command"),
        (["search", "What?", "-k", "0"], 2, "-k"),
    ],
)
def test_a_mistake_gets_one_sentence_and_its_status(
    home: Path, arguments: list[str], status: int, sentence: str
) -> None:
    before = Catalog(home / "catalog.sqlite").generation
    done = run_cli(*arguments, home=None if arguments == ["nonsense"] else home)
    output = done.stdout + done.stderr
    assert done.returncode == status, output
    assert sentence in output
    assert "Traceback" not in output
    assert Catalog(home / "catalog.sqlite").generation == before


def test_an_index_of_another_model_is_not_opened(home: Path) -> None:
    Catalog(home / "catalog.sqlite").set_meta("model_fingerprint", "0123456789abcdef")
    for command in (["ask", "What is NPF?"], ["ingest"]):
        done = run_cli(*command, home=home)
        assert done.returncode == 1
        assert "--rebuild" in done.stderr


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run_cli("ingest", home=tmp_path / "file" / "home")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_nothing_indexed_names_the_command(tmp_path: Path) -> None:
    done = run_cli("ask", "What is NPF?", home=tmp_path / "home")
    assert done.returncode == 1
    assert "briefdesk ingest" in done.stderr


def test_a_second_writer_is_told_so(home: Path) -> None:
    with FileLock(home / "write.lock"):
        done = run_cli("ingest", home=home)
    assert done.returncode == 1
    assert "another process is writing" in done.stderr


def test_a_port_that_is_taken_is_named_at_once(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_cli("serve", "--port", str(taken.getsockname()[1]), home=home)
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
