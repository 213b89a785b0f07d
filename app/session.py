"""What a command begins with: the settings, with the log set up in their home, and telemetry off."""

from __future__ import annotations

import json
import logging
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import SECRET_NAMES

if TYPE_CHECKING:
    from rag.settings import Settings

# What the libraries here would send home, were they not told otherwise.
_SILENT = {
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAGAS_DO_NOT_TRACK": "true",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "OTEL_SDK_DISABLED": "true",
}
_MAX_BYTES, _KEPT = 2_000_000, 3
# Attributes that every record has; what else there is was given with `extra`.
_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_log_file: Path | None = None


class JsonLines(logging.Formatter):
    """One line of JSON a record: time, level, logger, message, what was given besides, and where an error arose.

    What an error says may quote a question, so only its kind is written unless `questions` may be.
    """

    def __init__(self, *, questions: bool = False) -> None:
        super().__init__()
        self._questions = questions

    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in record.__dict__.items() if name not in _PLAIN},
        }
        if record.exc_info and record.exc_info[0]:
            kind, error, frames = record.exc_info
            found["error"] = kind.__name__
            found["at_lines"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(frames)]
            if self._questions:
                found["said"] = str(error)
        return redacted(json.dumps(found, ensure_ascii=False, default=str))


def redacted(text: str) -> str:
    """`text` without the secrets of the environment, whoever put them there."""
    for name, value in os.environ.items():
        if len(value) >= 8 and any(telling in name.upper() for telling in SECRET_NAMES):
            text = text.replace(value, f"[{name}]")
    return text


def log_file() -> Path | None:
    """Where this process logs; None where it cannot."""
    return _log_file


def open_settings(**flags: Any) -> Settings:
    """The settings, with logging to the home set up where the home can be written."""
    for name, value in _SILENT.items():
        os.environ.setdefault(name, value)
    from rag.settings import load_settings

    global _log_file
    logging.raiseExceptions = False  # a log that cannot be written (a full disk) is not the user's to read about
    settings = load_settings(**flags)
    _log_file = settings.home / "logs" / "briefdesk.log"
    try:
        _log_file.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(_log_file.parent, os.W_OK):
            raise PermissionError
        from logging.handlers import RotatingFileHandler

        handler = RotatingFileHandler(_log_file, maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
        handler.setFormatter(JsonLines(questions=settings.log_questions))
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.INFO)
        for chatty in ("httpx", "chromadb", "sentence_transformers", "httpcore", "gradio", "uvicorn", "mcp", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    except OSError:
        _log_file = None  # what cannot be written is reported by whoever needs to write
    return settings
