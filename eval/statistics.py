"""What a figure is worth: intervals, tests between two runs of the same questions, and risk over coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

ROUNDS, SEED = 2000, 0


def share_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The interval of a share: where all values are 0, or all 1, resampling shows no spread although there is some.

    There it is Wilson's (1927).
    """
    if len(values) < 2 or set(values) - {values[0]} or values[0] not in (0.0, 1.0):
        return interval(values)
    from scipy.stats import binomtest

    bounds = binomtest(round(sum(values)), len(values)).proportion_ci(method="wilson")
    return float(bounds.low), float(bounds.high)


def interval(values: Sequence[float], rounds: int = ROUNDS, seed: int = SEED) -> tuple[float, float] | None:
    """The 95 percent interval of their mean, by bootstrap (Efron, 1979); None for fewer than two values."""
    if len(values) < 2:
        return None
    # To draw as many values again is to draw how often each distinct one comes: the same, and quick.
    distinct, counts = np.unique(np.asarray(values, float), return_counts=True)
    often = np.random.default_rng(seed).multinomial(len(values), counts / len(values), rounds)
    drawn = often @ distinct / len(values)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure differs between two runs on the questions they share, with its interval and p by permutation."""

    count: int
    before: float
    after: float
    mean: float
    interval: tuple[float, float] | None
    p: float
    p_adjusted: float = 1.0  # for the number of figures that were compared (Holm, 1979)

    @property
    def sure(self) -> bool:
        return self.p_adjusted < 0.05


def paired(before: Mapping[str, float], after: Mapping[str, float], seed: int = SEED) -> Change | None:
    """The change from `before` to `after`, by question; None when they share none.

    `p`: how often a mean so far from 0 comes about when the sign of each difference is left to chance (Fisher's
    randomisation test, two-sided).
    """
    shared = [key for key in after if key in before]
    if not shared:
        return None
    was, now = ([values[key] for key in shared] for values in (before, after))
    differences = [b - a for a, b in zip(was, now, strict=True)]
    p = 1.0
    if any(differences) and len(differences) > 1:
        from scipy.stats import permutation_test

        tested = permutation_test(
            (np.array(differences),),
            lambda x, axis: np.mean(x, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=9999,
            rng=np.random.default_rng(seed),
        )
        p = float(tested.pvalue)
    means = [float(np.mean(values)) for values in (was, now, differences)]
    return Change(len(shared), means[0], means[1], means[2], interval(differences), p)


def holm(changes: Mapping[str, Change]) -> dict[str, Change]:
    """The changes with p adjusted for their number, so that one in twenty is not found by chance."""
    found: dict[str, Change] = {}
    least = 0.0
    for n, (key, change) in enumerate(sorted(changes.items(), key=lambda item: item[1].p)):
        least = max(least, min(change.p * (len(changes) - n), 1.0))
        found[key] = replace(change, p_adjusted=least)
    return {key: found[key] for key in changes}


def risk_coverage(sure: Sequence[float], right: Sequence[float]) -> list[tuple[float, float]]:
    """(coverage, risk) as fewer and fewer of the surest answers are given: share answered, share of these wrong.

    Of answers as sure as one another none can be given without the others (El-Yaniv and Wiener, 2010).
    """
    order = np.argsort(-np.asarray(sure, float), kind="stable")
    ordered, wrong = np.asarray(sure, float)[order], 1 - np.asarray(right, float)[order]
    ends = np.flatnonzero(np.append(np.diff(ordered) != 0, True)) if len(ordered) else np.zeros(0, int)
    totals = np.cumsum(wrong)
    return [((i + 1) / len(order), float(totals[i] / (i + 1))) for i in ends.tolist()]


def area_under(curve: Sequence[tuple[float, float]]) -> float | None:
    """The mean risk over all coverages; less is better. None without a curve."""
    if not curve:
        return None
    edges = np.array([0.0, *(coverage for coverage, _ in curve)])
    return float(np.sum(np.diff(edges) * [risk for _, risk in curve]))


def area_interval(sure: Sequence[float], right: Sequence[float], rounds: int = 500) -> tuple[float, float] | None:
    """The 95 percent interval of the area under risk over coverage, by bootstrap over questions.

    None where resampling shows no spread, as when nothing was wrong.
    """
    if len(sure) < 2:
        return None
    random = np.random.default_rng(SEED)
    x, y = np.asarray(sure, float), np.asarray(right, float)
    areas: list[float] = []
    for _ in range(rounds):
        drawn = random.integers(0, len(x), len(x))
        areas.append(area_under(risk_coverage(x[drawn].tolist(), y[drawn].tolist())) or 0.0)
    low, high = np.quantile(areas, (0.025, 0.975))
    return (float(low), float(high)) if low < high else None
