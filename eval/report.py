"""A run of the harness for a reader: the figures, by kind of question, and what went wrong where."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from eval.baselines import BASELINES
from eval.dataset import HALVES
from eval.diagnose import STAGES
from eval.metrics import FIGURES, GROUPS, by_figure, is_reached, means
from eval.runs import Run
from eval.statistics import area_interval, area_under, risk_coverage, share_interval
from eval.terminal import TextConsole

Rows = Sequence[Mapping[str, Any]]


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
        "baselines": {name: baseline_figures(run.outcomes, name) for name in BASELINES},
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
    if all(row["answerable"] for row in rows):
        own.pop("abstention_precision", None)  # no abstention could be due
    trivial = {name: baseline_figures(rows, name) for name in BASELINES}
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


def baseline_figures(rows: Rows, name: str) -> dict[str, float | None]:
    """For each figure the mean of a baseline's values, None where none counts toward it."""
    return means({row["id"]: row.get("baselines", {}).get(name, {}) for row in rows})


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


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row of the table of figures: its cells by half, and those of the baselines, with * where one reaches it."""

    key: str
    label: str
    first: bool  # of its group
    cells: tuple[str, ...]
    others: tuple[str, ...]


def figure_rows(found: Mapping[str, Any]) -> list[FigureRow]:
    """The rows of the table of figures, those that apply, from `report_json`."""
    halves = found["figures"]
    rows: list[FigureRow] = []
    for group in GROUPS:
        keys = [key for key, figure in FIGURES.items() if figure.group == group]
        keys = [key for key in keys if any(key in own for own in halves.values())]
        for key in keys:
            reached = {name for own in halves.values() for name in own.get(key, {}).get("reached_by", ())}
            others = tuple(
                share(found["baselines"][name][key]) + ("*" if name in reached else "") for name in BASELINES
            )
            cells = tuple(in_words(own.get(key)) for own in halves.values())
            rows.append(FigureRow(key, FIGURES[key].label, key == keys[0], cells, others))
    areas = list(found["risk_coverage"].values())
    if any(areas):
        cells = tuple(in_words({**one, "value": one["area"]}) if one else "-" for one in areas)
        label = "risk over coverage, area (less is better)"
        rows.append(FigureRow("", label, True, cells, ("",) * len(BASELINES)))
    for step, label in (("search", "search, p50 / p95 ms"), ("answer", "whole answer, p50 / p95 ms")):
        cells = tuple(_pair(own, step) for own in found["halves"].values())
        rows.append(FigureRow("", label, not areas, cells, ("",) * len(BASELINES)))
    return rows


def notes(found: Mapping[str, Any]) -> list[str]:
    """What a reader of the figures must know."""
    reached: dict[str, None] = {}
    for own in found["figures"].values():
        reached.update(dict.fromkeys(FIGURES[key].label for key, figure in own.items() if figure["reached_by"]))
    lines = [
        "In brackets the 95% interval by bootstrap. random: a coin decides whether a sentence drawn by chance is said; "
        "silent: never answers; everything: quotes all that was found."
    ]
    if reached:
        lines.append(f"* A trivial answer does as well: {'; '.join(reached)}. Read these with the others.")
    return lines + judge_notes(found.get("judge"))


def judge_notes(judge: Mapping[str, Any] | None) -> list[str]:
    """How far the language model that judged agrees with people, first of all for what it was not used."""
    if not judge:
        return []
    said = [
        f"{metric} {own['agreement']:.2f} (kappa {own['kappa']:.2f}, {own['labels']} labels"
        + ("" if own["used"] else "; not used: it disagrees too often")
        + ")"
        for metric, own in judge["agreement"].items()
    ]
    return [f"The judge {judge['model']} agrees with labels given by hand on: {', '.join(said)}."]


def report_text(run: Run) -> str:
    """The run for a terminal."""
    console = TextConsole()
    found = report_json(run)
    console.print(_figures_table(run, found))
    for line in notes(found):
        console.print(line, soft_wrap=True, markup=False)
    console.print()
    console.print(_kinds_table(found["kinds"]))
    if found["wrong"]:
        console.print()
        console.print(_stages_table(found["stages"]))
    for wrong in found["wrong"]:
        rank = f", gold at rank {wrong['rank']}" if wrong["rank"] else ""
        lines = [f"\n{wrong['id']} ({wrong['half']}): {wrong['question']}"]
        lines.append(f"  {wrong['stage']}{rank}: {wrong['evidence']}")
        if wrong["expected"]:
            lines.append(f"  expected: {wrong['expected']}")
        if wrong["answer"]:
            lines.append(f"  answered: {' '.join(wrong['answer'].split())}")
        console.print("\n".join(lines), soft_wrap=True, markup=False)
    for line in found["lost_gold"]:
        console.print(f"\nlost gold: {line}", soft_wrap=True, markup=False)
    return console.text()


def _figures_table(run: Run, found: Mapping[str, Any]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(f"{run.set}, {run.report.get('mode', '')}, run {run.number}")
    for half, own in found["halves"].items():
        table.add_column(f"{half} ({own['questions']})", justify="right")
    for name in BASELINES:
        table.add_column(name, justify="right", style="dim")
    for row in figure_rows(found):
        if row.first and table.rows:
            table.add_section()
        table.add_row(row.label, *row.cells, *row.others)
    return table


def _pair(own: Mapping[str, Any], step: str) -> str:
    found = (own[f"{step}_p50_ms"], own[f"{step}_p95_ms"])
    return " / ".join("-" if value is None else f"{value:.1f}" for value in found)


def _kinds_table(kinds: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for column in ("kind", "questions", "right", "retrieved at 5"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, own in kinds.items():
        table.add_row(kind, str(own["questions"]), share(own["right"]), share(own["retrieved_at_5"]))
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
    bounds = figure["interval"]
    return f"{figure['value']:.3f}" + (f" [{bounds[0]:.2f}, {bounds[1]:.2f}]" if bounds else "")


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
