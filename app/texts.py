"""The page's own words: written in English, turned into Chinese in the browser (`ui/assets/zh.json`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from rag.errors import BriefdeskError

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parent / "ui" / "assets"


def t(text: str, **values: Any) -> str:
    """A <span> that says `text`, with {name} for each of `values`, in the reader's language."""
    return f"<span {attribute('', text, **values)}>{escape(text.format(**values) if values else text)}</span>"


def attribute(name: str, text: str, **values: Any) -> str:
    """The HTML attribute `name` (aria-label, title, placeholder) in the reader's language; "" is the text itself."""
    kept = f' data-v="{escape(json.dumps(values, ensure_ascii=False))}"' if values else ""
    if not name:
        return f'data-t="{escape(text)}"{kept}'
    said = text.format(**values) if values else text
    return f'{name}="{escape(said)}" data-t-{name}="{escape(text)}"{kept}'


@cache
def chinese() -> dict[str, str]:
    found: dict[str, str] = json.loads((ASSETS / "zh.json").read_text(encoding="utf-8"))
    return found


def scripts() -> str:
    """What goes into the page's head: the Chinese texts and the scripts."""
    texts = json.dumps(chinese(), ensure_ascii=False).replace("</", "<\\/")
    names = ("common.js", "ask.js", "documents.js", "learn.js", "check.js")
    code = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)
    return f"<script>window.briefdeskTexts = {texts};</script><script>{code}</script>"


@cache
def translations() -> Any:
    """The same texts for Gradio's own components, as `launch(i18n=...)` takes them."""
    import gradio as gr

    found = {
        text: said for text, said in chinese().items() if "." not in text
    }  # a full stop is a path in Gradio's keys
    return gr.I18n(en={text: text for text in found}, zh=found, **{"zh-CN": found})


def texts(text: str) -> Any:
    """`text` as a label of one of Gradio's components, in the reader's language. It must hold no full stop."""
    return translations()(text)


def calls(*methods: Callable[[Any], Any]) -> list[Callable[[Any], Any]]:
    """Methods as `server_functions` of a gr.HTML, which writes a mark on each and so takes functions only."""

    from fastapi import HTTPException

    def plain(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(wanted: Any = None) -> Any:
            try:
                return method(wanted)
            except BriefdeskError as error:
                raise HTTPException(400, str(error)) from error
            except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
                log.info("a request to %s of another form: %s", method.__name__, type(error).__name__)
                raise HTTPException(400, "this was not of the expected form") from error

        call.__name__ = method.__name__
        return call

    return [plain(method) for method in methods]
