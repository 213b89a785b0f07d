"""Receipts: an answer that can be checked later, by others."""

from __future__ import annotations

import json
from pathlib import Path

import docx
import pytest

from app.receipt import check_receipt, receipt, write_receipt
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.settings import load_settings
from tests.conftest import run_cli

QUESTION = "How much did China spend on R&D in 2024?"


def test_a_receipt_holds_all_that_is_needed_and_its_quotations_stand(
    desk: Desk, corpus_home: Path, tmp_path: Path
) -> None:
    answer = desk.ask(QUESTION)
    found = receipt(answer, desk)
    for suffix in (".json", ".md", ".docx"):
        write_receipt(found, tmp_path / f"r{suffix}")
    checked = check_receipt(tmp_path / "r.json", load_settings(home=corpus_home))
    assert [q["state"] for q in checked["quotations"]] == ["stands"] * len(answer.citations)
    assert checked["unchanged"]
    assert checked["same_corpus"]
    markdown = (tmp_path / "r.md").read_text()
    word = "\n".join(paragraph.text for paragraph in docx.Document(str(tmp_path / "r.docx")).paragraphs)
    for text in (markdown, word):
        assert "3,632.68" in text
        assert found["corpus"]["fingerprint"] in text
        assert answer.citations[0].document.name in text.replace("\\", "")


def test_what_does_not_stand_any_more_is_named(embedder: Embedder, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    names = {"stays": "The bridge is 412 metres long.", "moves": "The tower is 90 metres high.",
             "goes": "The tunnel is 12 kilometres long.", "missing": "The dam is 55 metres wide."}  # fmt: skip
    for name, text in names.items():
        (corpus / f"{name}.txt").write_text(text)
    settings = load_settings(home=tmp_path / "home", corpus=corpus)
    ingest([], settings, embedder)
    desk = Desk(settings, embedder)
    asked = ("How long is the bridge?", "How high is the tower?", "How long is the tunnel?", "How wide is the dam?")
    for name, question in zip(names, asked, strict=True):
        write_receipt(receipt(desk.ask(question), desk), tmp_path / f"{name}.json")
    desk.close()
    (corpus / "moves.txt").write_text("A new first line.\n\n" + names["moves"])
    (corpus / "goes.txt").write_text("The tunnel was closed.")
    (corpus / "missing.txt").unlink()
    ingest([], settings, embedder)
    for name, state in zip(names, ("stands", "moved", "gone", "missing"), strict=True):
        found = check_receipt(tmp_path / f"{name}.json", settings)
        assert [q["state"] for q in found["quotations"] if q["document"] == f"{name}.txt"] == [state]
        assert not found["same_corpus"]


def test_the_commands_make_and_check_a_receipt(corpus_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    assert run_cli("ask", QUESTION, "--receipt", str(path), home=corpus_home).returncode == 0
    done = run_cli("verify", str(path), home=corpus_home)
    assert done.returncode == 0
    assert "stands" in done.stdout
    altered = json.loads(path.read_text())
    altered["citations"][0]["quote"] = "China spent nothing."
    path.write_text(json.dumps(altered))
    done = run_cli("verify", str(path), "--json", home=corpus_home)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["quotations"][0]["state"] == "gone"
    assert not found["unchanged"]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"citations": 3}'])
def test_what_is_no_receipt_is_refused(corpus_home: Path, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "r.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match="cannot be checked"):
        check_receipt(path, load_settings(home=corpus_home))


def test_a_receipt_of_another_format_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    done = run_cli("ask", QUESTION, "--receipt", "r.pdf", home=tmp_path)
    assert done.returncode == 2
    assert ".json" in done.stderr


def test_receipts_render_nothing_of_what_they_quote(desk: Desk, tmp_path: Path) -> None:
    found = receipt(desk.ask(QUESTION), desk)
    found["question"] = "![x](https://evil.example/x.png) <b>bold</b>"
    write_receipt(found, tmp_path / "r.md")
    assert "![x]" not in (tmp_path / "r.md").read_text()
