"""The tab where questions are asked: conversation and source side by side."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from app.receipt import FORMATS, receipt, write_receipt
from app.sources import load_sources
from app.ui.conversation import render_answer, render_conversation, render_error, render_turn, render_waiting
from app.ui.scope import build_scope, scope
from app.viewer import render_source
from rag.chain import Desk
from rag.condense import Turn
from rag.errors import BriefdeskError

Shown = tuple[str, Turn | None]  # a turn as HTML, and what follow-ups need to know of it; None when it failed
log = logging.getLogger(__name__)

ASSETS = Path(__file__).parent / "assets"
_NOTHING_OPEN = (
    '<section class="bd-panel" aria-label="Source"><p class="bd-empty">'
    "Click a number to see its quotation here, in the source.</p></section>"
)


def build_ask(desk: Desk) -> None:
    """Adds the tab's components to the Blocks that is open."""
    sources = load_sources(desk.settings.corpus / "sources.yaml")

    def answer(question: str, turns: list[Shown], *chosen: Any) -> Iterator[tuple[str, list[Shown], str]]:
        question = question.strip()
        count = len(desk.library.documents)
        before = [html for html, _ in turns]
        if not question:
            yield render_conversation(before, count), turns, ""
            return
        turn = render_turn(question, render_waiting(f"Searching {desk.library.passage_count():,} passages"))
        yield render_conversation([*before, turn], count), turns, ""
        told: Turn | None = None
        try:
            for grown in desk.stream(question, scope(*chosen), [told for _, told in turns if told]):
                turn = render_turn(question, render_answer(grown, sources))
                told = Turn(grown.understood or question, grown)
                yield render_conversation([*before, turn], count), turns, ""
        except BriefdeskError as error:
            turn = render_turn(question[:200], render_error(str(error)))
        except Exception:
            log.exception("answering")
            turn = render_turn(question, render_error("Something went wrong; the log has the details. Ask it again."))
        yield render_conversation([*before, turn], count), [*turns, (turn, told)], ""

    def answer_suggestion(
        turns: list[Shown],
        documents: list[str],
        publishers: list[str],
        languages: list[str],
        since: str,
        until: str,
        event: gr.EventData,
    ) -> Iterator[tuple[str, list[Shown], str]]:
        asked = str(event._data.get("question", ""))
        yield from answer(asked, turns, documents, publishers, languages, since, until)

    def open_source(event: gr.EventData) -> str:
        wanted: dict[str, Any] = event._data
        document = desk.library.documents.get(str(wanted.get("document")))
        if document is None:
            return '<p class="bd-error">This document is no longer in the library; ask the question again.</p>'
        return render_source(document, sources, int(wanted["start"]), int(wanted["end"]))

    def make_receipts(turns: list[Shown]) -> list[Any]:
        """The last answer as files to download."""
        answer = next((told.answer for _, told in reversed(turns) if told), None)
        if answer is None:
            return [gr.Row(visible=False), *(gr.DownloadButton() for _ in FORMATS)]
        folder = Path(tempfile.mkdtemp(prefix="briefdesk-receipt-"))
        paths = [folder / f"receipt{suffix}" for suffix in FORMATS]
        found = receipt(answer, desk)
        for path in paths:
            write_receipt(found, path)
        return [gr.Row(visible=True), *(gr.DownloadButton(value=str(path)) for path in paths)]

    turns = gr.State([])
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            conversation = gr.HTML(
                render_conversation([], len(desk.library.documents)),
                elem_id="bd-conversation",
                js_on_load=(ASSETS / "conversation.js").read_text(),
                apply_default_css=False,
            )
            question = gr.Textbox(
                label="Question",
                show_label=False,
                container=False,
                placeholder="Ask about the documents",
                submit_btn=True,
                stop_btn=desk.mode != "extractive",  # quotations are there before anyone could stop them
                max_lines=6,
                elem_id="bd-question",
                autofocus=True,
            )
            with gr.Row(elem_id="bd-receipts", visible=False) as receipts:
                downloads = [
                    gr.DownloadButton(f"Receipt {suffix}", size="sm", elem_classes="bd-receipt") for suffix in FORMATS
                ]
            chosen = build_scope(desk)
        with gr.Column(scale=2, min_width=320, elem_id="bd-source-column"):
            source = gr.HTML(
                _NOTHING_OPEN,
                elem_id="bd-source",
                js_on_load=(ASSETS / "source.js").read_text(),
                apply_default_css=False,
            )
    outputs = [conversation, turns, question]
    asked = question.submit(
        answer, [question, turns, *chosen], outputs, show_progress="hidden", api_visibility="private"
    )
    suggested = conversation.submit(
        answer_suggestion, [turns, *chosen], outputs, show_progress="hidden", api_visibility="private"
    )
    for done in (asked, suggested):
        done.then(make_receipts, turns, [receipts, *downloads], show_progress="hidden", api_visibility="private")
    if desk.mode != "extractive":
        question.stop(None, cancels=[asked, suggested])
    conversation.select(open_source, None, source, show_progress="hidden", api_visibility="private", queue=False)
