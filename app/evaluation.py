"""The command `briefdesk eval` and what stands below it."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from app.options import (
    filter_options,
    home_option,
    json_option,
    llm_option,
    model_option,
    rerank_option,
    take_filter,
)
from app.session import open_settings
from rag.errors import UsageError

half_option = click.option(
    "--half",
    type=click.Choice(["development", "test", "all"]),
    default="all",
    show_default=True,
    help="Which questions.",
)
set_argument = click.argument("path", metavar="[SET]", required=False, type=click.Path(path_type=Path))


class _Harness(click.Group):
    """A group whose command `run` need not be named: `briefdesk eval my-set.jsonl`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(name="eval", cls=_Harness)
def eval_group() -> None:
    """Check the answers against a set of questions. `briefdesk eval [SET]` is short for `eval run [SET]`."""


@eval_group.command()
@set_argument
@half_option
@click.option("--sample", default=0, type=click.IntRange(0), metavar="N", help="Ask N of them, drawn by kind.")
@click.option("--seed", default=0, show_default=True, help="What decides the draw.")
@click.option("--parallel", default=1, show_default=True, type=click.IntRange(1, 64), help="Questions at a time.")
@click.option("--resume", is_flag=True, help="Go on with the same run where it was interrupted.")
@click.option(
    "--fail-under",
    multiple=True,
    metavar="FIGURE=VALUE",
    help="Exit with 1 when a figure is worse than VALUE (below it; above it where less is better). Repeatable.",
)
@click.option(
    "--judge", default="", metavar="MODEL", help="A language model, as provider:model, that judges answers with ragas."
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a report for a browser.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@json_option
@home_option
@model_option
@rerank_option
@llm_option
def run(
    path: Path | None,
    half: str,
    sample: int,
    seed: int,
    parallel: int,
    resume: bool,
    fail_under: tuple[str, ...],
    judge: str,
    html: Path | None,
    junit: Path | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Check the answers against SET (by default the shipped one).

    Exit status 1 when a gold quotation is lost or a figure is worse than --fail-under.
    """
    settings = open_settings(**flags)
    from eval.gate import limits_of, worse_than
    from eval.harness import Wanted, evaluate
    from rag.chain import Desk

    limits = limits_of(fail_under)
    with closing(Desk(settings)) as desk:
        found, lost = evaluate(desk, Wanted(path, half, sample, seed, parallel, resume, judge), quiet=as_json)
    _show(found, as_json, html, junit)
    failed = worse_than(found, limits)
    for line in failed:
        click.echo(f"briefdesk: {line}", err=True)
    if lost or failed:
        sys.exit(1)


@eval_group.command()
@click.argument("number", metavar="[RUN]", default="last")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a report for a browser.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@json_option
@home_option
def report(number: str, html: Path | None, junit: Path | None, as_json: bool, **flags: Any) -> None:
    """Show a kept run again: RUN is its number, `last`, or `last-1` for the one before."""
    from eval.runs import load_run

    _show(load_run(open_settings(**flags).home, number), as_json, html, junit)


@eval_group.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B", default="last")
@json_option
@home_option
def compare(before: str, after: str, as_json: bool, **flags: Any) -> None:
    """What changed from run A to run B, on the questions they share, and whether chance would do that."""
    from eval.compare import compare as compared
    from eval.compare import compare_text
    from eval.runs import load_run

    settings = open_settings(**flags)
    found = compared(load_run(settings.home, before), load_run(settings.home, after))
    _print(found, compare_text(found), as_json)


@eval_group.command()
@click.option("--set", "name", default="", metavar="NAME", help="Only the runs of this set.")
@json_option
@home_option
def history(name: str, as_json: bool, **flags: Any) -> None:
    """The runs that are kept."""
    from eval.compare import history_json, history_text
    from eval.runs import load_runs

    settings = open_settings(**flags)
    runs = load_runs(settings.home, name)
    if not runs:
        raise UsageError(f"no run is kept in {settings.home}; `briefdesk eval` makes one")
    _print({"runs": history_json(runs)}, history_text(runs), as_json)


@eval_group.command()
@click.argument("target", metavar="SET", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--count", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many to propose.")
@click.option("--seed", default=0, show_default=True, help="What decides which passages are drawn.")
@json_option
@filter_options
@home_option
@model_option
@llm_option
def draft(target: Path, count: int, seed: int, as_json: bool, **flags: Any) -> None:
    """Propose questions made of the documents' passages, and add those you accept to SET.

    By rule, or better with --llm. Where nobody can be asked (and with --json) the proposals are only printed.
    """
    only = take_filter(flags)
    settings = open_settings(**flags)
    from app.drafting import review
    from rag.chain import Desk

    with closing(Desk(settings)) as desk:
        review(desk, target, count, seed, only, ask=not as_json and sys.stdin.isatty())


@eval_group.command()
@set_argument
@click.option(
    "--grid",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="YAML with the values to try of each setting, as `k: [8, 12]`.",
)
@click.option("--figure", default="right", show_default=True, help="The figure that decides.")
@json_option
@home_option
@model_option
@rerank_option
@llm_option
def tune(path: Path | None, grid: Path | None, figure: str, as_json: bool, **flags: Any) -> None:
    """Try a small grid of settings on the development half; report the best on the test half, once."""
    settings = open_settings(**flags)
    from eval.dataset import DEFAULT_SET, load_set
    from eval.gate import known_figure
    from eval.tune import load_grid, tuned_json, tuned_text
    from eval.tune import tune as tuned
    from rag.chain import Desk

    chosen = path or DEFAULT_SET
    values, questions = load_grid(grid), load_set(chosen)
    known_figure(figure, "--figure")
    with closing(Desk(settings)) as desk:
        found = tuned(desk, chosen.name, questions, values, figure, lambda said: click.echo(said, err=True))
    _print(tuned_json(found), tuned_text(found), as_json)


@eval_group.command(name="import")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sample", default=0, type=click.IntRange(0), metavar="N", help="Take N of the questions.")
@click.option("--seed", default=0, show_default=True, help="What decides the draw.")
@json_option
def import_command(source: Path, target: Path, sample: int, seed: int, as_json: bool) -> None:
    """Make documents and a set, in FOLDER, of a public set: BEIR, SQuAD, questions with character ranges or pages."""
    from dataclasses import asdict

    from eval.formats import DOCUMENTS, SET, import_set

    found = import_set(source, target, sample=sample, seed=seed)
    _print(
        asdict(found),
        f"{found.documents} documents and {found.questions} questions are in {target}; {found.left_out} whose evidence "
        f"does not stand in a document were left out. Next:\n"
        f"  briefdesk ingest {target / DOCUMENTS} --home {target / 'home'}\n"
        f"  briefdesk eval {target / SET} --home {target / 'home'}",
        as_json,
    )


def _show(run: Any, as_json: bool, html: Path | None, junit: Path | None) -> None:
    from eval.report import report_json, report_text

    if html:
        from eval.html import write_html

        write_html(run, html)
    if junit:
        from eval.junit import write_junit

        write_junit(run, junit)
    _print(report_json(run) if as_json else {}, "" if as_json else report_text(run), as_json)


def _print(found: dict[str, Any], text: str, as_json: bool) -> None:
    from app.batch import print_json

    if as_json:
        print_json(found)
    else:
        click.echo(text)
