"""How far the confidence behind an abstention can be trusted: `python -m eval.reliability [--plot FILE]`.

For each half of the set: the area under the ROC curve of telling answerable questions from others, the Brier score, and
in bins of confidence the share of questions that the documents do answer. Of the answers to it and to the natural
questions: how many are right of those that are sure, and of those that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import click

from eval.dataset import DEFAULT_SET, HALVES, NATURAL_SET, load_set
from eval.metrics import Outcome
from eval.run import outcomes_of
from rag.answers import SURE
from rag.chain import Desk
from rag.settings import load_settings

BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def confidences(outcomes: Sequence[Outcome]) -> tuple[list[float], list[bool]]:
    """The confidence of each answer, and whether the documents answer its question."""
    return [one.answer.confidence for one in outcomes], [one.question.answerable for one in outcomes]


def figures(sure: Sequence[float], answerable: Sequence[bool]) -> dict[str, Any]:
    """`auc`, `brier` (Brier, 1950) and `bins` of (questions, mean confidence, share answerable)."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    bins = []
    for low, high in pairwise(BINS):
        inside = [i for i, value in enumerate(sure) if low <= value < high or (high == 1.0 and value == 1.0)]
        if inside:
            bins.append((len(inside), mean(sure[i] for i in inside), mean(answerable[i] for i in inside)))
    return {
        "auc": float(roc_auc_score(answerable, sure)),
        "brier": float(brier_score_loss(answerable, sure)),
        "bins": bins,
    }


def answers_right(outcomes: Sequence[Outcome], *, sure: bool) -> tuple[int, int]:
    """How many of the answers given that are `sure`, or that are not, are right; and how many there are."""
    given = [one for one in outcomes if not one.answer.abstained and (one.answer.confidence >= SURE) == sure]
    return sum(one.right for one in given), len(given)


def plot(found: dict[str, dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.6, 4.2))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for half, values in found.items():
        label = f"{half}, area under the curve {values['auc']:.2f}"
        axes.plot([b[1] for b in values["bins"]], [b[2] for b in values["bins"]], marker="o", label=label)
        for count, x, y in values["bins"]:
            axes.annotate(str(count), (x, y), textcoords="offset points", xytext=(5, -10), fontsize=8, color="0.4")
    axes.set(xlabel="confidence", ylabel="share that the documents answer", xlim=(0, 1), ylim=(0, 1.03))
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


@click.command()
@click.option("--plot", "target", type=click.Path(path_type=Path), help="Where to draw it, as SVG.")
def main(target: Path | None) -> None:
    """Measure the confidence on both halves."""
    desk = Desk(load_settings(llm=""))
    questions, natural = load_set(DEFAULT_SET), load_set(NATURAL_SET)
    found: dict[str, dict[str, Any]] = {}
    given: dict[str, list[Outcome]] = {}
    for half in HALVES:
        given[half] = list(outcomes_of(desk, [one for one in questions if one.half == half], whole=False))
        found[half] = figures(*confidences(given[half]))
        given[half] += outcomes_of(desk, [one for one in natural if one.half == half], whole=False)
    for name, values in found.items():
        click.echo(f"{name}: area under the curve {values['auc']:.3f}, Brier score {values['brier']:.3f}")
        for count, sure, share in values["bins"]:
            click.echo(f"  {count:3} questions at confidence {sure:.2f}: {share:.2f} answerable")
        for sure, named in ((True, "sure"), (False, "unsure")):
            right, count = answers_right(given[name], sure=sure)
            click.echo(f"  {right} of {count} {named} answers are right, natural questions among them")
    if target:
        plot(found, target)


if __name__ == "__main__":
    main()
