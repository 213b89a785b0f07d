"""The page as a whole: head line, tabs, look. It makes no request to any other host."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from app.api import build_api
from app.service import Service
from app.texts import ASSETS, attribute, scripts, t, texts, translations
from app.ui.ask import build_ask
from app.ui.check import build_check
from app.ui.documents import build_documents
from app.ui.learn import build_learn

TITLE = "briefdesk: Policy Brief 24"


def build_page(service: Service) -> gr.Blocks:
    desk = service.desk
    mode = t("no model: quotations only") if desk.mode == "extractive" else f"{t('model')}: {escape(desk.mode)}"
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        build_api(service)
        gr.HTML(
            f'<div class="bd-top"><h1>briefdesk</h1>'
            f"<p>{t('Policy Brief 24, China’s new quality productive forces')}</p>"
            f'<span class="bd-badge">{mode}</span>'
            f'<button type="button" data-do="theme" {attribute("aria-label", "Switch between light and dark")}>'
            f'{t("light / dark")}</button><button type="button" data-do="language" '
            f"{attribute('aria-label', 'Switch to Chinese')}>{t('中文')}</button></div>",
            js_on_load="briefdesk.top(element);",
            apply_default_css=False,
        )
        with gr.Tabs():
            with gr.Tab(texts("Ask"), id="ask", elem_id="bd-tab-ask"):
                talk = build_ask(service)
            with gr.Tab(texts("Documents"), id="documents", elem_id="bd-tab-documents"):
                build_documents(desk, talk)
            with gr.Tab(texts("Learn"), id="learn", elem_id="bd-tab-learn"):
                build_learn(desk, talk)
            with gr.Tab(texts("Check"), id="check", elem_id="bd-tab-check"):
                build_check(desk, talk)
    return page


def look() -> dict[str, Any]:
    """Theme, style and scripts, as arguments of `launch`. System fonts: the default theme loads its own from a host."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "sans-serif"]
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="slate", radius_size="sm", font=fonts, font_mono=["ui-monospace", "monospace"]
    )
    # Dark enough for white letters on it, by the contrast that WCAG asks for.
    theme.set(
        button_primary_background_fill="#0b6e63",
        button_primary_background_fill_dark="#0b6e63",
        button_primary_background_fill_hover="#095a51",
        button_primary_background_fill_hover_dark="#095a51",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
    )
    css = (ASSETS / "page.css").read_text(encoding="utf-8")
    return {"theme": theme, "css": css, "head": scripts(), "i18n": translations()}
