"""Plots as SVG in a page's own colours: lines that end in their names, and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 52, 190, 12, 42
_APART = 14  # between the names at the ends of the lines


def line_plot(
    series: Mapping[str, Points],
    title: str,
    *,
    x_label: str = "",
    x_ticks: Mapping[float, str] | None = None,
    y_top: float = 1.0,
    height: int = 220,
    translated: tuple[str, str] | None = None,
) -> str:
    """A figure with a line for each of `series`, from 0 to `y_top` in shares.

    `x_ticks` name places of the x axis; without them it goes from 0 to the largest x. `translated`, in place of the
    title: an attribute that labels it and the HTML of its caption.
    """
    series = {name: points for name, points in series.items() if points}
    every = [x for points in series.values() for x, _ in points] or [0.0]
    x_low, x_high = (min(every), max(every)) if x_ticks else (0.0, max(every))
    bottom = _BOTTOM if x_label else 24

    def x(value: float) -> float:
        return _LEFT + (value - x_low) / ((x_high - x_low) or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (1 - value / (y_top or 1)) * (height - _TOP - bottom)

    grid = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.0%}</text>'
        for v in (0, y_top / 2, y_top)
    )
    ticks = x_ticks or {x_high * part: f"{x_high * part:.2g}" for part in (0, 0.5, 1)}
    names = "".join(
        f'<text x="{x(at):.1f}" y="{height - bottom + 18}" text-anchor="middle">{escape(name)}</text>'
        for at, name in ticks.items()
    )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    names += f'<text x="{middle:.0f}" y="{height - 6}" text-anchor="middle">{escape(x_label)}</text>' if x_label else ""
    ends: list[float] = []
    lines: list[str] = []
    for n, (name, points) in enumerate(series.items()):
        at = y(points[-1][1]) + 4
        while any(abs(at - other) < _APART for other in ends):
            at += 4
        ends.append(at)
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        dots = (
            "".join(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>' for a, b in points) if len(points) < 40 else ""
        )
        line = f'<polyline points="{path}"/>'
        label = f'<text x="{_WIDTH - _RIGHT + 8}" y="{at:.1f}">{escape(name)}</text>'
        lines.append(f'<g class="bd-line-{n}">{line}{dots}{label}</g>')
    return _figure(height, f"{grid}{''.join(lines)}{names}", *(translated or _named(title)))


def interval_plot(rows: Sequence[tuple[str, Sequence[tuple[float, Sequence[float] | None]]]], title: str) -> str:
    """For each named row its values, 0 to 1, as dots with their intervals; the n-th value in the n-th colour."""
    left, line_height = 330, 24
    height = line_height * len(rows) + 30

    def x(value: float) -> float:
        return left + value * (_WIDTH - left - 16)

    drawn = "".join(
        f'<line x1="{x(v):.1f}" x2="{x(v):.1f}" y1="4" y2="{height - 22}"/>'
        f'<text x="{x(v):.1f}" y="{height - 6}" text-anchor="middle">{v:.0%}</text>'
        for v in (0, 0.25, 0.5, 0.75, 1)
    )
    for n, (label, values) in enumerate(rows):
        middle = n * line_height + 14
        drawn += f'<text x="{left - 10}" y="{middle + 4}" text-anchor="end">{escape(label)}</text>'
        for i, (value, bounds) in enumerate(values):
            y = middle + (i - (len(values) - 1) / 2) * 7
            low, high = bounds or (value, value)
            drawn += (
                f'<g class="bd-line-{i}"><polyline points="{x(low):.1f},{y:.1f} {x(high):.1f},{y:.1f}"/>'
                f'<circle cx="{x(value):.1f}" cy="{y:.1f}" r="3.5"/></g>'
            )
    return _figure(height, drawn, *_named(title))


def _named(title: str) -> tuple[str, str]:
    return f'aria-label="{escape(title)}"', escape(title)


def _figure(height: int, drawn: str, label: str, caption: str) -> str:
    return (
        f'<figure class="bd-plot"><svg viewBox="0 0 {_WIDTH} {height}" role="img" {label}>{drawn}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
