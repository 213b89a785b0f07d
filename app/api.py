"""The desk for other programs: named endpoints over HTTP (Gradio's API) and the same as tools of an MCP server.

The functions' names, arguments and docstrings are what a program or a language model reads, so they are written for
both. The JSON is that of the commands.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gradio as gr

from app.line import Line
from app.output import search_json
from app.record import record
from app.service import Service
from rag.errors import BriefdeskError
from rag.filters import Filter

MAX_CHARS = 20_000  # of a source that is read at once


def build_api(service: Service) -> None:
    """Adds the endpoints /ask, /search, /documents, /read_source and /verify to the Blocks that is open."""
    desk = service.desk

    async def ask(
        question: str,
        after: list[str] = [],  # noqa: B006 - read only
        documents: list[str] = [],  # noqa: B006 - read only
        quotations_only: bool = False,
    ) -> dict[str, Any]:
        """Answer a question from the documents, each sentence with its quotations, or say that they do not say.

        Args:
            question: The question, in English or Chinese.
            after: Questions asked before it in the same conversation, so that "and in 2023?" is understood.
            documents: Names or titles of the documents to ask (with * and ?); none means all.
            quotations_only: Whether to answer at once in quotations, also where a language model is set.
        """
        only = Filter(documents=tuple(documents))

        def answered() -> dict[str, Any]:
            turns = [] if quotations_only else desk.converse(after, only)
            answer = desk.quoted(question, only) if quotations_only else desk.ask(question, only, turns)
            service.count(answer)
            return record(answer)

        return await _told(answered, service.reading if quotations_only else service.answers)

    async def search(question: str, k: int = 8, documents: list[str] = []) -> dict[str, Any]:  # noqa: B006 - read only
        """Find the passages of the documents that are nearest to a question, best first.

        Args:
            question: What to look for, in English or Chinese.
            k: How many passages, 1 to 100.
            documents: Names or titles of the documents to search (with * and ?); none means all.
        """

        def found() -> dict[str, Any]:
            hits, timings = desk.search(question, min(max(k, 1), 100), Filter(documents=tuple(documents)))
            return search_json(question, hits, timings)

        return await _told(found, service.reading)

    def documents() -> list[dict[str, Any]]:
        """List the documents that are indexed: name, title, publisher, date, language, pages, passages."""
        return [
            {
                "document": one.name,
                "title": one.title,
                "publisher": one.publisher,
                "date": one.date,
                "language": one.language,
                "pages": one.pages,
                "passages": one.passages,
            }
            for one in sorted(desk.library.listings.values(), key=lambda one: one.name)
        ]

    def read_source(document: str, start: int = 0, end: int = 0) -> dict[str, Any]:
        """Read the stored text of a document, or the characters start to end of it, as a citation names them.

        Args:
            document: The document's name, as answers and lists give it.
            start: First character, counted from 0.
            end: The character behind the last one; 0 means as far as one answer goes.
        """
        library = desk.library
        key = document if document in library.listings else library.named(document)
        if key is None:
            raise gr.Error(
                f"There is no document named {document[:200]!r}; /documents lists them.", print_exception=False
            )
        text = library.documents[key].text
        first = min(max(start, 0), len(text))
        last = min(end if end > first else len(text), first + MAX_CHARS)
        return {"document": document, "start": first, "end": last, "chars": len(text), "text": text[first:last]}

    async def verify(text: str) -> dict[str, Any]:
        """Check a text sentence by sentence against the documents: which are supported, by which quotation, or why not.

        Args:
            text: The text to check, as it is; numbers in brackets are ignored.
        """
        return await _told(lambda: record(desk.check(text)), service.reading)

    async def _told(work: Callable[[], dict[str, Any]], line: Line) -> dict[str, Any]:
        """What `work` gives when it is its turn; an error of ours as one sentence for the caller."""
        try:
            return await service.turn(line, work)
        except BriefdeskError as error:
            raise gr.Error(str(error), print_exception=False) from error

    for function in (ask, search, documents, read_source, verify):
        gr.api(function, api_name=function.__name__, concurrency_limit=None)  # the line says whose turn it is


def answer_in_json(page: gr.Blocks) -> None:
    """Makes the tools of a launched page answer in JSON; Gradio gives a tool's result as Python writes it."""
    server = page.mcp_server_obj
    if server is None:
        return
    plain = server.postprocess_output_data

    def in_json(data: Any, root_url: str) -> Any:
        return plain(
            [json.dumps(one, ensure_ascii=False) if isinstance(one, dict | list) else one for one in data], root_url
        )

    server.postprocess_output_data = in_json  # type: ignore[method-assign]
