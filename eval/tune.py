"""Trying settings: a small declared grid on the development half, and what wins there on the test half, once.

A grid says nothing about other questions than those it was tried on; so the choice is made on one half and reported on
the other, beside the settings that were there before, with a test of whether the two differ at all.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

from eval.compare import changes
from eval.dataset import Question
from eval.metrics import by_figure
from eval.run import outcomes_of
from eval.runs import Run, header, keep_run
from eval.statistics import Change, interval, paired
from eval.terminal import TextConsole
from ingest.pipeline import ingest
from rag.chain import Desk
from rag.errors import UsageError
from rag.settings import Settings, load_settings
from rag.store.catalog import Catalog
from rag.store.runs import add_run

GRID: Mapping[str, Sequence[Any]] = {"passage_tokens": (48, 72, 110), "dense_weight": (0.3, 0.5, 0.7), "k": (8, 12)}
_CUT_ANEW = ("model", "passage_tokens")  # other values of these need an index of their own
_ALLOWED = (*_CUT_ANEW, "dense_weight", "k", "min_confidence", "rerank", "context_tokens", "llm", "strict")
_MOST = 200  # combinations
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """A combination of settings: the figure by question, and the median time of an answer in ms."""

    settings: Mapping[str, Any]
    values: Mapping[str, float]
    median_ms: float
    is_current: bool

    @property
    def quality(self) -> float:
        return statistics.fmean(self.values.values())


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was tried on the development half, and the winner and the current settings on the test half."""

    figure: str
    tried: Sequence[Tried]
    winner: Tried
    against_current: Change | None  # on the development half; None when the current settings won
    test: Run | None
    test_current: Run | None


def load_grid(path: Path | None) -> dict[str, list[Any]]:
    """The values to try by setting, from a YAML file. Raises UsageError when it is none, or too large."""
    try:
        found = dict(GRID) if path is None else yaml.safe_load(path.read_text(encoding="utf-8"))
        grid = {str(key): list(values) for key, values in found.items()}
    except (OSError, yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"the grid {path} cannot be read; write lines such as `k: [8, 12]`") from error
    if unknown := [key for key in grid if key not in _ALLOWED]:
        raise UsageError(f"the grid {path}: {unknown[0]} cannot be tried; {', '.join(_ALLOWED)} can")
    count = len(list(itertools.product(*grid.values())))
    if not 1 < count <= _MOST:
        raise UsageError(f"the grid has {count} combinations; 2 to {_MOST} can be tried")
    return grid


def tune(
    desk: Desk, name: str, questions: Sequence[Question], grid: Mapping[str, Sequence[Any]], figure: str, tell: Tell
) -> Tuned:
    """Tries every combination of `grid`, and reports the best. All that differs from `desk` is in the grid.

    Raises UsageError when a half is missing, or no question has the figure.
    """
    development = [question for question in questions if question.half == "development"]
    test = [question for question in questions if question.half == "test"]
    if not development or not test:
        raise UsageError(f"the set {name} needs questions of both halves: to choose by one and report on the other")
    current: Mapping[str, Any] = {key: getattr(desk.settings, key) for key in grid}
    combinations: list[Mapping[str, Any]] = [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    if current not in combinations:
        combinations.insert(0, current)
    tried: list[Tried] = []
    with tempfile.TemporaryDirectory(prefix="briefdesk-tune-") as temporary:
        homes = _Homes(desk, Path(temporary), tell)
        for number, combination in enumerate(sorted(combinations, key=_by_index), 1):
            with homes.opened(combination) as other:
                tried.append(_try(other, development, combination, figure, combination == current))
            tell(f"{number} of {len(combinations)}: {_named(combination)}: {tried[-1].quality:.3f}")
        winner = max(tried, key=lambda one: (one.quality, one.is_current, -one.median_ms))
        before = next(one for one in tried if one.is_current)
        against = None if winner is before else paired(before.values, winner.values)
        tell("the test half, once")
        runs = {}
        for one in [winner] if winner is before else [winner, before]:
            with homes.opened(one.settings) as other:
                head = {**header(other, name, test, "test", 0, 0), "tuned": dict(winner.settings)}
                runs[_named(one.settings)] = keep_run(desk, head, outcomes_of(other, test))
    found = Tuned(figure, tried, winner, against, runs[_named(winner.settings)], runs.get(_named(before.settings)))
    _keep(desk.settings.home, name, grid, found)
    return found


def _by_index(combination: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(combination.get(key, "")) for key in _CUT_ANEW)


def _try(desk: Desk, questions: Sequence[Question], settings: Mapping[str, Any], figure: str, current: bool) -> Tried:
    desk.warm_up()
    outcomes = list(outcomes_of(desk, questions, whole=False))
    values = by_figure({outcome.question.id: outcome.values for outcome in outcomes}).get(figure)
    if not values:
        raise UsageError(f"no question of the set has the figure {figure}; name another with --figure")
    took = statistics.median(outcome.answer.timings_ms["total"] for outcome in outcomes)
    return Tried(dict(settings), values, round(took, 1), current)


class _Homes:
    """Desks for settings; where they need passages or vectors of their own, an index made of the same sources."""

    def __init__(self, desk: Desk, folder: Path, tell: Tell) -> None:
        self._desk, self._folder, self._tell = desk, folder, tell
        self._made: dict[tuple[str, ...], Path] = {}

    @contextmanager
    def opened(self, combination: Mapping[str, Any]) -> Iterator[Desk]:
        own = self._desk.settings
        anew = {
            key: combination[key] for key in _CUT_ANEW if combination.get(key, getattr(own, key)) != getattr(own, key)
        }
        # Through load_settings, so that a value that no setting may have is refused.
        flags = {**own.model_dump(exclude_unset=True), **combination}
        settings = load_settings(**{**flags, "home": self._home(anew, flags) if anew else own.home})
        with closing(Desk(settings, None if "model" in anew else self._desk.embedder)) as desk:
            yield desk

    def _home(self, anew: Mapping[str, Any], flags: Mapping[str, Any]) -> Path:
        key = tuple(f"{name}={value}" for name, value in sorted(anew.items()))
        if key not in self._made:
            self._tell(f"an index with {', '.join(key)}")
            home = self._folder / str(len(self._made))
            settings: Settings = load_settings(**{**flags, "home": home, "chroma_url": ""})
            library = self._desk.library
            embedder = settings.embedder() if "model" in anew else self._desk.embedder
            report = ingest([listing.source for listing in library.listings.values()], settings, embedder)
            if report.refused:
                refused = report.refused[0]
                raise UsageError(
                    f"{refused['source']} cannot be read again ({refused['reason']}); take it out, or bring it back"
                )
            self._made[key] = home
        return self._made[key]


def front(tried: Sequence[Tried]) -> list[Tried]:
    """Those that no other one beats in quality without being slower, or in time without being worse."""
    return [
        one
        for one in tried
        if not any(
            other.quality >= one.quality
            and other.median_ms <= one.median_ms
            and (other.quality > one.quality or other.median_ms < one.median_ms)
            for other in tried
        )
    ]


def _keep(home: Path, name: str, grid: Mapping[str, Sequence[Any]], found: Tuned) -> None:
    with closing(Catalog(home / "catalog.sqlite")) as catalog:
        report = {"set": name, "grid": {key: list(values) for key, values in grid.items()}, **tuned_json(found)}
        add_run(catalog, datetime.now(UTC).isoformat(timespec="seconds"), "tune", report)


def tuned_json(found: Tuned) -> dict[str, Any]:
    best = front(found.tried)
    against = found.against_current
    return {
        "figure": found.figure,
        "tried": [
            {
                "settings": dict(one.settings),
                "quality": round(one.quality, 4),
                "interval": _edges(interval(list(one.values.values()))),
                "median_ms": one.median_ms,
                "front": one in best,
                "current": one.is_current,
            }
            for one in found.tried
        ],
        "winner": dict(found.winner.settings),
        "against_current": against and {"change": round(against.mean, 4), "p": round(against.p, 4)},
        "test": found.test and {"run": found.test.number, "value": found.test.figure(found.figure)},
        "test_current": found.test_current
        and {"run": found.test_current.number, "value": found.test_current.figure(found.figure)},
    }


def tuned_text(found: Tuned) -> str:
    """The front of quality against time, and what came of the winner on the test half."""
    console = TextConsole()
    table = Table(show_edge=False, pad_edge=False)
    for column in ("settings (development half)", f"{found.figure}", "interval", "median ms", ""):
        table.add_column(column, justify="left" if column.startswith("settings") else "right")
    best = front(found.tried)
    for one in sorted(found.tried, key=lambda one: -one.quality):
        edges = interval(list(one.values.values()))
        marks = [mark for mark, has in (("front", one in best), ("current", one.is_current)) if has]
        spread = f"[{edges[0]:.2f}, {edges[1]:.2f}]" if edges else ""
        table.add_row(_named(one.settings), f"{one.quality:.3f}", spread, f"{one.median_ms:.1f}", ", ".join(marks))
    console.print(table)
    console.print("front: none other is as good and faster, or as fast and better.\n")
    for line in _verdict(found):
        console.print(line, soft_wrap=True)
    return console.text()


def _verdict(found: Tuned) -> Iterator[str]:
    against = found.against_current
    if against is None:
        yield f"The current settings are best: {_named(found.winner.settings)}."
    else:
        sure = "chance does not explain it" if against.p < 0.05 else "chance alone would do that: keep what you have"
        yield (
            f"Best: {_named(found.winner.settings)}, {against.mean:+.3f} over the current settings "
            f"(p {against.p:.3f} before it was picked among {len(found.tried)}; {sure})."
        )
    if found.test:
        value = found.test.figure(found.figure) or 0.0
        yield f"On the test half, looked at once: {value:.3f} (run {found.test.number})."
    if found.test_current and found.test and found.test_current.number != found.test.number:
        value = found.test_current.figure(found.figure) or 0.0
        change = changes(found.test_current, found.test).get(found.figure)
        p = f", p {change.p:.3f}" if change else ""
        yield f"The current settings there: {value:.3f} (run {found.test_current.number}{p})."


def _named(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.items())


def _edges(bounds: tuple[float, float] | None) -> list[float] | None:
    return [round(edge, 4) for edge in bounds] if bounds else None
