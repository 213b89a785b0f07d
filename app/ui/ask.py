"""The tab where questions are asked: documents, conversation and source side by side.

The conversation is kept by the browser, which sends what a follow-up needs along with the question; the server keeps
nothing of it. What was kept is checked against the library each time it comes back.
"""

from __future__ import annotations

import base64
import json
import logging
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from app.accounts import asker, must_edit
from app.feedback import add_feedback, add_question
from app.guard import TOO_MANY
from app.line import BusyError
from app.receipt import FORMATS, receipt, write_receipt
from app.record import recall, recall_turn, record
from app.service import Service
from app.sources import load_sources
from app.texts import attribute, calls, t, texts
from app.ui.conversation import render_answer, render_error, render_step, render_waiting, render_welcome
from app.ui.scope import render_documents, render_scope, scope_of
from app.viewer import render_source
from rag.errors import BriefdeskError
from rag.suggest import next_questions
from rag.types import Answer, Step

log = logging.getLogger(__name__)

_TYPES = {
    ".md": "text/markdown",
    ".json": "application/json",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_GONE = "This document is no longer in the library; ask the question again."


class Conversation:
    """What the browser asks of the server on the Ask tab. Everything it sends is taken as something anyone wrote."""

    def __init__(self, service: Service) -> None:
        self.service, self.desk = service, service.desk
        self.sources = load_sources(self.desk.settings.corpus / "sources.yaml")
        self._suggesting = threading.Lock()

    async def stream(self, request: Mapping[str, Any]) -> AsyncIterator[str]:
        """The messages of `answer`, when it is its turn; before that, how many are before it."""
        turn = str(request.get("turn", ""))
        if not self.service.limits.may_ask(asker()):
            yield _message(turn, render_error(TOO_MANY), done=True)
            return

        def busy(before: int) -> str:
            return _message(turn, render_waiting(t("Busy: {n} before you", n=before)))

        try:
            async for message in self.service.told(self.service.answers, self.answer(request), busy):
                yield message
        except BusyError as error:
            yield _message(turn, render_error(str(error)), done=True)

    def answer(self, request: Mapping[str, Any]) -> Iterator[str]:
        """Messages for the browser, as JSON: `turn`, `html`; the last one has `done` and the `record` to keep."""
        turn, question = str(request.get("turn", "")), str(request.get("question", "")).strip()
        if not question:
            return
        message = partial(_message, turn)
        answer: Answer | None = None
        only = scope_of(request.get("scope"))
        try:
            turns = [recall_turn(self.desk.library, kept) for kept in list(request.get("turns") or [])[-8:]]
            for found in self.desk.follow(question, only, turns):
                if isinstance(found, Step):
                    yield message(render_step(found))
                    continue
                answer = found
                if not answer.complete:
                    yield message(render_answer(answer, self.sources))
        except BriefdeskError as error:
            yield message(render_error(str(error)), done=True)
            return
        except Exception:  # the page must be told of any end; the log has it
            log.exception("answering")
            yield message(render_error("Something went wrong; the log has the details."), done=True)
            return
        if answer is None:
            return
        self.service.count(answer)
        html, generation = render_answer(answer, self.sources), self.desk.library.generation
        yield message(html, done=True, record=record(answer), generation=generation)

    # -- what the scripts call, each with one argument

    def render(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Recorded answers as they stand now: `html`, and the `record` to keep (None where it cannot be read)."""
        found: list[dict[str, Any]] = []
        for kept in records:
            try:
                answer = recall(self.desk.library, kept)
                found.append({"html": render_answer(answer, self.sources), "record": record(answer)})
            except BriefdeskError as error:
                found.append({"html": render_error(str(error)), "record": None})
        return found

    def next(self, wanted: Mapping[str, Any]) -> list[str]:
        """Questions to ask after a recorded answer."""
        try:
            answer = recall(self.desk.library, wanted["record"])
            with self._suggesting:  # one at a time: whoever waits for an answer comes first
                return next_questions(self.desk, answer, scope_of(wanted.get("scope")))
        except BriefdeskError:
            return []  # the documents have changed since; the next question will say so

    def open_source(self, wanted: Mapping[str, Any]) -> str:
        library = self.desk.library
        document = library.documents.get(str(wanted.get("document")))
        if document is None:
            return f'<p class="bd-error">{t(_GONE)}</p>'
        page = wanted.get("page")
        return render_source(
            document,
            self.sources,
            int(wanted.get("start") or 0),
            int(wanted.get("end") or 0),
            catalog=library.catalog,
            page=int(page) if page else None,
            as_text=bool(wanted.get("as_text")),
        )

    def documents(self, known: Any = None) -> dict[str, Any]:
        """The documents to choose from; no `html` when the browser has those of generation `known`."""
        generation = self.desk.library.generation
        return {"html": "" if known == generation else render_documents(self.desk), "generation": generation}

    def receipt(self, wanted: Mapping[str, Any]) -> dict[str, str]:
        """A file for the browser to save: its `name`, `type`, and `data` in base64."""
        suffix = str(wanted["format"])
        if suffix not in FORMATS:
            raise gr.Error("no such format")
        found = receipt(recall(self.desk.library, wanted["record"]), self.desk)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"receipt{suffix}"
            write_receipt(found, path)
            data = base64.b64encode(path.read_bytes()).decode()
        return {"name": path.name, "type": _TYPES[suffix], "data": data}

    def feedback(self, wanted: Mapping[str, Any]) -> str:
        return add_feedback(self.desk.settings.home, wanted)

    def add_to_set(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        try:
            must_edit()
            return {"ok": True, "said": add_question(self.desk, wanted)}
        except BriefdeskError as error:
            return {"ok": False, "said": str(error)}


def _message(turn: str, html: str, **more: Any) -> str:
    return json.dumps({"turn": turn, "html": html, **more}, ensure_ascii=False)


def build_ask(service: Service) -> Conversation:
    """Adds the tab's components to the Blocks that is open."""
    talk, desk = Conversation(service), service.desk

    async def answer(question: str, request: str) -> AsyncIterator[tuple[Any, Any]]:
        asked = json.loads(request)
        if not asked["question"]:
            return
        yield gr.skip(), ""
        async for message in talk.stream(asked):
            yield message, gr.skip()

    async def answer_suggestion(event: gr.EventData) -> AsyncIterator[str]:
        async for message in talk.stream(event._data):
            yield message

    gr.HTML(
        f'<div class="bd-switch" role="group" {attribute("aria-label", "What is shown")}>'
        f'<button type="button" data-show="documents">{t("Documents")}<span class="bd-how-many"></span></button>'
        f'<button type="button" data-show="conversation">{t("Conversation")}</button>'
        f'<button type="button" data-show="source">{t("Source")}</button></div>',
        elem_id="bd-switcher",
        js_on_load="briefdesk.switcher(element);",
        apply_default_css=False,
    )
    with gr.Row(equal_height=False, elem_id="bd-ask"):
        with gr.Column(scale=2, min_width=200, elem_id="bd-left"):
            gr.HTML(
                render_scope(desk),
                elem_id="bd-scope",
                js_on_load="briefdesk.scope(element, server);",
                apply_default_css=False,
                server_functions=calls(talk.documents),
            )
        with gr.Column(scale=5, min_width=280, elem_id="bd-middle"):
            conversation = gr.HTML(
                render_welcome(len(desk.library.documents)),
                elem_id="bd-conversation",
                js_on_load="briefdesk.conversation(element, server, trigger);",
                apply_default_css=False,
                server_functions=calls(talk.render, talk.next, talk.receipt, talk.feedback, talk.add_to_set),
            )
            question = gr.Textbox(
                label="Question",
                show_label=False,
                container=False,
                placeholder=texts("Ask about the documents"),
                submit_btn=True,
                stop_btn=desk.mode != "extractive",  # quotations are there before anyone could stop them
                max_lines=6,
                elem_id="bd-question",
                autofocus=True,
            )
        with gr.Column(scale=4, min_width=280, elem_id="bd-right"):
            gr.HTML(
                f'<section class="bd-panel" {attribute("aria-label", "Source")}><p class="bd-empty">'
                f"{t('Click a number to see its quotation here, in the source.')}</p></section>",
                elem_id="bd-source",
                js_on_load="briefdesk.source(element, server);",
                apply_default_css=False,
                server_functions=calls(talk.open_source),
            )
    request = gr.Textbox(visible=False)
    live = gr.HTML(
        "",
        html_template="",
        visible="hidden",
        js_on_load="watch('value', () => briefdesk.live(props.value));",
        apply_default_css=False,
    )
    asked = question.submit(
        answer,
        [question, request],
        [live, question],
        js="(question) => briefdesk.request(question)",
        show_progress="hidden",
        trigger_mode="multiple",  # the script asks one question at a time, and says so
        concurrency_limit=None,  # the line says whose turn it is
        api_visibility="private",
    )
    suggested = conversation.submit(
        answer_suggestion,
        None,
        live,
        show_progress="hidden",
        trigger_mode="multiple",
        concurrency_limit=None,
        api_visibility="private",
    )
    if desk.mode != "extractive":
        question.stop(None, cancels=[asked, suggested])
    return talk
