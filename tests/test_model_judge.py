"""A language model as judge: the real ragas, a scripted model, and never unless it agrees with people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eval.model_judge import AGREED, LABELS, METRICS, ModelJudge, labels_by_hand
from eval.runs import load_run
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import ModelError
from rag.generate import LanguageModel
from rag.settings import load_settings
from rag.words import index_terms
from tests.conftest import run_cli
from tests.llm_server import ScriptedModel

pytest.importorskip("ragas")


def overlap(said: str, held: str) -> bool:
    """A judge that counts words: far from a person's judgement, and from yes to everything."""
    wanted = set(index_terms(said))
    return len(wanted & set(index_terms(held))) >= 0.6 * len(wanted)


def judging(says: Callable[[str, str], bool]) -> Callable[[str], str]:
    """Answers what ragas asks, in the form that it asks for."""

    def obey(sent: str) -> str:
        given = json.loads(re.split(r"\ninput:", sent, flags=re.IGNORECASE)[-1].rpartition("}")[0] + "}")
        if "statements" in given:
            verdicts = [
                {"statement": one, "reason": "r", "verdict": int(says(one, given["context"]))}
                for one in given["statements"]
            ]
            return json.dumps({"statements": verdicts})
        if "StatementGeneratorOutput" in sent:
            return json.dumps({"statements": [given["answer"]]})
        if "noncommittal" in sent:
            return json.dumps({"question": given["response"], "noncommittal": 0})
        if "classifications" in sent:
            one = {
                "statement": given["answer"],
                "reason": "r",
                "attributed": int(says(given["answer"], given["context"])),
            }
            return json.dumps({"classifications": [one]})
        return json.dumps({"reason": "r", "verdict": int(says(given["answer"], given["context"]))})

    return obey


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    model = ScriptedModel()
    yield model
    model.close()


def judge(model: ScriptedModel, embedder: Embedder) -> ModelJudge:
    return ModelJudge(LanguageModel(load_settings(llm="openai:x", llm_base_url=model.url)), embedder)


def test_there_are_sixty_labels_half_of_them_bad(desk: Desk) -> None:
    labels = labels_by_hand(desk.library)
    assert len(labels) >= 60
    for metric in METRICS:
        good = [label.good for label in labels if label.metric == metric]
        assert len(good) >= 12
        assert sum(good) * 2 == len(good)
    assert set(LABELS) == set(METRICS)
    assert labels == labels_by_hand(desk.library)


def test_a_judge_is_used_for_what_it_agrees_on(desk: Desk, model: ScriptedModel, embedder: Embedder) -> None:
    model.obey = judging(overlap)
    found = judge(model, embedder)
    found.hold_against(labels_by_hand(desk.library))
    used = {metric for metric, own in found.agreement.items() if own.used}
    assert {"context_precision", "context_recall"} <= used, found.agreement
    assert "faithfulness" not in used, "words alone do not see a changed number or a negation"
    question = next(label for label in labels_by_hand(desk.library) if label.metric == "context_recall")
    answer = desk.ask(question.case["user_input"])
    hits, _ = desk.search(question.case["user_input"], 4)
    from eval.dataset import DEFAULT_SET, load_set

    asked = next(q for q in load_set(DEFAULT_SET) if q.question == question.case["user_input"])
    values = found.values(asked, answer, hits)
    assert set(values) <= {f"judged_{metric}" for metric in used}
    assert values["judged_context_recall"] in (0.0, 1.0)


def test_a_judge_that_says_yes_to_everything_is_not_used(desk: Desk, model: ScriptedModel, embedder: Embedder) -> None:
    model.obey = judging(lambda said, held: True)
    found = judge(model, embedder)
    found.hold_against([label for label in labels_by_hand(desk.library) if label.metric != "answer_relevancy"])
    assert all(own.agreement < AGREED and own.kappa == 0 and not own.used for own in found.agreement.values())


def test_a_judge_that_cannot_answer_in_json_is_said_so(desk: Desk, model: ScriptedModel, embedder: Embedder) -> None:
    model.text = "I would rather not."
    with pytest.raises(ModelError, match="not the JSON it was asked for"):
        judge(model, embedder).hold_against(labels_by_hand(desk.library)[:1])


def test_the_command_reports_the_agreement_first_and_keeps_it(
    own_home: Path, model: ScriptedModel, tmp_path: Path
) -> None:
    model.obey = judging(overlap)
    gold: dict[str, Any] = {"document": "29-project-reconnect-china.md", "quote": "The coordinator is Bart Dessein"}
    row = {
        "question": "Who is the coordinator of ReConnect China?",
        "gold": [gold],
        "key_facts": ["Dessein"],
        "reference": "Bart Dessein",
    }
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(row))
    served = {"BRIEFDESK_LLM_BASE_URL": model.url}
    done = run_cli("eval", str(path), "--judge", "openai:x", home=own_home, env=served)
    assert done.returncode == 0, done.stderr
    assert "The judge openai:x agrees with labels given by hand on: faithfulness" in done.stdout
    assert "not used: it disagrees too often" in done.stdout
    assert "context recall, as it judges" in done.stdout
    assert "faithfulness, as a language model judges" not in done.stdout
    assert load_run(own_home, "last").report["judge"]["agreement"]["faithfulness"]["used"] is False
    asked = len(model.requests)
    assert run_cli("eval", str(path), "--judge", "openai:x", home=own_home, env=served).returncode == 0
    assert len(model.requests) - asked < 20, "the labels are not judged again"
    with closing(Desk(load_settings(home=own_home))) as desk:
        assert desk.mode == "extractive", "the judge answers nothing"
