"""The tab that shows what is indexed."""

from __future__ import annotations

from html import escape

import gradio as gr

from rag.chain import Desk


def build_documents(desk: Desk) -> None:
    gr.HTML(lambda: render_documents(desk), elem_id="bd-documents", apply_default_css=False)


def render_documents(desk: Desk) -> str:
    def order(document: object) -> tuple[bool, str]:
        return (document.group != "brief", document.name)  # type: ignore[attr-defined]

    rows = "".join(
        f"<tr><td>{escape(d.title)}</td><td>{escape(d.publisher)}</td><td>{escape(d.date)}</td>"
        f"<td>{escape(d.group)}</td><td>{escape(d.name)}</td></tr>"
        for d in sorted(desk.library.documents.values(), key=order)
    )
    return (
        '<table class="bd-table"><thead><tr><th>title</th><th>publisher</th><th>date</th><th>group</th><th>file</th>'
        f"</tr></thead><tbody>{rows}</tbody></table>"
    )
