"""The page as a whole: head line, tabs, look. It makes no request to any other host."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from app.ui.ask import ASSETS, build_ask
from app.ui.check import build_check
from app.ui.documents import build_documents
from rag.chain import Desk

TITLE = "briefdesk: Policy Brief 24"
_TOGGLE = "element.querySelector('button').addEventListener('click', () => document.body.classList.toggle('dark'));"


def build_page(desk: Desk) -> gr.Blocks:
    badge = "no model: quotations only" if desk.mode == "extractive" else f"model: {desk.mode}"
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(
            '<div class="bd-top"><h1>briefdesk</h1><p>Policy Brief 24, China\'s new quality productive forces</p>'
            f'<span class="bd-badge">{escape(badge)}</span>'
            '<button type="button" aria-label="Switch between light and dark">light / dark</button></div>',
            js_on_load=_TOGGLE,
            apply_default_css=False,
        )
        with gr.Tabs():
            with gr.Tab("Ask"):
                build_ask(desk)
            with gr.Tab("Documents"):
                build_documents(desk)
            with gr.Tab("Check"):
                build_check(desk)
    return page


def look() -> dict[str, Any]:
    """Theme and style, as arguments of `launch`. System fonts: the default theme would load its own from a host."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "sans-serif"]
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="slate", radius_size="sm", font=fonts, font_mono=["ui-monospace", "monospace"]
    )
    return {"theme": theme, "css": (ASSETS / "page.css").read_text()}
