"""Runs of the harness in the page, kept in the catalog: what was measured, with which settings, on which corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from eval.metrics import FIGURES, Outcome, by_question
from rag.chain import Desk
from rag.store.catalog import Catalog

_SETTINGS = ("k", "dense_weight", "min_confidence", "llm", "rerank", "strict")


@dataclass(frozen=True, slots=True)
class Run:
    """A kept run. `values` has, for each of FIGURES, the value of each question by its id."""

    number: int
    at: str
    set: str
    half: str
    settings: Mapping[str, Any]
    values: Mapping[str, Mapping[str, float]]

    def figure(self, key: str) -> float | None:
        values = self.values.get(key) or {}
        return sum(values.values()) / len(values) if values else None


def keep_run(desk: Desk, name: str, half: str, outcomes: Sequence[Outcome]) -> Run:
    """Writes a run into the catalog."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    report = {
        "set": name,
        "half": half,
        "briefdesk": version("briefdesk"),
        "settings": {key: getattr(desk.settings, key) for key in _SETTINGS},
        "values": by_question(outcomes),
    }
    catalog = Catalog(desk.settings.home / "catalog.sqlite")
    try:
        catalog.add_run(at, "check", report)
    finally:
        catalog.close()
    return earlier_runs(desk, name, half)[-1]


def earlier_runs(desk: Desk, name: str, half: str) -> list[Run]:
    """The kept runs of one set and half, oldest first."""
    return [
        Run(number, at, report["set"], report["half"], report["settings"], report["values"])
        for number, at, report in desk.library.catalog.runs("check")
        if (report["set"], report["half"]) == (name, half)
    ]


def changes(before: Run, after: Run) -> dict[str, list[float]]:
    """For each of FIGURES the differences, question by question, on the questions that both runs have."""
    return {
        key: [
            value - before.values[key][question]
            for question, value in after.values.get(key, {}).items()
            if question in before.values.get(key, {})
        ]
        for key in FIGURES
    }
