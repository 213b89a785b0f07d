"""The harness: the shipped set is sound, and the figures mean what they say."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.attribution import attribution
from eval.dataset import DEFAULT_SET, Gold, Question, load_set, lost_gold
from eval.diagnose import diagnose
from eval.evidence import holds, normalised, places, rank_of, says
from eval.figures import kept
from eval.metrics import Outcome, Response, measure, summary
from eval.ranking import ranking_figures
from eval.run import outcome_of
from eval.similarity import rouge_l, token_f1, tokens
from eval.statistics import area_under, holm, interval, paired, risk_coverage, share_interval
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import UsageError
from rag.settings import load_settings
from rag.types import Document
from rag.words import words
from tests.conftest import CHECKOUT
from tests.llm_server import ScriptedModel

QUESTIONS = load_set(DEFAULT_SET)


def test_the_shipped_set_holds_what_was_promised(desk: Desk) -> None:
    kinds = Counter(q.kind for q in QUESTIONS)
    assert len(QUESTIONS) >= 200
    for kind in (
        "fact list definition comparison several-documents follow-up date conflict chinese paraphrase far near-miss "
        "false-premise injection"
    ).split():
        assert kinds[kind] >= 6, kind
    assert sum(not q.answerable for q in QUESTIONS) >= 20
    assert sum(bool(q.ways) for q in QUESTIONS) >= 30
    assert lost_gold(QUESTIONS, desk.library.documents) == []
    halves = Counter(q.half for q in QUESTIONS)
    assert set(halves) == {"development", "test"}
    for kind in kinds:
        of_kind = Counter(q.half for q in QUESTIONS if q.kind == kind)
        assert min(of_kind["development"], of_kind["test"]) * 2 >= max(of_kind.values()), kind


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


def test_the_development_half_does_not_get_worse() -> None:
    # That what is kept is what is measured, test_readme.py asks all questions to see.
    figures, kinds = kept()["answers"]["development"], kept()["kinds"]["development"]
    assert figures["answer_right"] >= 0.86
    assert figures["abstention_right"] >= 0.93
    # Paraphrases that share no word with the text: what it costs that false premises below are left unanswered.
    assert figures["false_abstention"] <= 0.09
    assert figures["retrieved_at_10"] >= 0.92
    natural = kept()["natural"]["development"]
    assert natural["answer_right"] >= 0.7
    assert natural["abstention_right"] >= 0.8
    assert kinds["far"]["right"] == 1
    assert kinds["near-miss"]["right"] >= 0.88
    in_one_place = [kinds[name] for name in ("fact", "list", "definition", "date", "follow-up", "who-says")]
    asked = sum(kind["questions"] for kind in in_one_place)
    assert sum(kind["right"] * kind["questions"] for kind in in_one_place) >= 0.95 * asked


def outcome(desk: Desk, question: Question, instead: str = "", **settings: Any) -> Outcome:
    """How a question goes; with `instead` the answer to another one is held against it."""
    other = Desk(desk.settings.model_copy(update=settings), desk.embedder) if settings else desk
    if not instead:
        return outcome_of(other, question)
    hits, _ = other.search(question.question, 12)
    answer = other.ask(instead)
    stage, evidence = diagnose(other, question, answer, hits)
    values = measure(question, Response(answer, hits), other.judge)
    return Outcome(question, answer, rank_of(question, hits), values, stage, evidence)


SPENT = next(q for q in QUESTIONS if q.question == "How much did China spend on R&D in 2024?")


def test_a_right_and_a_wrong_answer_are_told_apart(desk: Desk) -> None:
    right = outcome(desk, SPENT)
    wrong = outcome(desk, SPENT, "Who coordinates ReConnect China?")
    abstained = outcome(desk, SPENT, "How do I bake bread?")
    assert (right.stage, wrong.stage, abstained.stage) == ("", "not selected", "wrongly abstained")
    assert right.values["token_f1"] > wrong.values["token_f1"] >= abstained.values["token_f1"] == 0
    assert right.values["similarity"] > wrong.values["similarity"] > abstained.values["similarity"] == 0
    named = [
        replace(one, question=SPENT.model_copy(update={"id": str(n)}))
        for n, one in enumerate([right, wrong, abstained])
    ]
    figures = summary(named)
    assert figures["answer_right"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["false_abstention"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["abstention_precision"] == 0


def altered(**changes: Any) -> Question:
    return SPENT.model_copy(update=changes)


@pytest.mark.parametrize(
    ("question", "settings", "stage", "shown"),
    [
        (
            altered(gold=(Gold(document="elsewhere.pdf", quote="x"),), key_facts=("3,999",)),
            {},
            "not in the corpus",
            "elsewhere.pdf",
        ),
        (
            altered(
                gold=(Gold(document=SPENT.gold[0].document, quote="China spent 3,632.69 billion yuan on researching"),),
                key_facts=("3,632.69",),
            ),
            {},
            "lost in parsing",
            "3,632.68 billion yuan",
        ),
        (
            altered(
                gold=(
                    Gold(
                        document="brief-24-executive-summary.txt",
                        quote=(CHECKOUT / "corpus" / "brief-24-executive-summary.txt").read_text(encoding="utf-8"),
                    ),
                ),
                key_facts=("nothing says this",),
            ),
            {},
            "lost in chunking",
            "no passage",
        ),
        (altered(question="Which vaccine protects against measles?"), {}, "not retrieved", "not among the first"),
        (
            next(q for q in QUESTIONS if q.id == "paraphrase-15").model_copy(
                update={"key_facts": ("funded by Horizon",)}
            ),
            {"k": 1},
            "ranked too low",
            "gold at rank",
        ),
        (altered(key_facts=("3,999",)), {}, "not selected", "not said: 3,999"),
        (SPENT, {"min_confidence": 1.0}, "wrongly abstained", "needed 1.00"),
        (
            next(q for q in QUESTIONS if q.id == "far-01").model_copy(update={"question": "What is Horizon Europe?"}),
            {},
            "wrongly answered",
            "said: Horizon Europe",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else None,
)
def test_a_failure_is_put_down_to_its_stage(
    desk: Desk, question: Question, settings: dict[str, Any], stage: str, shown: str
) -> None:
    found = outcome(desk, question, **settings)
    assert found.stage == stage, found.evidence
    assert shown in found.evidence


def test_right_words_on_wrong_evidence_are_wrongly_cited(desk: Desk) -> None:
    question = altered(
        gold=(Gold(document="29-project-reconnect-china.md", quote="The coordinator is Bart Dessein"),),
        key_facts=(("billion yuan",),),
        kind="fact",
    )
    answer = desk.ask(SPENT.question)
    elsewhere = desk.ask("Who is the coordinator of ReConnect China?").citations[0]
    answer = replace(answer, citations=(replace(elsewhere, quote="nothing", number=1),), differences=())
    hits, _ = desk.search("Who is the coordinator of ReConnect China?", 12)
    question = question.model_copy(
        update={"gold": (Gold(document="29-project-reconnect-china.md", quote="It was planned to last four years"),)}
    )
    stage, evidence = diagnose(desk, question, answer, hits)
    assert stage == "wrongly cited"
    assert "29-project-reconnect-china.md" in evidence


def test_a_model_that_says_something_else_generated_wrongly(corpus_home: Path, embedder: Embedder) -> None:
    model = ScriptedModel("Basic research received 250.09 billion yuan in 2024. [1]")
    desk = Desk(load_settings(home=corpus_home, llm="openai:x", llm_base_url=model.url), embedder)
    found = outcome_of(desk, SPENT)
    model.close()
    assert found.stage == "wrongly generated"
    assert found.right_if_answered is None, "a model has no confidence of its own"


def test_gold_is_found_across_line_breaks_and_typographic_signs() -> None:
    text = "It is “the city’s\nlargest” plan,\n\nand no other."
    document = Document("id", "source", "a.md", "title", text, pages=((0, 20), (20, len(text))))
    quote = Gold(document="a.md", quote='"the city\'s largest" plan')
    assert [text[a:b] for a, b in places(document, quote)] == ["“the city’s\nlargest” plan"]
    assert holds(document, 0, 20, quote)
    assert not holds(document, 30, len(text), quote)
    assert places(document, Gold(document="a.md", page=2)) == ((20, len(text)),)
    assert holds(document, 5, 9, Gold(document="a.md"))
    assert not places(document, Gold(document="b.md", quote="plan"))


def test_ranking_counts_quotations_however_passages_are_cut(desk: Desk) -> None:
    """Values by hand: two quotations, the first in the second passage, the other nowhere."""
    hits, _ = desk.search("Who coordinates ReConnect China?", 3)
    text = hits[1].passage.text
    question = altered(
        gold=(
            Gold(document=hits[1].document.name, quote=text[: len(text) // 2]),
            Gold(document=hits[1].document.name, quote="It is not there"),
        )
    )
    found = ranking_figures(question, [hits[0], hits[1]])
    assert found["recall_at_10"] == 0.5
    assert found["precision_at_5"] == pytest.approx(0.2)
    assert found["mrr"] == 0.5
    ideal = 1 + 1 / math.log2(3)
    assert found["ndcg_at_10"] == pytest.approx((1 / math.log2(3)) / ideal, abs=1e-4)
    assert ranking_figures(question, [])["mrr"] == 0


def test_likeness_to_the_reference_by_hand() -> None:
    reference, said = "Enterprises spent much money", "money was spent by enterprises"
    assert tokens(reference) == ["enterpris", "spend", "money"]
    assert token_f1(reference, said) == 1.0
    assert rouge_l(reference, said) == pytest.approx(2 / 6), "one word in order, of three and three"
    assert token_f1("成都", "成都") == 1.0
    assert token_f1(reference, "") == 0.0


def test_citations_are_judged_as_in_alce(desk: Desk) -> None:
    answer = desk.ask("Who is the coordinator of ReConnect China?")
    assert attribution(answer, desk.judge) == (1.0, 1.0)
    other = desk.ask("How much did China spend on R&D in 2024?").citations[0]
    first = answer.sentences[0]
    needless = replace(
        answer,
        sentences=(replace(first, citations=(1, 9)),),
        citations=(answer.citations[0], replace(other, number=9)),
    )
    assert attribution(needless, desk.judge) == (1.0, 0.5), "the second citation is not needed"
    unsupported = replace(needless, sentences=(replace(first, citations=(9,)),))
    assert attribution(unsupported, desk.judge) == (0.0, 0.0)
    assert attribution(replace(answer, sentences=(replace(first, citations=()),)), desk.judge)[0] == 0.0


def test_the_same_question_in_other_words_gets_the_same_answer_or_not(desk: Desk) -> None:
    same = altered(ways=("How high was China's expenditure on R&D in 2024?",))
    other = altered(ways=("Who coordinates ReConnect China?", "How do I bake bread?"))
    assert outcome_of(desk, same).values["consistency"] == 1
    assert outcome_of(desk, other).values["consistency"] == 0


def test_intervals_and_tests_know_chance_from_change() -> None:
    low, high = interval([0.0] * 50 + [1.0] * 50) or (0, 0)
    assert 0.38 < low < 0.45
    assert 0.55 < high < 0.62
    certain = share_interval([1.0] * 20)
    assert certain is not None
    assert 0.8 < certain[0] < 0.9, "all right of twenty does not mean always right"
    before = {str(n): float(n % 2) for n in range(60)}
    better = dict.fromkeys(before, 1.0)
    change = paired(before, better)
    assert change is not None
    assert (change.before, change.after, change.count) == (0.5, 1.0, 60)
    assert change.p < 0.001
    same = paired(before, before)
    assert same is not None
    assert same.p == 1.0
    adjusted = holm({"a": replace(change, p=0.02), "b": replace(change, p=0.03), "c": replace(change, p=0.6)})
    assert [round(one.p_adjusted, 3) for one in adjusted.values()] == [0.06, 0.06, 0.6]
    assert paired({"a": 1.0}, {"b": 1.0}) is None


def test_risk_falls_where_the_confidence_is_worth_something() -> None:
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0])
    assert curve == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
    assert area_under(curve) == pytest.approx((1 / 3 + 0.5) / 4)
    assert risk_coverage([0.5, 0.5], [1, 0]) == [(1.0, 0.5)], "as sure as one another: both or none"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2"),
        ('{"answerable": true}', "'question' is missing"),
        ('{"question": "Who?", "answerable": "no"}', "'answerable': Input should be a valid boolean"),
        ('{"question": "Who?", "answerable": false, "keyfacts": []}', "'keyfacts' is no field"),
        ('{"question": "Who?", "answerable": false, "key_facts": ["a"]}', "neither"),
        ('{"question": "Who?", "gold": [{"document": "a.md", "quote": "b", "page": 1}]}', "not both"),
        ('{"question": "Who?", "answerable": false, "id": "line-1"}', "was used before"),
        ('{"question": "Who?", "answerable": true}', "needs 'gold'"),
        ('{"question": "Who?", "answerable": false, "half": "third"}', "half"),
    ],
)
def test_a_bad_line_of_a_set_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"question": "Far away?", "answerable": false}\n' + line + "\n")
    with pytest.raises(UsageError, match=reason):
        load_set(path)
