"""Answering with a language model: passages packed into a budget, its words streamed sentence by sentence."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag.errors import ModelError, UsageError, first_line
from rag.orders import visible
from rag.settings import Settings
from rag.tokens import count_tokens
from rag.types import Hit, Usage

log = logging.getLogger(__name__)

PROMPT = Path(__file__).parent / "prompts" / "answer.md"
CONDENSE = PROMPT.with_name("condense.md")
ABSTENTION = "The documents do not say."
MAX_CHARS = 12_000  # of an answer: a model that goes on and on is stopped
_PATIENCE = 5  # times the timeout that a whole answer may take, however it drips
# What each provider's last piece carries; without it the stream broke off. Of others nothing is known.
_ENDS = {"openai": "finish_reason", "anthropic": "stop_reason", "mistralai": "finish_reason",
         "google_genai": "finish_reason", "ollama": "done_reason"}  # fmt: skip
# A sentence is complete when the next one begins, so a citation number after the full stop still belongs to it.
_SENTENCE_END = re.compile(
    r"(?<=[.!?。！？])((?:\s*[\[【][\d,;\s]+[\]】])*)(?:\s+|(?<=[。！？])|(?<=[\]】])(?=\S))(?=\S)|\n+(?=\s*\S)"
)
_ABBREVIATION = re.compile(r"(\b(Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Art|cf|vs|e\.g|i\.e|approx|ca)|\b[A-Z])\.$")


@dataclass
class Meter:
    """What an answer cost, filled in while it is written."""

    usage: Usage | None = None


class LanguageModel:
    """The chat model that `settings.llm` (provider:model) names.

    Raises UsageError when the name has no such form or its package is missing. What else keeps it from being set up
    (the lack of a key, say) is raised when it is to write: answers are then made of quotations.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.llm
        self._provider = settings.llm.split(":")[0]
        self._model: Any = None
        self._failed: ModelError | None = None
        try:
            self._model = chat_model(settings)
        except ModelError as error:
            self._failed = error

    def write(self, question: str, hits: Sequence[Hit], meter: Meter) -> Iterator[str]:
        """The model's answer as it comes, in pieces.

        Raises ModelError with one line saying why when it does not answer, breaks off, or takes too long.
        """
        system, human = PROMPT.read_text(encoding="utf-8"), messages_text(question, hits)
        said = ""
        counted: dict[str, int] = {}
        for piece in self._stream(system, human, counted):
            said += piece
            yield piece
        meter.usage = self._usage(counted, system + human, said)

    def condense(self, question: str, turns: Sequence[tuple[str, str]]) -> str:
        """The question as one that stands alone after `turns` (question and answer); raises ModelError as `write`."""
        said = "\n".join(
            json.dumps({"question": asked, "answer": answer[:500]}, ensure_ascii=False) for asked, answer in turns
        )
        human = f"Conversation:\n{said}\n\nLast question: {question}"
        reply = self.reply(CONDENSE.read_text(encoding="utf-8"), human)
        return next(iter(reply.strip().strip('"').splitlines()), "")

    def reply(self, system: str, human: str) -> str:
        """What the model says to one prompt; raises ModelError as `write`."""
        return "".join(self._stream(system, human, {}))

    def _stream(self, system: str, human: str, counted: dict[str, int]) -> Iterator[str]:
        """What the model says, in pieces; `counted` gets the tokens as the provider counts them. Bounded in time and
        length; raises ModelError as `write` says.
        """
        from langchain_core.messages import HumanMessage, SystemMessage

        if self._failed:
            raise self._failed
        begin = time.monotonic()
        said = ""
        seen: dict[str, Any] = {}
        try:
            for piece in self._model.stream([SystemMessage(system), HumanMessage(human)]):
                seen.update(piece.response_metadata or {})
                for key, value in (piece.usage_metadata or {}).items():
                    if key in ("input_tokens", "output_tokens"):
                        counted[key] = counted.get(key, 0) + int(value)
                if text := _text_of(piece):
                    said += text
                    yield text
                if len(said) > MAX_CHARS:
                    raise ModelError(f"the language model wrote more than {MAX_CHARS:,} characters and was stopped")
                if time.monotonic() - begin > _PATIENCE * self.settings.llm_timeout_s:
                    raise ModelError("the language model took too long and was stopped")
        except ModelError:
            raise
        except Exception as error:  # every provider has its own tree of errors
            raise _failed(error) from error
        if not said.strip():
            raise ModelError("the language model gave an empty answer", passing=True)
        if self._provider in _ENDS and not seen.get(_ENDS[self._provider]):
            raise ModelError("the language model's answer broke off in the middle", passing=True)

    def _usage(self, counted: dict[str, int], read: str, written: str) -> Usage:
        """Tokens as the provider counted them, else as tiktoken counts; the cost where prices are set."""
        tokens = (
            counted.get("input_tokens") or count_tokens(read),
            counted.get("output_tokens") or count_tokens(written),
        )
        cost = None
        if prices := self.settings.prices:
            cost = sum(count * price for count, price in zip(tokens, prices, strict=True)) / 1_000_000
        return Usage(*tokens, counted=bool(counted), cost=cost)


def chat_model(settings: Settings) -> Any:
    """The LangChain chat model that `settings.llm` (provider:model) names.

    Raises UsageError when the name has no such form or its package is missing, ModelError when it cannot be set up
    (for lack of a key, say).
    """
    if ":" not in settings.llm:
        raise UsageError(f"--llm {settings.llm}: name it as provider:model, for example openai:gpt-4.1-mini")
    from langchain.chat_models import init_chat_model

    extra: dict[str, Any] = {"timeout": settings.llm_timeout_s, "max_retries": 2}
    if settings.llm.startswith("openai:"):
        extra["stream_usage"] = True
    if settings.llm_base_url:
        extra["base_url"] = settings.llm_base_url
        if settings.llm.startswith("openai:") and not os.environ.get("OPENAI_API_KEY"):
            extra["api_key"] = "none"  # a local server asks for no key, but the client insists on one
    try:
        return init_chat_model(settings.llm, **extra)
    except ImportError as error:  # LangChain's own words name the package
        raise UsageError(f"--llm {settings.llm}: {first_line(error)}") from error
    except Exception as error:  # each provider raises its own for a missing key
        if type(error) is ValueError:  # LangChain knows no such provider
            raise UsageError(
                f"--llm {settings.llm}: LangChain has no provider of that name; docs/language-models.md has examples"
            ) from error
        log.warning("setting up %s: %s", settings.llm, type(error).__name__)  # its text may hold a key
        # pydantic's own text shows what it was given, a key among it; the message alone does not.
        said = (
            error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
            if isinstance(error, ValidationError)
            else first_line(error)
        )
        raise ModelError(f"the language model {settings.llm} cannot be set up ({said.rstrip('.')})") from error


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


def messages_text(question: str, hits: Sequence[Hit]) -> str:
    """What the model reads: one passage a line, as JSON, so that no text in a passage can end it or begin another."""
    passages = "\n".join(_entry(n, hit) for n, hit in enumerate(hits, 1))
    return f"Passages:\n{passages}\n\nQuestion: {question}"


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
        parts.append((before + (match.group(1) or "")).strip())
        begin = match.end()
    return [*parts, text[begin:]]


def _entry(number: int, hit: Hit) -> str:
    document = hit.document
    about = {
        "title": document.title,
        "publisher": document.publisher,
        "date": document.date,
        "heading": hit.passage.heading,
    }
    known = {key: visible(value) for key, value in about.items() if value}
    return json.dumps({"passage": number, **known, "text": visible(hit.passage.text)}, ensure_ascii=False)


def _text_of(piece: Any) -> str:
    return piece.text if isinstance(piece.text, str) else str(piece.text())


def _failed(error: Exception) -> ModelError:
    log.warning("the language model failed: %s", type(error).__name__)  # its text may hold a key
    return ModelError(f"the language model did not answer ({_reason(error)})")


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
    if "connect" in type(error).__name__.lower():
        return "it cannot be reached"
    return type(error).__name__
