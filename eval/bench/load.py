"""Fifty people on one desk: they ask, open sources, and now and then one adds a document. Driven by locust.

`python -m eval.bench.load --people 50 --minutes 10` starts a server on a copy of the corpus's home, waits until it is
warm, and prints latencies by kind, errors, and how the server's memory went. People think for 4 to 12 seconds between
two actions.
"""

from __future__ import annotations

import csv
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import click

from eval.dataset import DEFAULT_SET, load_set
from rag.settings import CHECKOUT

_DRIVEN = "BRIEFDESK_LOAD"  # set where locust reads this module
_WARM_SHARE = 0.3  # of the time, before memory is looked at
THINKS_S = (4.0, 12.0)


def _locust() -> Any:
    """The people, as a class of locust's; it is imported by locust itself, which wants it at the top of a module."""
    from locust import HttpUser, between, task

    questions = [one.question for one in load_set(DEFAULT_SET) if len(one.question) < 500]

    class Person(HttpUser):
        wait_time = between(*THINKS_S)

        def on_start(self) -> None:
            self.session = f"{random.getrandbits(40):x}"
            config = self.client.get("/config", name="page").json()
            self.add = next(
                one["id"]
                for one in config["dependencies"]
                if len(one["inputs"]) == 2 and one["targets"] and one["targets"][0][1] == "click"
            )
            self.open = next(
                one["id"] for one in config["components"] if "open_source" in (one["props"].get("server_fns") or [])
            )
            self.cited: list[dict[str, Any]] = []

        @task(12)
        def ask(self) -> None:
            self.answered({"data": [random.choice(questions), [], [], False]})

        def answered(self, body: dict[str, Any]) -> None:
            begin = time.perf_counter()
            begun = self.client.post("/gradio_api/call/ask", json=body, name="ask, begun")
            if begun.status_code != 200:
                return
            event = begun.json()["event_id"]
            with self.client.get(
                f"/gradio_api/call/ask/{event}", name="ask, streamed", catch_response=True
            ) as streamed:
                kind, _, data = streamed.text.rpartition("event: ")[2].partition("\n")
                failure = None if kind.strip() == "complete" else RuntimeError(streamed.text[-200:])
                if failure:
                    streamed.failure(str(failure))
                else:
                    found = json.loads(data.partition("data: ")[2])[0]
                    self.cited = found["citations"]
            self.environment.events.request.fire(
                request_type="ask",
                name="answer",
                response_time=(time.perf_counter() - begin) * 1000,
                response_length=len(streamed.text),
                exception=failure,
                context={},
            )

        @task(6)
        def open_source(self) -> None:
            if not self.cited:
                return
            one = random.choice(self.cited)
            wanted = {"document": one["document_id"], "start": one["start"], "end": one["end"]}
            body = {"data": wanted, "component_id": self.open, "fn_name": "open_source", "session_hash": self.session}
            self.client.post("/gradio_api/component_server", json=body, name="open a source")

        @task(1)
        def upload(self) -> None:
            if random.random() > 0.3:
                return
            number = random.randrange(10)
            name = f"greenhouse-{number}.md"
            text = f"# Greenhouse {number}\n\nGreenhouse {number} in Ghent holds {random.randrange(100)} orchids.\n"
            kept = self.client.post("/gradio_api/upload", files={"files": (name, text.encode())}, name="upload")
            if kept.status_code != 200:
                return
            file = {
                "path": kept.json()[0],
                "meta": {"_type": "gradio.FileData"},
                "orig_name": f"greenhouse-{number}.md",
            }
            session = f"{random.getrandbits(40):x}"
            body = {"data": [[file], ""], "fn_index": self.add, "session_hash": session}
            self.client.post("/gradio_api/queue/join", json=body, name="add, begun")
            self.client.get(f"/gradio_api/queue/data?session_hash={session}", name="add, to its end", timeout=120)

    return Person


if os.environ.get(_DRIVEN):
    Person = _locust()


def measure(people: int, minutes: float, home: Path) -> dict[str, Any]:
    """What came of it: seconds by kind (p50, p95), errors, and memory after warm-up and at the end, in MB."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
    )
    memory: list[tuple[float, float]] = []
    over = threading.Event()
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if "briefdesk is at" in line:
                break
        watching = threading.Thread(target=_watch, args=(server.pid, memory, over), daemon=True)
        watching.start()
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable, "-m", "locust", "-f", __file__, "--headless", "--host", f"http://127.0.0.1:{port}",
                "-u", str(people), "-r", "5", "-t", f"{minutes * 60:.0f}s", "--csv", f"{folder}/load", "--only-summary",
            ]  # fmt: skip
            env = {**os.environ, _DRIVEN: "1"}
            locust = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, env=env)
            if not Path(f"{folder}/load_stats.csv").exists():
                raise RuntimeError(locust.stderr[-2000:])
            with open(f"{folder}/load_stats.csv", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            with open(f"{folder}/load_failures.csv", encoding="utf-8") as file:
                failures = [
                    f"{row['Name']}: {row['Error'][:200]} ({row['Occurrences']})" for row in csv.DictReader(file)
                ]
        over.set()
        watching.join()
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
    warm = [mb for at, mb in memory if at >= _WARM_SHARE * minutes * 60]
    tenth = max(1, len(warm) // 10)
    before, after = sum(warm[:tenth]) / tenth, sum(warm[-tenth:]) / tenth
    return {
        "kinds": {
            row["Name"]: (int(row["Request Count"]), float(row["50%"]) / 1000, float(row["95%"]) / 1000)
            for row in rows
            if row["Name"] != "Aggregated"
        },
        "failures": failures,
        "memory_mb": (before, after),
        "growth": after / before - 1,
    }


def _watch(pid: int, memory: list[tuple[float, float]], over: threading.Event) -> None:
    begin = time.monotonic()
    page = os.sysconf("SC_PAGE_SIZE")
    while not over.wait(1.0):
        try:
            resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        except OSError:
            return
        memory.append((time.monotonic() - begin, resident / 1e6))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@click.command()
@click.option("--people", default=50, show_default=True)
@click.option("--minutes", default=10.0, show_default=True)
def command(people: int, minutes: float) -> None:
    """Measure a desk under load."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        subprocess.run([sys.executable, "-m", "app.cli", "ingest", "--home", str(home)], check=True, cwd=CHECKOUT)
        found = measure(people, minutes, home)
    click.echo(f"{people} people, {minutes:g} minutes")
    for kind, (count, p50, p95) in found["kinds"].items():
        click.echo(f"  {kind:<24}{count:>7} times   p50 {p50:6.2f} s   p95 {p95:6.2f} s")
    click.echo(f"  errors: {found['failures'] or 'none'}")
    before, after = found["memory_mb"]
    click.echo(f"  memory after warm-up {before:.0f} MB, at the end {after:.0f} MB ({found['growth']:+.1%})")


if __name__ == "__main__":
    command()
