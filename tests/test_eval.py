"""The harness: the shipped set is sound, and the figures mean what they say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from eval.dataset import DEFAULT_SET, load_set, lost_gold
from eval.evidence import normalised, says
from eval.metrics import summary
from eval.run import run
from rag.chain import Desk
from rag.errors import UsageError
from rag.words import words
from tests.conftest import run_cli

QUESTIONS = load_set(DEFAULT_SET)


def test_the_shipped_set_holds_what_was_promised(desk: Desk) -> None:
    answerable = [q for q in QUESTIONS if q.answerable]
    kinds = Counter(q.kind for q in QUESTIONS)
    assert len(QUESTIONS) >= 80
    assert len(QUESTIONS) - len(answerable) >= 20
    assert kinds["near-miss"] >= 10
    assert kinds["paraphrase"] >= 10
    assert kinds["chinese"] >= 5
    assert lost_gold(QUESTIONS, desk.library.documents) == []
    assert len({q.id for q in QUESTIONS}) == len(QUESTIONS)
    halves = Counter(q.half for q in QUESTIONS)
    assert abs(halves["development"] - halves["test"]) <= len(kinds)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.kind == "paraphrase"], ids=lambda q: q.id)
def test_a_paraphrase_shares_no_content_word_with_its_quotation(question: object) -> None:
    asked = {w.stem for w in words(question.question) if not w.is_stopword}  # type: ignore[attr-defined]
    for gold in question.gold:  # type: ignore[attr-defined]
        assert not asked & {w.stem for w in words(gold.quote) if not w.is_stopword}, gold.quote


def test_key_facts_stand_in_the_gold_quotations_or_beside_them(desk: Desk) -> None:
    texts = {document.name: normalised(document.text) for document in desk.library.documents.values()}
    for question in QUESTIONS:
        for fact in question.facts:
            assert any(says(texts[gold.document], fact) for gold in question.gold), (question.id, fact)


def test_the_development_half_does_not_get_worse(desk: Desk) -> None:
    figures = summary(run(desk, [q for q in QUESTIONS if q.half == "development"]))
    assert figures["answer_right"] >= 0.85
    assert figures["abstention_right"] >= 0.85
    assert figures["false_abstention"] <= 0.1
    assert figures["retrieved_at_10"] >= 0.9


def test_a_right_and_a_wrong_answer_are_told_apart(desk: Desk) -> None:
    question = next(q for q in QUESTIONS if q.question == "How much did China spend on R&D in 2024?")
    hits, _ = desk.search(question.question, 10)
    right = judge(question, desk.ask(question.question), hits)
    assert right.right
    assert right.rank is not None
    wrong = judge(question, desk.ask("Who coordinates ReConnect China?"), hits)
    assert not wrong.right
    abstained = judge(question, desk.ask("How do I bake bread?"), hits)
    assert "abstained" in abstained.wrong
    figures = summary([right, wrong, abstained])
    assert figures["answer_right"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["false_abstention"] == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2"),
        ('{"answerable": true}', "'question' is missing"),
        ('{"question": "Who?", "answerable": true}', "needs 'gold'"),
        ('{"question": "Who?", "answerable": false, "half": "third"}', "half"),
    ],
)
def test_a_bad_line_of_a_set_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"question": "Far away?", "answerable": false}\n' + line + "\n")
    with pytest.raises(UsageError, match=reason):
        load_set(path)


def test_the_command_prints_figures_and_what_went_wrong(corpus_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    gold = {"document": "29-project-reconnect-china.md", "quote": "The coordinator is Bart Dessein"}
    rows = [
        {"question": "Who is the coordinator of ReConnect China?", "gold": [gold], "key_facts": ["Bart Dessein"]},
        {"question": "Who is the coordinator of ReConnect China?", "gold": [gold], "key_facts": ["Nobody At All"]},
        {"question": "How do I bake bread?", "answerable": False},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    done = run_cli("eval", str(path), "--json", home=corpus_home)
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["halves"]["test"]["answer_right"] == 0.5
    assert report["halves"]["test"]["abstention_right"] == 1.0
    assert [wrong["id"] for wrong in report["wrong"]] == ["line-2"]
    text = run_cli("eval", str(path), home=corpus_home).stdout
    assert "answer right, with right evidence" in text
    assert "another sentence was chosen" in text
