"""A run as one HTML file: figures, plots, and each question with its evidence. It asks nothing of any other host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.baselines import BASELINES
from eval.diagnose import STAGES
from eval.plot import interval_plot, line_plot
from eval.report import figure_rows, notes, report_json, share
from eval.runs import Run
from rag.errors import UsageError

_TEMPLATES = Path(__file__).parent / "templates"


def write_html(run: Run, path: Path) -> None:
    """Raises UsageError when the file cannot be written."""
    try:
        path.write_text(render_html(run), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); name another file") from error


def render_html(run: Run) -> str:
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    found = report_json(run)
    template = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True).get_template("report.html")
    return template.render(
        run=run,
        found=found,
        table=figure_rows(found),
        notes=notes(found),
        stages=[stage for stage in STAGES if any(stage in own for own in found["stages"].values())],
        baselines=BASELINES,
        share=share,
        intervals=Markup(_intervals(found)),
        risk=Markup(_risk(found)),
    )


def _intervals(found: dict[str, Any]) -> str:
    halves = found["figures"]
    rows = [
        (row.label, [(own[row.key]["value"], own[row.key]["interval"]) for own in halves.values() if row.key in own])
        for row in figure_rows(found)
        if row.key
    ]
    return interval_plot(rows, f"Figures with their 95% intervals: {', '.join(halves)}")


def _risk(found: dict[str, Any]) -> str:
    curves = {half: own["curve"] for half, own in found["risk_coverage"].items() if own}
    if not curves:
        return ""
    worst = max(risk for curve in curves.values() for _, risk in curve)
    title = "Share of answers that are wrong, when only the surest are given"
    named = {f"{half}, area {found['risk_coverage'][half]['area']:.3f}": curve for half, curve in curves.items()}
    return line_plot(named, title, x_label="share of questions answered", y_top=max(worst, 0.1))
