"""The command `briefdesk`. What is heavy is imported inside the command that needs it, so that --help is instant."""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.batch import answer_all, print_json
from app.evaluation import eval_group
from app.operating import backup, forget, restore, users
from app.options import (
    batch_option,
    filter_options,
    home_option,
    json_option,
    llm_option,
    model_option,
    rerank_option,
    take_filter,
)
from app.session import log_file, open_settings, redacted
from rag.errors import BriefdeskError, UsageError

if TYPE_CHECKING:
    from rag.chain import Desk

log = logging.getLogger("briefdesk")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="briefdesk")
def cli() -> None:
    """Ask a policy brief and the documents around it; every sentence rests on a quotation you can check."""


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--insecure", is_flag=True, help="Let anyone in who reaches it, where accounts are demanded.")
@home_option
@model_option
@rerank_option
@llm_option
def serve(host: str, port: int, insecure: bool, **flags: Any) -> None:
    """Open the page. Ingests the corpus first when the index is empty or older than it.

    On any other address than this machine's own, whoever opens it must log in (`briefdesk users`).
    """
    settings = open_settings(**flags)
    from app.serve import check_port, serve_page

    check_port(host, port)
    serve_page(settings, host, port, insecure=insecure)


@cli.command()
@click.argument("sources", nargs=-1, metavar="[PATH|URL]...")
@click.option("--rebuild", is_flag=True, help="Make everything anew, also with another embedding model.")
@click.option(
    "--sources",
    "listed",
    is_flag=True,
    help="Fetch the addresses in the corpus's sources.yaml as well; what cannot be reached is skipped and named.",
)
@click.option("--ray", metavar="ADDRESS", default="", help='Load, chunk and embed on a Ray cluster ("auto", "local").')
@json_option
@home_option
@model_option
def ingest(sources: tuple[str, ...], rebuild: bool, listed: bool, ray: str, as_json: bool, **flags: Any) -> None:
    """Add or update documents; with nothing named, the corpus.

    Exit status 1 when something was refused.
    """
    settings = open_settings(**flags)
    from app.progress import ingest_with_progress, print_report

    report = ingest_with_progress(
        sources,
        settings,
        settings.embedder(),
        rebuild=rebuild,
        listing=settings.corpus / "sources.yaml" if listed else None,
        ray=ray,
        quiet=as_json,
    )
    if as_json:
        print_json(report.as_json())
    else:
        print_report(report)
    if report.refused:
        sys.exit(1)


@cli.command()
@click.argument("question", required=False)
@batch_option
@json_option
@filter_options
@home_option
@model_option
@rerank_option
@llm_option
@click.option(
    "--after",
    multiple=True,
    metavar="QUESTION",
    help="A question asked before this one, so that 'it' and 'in 2023?' are understood; may be given several times.",
)
@click.option(
    "--receipt",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the answer with all that is needed to check it later (.json, .md or .docx).",
)
def ask(
    question: str | None,
    batch: Path | None,
    as_json: bool,
    after: tuple[str, ...],
    receipt: Path | None,
    **flags: Any,
) -> None:
    """Answer QUESTION with citations, or say that the documents do not say."""
    from app import receipt as receipts
    from app.output import answer_json, answer_text

    if receipt:
        receipts.check_format(receipt)
        if batch:
            raise UsageError("--receipt is of one answer; leave --batch out")
    only = take_filter(flags)

    def one(desk: Desk, text: str, turns: Sequence[str]) -> tuple[dict[str, Any], str]:
        answer = desk.ask(text, only, desk.converse([*after, *turns], only))
        if receipt:
            receipts.write_receipt(receipts.receipt(answer, desk), receipt)
        return answer_json(answer), answer_text(answer)

    answer_all(one, question, batch, as_json, lambda: open_settings(**flags))


@cli.command()
@click.argument("question", required=False)
@click.option("-k", default=8, show_default=True, type=click.IntRange(1, 1000), help="How many passages.")
@batch_option
@json_option
@filter_options
@home_option
@model_option
@rerank_option
def search(question: str | None, k: int, batch: Path | None, as_json: bool, **flags: Any) -> None:
    """Show the passages nearest to QUESTION."""
    from app.output import hits_text, search_json

    only = take_filter(flags)

    def one(desk: Desk, text: str, _: Sequence[str]) -> tuple[dict[str, Any], str]:
        hits, timings_ms = desk.search(text, k, only)
        return search_json(text, hits, timings_ms), hits_text(hits)

    answer_all(one, question, batch, as_json, lambda: open_settings(**flags))


@cli.command()
@click.argument("receipt", type=click.Path(path_type=Path))
@json_option
@home_option
def verify(receipt: Path, as_json: bool, **flags: Any) -> None:
    """Check that every quotation of RECEIPT (JSON) still stands. Exit status 1 when one does not."""
    settings = open_settings(**flags)
    from app.receipt import check_receipt, check_text

    found = check_receipt(receipt, settings)
    if as_json:
        print_json(found)
    else:
        click.echo(check_text(found))
    if not found["unchanged"] or any(quotation["state"] != "stands" for quotation in found["quotations"]):
        sys.exit(1)


@cli.command()
@json_option
@home_option
@model_option
def status(as_json: bool, **flags: Any) -> None:
    """Show what is indexed and with what."""
    settings = open_settings(**flags)
    from app.status import status_json, status_text

    found = status_json(settings)
    if as_json:
        print_json(found)
    else:
        click.echo(status_text(found))


@cli.command()
@click.option("--repair", is_flag=True, help="Mend what was found, from the catalog, without embedding again.")
@json_option
@home_option
@model_option
def doctor(repair: bool, as_json: bool, **flags: Any) -> None:
    """Check every promise of the stores. Exit status 1 when something is wrong and was not mended."""
    settings = open_settings(**flags)
    from rag.store.doctor import examine

    found = examine(settings.home, settings.embedder(), repair=repair, server=settings.chroma)
    if as_json:
        print_json({"findings": list(found.findings), "repaired": found.mended})
    elif not found.findings:
        click.echo("Everything is in order.")
    else:
        for line in found.findings:
            click.echo(f"- {line}")
        if found.mended:
            click.echo("Mended.")
        elif found.mendable:
            click.echo("Run `briefdesk doctor --repair` to mend this.")
    if found.findings and not found.mended:
        sys.exit(1)


for command in (eval_group, users, backup, restore, forget):
    cli.add_command(command)


def main() -> None:
    """Runs the command; whatever goes wrong becomes one sentence and an exit status, and stands in the log."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BriefdeskError as error:
        log.info("%s", error)
        click.echo(redacted(f"briefdesk: {error}"), err=True)
        sys.exit(error.exit_status)
    except sqlite3.DatabaseError as error:
        log.exception("the catalog")
        click.echo(f"briefdesk: the catalog cannot be read or written ({error}); run `briefdesk doctor`", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # the user never sees a traceback; the log always has it
        log.exception("unexpected")
        said = f"briefdesk: an unexpected error, {type(error).__name__}: {error}. Details: {log_file() or 'no log'}."
        click.echo(redacted(said), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
