"""Two runs side by side, question by question: what changed, and whether chance alone would do that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from eval.metrics import FIGURES
from eval.runs import Run
from eval.statistics import Change, holm, paired
from eval.terminal import TextConsole
from rag.errors import UsageError


def changes(before: Run, after: Run) -> dict[str, Change]:
    """For each figure that both runs have the change from `before` to `after`, on the questions they share."""
    found = {key: paired(before.values.get(key, {}), after.values.get(key, {})) for key in FIGURES}
    return holm({key: change for key, change in found.items() if change is not None})


def compare(before: Run, after: Run) -> dict[str, Any]:
    """The comparison as data. Raises UsageError when the runs share no question."""
    found = changes(before, after)
    if not found:
        raise UsageError(f"the runs {before.number} and {after.number} share no question; compare runs of one set")
    return {
        "before": _described(before),
        "after": _described(after),
        "differ": differing(before, after),
        "figures": {
            key: {
                "before": round(change.before, 4),
                "after": round(change.after, 4),
                "questions": change.count,
                "change": round(change.mean, 4),
                "interval": [round(edge, 4) for edge in change.interval] if change.interval else None,
                "p": round(change.p, 4),
                "p_adjusted": round(change.p_adjusted, 4),
                "sure": change.sure,
            }
            for key, change in found.items()
        },
        "questions": _turned(before, after),
    }


def differing(before: Run, after: Run) -> dict[str, list[Any]]:
    """What the two were made with, where it is not the same: settings, corpus, versions, set."""
    found: dict[str, list[Any]] = {}
    for part in ("settings", "corpus", "versions", "machine"):
        one, other = before.report.get(part) or {}, after.report.get(part) or {}
        found |= {
            f"{part}.{key}": [one.get(key), other.get(key)]
            for key in {**one, **other}
            if one.get(key) != other.get(key)
        }
    for key in ("set", "set_fingerprint", "half", "mode", "sample", "seed"):
        if before.report.get(key) != after.report.get(key):
            found[key] = [before.report.get(key), after.report.get(key)]
    return found


def _turned(before: Run, after: Run) -> list[dict[str, Any]]:
    """The questions that came out right in one run only."""
    earlier = {row["id"]: row for row in before.outcomes if "right" in row}
    return [
        {
            "id": row["id"],
            "question": row["question"],
            "before": earlier[row["id"]]["stage"] or "right",
            "after": row["stage"] or "right",
            "answer_before": earlier[row["id"]]["answer"],
            "answer_after": row["answer"],
        }
        for row in after.outcomes
        if row["id"] in earlier and row["right"] != earlier[row["id"]]["right"]
    ]


def compare_text(found: Mapping[str, Any]) -> str:
    console = TextConsole()
    one, other = found["before"], found["after"]
    console.print(f"run {one['run']} ({one['at']}) and run {other['run']} ({other['at']})")
    for key, (was, now) in found["differ"].items():
        console.print(f"  {key}: {was} -> {now}", markup=False, soft_wrap=True)
    table = Table(show_edge=False, pad_edge=False)
    for column in ("", f"run {one['run']}", f"run {other['run']}", "change", "p", "adjusted"):
        table.add_column(column, justify="right" if column else "left")
    for key, row in found["figures"].items():
        bounds = " [{:+.3f}, {:+.3f}]".format(*row["interval"]) if row["interval"] else ""
        mark = " *" if row["sure"] else ""
        label = FIGURES[key].label + (" (less is better)" if FIGURES[key].less else "")
        cells = [f"{row['before']:.3f}", f"{row['after']:.3f}", f"{row['change']:+.3f}{bounds}{mark}"]
        table.add_row(label, *cells, f"{row['p']:.3f}", f"{row['p_adjusted']:.3f}")
    console.print(table)
    console.print(_verdict(found["figures"]), soft_wrap=True)
    for row in found["questions"]:
        console.print(f"\n{row['id']}: {row['question']}", markup=False, soft_wrap=True)
        for when in ("before", "after"):
            said = " ".join(row[f"answer_{when}"].split())
            console.print(f"  {when}: {row[when]}{f'; {said}' if said else ''}", markup=False, soft_wrap=True)
    return console.text()


def _verdict(figures: Mapping[str, Mapping[str, Any]]) -> str:
    sure = [FIGURES[key].label for key, row in figures.items() if row["sure"]]
    said = f"* a change that chance does not explain (adjusted p below 0.05): {'; '.join(sure)}."
    none = "No change that chance would not explain (adjusted p below 0.05)."
    return (said if sure else none) + " p by permutation on the shared questions, adjusted for their number (Holm)."


def history_json(runs: Sequence[Run]) -> list[dict[str, Any]]:
    return [{**_described(run), "figures": {key: _rounded(run.figure(key)) for key in run.values}} for run in runs]


def history_text(runs: Sequence[Run]) -> str:
    """The runs, one a line, newest last."""
    console = TextConsole()
    table = Table(show_edge=False, pad_edge=False)
    for column in ("run", "at", "set", "half", "mode"):
        table.add_column(column, no_wrap=True)
    for column in ("asked", "right", "answer", "abstention", "at 5"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        shares = [run.figure(key) for key in ("right", "answer_right", "abstention_right", "retrieved_at_5")]
        name = f"{run.set}, {run.report['sample']} of them" if run.report.get("sample") else run.set
        asked = str(len(run.outcomes)) + ("" if run.finished else ", broken off")
        cells = ["-" if share is None else f"{share:.3f}" for share in shares]
        table.add_row(
            str(run.number), run.at[5:16].replace("T", " "), name, run.half, run.report.get("mode", ""), asked, *cells
        )
    console.print(table)
    looked = sum(run.half in ("test", "all") for run in runs)
    console.print(
        "answer: answer right, with right evidence; abstention: abstention right; at 5: gold quotation retrieved at 5."
    )
    console.print(f"The test half was looked at in {looked} of these {len(runs)} runs.")
    return console.text()


def _described(run: Run) -> dict[str, Any]:
    known = {key: run.report.get(key) for key in ("set", "half", "mode", "sample", "seed", "settings", "seconds")}
    return {"run": run.number, "at": run.at, "questions": len(run.outcomes), **known}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
