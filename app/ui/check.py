"""The tab for checking: any answer against the documents, and the evaluation set against the answers."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app.accounts import must_edit
from app.feedback import ADDED_SET
from app.texts import attribute, calls, t, texts
from app.ui.ask import Conversation
from app.ui.conversation import chip, render_answer, render_error, render_waiting
from app.viewer import render_excerpt
from eval.baselines import BASELINES
from eval.compare import changes
from eval.dataset import DEFAULT_SET, NATURAL_SET, load_set, of_half
from eval.diagnose import STAGES
from eval.grade import evidence_of
from eval.html import render_html
from eval.metrics import FIGURES, Outcome
from eval.plot import line_plot
from eval.report import baseline_figures
from eval.run import outcomes_of
from eval.runs import Run, header, keeping, load_run, load_runs
from eval.statistics import Change, share_interval
from rag.chain import Desk
from rag.errors import BriefdeskError

_SETS = (DEFAULT_SET, NATURAL_SET)
_SHOWN_RUNS = 12  # in the plot
_HEADLINES = frozenset(
    "right answer_right consistency citation_precision abstention_right false_abstention retrieved_at_5".split()
)
_PLOTTED = ("answer_right", "abstention_right", "citation_precision")


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings to compare: passages read, and how sure an answer must be."""

    k: int
    min_confidence: float


class CheckPage:
    """What the browser asks of the server on the Check tab."""

    def __init__(self, desk: Desk, talk: Conversation) -> None:
        self.desk, self.sources = desk, talk.sources
        self._outcomes: dict[tuple[int, str], Outcome] = {}  # of the last runs, for their details

    # -- what the scripts call, each with one argument

    def verify(self, wanted: Mapping[str, Any]) -> str:
        """A text, verified sentence by sentence."""
        try:
            answer = self.desk.check(str(wanted.get("text", "")).strip())
        except BriefdeskError as error:
            return render_error(str(error))
        good = sum(sentence.supported for sentence in answer.sentences)
        said = t("{n} of {all} sentences are supported by the documents", n=good, all=len(answer.sentences))
        return f'<p class="bd-verdict-line" role="status">{said}</p>{render_answer(answer, self.sources)}'

    def detail(self, wanted: Mapping[str, Any]) -> str:
        """One question of a run: what was expected and what came, with their quotations."""
        outcome = self._outcomes.get((int(wanted.get("run", 0)), str(wanted.get("id"))))
        if outcome is None:
            return f'<p class="bd-empty">{t("The details of this run are gone; run it again.")}</p>'
        question = outcome.question
        gold = evidence_of(self.desk.library, question)
        reference = escape(question.reference) if question.answerable else t("The documents do not say.")
        sides = (("Expected", f"<p>{reference}</p>", gold), ("Got", "", outcome.answer.citations))
        columns = ""
        for name, said, found in sides:
            excerpts = "".join(render_excerpt(one, self.sources) + chip(one) for one in found)
            columns += f"<div><h4>{t(name)}</h4>{said}{excerpts}</div>"
        return (
            f'<article class="bd-card"><h3>{escape(question.question)}</h3><p class="bd-note">{escape(question.id)}, '
            f"{escape(question.kind)}: {t(outcome.stage or 'right')}{_evidence(outcome)}</p>"
            f'<div class="bd-sides">{columns}</div><h4>{t("The answer")}</h4>'
            f"{render_answer(outcome.answer, self.sources)}"
            f'<button type="button" class="bd-action" data-ask="{escape(question.question)}">{t("Ask it")}</button>'
            "</article>"
        )

    def report(self, wanted: Mapping[str, Any]) -> dict[str, str]:
        """A kept run as one HTML file, for the browser to save."""
        run = load_run(self.desk.settings.home, str(int(wanted.get("run", 0))))
        data = base64.b64encode(render_html(run).encode()).decode()
        return {"name": f"run-{run.number}.html", "type": "text/html", "data": data}

    # --

    def sets(self) -> list[tuple[str, str]]:
        own = self.desk.settings.home / ADDED_SET
        return [(path.name, str(path)) for path in (*_SETS, own) if path.exists() or path == own]

    def run(self, path: str, half: str, other: Variant | None) -> Iterator[tuple[str, bool]]:
        """What to show while the harness runs, and whether it is done."""
        try:
            # A name from the list only: a path that somebody else sends is not opened.
            chosen = next(Path(value) for _, value in self.sets() if value == path)
            questions = of_half(load_set(chosen), half, chosen.name)
            runs: list[tuple[Run, list[Outcome]]] = []
            desks = [self.desk] + ([self._variant(other)] if other else [])
            before = [run for run in load_runs(self.desk.settings.home, chosen.name, half) if run.finished]
            for desk in desks:
                outcomes: list[Outcome] = []
                with keeping(self.desk, header(desk, chosen.name, questions, half, 0, 0)) as book:
                    for place, outcome in enumerate(outcomes_of(desk, questions)):
                        outcomes.append(outcome)
                        book.keep(place, outcome)
                        done = len(runs) * len(questions) + len(outcomes)
                        yield _progress(done, len(desks) * len(questions)), False
                runs.append((load_run(self.desk.settings.home, str(book.number)), outcomes))
            self._outcomes = {(run.number, o.question.id): o for run, found in runs for o in found}
            yield self._results(runs, before), True
        except (BriefdeskError, StopIteration) as error:
            yield render_error(str(error) or "There is no such set."), True

    def _variant(self, other: Variant) -> Desk:
        return Desk(
            self.desk.settings.model_copy(update={"k": other.k, "min_confidence": other.min_confidence}),
            self.desk.embedder,
        )

    def _results(self, runs: Sequence[tuple[Run, list[Outcome]]], before: Sequence[Run]) -> str:
        run = runs[0][0]
        if len(runs) > 1:
            columns, values = [_settings(run), _settings(runs[1][0])], [run, runs[1][0]]
            compared: tuple[Run, Run] | None = (run, runs[1][0])
            columns.append(t("second minus first"))
        else:
            columns, values = [t("this run")], [run]
            compared = (before[-1], run) if before else None
            columns += [t("change since run {n}", n=before[-1].number)] if compared else []
            columns += [t(name) for name in BASELINES]
        trivial = {name: baseline_figures(run.outcomes, name) for name in (BASELINES if len(runs) == 1 else ())}
        differences = changes(*compared) if compared else {}
        head, more = "", ""
        for key, figure in FIGURES.items():
            if not any(key in one.values for one in values):
                continue
            cells = [_with_interval(one, key) for one in values]
            cells += [_change(differences.get(key))] if compared else []
            cells += [_share(own[key]) for own in trivial.values()]
            row = "".join(f'<td class="bd-number">{cell}</td>' for cell in cells)
            row = f'<tr><th scope="row">{t(figure.label)}</th>{row}</tr>'
            head, more = (head + row, more) if key in _HEADLINES else (head, more + row)
        names = "".join(f'<th scope="col">{name}</th>' for name in columns)
        note = t("In brackets the 95 percent interval by bootstrap; * is a change that chance does not explain. ")
        note += t("Beside them what costs nothing: a sentence by chance, no answer at all, all that was found. ")
        note += t("Kept as run {n}.", n=run.number)
        note += f' <button type="button" class="bd-action" data-report="{run.number}">{t("Save the report")}</button>'
        shown = [*before, run][-_SHOWN_RUNS:]
        first, second = (
            f'<div class="bd-wide"><table class="bd-table {name}"><thead><tr><th></th>{names}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
            for name, rows in (("bd-figures", head), ("bd-rest", more))
        )
        return (
            f"{first}<details><summary>{t('More figures')}</summary>{second}</details>"
            f'<p class="bd-note">{note}</p>{_stages(runs[0][1])}{_plot(shown) if len(shown) > 1 else ""}'
            f'<div class="bd-two"><div class="bd-view">{_outcomes(runs)}</div>'
            '<aside class="bd-side-card" aria-live="polite"></aside></div>'
        )


def _progress(done: int, total: int) -> str:
    said = render_waiting(t("Asking question {done} of {total}", done=done, total=total))
    return f'{said}<progress value="{done / total:.3f}"></progress>'


def _settings(run: Run) -> str:
    return escape(f"k {run.settings['k']}, confidence {run.settings['min_confidence']:.2f}")


def _stages(outcomes: Sequence[Outcome]) -> str:
    """How many questions were lost at each stage."""
    counted = Counter(outcome.stage for outcome in outcomes if outcome.stage)
    lost = "".join(f"<li>{t(stage)}: {counted[stage]}</li>" for stage in STAGES if counted[stage])
    return f'<p class="bd-note">{t("Where it went wrong")}</p><ul class="bd-stages">{lost}</ul>' if lost else ""


def _evidence(outcome: Outcome) -> str:
    return f"; {escape(outcome.evidence)}" if outcome.evidence else ""


def _with_interval(run: Run, key: str) -> str:
    value = run.figure(key)
    if value is None:
        return "-"
    bounds = share_interval(list(run.values[key].values()))
    return f"{value:.1%} [{bounds[0]:.0%}, {bounds[1]:.0%}]" if bounds else f"{value:.1%}"


def _change(change: Change | None) -> str:
    """The mean difference on the same questions, with its interval."""
    if change is None:
        return "-"
    if not change.mean:
        return "0"
    bounds = change.interval
    sure = " *" if change.sure else ""
    return f"{change.mean:+.1%}" + (f" [{bounds[0]:+.0%}, {bounds[1]:+.0%}]{sure}" if bounds else "")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _outcomes(runs: Sequence[tuple[Run, list[Outcome]]]) -> str:
    """A row for each question, wrong ones first; of two runs, those that came out differently first."""
    run, outcomes = runs[0]
    others = {o.question.id: o for o in runs[1][1]} if len(runs) > 1 else {}

    def order(outcome: Outcome) -> tuple[bool, bool]:
        other = others.get(outcome.question.id)
        return (other is None or other.right == outcome.right, outcome.right)

    rows = "".join(
        f'<tr><th scope="row"><button type="button" class="bd-open" data-run="{run.number}" '
        f'data-id="{escape(o.question.id)}">{escape(o.question.question)}</button></th><td>{escape(o.question.kind)}</td>'
        f"<td>{_mark(o)}</td>{_second(runs[1][0], others[o.question.id]) if others else ''}</tr>"
        for o in sorted(outcomes, key=order)
    )
    return (
        f'<table class="bd-table bd-outcomes"><thead><tr><th scope="col">{t("question")}</th>'
        f'<th scope="col">{t("kind")}</th><th scope="col">{t("outcome")}</th>'
        f"{'<th scope=col>2</th>' if others else ''}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _mark(outcome: Outcome) -> str:
    return f"✓ {t('right')}" if outcome.right else f'<span class="bd-bad">✗ {t(outcome.stage)}</span>'


def _second(run: Run, outcome: Outcome) -> str:
    return (
        f'<td><button type="button" class="bd-open" data-run="{run.number}" data-id="{escape(outcome.question.id)}">'
        f"{_mark(outcome)}</button></td>"
    )


def _plot(runs: Sequence[Run]) -> str:
    """The figures over the runs."""
    lines = {
        FIGURES[key].label.split(",")[0]: [
            (float(n), value) for n, run in enumerate(runs) if (value := run.figure(key)) is not None
        ]
        for key in _PLOTTED
    }
    ticks = {float(n): str(run.number) for n, run in enumerate(runs)}
    said = "Figures over the last runs"
    return line_plot(
        lines,
        said,
        x_ticks=ticks,
        height=190,
        translated=(attribute("aria-label", said), t("Figures over the last runs")),
    )


def build_check(desk: Desk, talk: Conversation) -> None:
    """Adds the tab's components to the Blocks that is open."""
    page = CheckPage(desk, talk)

    def run(path: str, half: str, compare: bool, k: float, sure: float) -> Iterator[str]:
        try:
            must_edit()
        except BriefdeskError as error:
            yield render_error(str(error))
            return
        for html, _ in page.run(path, half, Variant(int(k), float(sure)) if compare else None):
            yield html

    gr.HTML(
        f'<section class="bd-learn"><h3>{t("Check this answer")}</h3>'
        f"<p>{t('Paste any answer, from here or from elsewhere: each sentence is held against the documents.')}</p>"
        f'<textarea rows="5" {attribute("aria-label", "Answer to check")}></textarea>'
        f'<p><button type="button" class="bd-do" data-do="verify">{t("Check")}</button></p>'
        '<div class="bd-result" aria-live="polite"></div></section>',
        elem_id="bd-verify",
        js_on_load="briefdesk.verify(element, server);",
        apply_default_css=False,
        server_functions=calls(page.verify),
    )
    gr.HTML(
        f'<section class="bd-learn"><h3>{t("The evaluation set")}</h3><p>'
        + t("Questions whose answers are known, and some that the documents cannot answer.")
        + "</p></section>",
        elem_id="bd-set-head",
        apply_default_css=False,
    )
    with gr.Row(elem_id="bd-run-row"):
        chosen = gr.Dropdown(page.sets(), value=str(DEFAULT_SET), label=texts("Set"), elem_id="bd-set")
        half = gr.Radio(
            [(texts("development"), "development"), (texts("test"), "test"), (texts("all"), "all")],
            value="development",
            label=texts("Questions"),
            elem_id="bd-half",
        )
    with gr.Accordion(texts("Compare with other settings"), open=False, elem_id="bd-compare-with"), gr.Row():
        compare = gr.Checkbox(label=texts("Compare"), elem_id="bd-compare-on")
        k = gr.Slider(1, 40, value=desk.settings.k, step=1, label=texts("Passages read"))
        sure = gr.Slider(0, 1, value=desk.settings.min_confidence, step=0.01, label=texts("How sure an answer must be"))
    with gr.Row():
        start = gr.Button(texts("Run the check"), variant="primary", elem_id="bd-run")
        stop = gr.Button(texts("Stop"), elem_id="bd-stop")
    result = gr.HTML(
        "",
        elem_id="bd-result",
        js_on_load="briefdesk.results(element, server);",
        apply_default_css=False,
        server_functions=calls(page.detail, page.report),
    )
    running = start.click(
        run,
        [chosen, half, compare, k, sure],
        result,
        show_progress="hidden",
        trigger_mode="multiple",  # after a stop Gradio would ignore the next press for a while
        concurrency_limit=1,
        api_visibility="private",
    )
    stop.click(
        lambda: f'<p class="bd-note">{t("Stopped.")}</p>', None, result, cancels=[running], api_visibility="private"
    )
