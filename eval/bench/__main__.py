"""`make bench`: one table of quality and speed, peers' numbers beside ours, threads pinned.

Parts can be named: `python -m eval.bench start claims passages filings ingest growth crash`.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import click
from scipy.stats import binomtest

from eval import figures
from eval.bench import crash, filings, growth, ingestion, passages
from eval.bench.public import bench_folder
from eval.claims import CLAIMS, RETOLD, load_pairs, passed_and_caught
from eval.claims import measure as measure_claims
from eval.dataset import DEFAULT_SET, HALVES, load_set
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.embedding import Embedder
from rag.glossary import load_glossary
from rag.settings import CHECKOUT, load_settings
from rag.support import Judge

THREADS = 2
KILLS = 200
Rows = list[tuple[str, str]]


def main(parts: tuple[str, ...], sizes: tuple[int, ...], plot: Path | None, record: bool) -> None:
    folder = bench_folder()
    if folder is None:
        click.echo(
            "The public measuring data are not here (BRIEFDESK_BENCH names their folder); their parts are left out."
        )
    work: dict[str, Callable[[Path], Rows]] = {"start": start, "claims": verification}
    if folder:
        work |= {
            "passages": lambda temporary: public_passages(folder, temporary),
            "filings": lambda temporary: public_filings(folder, temporary),
            "ingest": lambda temporary: ingestion_speed(folder, temporary),
        }
    if "crash" in parts:  # a quarter of an hour, so only when it is asked for
        work["crash"] = crashes
    work["growth"] = lambda temporary: growing(sizes, plot)
    for name, measure in work.items():
        if not parts or name in parts:
            with tempfile.TemporaryDirectory() as temporary:
                rows = measure(Path(temporary))
            click.echo(f"\n{name}, {THREADS} threads")
            for label, value in rows:
                click.echo(f"  {label:<62}{value:>18}")
            if record:
                _record(name, rows)


def _record(part: str, rows: Rows) -> None:
    """Keeps the rows beside the figures that README and docs give, under names made of their labels."""
    named = {re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-"): value for label, value in rows}
    measured = datetime.now(UTC).date().isoformat()
    figures.keep({"bench": {**figures.kept().get("bench", {}), part: {"measured": measured, **named}}})


def start(temporary: Path) -> Rows:
    home = temporary / "home"
    rows: Rows = [("briefdesk --help, s", f"{_command('--help'):.2f}")]
    begin = time.perf_counter()
    report = json.loads(_output("ingest", "--json", "--home", str(home)))
    rows.append(("ingest the corpus, whole command, s", f"{time.perf_counter() - begin:.2f}"))
    rows.append(
        (f"  inside: {report['documents']} documents, {report['passages']} passages, s", f"{report['seconds']:.2f}")
    )
    rows.append(("ask, cold to answer, s", f"{_command('ask', 'Which mechanisms are new?', '--home', str(home)):.2f}"))
    desk = Desk(load_settings(home=home, threads=THREADS, llm=""))
    questions = [question.question for question in load_set(DEFAULT_SET)]
    for question in questions[:5]:
        desk.ask(question)
    searches = [desk.search(question, 8)[1]["total"] for question in questions]
    answers = [desk.ask(question).timings_ms["answer"] for question in questions]
    for name, values in (("search in a running process", searches), ("answer after search", answers)):
        rows.append((f"{name}, p50 / p95 ms", f"{statistics.median(values):.1f} / {_p95(values):.1f}"))
    return rows


def verification(_: Path) -> Rows:
    """How well sentences are told apart that passages support and that they do not, and how long that takes."""
    judge = Judge(Embedder(threads=THREADS), load_glossary(CHECKOUT / "corpus" / "glossary.yaml"))
    measure_claims(judge, load_pairs()[:1])
    rows: Rows = []
    for name, half in product((CLAIMS, RETOLD), HALVES):
        pairs = load_pairs(name, half)
        begin = time.perf_counter()
        judged = measure_claims(judge, pairs)
        took_ms = (time.perf_counter() - begin) * 1000 / len(pairs)
        right, wrong = passed_and_caught(judged)
        rows.append((f"{name.stem}, {half}, {len(right)} right sentences passed", _share(right)))
        rows.append((f"{name.stem}, {half}, {len(wrong)} wrong sentences caught", _share(wrong)))
        for kind in dict.fromkeys(pair.kind for pair in pairs if pair.kind):
            of_kind = [not found.supported for pair, found in judged if pair.kind == kind]
            rows.append((f"  {kind}", _share(of_kind)))
        rows.append((f"{name.stem}, {half}, ms a sentence, its passage embedded too", f"{took_ms:.1f}"))
    return rows


def _share(flags: list[bool]) -> str:
    """A share with its 95% interval (Wilson, 1927)."""
    interval = binomtest(sum(flags), len(flags)).proportion_ci(method="wilson")
    low, high = interval.low, interval.high
    return f"{sum(flags) / len(flags):.3f} [{low:.2f}, {high:.2f}]"


def public_passages(folder: Path, temporary: Path) -> Rows:
    rows: Rows = [(name, _pair(*figures)) for name, figures in passages.PEERS.items()]
    recalls: dict[str, float] = {}
    for precision in ("int8", "fp32"):
        settings = load_settings(home=temporary / precision, threads=THREADS, llm="", precision=precision)
        sources = [str(path) for path in sorted((folder / "passages").glob("*.md"))]
        ingest(sources, settings, settings.embedder())
        desk = Desk(settings)
        figures = passages.measure(desk, folder)
        desk.close()
        recalls[precision] = figures["recall"]
        if precision == "int8":
            rows.append(
                ("briefdesk in int8, recall / IoU within 1,000 word pieces", _pair(figures["recall"], figures["IoU"]))
            )
            rows += [(f"  {name}", f"{value:.3f}") for name, value in figures.items() if name.startswith("recall,")]
    rows.append(("  recall with plain fp32", f"{recalls['fp32']:.4f}"))
    rows.append(("  recall lost by int8", f"{recalls['fp32'] - recalls['int8']:+.4f}"))
    return rows


def public_filings(folder: Path, temporary: Path) -> Rows:
    settings = load_settings(home=temporary / "home", threads=THREADS, llm="")
    ingest([str(folder / "filings")], settings, settings.embedder())
    desk = Desk(settings)
    rows: Rows = [(f"{name}, on six sister filings", f"{share:.2f}") for name, share in filings.PEERS.items()]
    rows.append(("briefdesk, page that holds the evidence in the top 5", f"{filings.measure(desk, folder):.2f}"))
    desk.close()
    return rows


def ingestion_speed(folder: Path, temporary: Path) -> Rows:
    embedder = Embedder(threads=THREADS)
    ours = ingestion.whole(folder, temporary / "home", embedder)
    rows: Rows = [("briefdesk, the filings, s", f"{ours.seconds:.1f}")]
    rows += [(f"  {stage}, s", f"{seconds:.1f}") for stage, seconds in ours.stages_s.items()]
    peer = ingestion.peer(folder)
    if peer:
        rows.append(("LangChain's default pipeline, the same, s", f"{peer['ingest_s']:.1f}"))
        rows.append(("  times faster", f"{peer['ingest_s'] / ours.seconds:.2f}"))
        rows.append(("  its page in the top 5", f"{peer['page_hit5']:.2f}"))
    else:
        rows.append(("LangChain's default pipeline", "BRIEFDESK_PEER_PYTHON"))
    unchanged = ingestion.again(folder, temporary / "home")
    rows.append(("again, nothing changed, s", f"{unchanged.seconds:.2f}"))
    rows.append(("  times faster than the first time", f"{ours.seconds / unchanged.seconds:.0f}"))
    first, one, alone = ingestion.one_of_a_hundred(temporary / "hundred", temporary / "files" / "corpus", embedder)
    rows.append(("a hundred files / one of them changed / that one alone, s", f"{first:.2f}/{one:.2f}/{alone:.2f}"))
    return rows


def growing(sizes: tuple[int, ...], plot: Path | None) -> Rows:
    measured = growth.grow(sizes)
    if plot:
        growth.plot(measured, plot)
    return [
        (
            f"{row['passages']:,.0f} passages: search p50 / p95 ms, memory MB, disk MB",
            f"{row['total_p50_ms']:.1f}/{row['total_p95_ms']:.1f} {row['search_peak_mb']:.0f} {row['disk_mb']:.0f}",
        )
        for row in measured
    ]


def crashes(temporary: Path) -> Rows:
    """Kills at random moments, each followed by a start, an examination, and the same work to its end."""
    found = []
    for verdict in crash.killed(temporary, KILLS, seed=int(time.time()), cold=True):
        found.append(verdict)
        if verdict.wrong:
            click.echo(f"  {verdict}")
    starts = [verdict.start_s for verdict in found]
    return [
        (f"kills of {KILLS} after which a promise was broken", str(sum(bool(verdict.wrong) for verdict in found))),
        ("kills after which the new index was there already", str(sum(verdict.state == "new" for verdict in found))),
        ("start and answer after a kill, p50 / worst s", f"{statistics.median(starts):.1f} / {max(starts):.1f}"),
    ]


def _pair(recall: float, overlap: float | None) -> str:
    return f"{recall:.3f} / {overlap:.3f}" if overlap is not None else f"{recall:.3f} / -    "


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18]


def _output(*arguments: str) -> str:
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, cwd=CHECKOUT).stdout


def _command(*arguments: str) -> float:
    begin = time.perf_counter()
    _output(*arguments)
    return time.perf_counter() - begin


@click.command()
@click.argument(
    "parts", nargs=-1, type=click.Choice(["start", "claims", "passages", "filings", "ingest", "growth", "crash"])
)
@click.option("--sizes", default="1000,10000,100000", show_default=True, help="Passages of the growing library.")
@click.option("--plot", type=click.Path(path_type=Path), help="Where to draw growth, as SVG.")
@click.option("--record", is_flag=True, help="Keep what is measured in docs/figures.json, for README and docs.")
def command(parts: tuple[str, ...], sizes: str, plot: Path | None, record: bool) -> None:
    """Measure; with no PARTS, everything but crash."""
    main(parts, tuple(int(size) for size in sizes.split(",")), plot, record)


if __name__ == "__main__":
    command()
