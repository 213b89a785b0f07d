"""Killing briefdesk at random moments, and looking at what the next start finds.

Each victim is a process of its own that works on a copy of a home: it adds, changes, removes, rebuilds or answers, and
is ended by SIGKILL after a random share of the time that this work takes. Then the home is opened again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingest.pipeline import ingest, remove
from rag.chain import Desk
from rag.embedding import Embedder
from rag.settings import CHECKOUT, Settings, load_settings
from rag.store.catalog import Catalog
from rag.store.doctor import examine

QUESTION = "Which two mechanisms does the brief call new?"
_DOCUMENTS = 8
# A server from which processes are forked that have the modules already: most kills then meet work, and not imports.
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["ingest.pipeline", "rag.chain", "rag.store.doctor", "rag.bert", "chromadb", "tantivy"])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found after a kill. `state` is old or new; `wrong` is empty when every promise held.

    `done` is the share of the work's usual time after which it was killed.
    """

    work: str
    done: float
    state: str
    start_s: float
    wrong: tuple[str, ...] = ()


def _add(settings: Settings, embedder: Embedder) -> None:
    ingest([str(settings.home.parent / "more")], settings, embedder)


def _change(settings: Settings, embedder: Embedder) -> None:
    for path in sorted(settings.corpus.glob("*.md"))[:3]:
        path.write_text(path.read_text(encoding="utf-8") + "\n\nA later remark closes this note.\n", encoding="utf-8")
    ingest([], settings, embedder)


def _remove(settings: Settings, embedder: Embedder) -> None:
    remove(settings, embedder, [str(sorted(settings.corpus.glob("*.md"))[-1].resolve())])


def _rebuild(settings: Settings, embedder: Embedder) -> None:
    ingest([], settings, embedder, rebuild=True)


def _answer(settings: Settings, embedder: Embedder) -> None:
    for _ in range(3):
        desk = Desk(settings, embedder)
        desk.ask(QUESTION)
        desk.close()


WORK: dict[str, Callable[[Settings, Embedder], None]] = {
    "add": _add,
    "change": _change,
    "remove": _remove,
    "rebuild": _rebuild,
    "answer": _answer,
}


def killed(folder: Path, kills: int, seed: int, *, cold: bool) -> Iterator[Verdict]:
    """Kills `kills` times, each kind of work in turn. With `cold`, the next start is a whole command."""
    chance = random.Random(seed)
    base = _base(folder / "base")
    old = _live(base / "home")
    new, usual_s = {}, {}
    for work in WORK:
        trial = _copy(base, folder / "trial")
        process, pipe = _victim(work, trial)
        begin = time.perf_counter()
        pipe.send("go")
        pipe.recv()
        usual_s[work] = time.perf_counter() - begin
        process.join()
        new[work] = _live(trial / "home")
        shutil.rmtree(trial)
    for number in range(kills):
        work = list(WORK)[number % len(WORK)]
        place = _copy(base, folder / f"kill-{number}")
        process, pipe = _victim(work, place)
        done = chance.uniform(0.0, 1.1)  # some after the switch, some after the end
        pipe.send("go")
        time.sleep(done * usual_s[work])
        with suppress(ProcessLookupError):  # it has come to its end already
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        yield _judged(work, done, place, old, new[work], cold=cold)
        shutil.rmtree(place)


def _judged(work: str, done: float, place: Path, old: Sequence[str], new: Sequence[str], *, cold: bool) -> Verdict:
    wrong: list[str] = []
    begin = time.perf_counter()
    try:
        answer = _cold_answer(place) if cold else _in_a_process(_next_start, place)
        start_s = time.perf_counter() - begin
        if answer["abstained"] or not answer["sentences"]:
            wrong.append("the question is no longer answered")
        wrong += _in_a_process(_examined, place)
        live = _live(place / "home")
        state = "old" if live == old else "new" if live == new else "mixed"
        if state == "mixed":
            wrong.append(f"{len(set(old) - set(live))} of {len(old)} documents are gone, {len(live)} are there")
        wrong += _in_a_process(_finished, place, work, list(new))
    except Exception as error:  # whatever goes wrong after a kill is what is looked for
        return Verdict(work, done, "unknown", time.perf_counter() - begin, (f"{type(error).__name__}: {error}",))
    return Verdict(work, done, state, start_s, tuple(wrong))


def _settings(place: Path) -> Settings:
    return load_settings(home=place / "home", corpus=place / "corpus", threads=1, llm="")


def _base(place: Path) -> Path:
    """A home with a few documents of the shipped corpus, and more to add."""
    (place / "corpus").mkdir(parents=True)
    (place / "more").mkdir()
    documents = sorted((CHECKOUT / "corpus").rglob("*.md"))
    for number, path in enumerate(documents[: _DOCUMENTS + 4]):
        shutil.copy(path, place / ("corpus" if number < _DOCUMENTS else "more") / path.name)
    settings = _settings(place)
    ingest([], settings, settings.embedder())
    return place


def _copy(base: Path, to: Path) -> Path:
    """A copy of everything. Sources are absolute paths, so it is moved to where the index says they are."""
    shutil.copytree(base, to)
    with_path = str(base.resolve()), str(to.resolve())
    catalog = Catalog(to / "home" / "catalog.sqlite")
    for table in ("members", "documents"):
        catalog.db.execute(f"UPDATE {table} SET source = replace(source, ?, ?)", with_path)
    catalog.close()
    return to


def _live(home: Path) -> list[str]:
    """Names and content of the live documents, each checked to be there."""
    catalog = Catalog(home / "catalog.sqlite")
    try:
        members = catalog.members(catalog.generation)
        found = []
        for member in members.values():
            document = catalog.document(member.document_id, member.recipe)
            found.append(f"{Path(member.source).name} {member.document_id if document else 'lost'}")
        return sorted(found)
    finally:
        catalog.close()


def _victim(work: str, place: Path) -> tuple[Any, Connection]:
    """A process that is ready to work and waits to be told."""
    ours, theirs = _FORKING.Pipe()
    process = _FORKING.Process(target=_work, args=(work, place, theirs))
    process.start()
    ours.recv()
    return process, ours


def _work(work: str, place: Path, pipe: Connection) -> None:
    settings = _settings(place)
    embedder = settings.embedder()
    embedder.embed_query("ready")
    pipe.send("ready")
    pipe.recv()
    WORK[work](settings, embedder)
    pipe.send("done")


def _in_a_process(function: Callable[..., Any], *arguments: Any) -> Any:
    ours, theirs = _FORKING.Pipe()
    process = _FORKING.Process(target=_told, args=(theirs, function, *arguments))
    process.start()
    theirs.close()
    try:
        if not ours.poll(60):
            raise TimeoutError(f"{function.__name__} took more than 60 s")
        found = ours.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{function.__name__} ended with {process.exitcode}") from error
    finally:
        process.kill()
        process.join()
    if isinstance(found, Exception):
        raise found
    return found


def _told(pipe: Connection, function: Callable[..., Any], *arguments: Any) -> None:
    try:
        pipe.send(function(*arguments))
    except Exception as error:  # raised again where it was asked for
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _next_start(place: Path) -> dict[str, Any]:
    desk = Desk(_settings(place))
    answer = desk.ask(QUESTION)
    desk.close()
    return {"abstained": answer.abstained, "sentences": [sentence.text for sentence in answer.sentences]}


def _cold_answer(place: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "app.cli", "ask", "--json", "--home", str(place / "home"), QUESTION]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _examined(place: Path) -> list[str]:
    settings = _settings(place)
    return list(examine(settings.home, settings.embedder(), repair=False).findings)


def _finished(place: Path, work: str, new: list[str]) -> list[str]:
    """What is wrong when the work that was cut off is done again, to its end."""
    settings = _settings(place)
    if work == "answer":
        return []
    if work != "remove" or _live(settings.home) != new:
        if work == "change":  # the files are changed already, some or all
            shutil.rmtree(settings.corpus)
            shutil.copytree(place.parent / "base" / "corpus", settings.corpus)
        WORK[work](settings, settings.embedder())
    return [] if _live(settings.home) == new else [f"{work}, done again, does not end as it should"]
