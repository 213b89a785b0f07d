"""The progress bar of an ingestion, and the table that closes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ingest.pipeline import ingest
from ingest.report import Report
from ingest.sources import is_address
from rag.embedding import Embedder
from rag.settings import Settings

_STAGES = {"load": "reading documents", "embed": "embedding passages", "store": "writing the index"}


def ingest_with_progress(
    sources: Sequence[str], settings: Settings, embedder: Embedder, *, quiet: bool = False, **options: Any
) -> Report:
    """`ingest` with its `options`, and a bar on standard error unless `quiet`."""
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES[stage], total=total)
            bars.update(tasks[stage], completed=done, total=total)

        return ingest(sources, settings, embedder, progress=progress, **options)


def print_report(report: Report) -> None:
    console = Console(highlight=False)
    table = Table(title=None, show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("documents", justify="right")
    table.add_column("which")
    for name in ("added", "changed", "unchanged", "removed"):
        sources: list[str] = getattr(report, name)
        shown = ", ".join(short_name(source) for source in sources[:4]) + (", ..." if len(sources) > 4 else "")
        table.add_row(name, str(len(sources)), shown)
    table.add_row("refused", str(len(report.refused)), "")
    console.print(table)
    for refusal in report.refused:
        console.print(f"refused {refusal['source']}: {refusal['reason']}", markup=False, soft_wrap=True)
    for note in report.notes:
        console.print(f"note {note['source']}: {note['note']}", markup=False, soft_wrap=True)
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.stages_s.items())
    console.print(
        f"{report.documents} documents, {report.passages} passages, {report.tokens:,} tokens are indexed; "
        f"{report.seconds:.1f} s ({stages})",
        soft_wrap=True,
    )


def short_name(source: str) -> str:
    """A source as a reader knows it: the address, or the file's name."""
    return source if is_address(source) else Path(source).name
