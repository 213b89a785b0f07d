"""Scanned pages through OCR, where Tesseract is installed."""

from __future__ import annotations

import logging
import shutil
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

_DOTS_PER_INCH = 300  # what Tesseract's models were made for
_TIMEOUT_S = 120
_LANGUAGES = ("eng", "chi_sim", "chi_tra", "fra", "deu", "nld")  # those of them that are installed


@cache
def languages() -> str:
    """The languages that can be recognised, as Tesseract names them together; empty when it is not installed."""
    if shutil.which("tesseract") is None:
        return ""
    import pytesseract

    installed = set(pytesseract.get_languages(config=""))
    return "+".join(name for name in _LANGUAGES if name in installed)


def recognise(page: Any) -> str | None:
    """The text of a page of pypdfium2, or None when there is no OCR engine."""
    if not languages():
        return None
    import pytesseract

    image = page.render(scale=_DOTS_PER_INCH / 72, grayscale=True).to_pil()
    try:
        found = str(pytesseract.image_to_string(image, lang=languages(), timeout=_TIMEOUT_S))
    except RuntimeError:  # what pytesseract raises when the time is up
        log.warning("a page took longer than %d s to recognise and was left out", _TIMEOUT_S)
        return ""
    return "\n".join(line.rstrip() for line in found.strip().splitlines())
