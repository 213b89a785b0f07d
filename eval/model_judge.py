"""Figures that a language model judges, through `ragas` (an extra), and how far that model agrees with people.

A judge is first held against labels given by hand: sentences that a passage does or does not say (`claims.jsonl`),
answers that are right or off topic (`grades.jsonl`), passages that hold the gold of a question or do not. For a metric
on which it disagrees it is not used.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any

from eval.claims import load_pairs
from eval.dataset import DEFAULT_SET, Question, load_set
from eval.grade import evidence_of, load_grades
from rag.chain import Desk
from rag.embedding import Embedder
from rag.errors import ModelError, UsageError
from rag.generate import LanguageModel
from rag.store.library import Library
from rag.store.runs import add_run, stored_runs
from rag.types import Answer, Hit

METRICS = ("faithfulness", "answer_relevancy", "context_precision", "context_recall")
LABELS = {
    "faithfulness": 32,
    "answer_relevancy": 24,
    "context_precision": 16,
    "context_recall": 16,
}  # half of them wrong
AGREED, KAPPA = 0.8, 0.6  # share of labels met, and Cohen's kappa, that a metric needs to be used
_ASKED = "Reply with one JSON object that fits this JSON schema, and nothing else:\n{}"
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of one case: good or not. `case` is what the metric is given."""

    metric: str
    case: Mapping[str, Any]
    good: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the judge agrees with people on one metric."""

    labels: int
    agreement: float
    kappa: float

    @property
    def used(self) -> bool:
        return self.agreement >= AGREED and self.kappa >= KAPPA

    def as_json(self) -> dict[str, Any]:
        return {"labels": self.labels, "agreement": self.agreement, "kappa": self.kappa, "used": self.used}


class ModelJudge:
    """A language model that judges answers. Safe to share between threads.

    Raises UsageError when `ragas` is missing.
    """

    def __init__(self, model: LanguageModel, embedder: Embedder) -> None:
        try:
            import ragas  # noqa: F401 - a missing extra is told here, before anything is asked
        except ImportError as error:
            raise UsageError(
                f"--judge needs the extra `judge` ({error}); install it with: pip install 'briefdesk[judge]'"
            ) from error
        self.name = model.name
        self._model, self._embedder = model, embedder
        self.agreement: dict[str, Agreement] = {}

    def hold_against(self, labels: Sequence[Label], progress: Callable[[], None] = lambda: None) -> None:
        """Measures the agreement with `labels`. Raises ModelError when the model does not answer."""
        from sklearn.metrics import cohen_kappa_score

        found: dict[str, list[tuple[bool, bool]]] = {}
        for label in labels:
            found.setdefault(label.metric, []).append((label.good, self._score(label.metric, label.case) >= 0.5))
            progress()
        for metric, pairs in found.items():
            share = sum(good == judged for good, judged in pairs) / len(pairs)
            kappa = cohen_kappa_score([good for good, _ in pairs], [judged for _, judged in pairs])
            self.agreement[metric] = Agreement(
                len(pairs), round(share, 4), round(0.0 if math.isnan(kappa) else kappa, 4)
            )

    def values(self, question: Question, answer: Answer, hits: Sequence[Hit]) -> dict[str, float]:
        """The value of each metric that the judge may be used for and that applies. Raises ModelError."""
        if answer.abstained or not question.answerable or not question.reference or not hits:
            return {}
        contexts = [hit.passage.text for hit in hits]
        cited = [citation.line for citation in answer.citations] or contexts
        cases: dict[str, dict[str, Any]] = {
            "faithfulness": {"response": answer.text, "retrieved_contexts": cited},
            "answer_relevancy": {"response": answer.text},
            "context_precision": {"reference": question.reference, "retrieved_contexts": contexts},
            "context_recall": {"reference": question.reference, "retrieved_contexts": contexts},
        }
        asked = answer.understood or question.question
        scores = {
            metric: self._score(metric, {"user_input": asked, **cases[metric]})
            for metric in METRICS
            if metric in self.agreement and self.agreement[metric].used
        }
        return {f"judged_{metric}": score for metric, score in scores.items() if not math.isnan(score)}

    def _score(self, metric: str, case: Mapping[str, Any]) -> float:
        # In a thread of its own: ragas starts an event loop, and whoever calls may have one running.
        with ThreadPoolExecutor(1) as alone:
            return float(alone.submit(self._metrics[metric].score, **case).result().value)

    @cached_property
    def _metrics(self) -> dict[str, Any]:
        from ragas.metrics.collections import (
            AnswerRelevancy,
            ContextPrecisionWithReference,
            ContextRecall,
            Faithfulness,
        )

        llm, embeddings = _as_ragas(self._model, self._embedder)
        return {
            "faithfulness": Faithfulness(llm=llm),
            "answer_relevancy": AnswerRelevancy(llm=llm, embeddings=embeddings, strictness=1),
            "context_precision": ContextPrecisionWithReference(llm=llm),
            "context_recall": ContextRecall(llm=llm),
        }


def _as_ragas(model: LanguageModel, embedder: Embedder) -> tuple[Any, Any]:
    """The model and the embedder as ragas wants them: any LangChain provider, and vectors made here."""
    from pydantic import ValidationError
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.llms.base import InstructorBaseRagasLLM

    class Llm(InstructorBaseRagasLLM):  # type: ignore[misc]
        def generate(self, prompt: str, response_model: Any) -> Any:
            system = _ASKED.format(json.dumps(response_model.model_json_schema()))
            for _ in range(_ATTEMPTS):
                reply = model.reply(system, prompt)
                try:
                    return response_model.model_validate_json(reply[reply.find("{") : reply.rfind("}") + 1])
                except ValidationError:
                    continue
            raise ModelError("the judge's reply is not the JSON it was asked for; another model may do")

        async def agenerate(self, prompt: str, response_model: Any) -> Any:
            return self.generate(prompt, response_model)

    class Vectors(BaseRagasEmbedding):  # type: ignore[misc]
        def embed_text(self, text: str, **_: Any) -> list[float]:
            return [float(value) for value in embedder.embed_query(text).vector]

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return self.embed_text(text)

    return Llm(), Vectors()


def labels_by_hand(library: Library, seed: int = 0) -> list[Label]:
    """Labels for each metric, as many good as not, drawn by `seed` from the development halves.

    Those of passages need the shipped corpus in `library`; where it is not, they are left out.
    """
    dice = random.Random(seed)
    questions = [q for q in load_set(DEFAULT_SET) if q.half == "development" and q.gold and q.reference and not q.turns]
    held = {q.id: cited[0].passage.text for q in questions if (cited := evidence_of(library, q))}
    by_id = {question.id: question for question in questions}
    found: list[Label] = []
    pairs = load_pairs(half="development")
    for good in (True, False):
        for pair in dice.sample([pair for pair in pairs if (pair.kind == "") == good], LABELS["faithfulness"] // 2):
            case = {"user_input": f"What is said of {pair.document.title}?", "response": pair.sentence}
            found.append(Label("faithfulness", {**case, "retrieved_contexts": [pair.passage.text]}, good))
        graded = [
            one for one in load_grades() if one.question in by_id and one.grade == ("right" if good else "off topic")
        ]
        for one in dice.sample(graded, min(LABELS["answer_relevancy"] // 2, len(graded))):
            case = {"user_input": by_id[one.question].question, "response": one.answer}
            found.append(Label("answer_relevancy", case, good))
        there = [question for question in questions if question.id in held]
        for metric in ("context_precision", "context_recall") if there else ():
            for question in dice.sample(there, LABELS[metric] // 2):
                away = [q for q in there if q.gold[0].document != question.gold[0].document]
                said = held[question.id if good else dice.choice(away).id]
                case = {"user_input": question.question, "reference": question.reference}
                found.append(Label(metric, {**case, "retrieved_contexts": [said]}, good))
    return found


def judge_of(desk: Desk, name: str, progress: Callable[[int, int], None] = lambda done, total: None) -> ModelJudge:
    """The judge `name` (provider:model), held against the labels; once measured, its agreement is kept in the home.

    Raises UsageError when it cannot be set up, ModelError when it does not answer.
    """
    judge = ModelJudge(LanguageModel(desk.settings.model_copy(update={"llm": name})), desk.embedder)
    labels = labels_by_hand(desk.library)
    known = {"model": name, "ragas": version("ragas"), "labels": len(labels)}
    for run in reversed(stored_runs(desk.library.catalog, "judge")):
        if {key: run.report.get(key) for key in known} == known:
            judge.agreement = {
                metric: Agreement(own["labels"], own["agreement"], own["kappa"])
                for metric, own in run.report["agreement"].items()
            }
            return judge
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done, len(labels))

    judge.hold_against(labels, tell)
    agreement = {metric: own.as_json() for metric, own in judge.agreement.items()}
    add_run(
        desk.library.catalog,
        datetime.now(UTC).isoformat(timespec="seconds"),
        "judge",
        {**known, "agreement": agreement},
    )
    return judge
