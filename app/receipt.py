"""Receipts: an answer with all that is needed to check it later, as JSON, Markdown or DOCX."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.output import NOT_SAID
from app.record import record
from rag.chain import Desk
from rag.errors import UsageError
from rag.settings import Settings
from rag.store.catalog import Catalog
from rag.store.library import corpus_fingerprint
from rag.types import Answer

FORMATS = (".json", ".md", ".docx")


def receipt(answer: Answer, desk: Desk) -> dict[str, Any]:
    """Everything about an answer: its sentences and quotations, the corpus, settings and version it was made with."""
    whole = {
        "receipt": 1,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "briefdesk": version("briefdesk"),
        "corpus": desk.library.identity,
        "settings": desk.settings.deciding,
        **record(answer),
    }
    return {**whole, "sha256": _digest(whole)}


def write_receipt(found: dict[str, Any], path: Path) -> None:
    """Writes a receipt in the format that the name ends with.

    Raises UsageError when that is none of FORMATS, or the file cannot be written.
    """
    check_format(path)
    try:
        if path.suffix == ".docx":
            _docx(found, path)
        else:
            text = markdown(found) if path.suffix == ".md" else json.dumps(found, ensure_ascii=False, indent=2) + "\n"
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the receipt {path} cannot be written ({error.strerror}); name another file") from error


def check_format(path: Path) -> None:
    if path.suffix not in FORMATS:
        raise UsageError(f"the receipt {path}: its name must end with {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")


def markdown(found: dict[str, Any]) -> str:
    lines = [f"# {_plain(found['question'])}", "", *(_sentence(s) + "\n" for s in found["sentences"])]
    if found["abstained"]:
        lines.append(f"{NOT_SAID}\n")
    lines += ["## " + ("Nearest passages" if found["abstained"] else "Sources"), ""]
    for citation in found["citations"]:
        lines += [f"{citation['n']}. {_plain(_source(citation))}", "", f"   > {_plain(_quote(citation))}", ""]
    for differs in found.get("differences", []):
        lines += [f"Note: {_plain(differs['note'])}", "", f"> {_plain(_quote(differs))}", ""]
    lines += ["## How it was made", "", *(f"- {_plain(line)}" for line in _made(found))]
    return "\n".join(lines) + "\n"


def _docx(found: dict[str, Any], path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_heading(found["question"], 1)
    for sentence in found["sentences"]:
        document.add_paragraph(_sentence(sentence))
    if found["abstained"]:
        document.add_paragraph(NOT_SAID)
    document.add_heading("Nearest passages" if found["abstained"] else "Sources", 2)
    for citation in found["citations"]:
        document.add_paragraph(f"[{citation['n']}] {_source(citation)}")
        document.add_paragraph(_quote(citation), style="Intense Quote")
    for differs in found.get("differences", []):
        document.add_paragraph(f"Note: {differs['note']}")
        document.add_paragraph(_quote(differs), style="Intense Quote")
    document.add_heading("How it was made", 2)
    for line in _made(found):
        document.add_paragraph(line, style="List Bullet")
    document.save(str(path))


def _sentence(sentence: dict[str, Any]) -> str:
    marks = "".join(f" [{n}]" for n in sentence["citations"])
    why = "" if sentence["supported"] else f" (not supported: {sentence.get('reason', '')})"
    return f"{sentence['text']}{marks}{why}"


def _source(citation: dict[str, Any]) -> str:
    page = f"page {citation['page']}" if citation["page"] else ""
    where = f"{citation['document']}, characters {citation['start']} to {citation['end']}"
    parts = (citation["title"], citation["publisher"], citation["date"] or "no date", page, citation["url"], where)
    return ", ".join(part for part in parts if part)


def _quote(citation: dict[str, Any]) -> str:
    return f"“{' '.join(citation['quote'].split())}”"


def _made(found: dict[str, Any]) -> list[str]:
    corpus = found["corpus"]
    mode = "quotations only, no language model" if found["mode"] == "extractive" else f"written by {found['mode']}"
    settings = ", ".join(f"{name} {value}" for name, value in found["settings"].items() if value not in ("", False))
    return [
        f"{found['made_at']}, briefdesk {found['briefdesk']}, {mode}",
        f"corpus {corpus['fingerprint']}: {corpus['documents']} documents, {corpus['passages']} passages",
        f"embedding model {corpus['model']} (weights {corpus['model_fingerprint']})",
        f"settings: {settings}",
        *(f"note: {warning}" for warning in found["warnings"]),
    ]


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to render."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|!" else c for c in " ".join(str(text).split()))


def _digest(found: dict[str, Any]) -> str:
    content = {name: value for name, value in found.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def check_receipt(path: Path, settings: Settings) -> dict[str, Any]:
    """Whether what a receipt quotes still stands in the library; needs no model.

    Returns `quotations`, each with `n`, `document` and `state`: stands, moved (elsewhere in the document now), gone (no
    longer in it), missing (no such document); `unchanged`, whether the receipt is as it was made; `same_corpus`.
    Raises UsageError when the file is no receipt.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        cited = [
            (c["n"], c["document"], c["document_id"], c["start"], c["end"], c["quote"]) for c in found["citations"]
        ]
        made_of = found["corpus"]["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no receipt in JSON"
        raise UsageError(
            f"{path} cannot be checked ({reason}); name one that `ask --receipt FILE.json` made"
        ) from error
    catalog = Catalog(settings.home / "catalog.sqlite")
    try:
        listings = catalog.listings(catalog.generation)
        by_name = {listing.name: listing for listing in listings.values()}
        quotations = []
        for n, name, identity, start, end, quote in cited:
            listing = listings.get(identity) or by_name.get(name)
            document = catalog.document(listing.id, listing.recipe) if listing else None
            if document is None:
                state = "missing"
            elif document.text[start:end] == quote:
                state = "stands"
            else:
                state = "moved" if quote in document.text else "gone"
            quotations.append({"n": n, "document": name, "state": state})
        return {
            "receipt": str(path),
            "quotations": quotations,
            "unchanged": found.get("sha256") == _digest(found),
            "same_corpus": made_of == corpus_fingerprint(listings.values()),
        }
    finally:
        catalog.close()


def check_text(found: dict[str, Any]) -> str:
    states = {
        "stands": "stands",
        "moved": "still in the document, at another place",
        "gone": "no longer in the document",
        "missing": "the document is no longer in the library",
    }
    lines = [f"{q['n']}  {q['document']}: {states[q['state']]}" for q in found["quotations"]]
    if not found["unchanged"]:
        lines.append("The receipt was changed after it was made.")
    lines.append("The corpus is the same." if found["same_corpus"] else "The corpus has changed since.")
    return "\n".join(lines)
