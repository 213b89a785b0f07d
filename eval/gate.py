"""Figures that a run must reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eval.metrics import FIGURES, is_reached
from eval.runs import Run
from rag.errors import UsageError


def limits_of(written: Iterable[str]) -> dict[str, float]:
    """From "answer_right=0.9" the value by figure. Raises UsageError when it is not of that form."""
    found: dict[str, float] = {}
    for one in written:
        key, _, value = one.partition("=")
        known_figure(key, f"--fail-under {one}")
        try:
            found[key] = float(value)
        except ValueError:
            raise UsageError(f"--fail-under {one}: after = comes a number from 0 to 1") from None
    return found


def known_figure(key: str, where: str) -> None:
    """Raises UsageError, naming those there are, when there is no such figure."""
    if key not in FIGURES:
        raise UsageError(f"{where}: there is no figure {key!r}; there are {', '.join(FIGURES)}")


def worse_than(run: Run, limits: Mapping[str, float]) -> list[str]:
    """A line for each limit that the run does not keep; a figure that no question counts toward is not kept."""
    lines: list[str] = []
    for key, limit in limits.items():
        value = run.figure(key)
        if value is None:
            lines.append(f"{key} does not apply to any question of this run, {limit:g} was asked for")
        elif not is_reached(key, limit, value):
            said = "at most" if FIGURES[key].less else "at least"
            lines.append(f"{key} is {value:.4f}, {said} {limit:g} was asked for")
    return lines
