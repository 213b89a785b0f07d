"""Which documents to ask: the part of the Ask tab where they are chosen."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.chain import Desk
from rag.filters import Filter


def build_scope(desk: Desk) -> list[Any]:
    """Adds the choices to the Blocks that is open; their values, in order, are the arguments of `scope`."""
    listings = desk.library.listings.values()
    documents = [(listing.title, listing.id) for listing in sorted(listings, key=lambda listing: listing.name)]
    publishers = sorted({listing.publisher for listing in listings if listing.publisher})
    languages = sorted({listing.language for listing in listings if listing.language})
    with gr.Accordion("Documents to ask: all", open=False, elem_id="bd-scope") as heading:
        chosen = [
            gr.Dropdown(documents, multiselect=True, label="Documents", elem_id="bd-scope-documents"),
            gr.Dropdown(publishers, multiselect=True, label="Publishers", elem_id="bd-scope-publishers"),
            gr.Dropdown(languages, multiselect=True, label="Languages", elem_id="bd-scope-languages"),
        ]
        with gr.Row():
            chosen.append(gr.Textbox(label="Dated from", placeholder="2024-06", max_lines=1, elem_id="bd-scope-since"))
            chosen.append(gr.Textbox(label="to", placeholder="2025", max_lines=1, elem_id="bd-scope-until"))

    def say(*values: Any) -> Any:
        only = scope(*values)
        listings = desk.library.listings.values()
        count = sum(only.matches(listing) for listing in listings)
        label = f"Documents to ask: {count} of {len(listings)}" if only else "Documents to ask: all"
        return gr.Accordion(label)

    for choice in chosen:
        choice.change(say, chosen, heading, show_progress="hidden", api_visibility="private", queue=False)
    return chosen


def scope(
    documents: list[str] | None,
    publishers: list[str] | None,
    languages: list[str] | None,
    since: str | None,
    until: str | None,
) -> Filter:
    """The filter behind the values of the choices."""
    return Filter(
        tuple(documents or ()),
        tuple(publishers or ()),
        tuple(languages or ()),
        (since or "").strip(),
        (until or "").strip(),
    )
