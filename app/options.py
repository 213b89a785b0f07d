"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag.filters import Filter

home_option = click.option(
    "--home", type=click.Path(path_type=Path), help="Where all state is kept (BRIEFDESK_HOME; default .briefdesk)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
batch_option = click.option(
    "--batch",
    type=click.Path(path_type=Path),
    help='Answer a JSON Lines file of {"question": "..."}, one line each, in order. "-" reads standard input.',
)
model_option = click.option("--model", help="Embedding model: a sentence-transformers name or path (BRIEFDESK_MODEL).")
rerank_option = click.option(
    "--rerank", metavar="MODEL", help="Cross-encoder that reads the best passages again, by name or path."
)


def llm_option(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--strict", is_flag=True, default=None, help="Drop what it writes that no quotation supports."),
        click.option("--llm", metavar="MODEL", help="Language model as provider:model (BRIEFDESK_LLM)."),
    ):
        command = option(command)
    return command


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which documents to ask; each option may be given several times, and names may hold * and ?."""
    for option in (
        click.option("--until", default="", metavar="DATE", help="Only documents of this date or before."),
        click.option("--since", default="", metavar="DATE", help="Only documents of this date (2024-06) or after."),
        click.option("--language", multiple=True, help="Only documents in this language (en, zh)."),
        click.option("--publisher", multiple=True, help="Only documents of this publisher; * and ? as in file names."),
        click.option("--document", multiple=True, help="Only this document, by file name or title; * and ? likewise."),
    ):
        command = option(command)
    return command


def take_filter(flags: dict[str, Any]) -> Filter:
    """Takes the filter options out of `flags`."""
    from rag.filters import Filter

    return Filter(
        documents=flags.pop("document"),
        publishers=flags.pop("publisher"),
        languages=flags.pop("language"),
        since=flags.pop("since"),
        until=flags.pop("until"),
    )
