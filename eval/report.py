"""A run of the harness for a reader: the figures, by kind of question, and what went wrong where."""

from __future__ import annotations

import io
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.baselines import BASELINES
from eval.dataset import HALVES
from eval.diagnose import STAGES
from eval.metrics import FIGURES, GROUPS, by_figure, is_reached, means
from eval.runs import Run
from eval.statistics import area_interval, area_under, risk_coverage, share_interval

Rows = Sequence[Mapping[str, Any]]
WINS = "A trivial answer does as well: "


def report_json(run: Run) -> dict[str, Any]:
    """The run as data. Shares are 0 to 1; what is None does not apply."""
    halves = {half: rows for half in HALVES if (rows := [row for row in run.outcomes if row["half"] == half])}
    kinds = dict.fromkeys(row["kind"] for row in run.outcomes)
    return {
        "run": run.number,
        "at": run.at,
        **{key: value for key, value in run.report.items() if key != "lost_gold"},
        "halves": {half: {**plain_figures(rows), **latencies(rows)} for half, rows in halves.items()},
        "figures": {half: figures(rows) for half, rows in halves.items()},
        "kinds": {kind: plain_figures([row for row in run.outcomes if row["kind"] == kind]) for kind in kinds},
        "stages": {half: stages(rows) for half, rows in halves.items()},
        "stages_by": stages_by(run.outcomes),
        "risk_coverage": {half: confidence_figures(rows) for half, rows in halves.items()},
        "wrong": [_wrong(row) for row in run.outcomes if not row["right"]],
        "lost_gold": run.report.get("lost_gold", []),
    }


def plain_figures(rows: Rows) -> dict[str, float | int | None]:
    return {"questions": len(rows), **means({row["id"]: row["values"] for row in rows})}


def figures(rows: Rows) -> dict[str, dict[str, Any]]:
    """For each figure that applies: value, interval, number of questions, the baselines' values and who reaches it."""
    own = by_figure({row["id"]: row["values"] for row in rows})
    trivial = {name: means({row["id"]: row.get("baselines", {}).get(name, {}) for row in rows}) for name in BASELINES}
    found: dict[str, dict[str, Any]] = {}
    for key, values in own.items():
        value = statistics.fmean(values.values())
        others = {name: trivial[name][key] for name in BASELINES}
        bounds = share_interval(list(values.values()))
        found[key] = {
            "value": round(value, 4),
            "interval": [round(edge, 4) for edge in bounds] if bounds else None,
            "questions": len(values),
            "baselines": others,
            "reached_by": [
                name for name, other in others.items() if other is not None and is_reached(key, round(value, 4), other)
            ],
        }
    return found


def latencies(rows: Rows) -> dict[str, float | None]:
    """Median and 95th percentile in ms of searching, and of the whole answer."""
    found: dict[str, float | None] = {}
    for name, step in (("search", "retrieve"), ("answer", "total")):
        took = [row["timings_ms"][step] for row in rows if step in row.get("timings_ms", {})]
        found[f"{name}_p50_ms"] = round(statistics.median(took), 1) if took else None
        found[f"{name}_p95_ms"] = round(statistics.quantiles(took, n=20)[18], 1) if len(took) > 1 else None
    return found


def stages(rows: Rows) -> dict[str, int]:
    """How many questions were lost at each stage, in the order of the stages."""
    counted = Counter(row["stage"] for row in rows if row.get("stage"))
    return {stage: counted[stage] for stage in STAGES if counted[stage]}


def stages_by(rows: Rows) -> dict[str, dict[str, dict[str, int]]]:
    """The same by kind, difficulty and language of the question, and by document of the gold."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for tag in ("kind", "difficulty", "language"):
        names = dict.fromkeys(row[tag] for row in rows if row.get(tag))
        found[tag] = {name: lost for name in names if (lost := stages([row for row in rows if row[tag] == name]))}
    documents = dict.fromkeys(gold["document"] for row in rows for gold in row.get("gold", ()))
    found["document"] = {
        name: lost for name in documents if (lost := stages([row for row in rows if _rests_on(row, name)]))
    }
    return found


def _rests_on(row: Mapping[str, Any], document: str) -> bool:
    return any(gold["document"] == document for gold in row.get("gold", ()))


def confidence_figures(rows: Rows) -> dict[str, Any] | None:
    """Risk over coverage by the confidence, the area under it with its interval; None without confidences."""
    known = [row for row in rows if row.get("right_if_answered") is not None]
    if len(known) < 2:
        return None
    sure = [row["confidence"] for row in known]
    right = [row["right_if_answered"] for row in known]
    curve = risk_coverage(sure, right)
    area, bounds = area_under(curve), area_interval(sure, right)
    return {
        "area": None if area is None else round(area, 4),
        "interval": [round(edge, 4) for edge in bounds] if bounds else None,
        "curve": [(round(coverage, 4), round(risk, 4)) for coverage, risk in curve],
    }


def _wrong(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "half", "kind", "question", "stage", "evidence", "rank", "confidence", "answer")
    return {**{name: row[name] for name in names}, "wrong": row["stage"], "expected": row["reference"]}


def report_text(run: Run) -> str:
    """The run for a terminal."""
    console = Console(file=io.StringIO(), width=118, highlight=False)
    found = report_json(run)
    console.print(_figures_table(run, found))
    console.print(_notes(found), soft_wrap=True, markup=False)
    console.print()
    console.print(_kinds_table(found["kinds"]))
    if any(found["stages"].values()):
        console.print()
        console.print(_stages_table(found["stages"]))
    for wrong in found["wrong"]:
        rank = f", gold at rank {wrong['rank']}" if wrong["rank"] else ""
        lines = [
            f"\n{wrong['id']} ({wrong['half']}): {wrong['question']}",
            f"  {wrong['stage']}{rank}: {wrong['evidence']}",
        ]
        if wrong["expected"]:
            lines.append(f"  expected: {wrong['expected']}")
        if wrong["answer"]:
            lines.append(f"  answered: {' '.join(wrong['answer'].split())}")
        console.print("\n".join(lines), soft_wrap=True, markup=False)
    for line in found["lost_gold"]:
        console.print(f"\nlost gold: {line}", soft_wrap=True, markup=False)
    return str(console.file.getvalue()).rstrip()  # type: ignore[attr-defined]


def _figures_table(run: Run, found: Mapping[str, Any]) -> Table:
    halves = found["figures"]
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(f"{run.set}, {run.report['mode']}, run {run.number}")
    for half in halves:
        table.add_column(f"{half} ({found['halves'][half]['questions']})", justify="right")
    for name in BASELINES:
        table.add_column(name, justify="right", style="dim")
    trivial = {
        name: means({row["id"]: row.get("baselines", {}).get(name, {}) for row in run.outcomes}) for name in BASELINES
    }
    for group in GROUPS:
        for key in (key for key, figure in FIGURES.items() if figure.group == group):
            if any(key in own for own in halves.values()):
                cells = [in_words(own.get(key)) for own in halves.values()]
                reached = {name for own in halves.values() for name in own.get(key, {}).get("reached_by", ())}
                others = [_share(trivial[name][key]) + ("*" if name in reached else " ") for name in BASELINES]
                table.add_row(FIGURES[key].label, *cells, *others)
        table.add_section()
    for half_figure, label in (("area", "risk over coverage, area (less is better)"),):
        areas = [found["risk_coverage"][half] for half in halves]
        if any(areas):
            cells = [in_words({"value": a[half_figure], "interval": a["interval"]}) if a else "-" for a in areas]
            table.add_row(label, *cells, *[""] * len(BASELINES))
    for key, label in (("search", "search, p50 / p95 ms"), ("answer", "whole answer, p50 / p95 ms")):
        cells = [_pair(found["halves"][half], key) for half in halves]
        table.add_row(label, *cells, *[""] * len(BASELINES))
    return table


def _pair(found: Mapping[str, Any], key: str) -> str:
    return " / ".join(
        "-" if found[f"{key}_{p}_ms"] is None else f"{found[f'{key}_{p}_ms']:.1f}" for p in ("p50", "p95")
    )


def _notes(found: Mapping[str, Any]) -> str:
    reached: dict[str, None] = {}
    for own in found["figures"].values():
        reached.update(dict.fromkeys(FIGURES[key].label for key, figure in own.items() if figure["reached_by"]))
    lines = [
        "In brackets the 95% interval by bootstrap. random: a coin decides whether a sentence drawn by chance is said; "
    ]
    lines[0] += "silent: never answers; everything: quotes all that was found."
    if reached:
        lines.append(f"* {WINS}{'; '.join(reached)}. Read these with the others.")
    return "\n".join(lines)


def _kinds_table(kinds: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for column in ("kind", "questions", "right", "retrieved at 5"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, own in kinds.items():
        table.add_row(kind, str(own["questions"]), _share(own["right"]), _share(own["retrieved_at_5"]))
    return table


def _stages_table(found: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("where it went wrong")
    for half in found:
        table.add_column(half, justify="right")
    for stage in STAGES:
        if any(stage in own for own in found.values()):
            table.add_row(stage, *(str(own.get(stage, 0)) for own in found.values()))
    return table


def in_words(figure: Mapping[str, Any] | None) -> str:
    """A figure with its interval: 0.885 [0.80, 0.97]."""
    if not figure or figure["value"] is None:
        return "-"
    bounds: Iterable[float] | None = figure["interval"]
    return f"{figure['value']:.3f}" + (" [{:.2f}, {:.2f}]".format(*bounds) if bounds else "")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
