"""Answering with a language model: passages packed into a budget, its words streamed sentence by sentence."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.errors import ModelError, UsageError
from rag.settings import Settings
from rag.tokens import count_tokens
from rag.types import Hit

log = logging.getLogger(__name__)

PROMPT = Path(__file__).parent / "prompts" / "answer.md"
ABSTENTION = "The documents do not say."
# A sentence is complete when the next one begins, so a citation number after the full stop still belongs to it.
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])((?:\s*\[[\d,;\s]+\])*)(?:\s+|(?<=[。！？])|(?<=\])(?=\S))(?=\S)")
_ABBREVIATION = re.compile(r"(\b(Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Art|cf|vs|e\.g|i\.e|approx|ca)|\b[A-Z])\.$")


def chat_model(settings: Settings) -> Any:
    """The LangChain chat model that `settings.llm` (provider:model) names.

    Raises UsageError when the name has no such form or its package is missing, ModelError when it cannot be set up
    (for lack of a key, say).
    """
    if ":" not in settings.llm:
        raise UsageError(f"--llm {settings.llm}: name it as provider:model, for example openai:gpt-4.1-mini")
    from langchain.chat_models import init_chat_model

    extra: dict[str, Any] = {"timeout": settings.llm_timeout_s, "max_retries": 2}
    if settings.llm_base_url:
        extra["base_url"] = settings.llm_base_url
        if settings.llm.startswith("openai:") and not os.environ.get("OPENAI_API_KEY"):
            extra["api_key"] = "none"  # a local server asks for no key, but the client insists on one
    try:
        return init_chat_model(settings.llm, **extra)
    except ImportError as error:
        provider = settings.llm.split(":")[0]
        raise UsageError(
            f"--llm {settings.llm}: its package is not installed; run: pip install 'briefdesk[{provider}]'"
        ) from error
    except ValueError as error:
        raise UsageError(f"--llm {settings.llm}: {str(error).splitlines()[0]}") from error
    except Exception as error:  # each provider raises its own for a missing key
        log.exception("setting up %s", settings.llm)
        raise ModelError(f"the language model {settings.llm} cannot be set up: {str(error).splitlines()[0]}") from error


def pack(hits: Sequence[Hit], max_tokens: int) -> list[Hit]:
    """The hits whose passages fit into `max_tokens`, in the order in which they are shown to the model.

    Best first and second best last: models read the middle of a long context least (Liu et al., 2024).
    """
    taken: list[Hit] = []
    used = 0
    for hit in hits:
        cost = count_tokens(_entry(0, hit))
        if taken and used + cost > max_tokens:
            break
        taken.append(hit)
        used += cost
    return taken[0::2] + taken[1::2][::-1]


def stream_text(model: Any, question: str, hits: Sequence[Hit]) -> Iterator[str]:
    """The model's answer as it comes, in pieces.

    Raises ModelError with one line saying why when it does not answer, or breaks off.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    passages = "\n\n".join(_entry(n, hit) for n, hit in enumerate(hits, 1))
    messages = [
        SystemMessage(PROMPT.read_text(encoding="utf-8")),
        HumanMessage(f"Passages:\n\n{passages}\n\nQuestion: {question}"),
    ]
    got = False
    try:
        for piece in model.stream(messages):
            text = piece.text if isinstance(piece.text, str) else str(piece.text())
            if text:
                got = got or bool(text.strip())
                yield text
    except Exception as error:  # every provider has its own tree of errors
        log.exception("the language model failed")
        raise ModelError(f"the language model did not answer ({_reason(error)})") from error
    if not got:
        raise ModelError("the language model gave an empty answer")


def sentences(pieces: Iterator[str]) -> Iterator[str]:
    """Whole sentences, each with its citation numbers, out of a stream of pieces."""
    buffer = ""
    for piece in pieces:
        buffer += piece
        *complete, buffer = split_sentences(buffer)
        yield from complete
    if buffer.strip():
        yield buffer.strip()


def split_sentences(text: str) -> list[str]:
    """Sentences of `text`; the last one may be unfinished. Numbers after a full stop stay with their sentence."""
    parts: list[str] = []
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        before = text[begin : match.start()]
        if _ABBREVIATION.search(before):
            continue
        parts.append((before + match.group(1)).strip())
        begin = match.end()
    return [*parts, text[begin:]]


def _entry(number: int, hit: Hit) -> str:
    document = hit.document
    source = ", ".join(part for part in (document.title, document.publisher, document.date) if part)
    heading = f" - {hit.passage.heading}" if hit.passage.heading else ""
    return f"[{number}] ({source}{heading})\n{hit.passage.text}"


def _reason(error: Exception) -> str:
    status = getattr(error, "status_code", None)
    known = {401: "the key was refused (401)", 403: "access was refused (403)", 404: "no such model (404)",
             429: "too many requests (429)"}  # fmt: skip
    if status in known:
        return known[status]
    if status:
        return f"the server answered {status}"
    if "timeout" in type(error).__name__.lower():
        return "it took too long"
    return type(error).__name__
