"""The tab that runs the evaluation harness."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from eval.dataset import DEFAULT_SET, load_set
from eval.metrics import CUTS, Outcome, judge, summary
from rag.chain import Desk


def build_check(desk: Desk) -> None:
    """Adds the tab's components to the Blocks that is open."""

    def run_set(half: str, progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008 - how gradio passes it
        questions = [q for q in load_set(DEFAULT_SET) if half in ("all", q.half)]
        outcomes: list[Outcome] = []
        for question in progress.tqdm(questions, desc="asking"):
            hits, _ = desk.search(question.question, max(CUTS))
            outcomes.append(judge(question, desk.ask(question.question), hits))
        return render_outcomes(outcomes, summary(outcomes))

    gr.Markdown("The evaluation set asks questions whose answers are known, and some that the documents cannot answer.")
    half = gr.Radio(["development", "test", "all"], value="development", label="Questions", elem_id="bd-half")
    start = gr.Button("Run the check", variant="primary", elem_id="bd-run")
    result = gr.HTML("", elem_id="bd-result", apply_default_css=False)
    start.click(run_set, [half], result, api_visibility="private")


def render_outcomes(outcomes: list[Outcome], figures: dict[str, Any]) -> str:
    labels = {
        "answer_right": "answer right, with right evidence",
        "abstention_right": "abstention right",
        "false_abstention": "false abstention",
        "retrieved_at_5": "gold quotation retrieved at 5",
        "citation_precision": "citation precision",
        "citation_recall": "citation recall",
    }
    head = "".join(
        f'<tr><td>{label}</td><td class="bd-number">{"-" if figures[key] is None else f"{figures[key]:.1%}"}</td></tr>'
        for key, label in labels.items()
    )
    rows = "".join(
        f"<tr><td>{escape(o.question.question)}</td><td>{escape(o.question.kind)}</td>"
        f"<td>{escape(o.wrong or 'right')}</td><td>{escape(o.answer.text or 'The documents do not say.')}</td></tr>"
        for o in sorted(outcomes, key=lambda o: o.right)
    )
    return (
        f'<table class="bd-table"><thead><tr><th>{figures["questions"]} questions</th><th></th></tr></thead>'
        f"<tbody>{head}</tbody></table><h3>Questions, wrong ones first</h3>"
        '<table class="bd-table"><thead><tr><th>question</th><th>kind</th><th>outcome</th><th>answer</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
