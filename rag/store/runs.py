"""What was run and what came of it, kept in the catalog: a report, and of an evaluation each question's outcome."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rag.errors import HomeError
from rag.store.catalog import Catalog


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run: its number, when it started, and its report."""

    number: int
    started_at: str
    report: dict[str, Any]


def add_run(catalog: Catalog, started_at: str, command: str, report: dict[str, Any]) -> int:
    """The number of the run, which is kept from now on. Raises HomeError when the catalog cannot be written."""
    row = (started_at, command, _packed(report))
    try:
        number = catalog.db.execute("INSERT INTO runs (started_at, command, report) VALUES (?, ?, ?)", row).lastrowid
    except sqlite3.Error as error:
        said = f"the run cannot be kept in {catalog.path} ({error}); name a home that can be written, with --home"
        raise HomeError(said) from error
    return int(number or 0)


def update_run(catalog: Catalog, number: int, report: dict[str, Any]) -> None:
    catalog.db.execute("UPDATE runs SET report = ? WHERE id = ?", (_packed(report), number))


def stored_runs(catalog: Catalog, command: str) -> list[StoredRun]:
    """The runs of a command, oldest first."""
    rows = catalog.db.execute("SELECT id, started_at, report FROM runs WHERE command = ? ORDER BY id", (command,))
    return [StoredRun(int(row[0]), str(row[1]), json.loads(row[2])) for row in rows]


def add_outcomes(catalog: Catalog, number: int, outcomes: Sequence[tuple[int, str, dict[str, Any]]]) -> None:
    """Keeps outcomes of a run, each with its place in the set and the id of its question, in one transaction."""
    with catalog.transaction():
        catalog.db.executemany(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)",
            [(number, place, question, _packed(outcome)) for place, question, outcome in outcomes],
        )


def stored_outcomes(catalog: Catalog, number: int) -> list[dict[str, Any]]:
    """The outcomes of a run, in the order of its set."""
    rows = catalog.db.execute("SELECT outcome FROM outcomes WHERE run = ? ORDER BY place", (number,))
    return [json.loads(row[0]) for row in rows]


def forget_runs(catalog: Catalog, concerns: Callable[[str], bool]) -> int:
    """Deletes the outcomes, and the reports of runs, that `concerns` says so of; how many."""
    gone = [
        (table, row[0])
        for table, column in (("outcomes", "outcome"), ("runs", "report"))
        for row in catalog.db.execute(f"SELECT rowid, {column} FROM {table}")
        if concerns(row[1])
    ]
    with catalog.transaction():
        for table, number in gone:
            catalog.db.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))
    return len(gone)


def _packed(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
