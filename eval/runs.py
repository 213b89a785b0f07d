"""Runs of the harness, kept in the catalog: what was measured, with which settings and versions, on which corpus."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eval.dataset import Question
from eval.metrics import Outcome, by_figure
from rag.chain import Desk
from rag.errors import UsageError
from rag.store.catalog import Catalog
from rag.store.runs import StoredRun, add_outcomes, add_run, stored_outcomes, stored_runs, update_run
from rag.types import Answer, Citation

_COMMAND = "eval"
_LIBRARIES = ("torch", "sentence-transformers", "chromadb", "tantivy", "langchain-core")
_TOGETHER_S = 1.0  # what came within so many seconds is written in one transaction
# Two runs with the same of these are the same run, of which one may go on where the other was interrupted.
_IDENTITY = ("set", "set_fingerprint", "half", "sample", "seed", "mode", "settings", "corpus", "versions", "judge")


@dataclass(frozen=True)
class Run:
    """A run, as it is kept. `outcomes` are those of `row_of`, in the order of the set."""

    number: int
    at: str
    report: Mapping[str, Any]
    outcomes: Sequence[Mapping[str, Any]]

    @property
    def set(self) -> str:
        return str(self.report["set"])

    @property
    def half(self) -> str:
        return str(self.report["half"])

    @property
    def settings(self) -> Mapping[str, Any]:
        settings: Mapping[str, Any] = self.report["settings"]
        return settings

    @property
    def finished(self) -> bool:
        return "seconds" in self.report

    @cached_property
    def values(self) -> dict[str, dict[str, float]]:
        """For each figure its value by the question's id."""
        return by_figure({row["id"]: row["values"] for row in self.outcomes})

    def figure(self, key: str) -> float | None:
        values = self.values.get(key) or {}
        return sum(values.values()) / len(values) if values else None


def header(desk: Desk, name: str, questions: Sequence[Question], half: str, sample: int, seed: int) -> dict[str, Any]:
    """What a run is a run of."""
    lines = "\n".join(question.model_dump_json() for question in questions)
    return {
        "set": name,
        "set_fingerprint": hashlib.sha256(lines.encode()).hexdigest()[:16],
        "questions": len(questions),
        "half": half,
        "sample": sample,
        "seed": seed,
        "mode": desk.mode,
        "settings": desk.settings.deciding,
        "corpus": desk.library.identity,
        "versions": {"briefdesk": version("briefdesk"), "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
    }


class Book:
    """A run while it is being made: what has come is kept, so that an interruption loses at most a second's work."""

    def __init__(self, catalog: Catalog, head: dict[str, Any], stored: StoredRun | None = None) -> None:
        self._catalog, self._waiting = catalog, list[tuple[int, str, dict[str, Any]]]()
        self._head = stored.report if stored else head
        self._began = self._written = time.monotonic()
        self.number = stored.number if stored else add_run(catalog, _now(), _COMMAND, head)
        self.done = {row["id"] for row in stored_outcomes(catalog, self.number)} if stored else set[str]()

    def keep(self, place: int, outcome: Outcome) -> None:
        self._waiting.append((place, outcome.question.id, row_of(outcome)))
        if time.monotonic() - self._written > _TOGETHER_S:
            self._write()

    def close(self, *, finished: bool) -> None:
        self._write()
        spent = round(float(self._head.get("seconds_before", 0.0)) + time.monotonic() - self._began, 2)
        spent_as = "seconds" if finished else "seconds_before"
        update_run(self._catalog, self.number, {**self._head, spent_as: spent})

    def _write(self) -> None:
        if self._waiting:
            add_outcomes(self._catalog, self.number, self._waiting)
            self._waiting.clear()
        self._written = time.monotonic()


@contextmanager
def keeping(desk: Desk, head: dict[str, Any], *, resume: bool = False) -> Iterator[Book]:
    """A book to keep outcomes in; with `resume` the one of the last interrupted run of the same thing.

    Raises UsageError when there is none to resume.
    """
    with _opened(desk.settings.home) as catalog:
        stored = None
        if resume:
            same = [run for run in stored_runs(catalog, _COMMAND) if _is_same(run.report, head)]
            stored = next((run for run in reversed(same) if "seconds" not in run.report), None)
            if stored is None:
                raise UsageError("no interrupted run of this set with these settings is kept; leave --resume out")
        book = Book(catalog, head, stored)
        finished = False
        try:
            yield book
            finished = True
        finally:
            book.close(finished=finished)


def keep_run(desk: Desk, head: dict[str, Any], outcomes: Iterable[Outcome]) -> Run:
    """Keeps a run as its outcomes come."""
    with keeping(desk, head) as book:
        for place, outcome in enumerate(outcomes):
            book.keep(place, outcome)
    return load_run(desk.settings.home, str(book.number))


def load_run(home: Path, name: str) -> Run:
    """A kept run by its number, or `last`, or `last-1` for the one before it.

    Raises UsageError when there is none.
    """
    with _opened(home) as catalog:
        runs = stored_runs(catalog, _COMMAND)
        back = name.removeprefix("last").removeprefix("-") or "0" if name.startswith("last") else ""
        if back.isdecimal() and int(back) < len(runs):
            found: StoredRun | None = runs[-1 - int(back)]
        else:
            found = next((run for run in runs if str(run.number) == name), None)
        if found is None:
            raise UsageError(f"no run {name} of the harness is kept in {home}; `briefdesk eval history` lists them")
        return Run(found.number, found.started_at, found.report, stored_outcomes(catalog, found.number))


def load_runs(home: Path, name: str = "", half: str = "") -> list[Run]:
    """The kept runs, oldest first; of one set, of one half, where they are named."""
    with _opened(home) as catalog:
        return [
            Run(run.number, run.started_at, run.report, stored_outcomes(catalog, run.number))
            for run in stored_runs(catalog, _COMMAND)
            if name in ("", run.report["set"]) and half in ("", run.report["half"])
        ]


def row_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is kept and reported: plain values only."""
    question, answer = outcome.question, outcome.answer
    return {
        "id": question.id,
        "half": question.half,
        "question": question.question,
        "turns": list(question.turns),
        "understood": answer.understood,
        "kind": question.kind,
        "language": question.language,
        "difficulty": question.difficulty,
        "answerable": question.answerable,
        "reference": question.reference,
        "key_facts": [list(fact) for fact in question.facts],
        "gold": [gold.model_dump(exclude_defaults=True) for gold in question.gold],
        "answer": answer.text,
        "abstained": answer.abstained,
        "citations": [_quoted(citation) for citation in answer.citations],
        "confidence": round(answer.confidence, 3),
        "rank": outcome.rank,
        "right": outcome.right,
        "stage": outcome.stage,
        "evidence": outcome.evidence,
        "right_if_answered": outcome.right_if_answered,
        "others": [{"question": other.question, "answer": _in_short(other)} for other in outcome.others],
        "timings_ms": {step: round(took, 2) for step, took in answer.timings_ms.items()},
        "values": {key: round(value, 5) for key, value in outcome.values.items()},
        "baselines": {
            name: {key: round(value, 5) for key, value in own.items()} for name, own in outcome.baselines.items()
        },
    }


def _quoted(citation: Citation) -> dict[str, Any]:
    document = citation.document
    place = {"n": citation.number, "document": document.name, "title": document.title, "page": citation.page}
    return {**place, "start": citation.start, "end": citation.end, "quote": citation.line}


def _in_short(answer: Answer) -> str:
    return "" if answer.abstained else answer.text


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in _IDENTITY)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _opened(home: Path) -> Iterator[Catalog]:
    catalog = Catalog(home / "catalog.sqlite")
    try:
        yield catalog
    finally:
        catalog.close()
