"""A run of the harness for a reader: the figures, by kind of question, and what went wrong where."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from eval.dataset import DEFAULT_SET, load_set, lost_gold
from eval.metrics import Outcome, summary
from eval.run import run
from rag.chain import Desk
from rag.errors import UsageError

_FIGURES = {
    "retrieved_at_1": "gold quotation retrieved at 1",
    "retrieved_at_5": "gold quotation retrieved at 5",
    "retrieved_at_10": "gold quotation retrieved at 10",
    "mrr": "mean reciprocal rank",
    "answer_right": "answer right, with right evidence",
    "citation_precision": "citation precision",
    "citation_recall": "citation recall",
    "abstention_right": "abstention right",
    "false_abstention": "false abstention",
    "search_p50_ms": "search, median ms",
}


def evaluate(desk: Desk, path: Path | None, half: str, *, quiet: bool = False) -> tuple[dict[str, Any], str]:
    """The report as data and as text.

    Raises UsageError when the set cannot be read or holds no question of that half.
    """
    path = path or DEFAULT_SET
    questions = [q for q in load_set(path) if half in ("all", q.half)]
    if not questions:
        raise UsageError(f"the set {path} holds no questions of the half {half}")
    lost = lost_gold(questions, desk.library.documents)
    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("asking", total=len(questions))
        outcomes = run(desk, questions, lambda done, _: bar.update(task, completed=done))
    halves = sorted({q.half for q in questions})
    report: dict[str, Any] = {
        "set": path.name,
        "mode": desk.mode,
        "halves": {name: summary([o for o in outcomes if o.question.half == name]) for name in halves},
        "kinds": {
            kind: summary([o for o in outcomes if o.question.kind == kind])
            for kind in dict.fromkeys(q.kind for q in questions)
        },
        "wrong": [_wrong(outcome) for outcome in outcomes if outcome.wrong],
        "lost_gold": lost,
    }
    return report, _text(report)


def _wrong(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.question.id,
        "half": outcome.question.half,
        "question": outcome.question.question,
        "wrong": outcome.wrong,
        "rank": outcome.rank,
        "confidence": round(outcome.answer.confidence, 3),
        "expected": outcome.question.reference,
        "answer": outcome.answer.text,
    }


def _text(report: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=110, highlight=False)
    halves = report["halves"]
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(f"{report['set']}, {report['mode']}")
    for name, figures in halves.items():
        table.add_column(f"{name} ({figures['questions']})", justify="right")
    for key, label in _FIGURES.items():
        table.add_row(label, *(_figure(key, figures[key]) for figures in halves.values()))
    console.print(table)
    console.print()
    kinds = Table(show_edge=False, pad_edge=False)
    for column in ("kind", "questions", "right", "retrieved at 5"):
        kinds.add_column(column, justify="left" if column == "kind" else "right")
    for kind, figures in report["kinds"].items():
        right = figures["answer_right"] if figures["answer_right"] is not None else figures["abstention_right"]
        kinds.add_row(kind, str(figures["questions"]), _figure("", right), _figure("", figures["retrieved_at_5"]))
    console.print(kinds)
    for wrong in report["wrong"]:
        rank = f", gold at rank {wrong['rank']}" if wrong["rank"] else ""
        console.print(f"\n{wrong['id']} ({wrong['half']}): {wrong['question']}", soft_wrap=True, markup=False)
        console.print(f"  {wrong['wrong']}{rank}, confidence {wrong['confidence']}", soft_wrap=True, markup=False)
        console.print(f"  expected: {wrong['expected']}", soft_wrap=True, markup=False)
        if wrong["answer"]:
            console.print(f"  answered: {' '.join(wrong['answer'].split())}", soft_wrap=True, markup=False)
    for line in report["lost_gold"]:
        console.print(f"\nlost gold: {line}", soft_wrap=True, markup=False)
    return str(console.file.getvalue()).rstrip()  # type: ignore[attr-defined]


def _figure(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if key.endswith("_ms") else f"{value:.3f}"
