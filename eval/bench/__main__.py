"""One table: search, answers, ingestion and start-up, on the shipped corpus, threads pinned."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eval.dataset import DEFAULT_SET, load_set
from rag.chain import Desk
from rag.settings import load_settings

THREADS = 2


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        rows = {"briefdesk --help, s": _command("--help")}
        begin = time.perf_counter()
        report = json.loads(_output("ingest", "--json", "--home", str(home)))
        rows["ingest the corpus, whole command, s"] = time.perf_counter() - begin
        rows["ingest the corpus, inside, s"] = report["seconds"]
        rows["ingest it again, inside, s"] = json.loads(_output("ingest", "--json", "--home", str(home)))["seconds"]
        rows["ask, cold to answer, s"] = _command("ask", "Which mechanisms are new?", "--home", str(home))
        desk = Desk(load_settings(home=home, threads=THREADS, llm=""))
        questions = [question.question for question in load_set(DEFAULT_SET)]
        for question in questions[:5]:
            desk.ask(question)
        searches = [desk.search(question, 8)[1]["total"] for question in questions]
        answers = [desk.ask(question).timings_ms["answer"] for question in questions]
        for name, values in (("search", searches), ("answer after search", answers)):
            rows[f"{name}, p50 ms"] = statistics.median(values)
            rows[f"{name}, p95 ms"] = statistics.quantiles(values, n=20)[18]
    print(f"{report['documents']} documents, {report['passages']} passages, {THREADS} threads")
    for name, value in rows.items():
        print(f"{name:<40}{value:>10.2f}")


def _output(*arguments: str) -> str:
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def _command(*arguments: str) -> float:
    begin = time.perf_counter()
    _output(*arguments)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
