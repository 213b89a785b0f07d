"""Sets that others made, and questions proposed from documents."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import app.drafting
from eval.bench.public import bench_folder
from eval.dataset import load_set, lost_gold, question_of
from eval.draft import drafts, is_certain
from eval.formats import import_set
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.filters import Filter
from rag.generate import LanguageModel
from rag.settings import load_settings
from tests.conftest import run_cli
from tests.llm_server import ScriptedModel

ARTICLE = (
    "The harbour of Lindmoor was built in 1871. It was widened by the engineer Ada Holm. Ships of 200 metres fit in."
)


def squad(path: Path) -> Path:
    answers = [
        {"text": "Ada Holm", "answer_start": ARTICLE.index("Ada Holm")},
        {"text": "the engineer Ada Holm", "answer_start": ARTICLE.index("the engineer")},
    ]
    questions = [
        {"id": "q1", "question": "Who widened the harbour?", "answers": answers},
        {"id": "q2", "question": "Who sank the harbour?", "answers": [], "is_impossible": True},
    ]
    article = {"title": "Lindmoor_harbour", "paragraphs": [{"context": ARTICLE, "qas": questions}]}
    path.write_text(json.dumps({"version": "2", "data": [article]}))
    return path


def beir(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    rows = [
        {"_id": "d/1", "title": "Harbour", "text": ARTICLE},
        {"_id": "d2", "title": "Bread", "text": "Bread is baked of flour."},
    ]
    (folder / "corpus.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q1", "text": "When was the harbour built?"}))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td/1\t1\nq9\td2\t1\n")
    return folder


def measured(target: Path) -> Any:
    home = str(target / "home")
    assert run_cli("ingest", str(target / "documents"), "--home", home).returncode == 0
    done = run_cli("eval", str(target / "set.jsonl"), "--json", "--home", home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_squad_file_becomes_documents_and_a_set(tmp_path: Path) -> None:
    target = tmp_path / "out"
    done = run_cli("eval", "import", str(squad(tmp_path / "dev.json")), str(target))
    assert done.returncode == 0, done.stderr
    assert "1 documents and 2 questions" in done.stdout
    known, impossible = load_set(target / "set.jsonl")
    assert known.facts == (("Ada Holm", "the engineer Ada Holm"),), "any of the answers will do"
    assert known.gold[0].quote == "It was widened by the engineer Ada Holm."
    assert not impossible.answerable
    report = measured(target)
    assert report["halves"]["test"]["retrieved_at_5"] == 1
    assert report["halves"]["test"]["answer_right"] == 1


def test_a_beir_folder_measures_retrieval_alone(tmp_path: Path) -> None:
    found = import_set(beir(tmp_path / "beir"), tmp_path / "out")
    assert (found.documents, found.questions, found.left_out) == (2, 1, 1)
    figures = measured(tmp_path / "out")["halves"]["test"]
    assert figures["ndcg_at_10"] == 1
    assert figures["answer_right"] is None, "there is nothing to hold an answer against"


@pytest.mark.skipif(bench_folder() is None, reason="the public measuring data are not on this machine")
def test_the_public_sets_are_read() -> None:
    import tempfile

    folder = bench_folder()
    assert folder is not None
    with tempfile.TemporaryDirectory() as temporary:
        ranges = import_set(folder / "passages", Path(temporary) / "ranges")
        assert (ranges.documents, ranges.questions) == (5, 472)
        pages = import_set(folder / "filings", Path(temporary) / "pages")
        assert (pages.documents, pages.questions) == (5, 20)
        assert all(
            gold.page for question in load_set(Path(temporary) / "pages" / "set.jsonl") for gold in question.gold
        )


def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="none of the known forms"):
        import_set(tmp_path / "empty", tmp_path / "out")
    broken = tmp_path / "broken.json"
    broken.write_text('{"data": [{"title": 3}]}')
    with pytest.raises(UsageError, match="cannot be read"):
        import_set(broken, tmp_path / "out")
    with pytest.raises(UsageError, match="not empty"):
        import_set(squad(tmp_path / "dev.json"), tmp_path)


def test_drafts_stand_in_their_documents_and_ask_nothing_twice(desk: Desk) -> None:
    found = [question for question, _ in zip(drafts(desk, [], seed=2), range(20), strict=False)]
    assert len({question.question for question in found}) == len(found) >= 12
    assert lost_gold(found, desk.library.documents) == []
    for question in found:
        for fact in question.facts:
            assert fact[0] in question.gold[0].quote
            assert fact[0] not in question.question, "what is asked for is not given away"
    assert any(is_certain(question) for question in found)
    again = [question.question for question, _ in zip(drafts(desk, found[:6], seed=2), range(20), strict=False)]
    assert not {question.question for question in found[:6]} & set(again)
    chengdu = drafts(desk, [], only=Filter(documents=("15-chengdu-the-case.md",)))
    assert {question.gold[0].document for question in chengdu if question.gold} == {"15-chengdu-the-case.md"}


def test_a_model_drafts_and_what_it_invents_is_left_out(corpus_home: Path, embedder: Embedder) -> None:
    model = ScriptedModel()
    turn = 0

    def obey(sent: str) -> str:
        nonlocal turn
        turn += 1
        text = json.loads(sent.partition("\n")[2])["text"]
        quote = text[:40] if turn % 2 else "words that stand nowhere"
        row = {"question": f"What of {turn}?", "answer": "a", "quote": quote, "key_facts": [quote[:5]]}
        return f"Here: {json.dumps(row)}"

    model.obey = obey
    with closing(Desk(load_settings(home=corpus_home, llm="openai:x", llm_base_url=model.url), embedder)) as desk:
        written = drafts(desk, [], model=LanguageModel(desk.settings))
        found = [question for question, _ in zip(written, range(5), strict=False)]
        assert lost_gold(found, desk.library.documents) == []
    model.close()
    assert [question.question for question in found] == [f"What of {n}?" for n in (1, 3, 5, 7, 9)]


def test_what_is_accepted_is_added_to_the_set(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mine.jsonl"
    answers = iter(["a", "s", "e", "q"])
    monkeypatch.setattr(
        app.drafting.click, "prompt", lambda text, **_: next(answers) if "accept" in text else "Edited?"
    )
    app.drafting.review(desk, target, 10, 0, Filter(), ask=True)
    kept = load_set(target)
    assert len(kept) == 2
    assert kept[1].question == "Edited?"


def test_where_nobody_can_be_asked_drafts_are_printed(corpus_home: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.jsonl"
    done = run_cli("eval", "draft", str(target), "--count", "3", home=corpus_home)
    assert done.returncode == 0, done.stderr
    assert len([question_of(json.loads(line), 1) for line in done.stdout.splitlines()]) == 3
    assert not target.exists()


def test_help_names_every_command_of_the_harness() -> None:
    from app.cli import cli

    text = CliRunner().invoke(cli, ["eval", "--help"]).output
    for command in ("run", "report", "compare", "history", "draft", "tune", "import"):
        assert f"\n  {command} " in text


def test_an_index_of_pages_is_measured_by_page(tmp_path: Path, embedder: Embedder) -> None:
    from reportlab.pdfgen import canvas

    source = tmp_path / "pages"
    source.mkdir()
    pdf = canvas.Canvas(str(source / "report.pdf"))
    for text in ("The first page is about bread and flour.", "The harbour of Lindmoor was built in 1871."):
        pdf.drawString(72, 700, text)
        pdf.showPage()
    pdf.save()
    (source / "questions.json").write_text(
        json.dumps([{"question": "When was the harbour built?", "doc": "report", "pages": [1]}])
    )
    import_set(source, tmp_path / "out")
    settings = load_settings(home=tmp_path / "home")
    ingest([str(tmp_path / "out" / "documents")], settings, embedder)
    done = run_cli("eval", str(tmp_path / "out" / "set.jsonl"), "--json", home=tmp_path / "home")
    assert json.loads(done.stdout)["halves"]["test"]["retrieved_at_1"] == 1
