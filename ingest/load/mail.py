"""E-mail (.eml): who wrote to whom and when, the subject as title, the text, the names of what is attached."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from bs4 import BeautifulSoup

from ingest.load.html import drop_hidden, html_pieces
from ingest.load.loaded import Loaded, Piece, assemble, one_line
from ingest.load.text import text_blocks
from rag.errors import SourceRefusedError


def load(data: bytes) -> Loaded:
    message: Any = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    if not any(message[name] for name in ("from", "to", "subject", "date")):
        raise SourceRefusedError("it is not an e-mail: it has no sender, recipient, subject or date")
    subject = one_line(str(message["subject"] or ""))
    head = [f"{name}: {one_line(str(message[name]))}" for name in ("From", "To", "Cc", "Date") if message[name]]
    pieces: list[Piece] = [(subject, "heading", 1)] if subject else []
    pieces += [(line, "row", 0) for line in head]
    body = message.get_body(preferencelist=("plain", "html"))
    if body is not None:
        content = str(body.get_content()).replace("\r\n", "\n")
        pieces += _html(content) if body.get_content_subtype() == "html" else _plain(content)
    attached = [name for part in message.iter_attachments() if (name := part.get_filename())]
    if attached:
        pieces.append((f"Attachments: {', '.join(attached)}", "row", 0))
    date = getattr(message["date"], "datetime", None)
    sender = message["from"].addresses if message["from"] else ()
    meta = {
        "title": subject,
        "date": date.date().isoformat() if date else "",
        "publisher": (sender[0].display_name or sender[0].addr_spec) if sender else "",
    }
    return assemble(pieces, {key: value for key, value in meta.items() if value})


def _plain(content: str) -> list[Piece]:
    """Paragraphs; what is quoted from an earlier mail keeps its mark, so that it is not taken for the writer's."""
    return [
        (one_line(content[block.start : block.end]), block.kind, block.level)
        for block in text_blocks(content, 0, len(content))
    ]


def _html(content: str) -> list[Piece]:
    soup = BeautifulSoup(content, "lxml")
    drop_hidden(soup)
    return html_pieces(soup.body) if soup.body else []
