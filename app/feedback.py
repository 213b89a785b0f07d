"""What readers send about answers: opinions, and questions for the evaluation set; lines of two files in the home."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.dataset import Gold, lost_gold, question_of
from eval.draft import key_facts
from rag.chain import Desk
from rag.errors import UsageError

FEEDBACK, ADDED_SET = "feedback.jsonl", "eval-set.jsonl"
_MAX_CHARS = 20_000  # of a line
_MAX_BYTES = 50_000_000  # of a file: it is written by whoever opens the page


def add_feedback(home: Path, wanted: Mapping[str, Any]) -> str:
    """Keeps an opinion on an answer in the home; returns what the reader is told."""
    found = wanted.get("record") or {}
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "good": bool(wanted.get("good")),
        "reason": str(wanted.get("reason", "")),
        "comment": str(wanted.get("comment", ""))[:2000],
        "question": str(found.get("understood") or found.get("question", "")),
        "answer": str(found.get("answer", "")),
        "mode": str(found.get("mode", "")),
    }
    _append(home / FEEDBACK, row)
    return "Sent; whoever runs this desk finds it in feedback.jsonl."


def add_question(desk: Desk, wanted: Mapping[str, Any]) -> str:
    """Adds a reviewed question to the home's own set; returns what the reader is told.

    Raises UsageError when a quotation does not stand in its document, or shares nothing with the answer.
    """
    question, reference = str(wanted.get("question", "")).strip(), str(wanted.get("answer", "")).strip()
    gold = [Gold(document=str(one["document"]), quote=str(one["quote"])) for one in wanted.get("gold") or []]
    if not question:
        raise UsageError("the question is empty")
    if bool(reference) != bool(gold):
        raise UsageError("a right answer needs a quotation that shows it, and a quotation an answer; or leave both out")
    facts = key_facts(reference, " ".join(one.quote for one in gold))
    if reference and not facts:
        raise UsageError("the answer shares no figure, date, name or word with its quotations; mark the right ones")
    row = {
        "id": f"added-{datetime.now(UTC):%Y%m%d%H%M%S%f}",
        "question": question,
        "half": "development",
        "kind": "added",
        "language": "zh" if any("\u3400" <= c <= "\u9fff" for c in question) else "en",
        "answerable": bool(reference),
        "reference": reference,
        "gold": [{"document": one.document, "quote": one.quote} for one in gold],
        "key_facts": facts,
    }
    # Of a large library only the documents that are quoted are read.
    named = {key for one in gold if (key := desk.library.named(one.document))}
    if lost := lost_gold([question_of(row, 1)], {key: desk.library.documents[key] for key in named}):
        raise UsageError(lost[0].split(": ", 1)[1])
    path = desk.settings.home / ADDED_SET
    _append(path, row)
    return f"Added; run it with: briefdesk eval {path}"


def _append(path: Path, row: Mapping[str, Any]) -> None:
    line = json.dumps(row, ensure_ascii=False)
    if len(line) > _MAX_CHARS:
        raise UsageError("it is too long to keep; shorten it")
    try:
        if path.exists() and path.stat().st_size > _MAX_BYTES:
            raise UsageError(f"{path} is full; move it elsewhere first")
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from error
