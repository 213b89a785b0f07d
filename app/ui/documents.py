"""The tab that shows what is indexed."""

from __future__ import annotations

from html import escape

import gradio as gr

from rag.chain import Desk
from rag.store.library import PRIMARY_GROUP
from rag.types import Listing


def build_documents(desk: Desk) -> None:
    gr.HTML(lambda: render_documents(desk), elem_id="bd-documents", apply_default_css=False)


def render_documents(desk: Desk) -> str:
    def order(listing: Listing) -> tuple[bool, str]:
        return (listing.group != PRIMARY_GROUP, listing.name)

    rows = "".join(
        f"<tr><td>{escape(d.title)}</td><td>{escape(d.publisher)}</td><td>{escape(d.date)}</td>"
        f'<td>{escape(d.language)}</td><td class="bd-number">{d.pages or ""}</td>'
        f'<td class="bd-number">{d.passages}</td><td>{escape(d.name)}</td></tr>'
        for d in sorted(desk.library.listings.values(), key=order)
    )
    return (
        '<table class="bd-table"><thead><tr><th>title</th><th>publisher</th><th>date</th><th>language</th>'
        f"<th>pages</th><th>passages</th><th>file</th></tr></thead><tbody>{rows}</tbody></table>"
    )
