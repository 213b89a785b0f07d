"""The tab for learning: the path of a new analyst, checking oneself, and the glossary with its cards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any

import gradio as gr

from app.learn import Stage, load_path, occurrences, own_questions, shipped_questions
from app.texts import attribute, calls, t, texts
from app.ui.ask import Conversation
from app.ui.conversation import chip, render_error
from app.viewer import with_source_links
from eval.dataset import Question
from eval.grade import Grade, Grader
from rag.chain import Desk
from rag.glossary import Term

MAX_CHARS = 4000  # of an answer


class LearnPage:
    """What the browser asks of the server on the Learn tab."""

    def __init__(self, desk: Desk, talk: Conversation) -> None:
        self.desk, self.sources = desk, talk.sources

    @cached_property
    def questions(self) -> dict[str, Question]:
        return {question.id: question for question in own_questions(self.desk)}

    def stages(self) -> list[Stage]:
        # Not `questions`: those made of passages take a second, which belongs to whoever opens the exercises.
        shipped = {question.id: question for question in shipped_questions(self.desk)}
        return load_path(self.desk.settings.corpus / "path.yaml", self.desk, shipped)

    # -- what the scripts call, each with one argument

    def exercises(self, _: Any = None) -> list[dict[str, str]]:
        """The questions to check oneself with: `id`, `question`, `kind`."""
        return [{"id": q.id, "question": q.question, "kind": q.kind} for q in self.questions.values()]

    def grade(self, wanted: Mapping[str, Any]) -> dict[str, str]:
        """The verdict on an answer in the reader's own words, and what to show of it."""
        question, answer = self.questions.get(str(wanted.get("id"))), str(wanted.get("answer", "")).strip()
        if question is None:
            return {"verdict": "", "html": render_error("This question is no longer in the set; choose another.")}
        if not answer:
            return {"verdict": "", "html": render_error("Write an answer first, however short.")}
        if len(answer) > MAX_CHARS:
            return {"verdict": "", "html": render_error(f"The answer is longer than {MAX_CHARS:,} characters.")}
        grade = Grader(self.desk.library, self.desk.judge).grade(question, answer)
        return {"verdict": grade.verdict, "html": self._grade(question, grade)}

    def terms(self, _: Any = None) -> list[dict[str, Any]]:
        """The glossary, each term with what it can be found by."""
        return [
            {
                "term": term.name,
                "forms": list(term.forms[1:]),
                "chinese": list(term.chinese),
                "pinyin": term.pinyin,
                "definition": term.definition,
                "html": self._definition(term),
            }
            for term in self.desk.glossary.terms
        ]

    def occurrences(self, name: Any) -> str:
        term = next((term for term in self.desk.glossary.terms if term.name == str(name)), None)
        found = occurrences(self.desk, term) if term else []
        if not found:
            return f'<p class="bd-empty">{t("It occurs in none of the passages that are nearest to it.")}</p>'
        rows = "".join(
            f"<li>{with_source_links(one.line, self.sources)} {chip(one)} "
            f"<small>{escape(one.document.title)}</small></li>"
            for one in found
        )
        return f'<ul class="bd-occurrences">{rows}</ul>'

    # --

    def _definition(self, term: Term) -> str:
        source = f" [{term.source}]" if term.source else ""
        return with_source_links(f"{term.definition}{source}", self.sources)

    def _grade(self, question: Question, grade: Grade) -> str:
        points = "".join(
            f'<li data-made="{str(point.made).lower()}"><strong>{t("said") if point.made else t("missing")}</strong> '
            f"{escape(point.text)}</li>"
            for point in grade.points
        )
        wrong = "".join(
            f'<li data-made="false"><strong>{t("wrong")}</strong> {escape(text)}: {escape(why)}</li>'
            for text, why in grade.wrong
        )
        evidence = "".join(
            f'<p class="bd-sentence">{with_source_links(c.line, self.sources)} {chip(c)}</p>' for c in grade.evidence
        )
        return (
            f'<p class="bd-verdict" data-verdict="{grade.verdict}">{t(grade.verdict)}</p>'
            f'<ul class="bd-points">{points}{wrong}</ul><p class="bd-note">{t("What the documents say:")}</p>{evidence}'
        )


def build_learn(desk: Desk, talk: Conversation) -> None:
    """Adds the tab's components to the Blocks that is open."""
    page = LearnPage(desk, talk)
    stages = page.stages()
    if stages:
        with gr.Walkthrough(elem_id="bd-path", selected=0) as path:
            for number, stage in enumerate(stages):
                with gr.Step(texts(stage.label), id=number, elem_id=f"bd-step-{number}"):
                    gr.HTML(
                        _render_stage(stage, number, page),
                        js_on_load="briefdesk.stage(element, server);",
                        apply_default_css=False,
                        server_functions=calls(page.grade),
                    )
                    with gr.Row(elem_classes="bd-steps"):
                        for label, other in (("Back", number - 1), ("Next step", number + 1)):
                            if 0 <= other < len(stages):
                                _lead(gr.Button(texts(label), size="sm"), path, other)
    gr.HTML(
        f'<section class="bd-learn"><h3>{t("Check yourself")}</h3><div class="bd-exercise"></div></section>',
        elem_id="bd-exercises",
        js_on_load="briefdesk.exercises(element, server);",
        apply_default_css=False,
        server_functions=calls(page.exercises, page.grade),
    )
    gr.HTML(
        f'<section class="bd-learn"><h3>{t("Glossary")}</h3><div class="bd-views">'
        f'<input type="search" data-do="find-term" {attribute("placeholder", "Search: English, Chinese or pinyin")} '
        f"{attribute('aria-label', 'Search: English, Chinese or pinyin')}>"
        f'<button type="button" data-do="cards" aria-pressed="false">{t("Flash cards")}</button></div>'
        '<div class="bd-two"><div class="bd-view"></div><aside class="bd-side-card" aria-live="polite"></aside></div>'
        "</section>",
        elem_id="bd-glossary",
        js_on_load="briefdesk.glossary(element, server);",
        apply_default_css=False,
        server_functions=calls(page.terms, page.occurrences),
    )


def _lead(button: gr.Button, path: gr.Walkthrough, number: int) -> None:
    """Makes a button lead to a step. Nothing but the number is returned: a returned component can freeze the browser
    (Gradio's issue 13301).
    """
    button.click(
        lambda: gr.Walkthrough(selected=number),
        None,
        path,
        show_progress="hidden",
        queue=False,
        api_visibility="private",
    )


def _render_stage(stage: Stage, number: int, page: LearnPage) -> str:
    said = "".join(
        f'<p class="bd-sentence">{with_source_links(one.line, page.sources)} {chip(one)}</p>' for one in stage.said
    )
    asks = _buttons("bd-suggestion", "data-ask", stage.ask)
    terms = _buttons("bd-term", "data-term", [term.name for term in stage.terms])
    check = ""
    if stage.check:
        asked = json.dumps({"id": stage.check.id, "question": stage.check.question}, ensure_ascii=False)
        check = f'<h4>{t("A check")}</h4><div class="bd-exercise" data-question="{escape(asked)}"></div>'
    return (
        f'<div class="bd-stage"><h3>{number + 1}. {t(stage.title)}</h3>{said}'
        f'<h4>{t("Questions to ask")}</h4><div class="bd-next">{asks}</div><h4>{t("Terms you meet here")}</h4>'
        f"<p>{terms}</p>{check}</div>"
    )


def _buttons(css: str, data: str, values: Sequence[str]) -> str:
    return "".join(
        f'<button type="button" class="{css}" {data}="{escape(value)}">{escape(value)}</button>' for value in values
    )
