"""What a command begins with: the settings, with the log set up in their home."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.settings import Settings

_log_file: Path | None = None


def log_file() -> Path | None:
    """Where this process logs; None where it cannot."""
    return _log_file


def open_settings(**flags: Any) -> Settings:
    """The settings, with logging to the home set up where the home can be written."""
    from rag.settings import load_settings

    global _log_file
    settings = load_settings(**flags)
    _log_file = settings.home / "logs" / "briefdesk.log"
    try:
        _log_file.parent.mkdir(parents=True, exist_ok=True)
        from logging.handlers import RotatingFileHandler

        handler = RotatingFileHandler(_log_file, maxBytes=2_000_000, backupCount=3, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.INFO)
        for chatty in ("httpx", "chromadb", "sentence_transformers", "httpcore", "gradio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    except OSError:
        _log_file = None  # what cannot be written is reported by whoever needs to write
    return settings
