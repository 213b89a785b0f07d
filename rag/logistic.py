"""Logistic regressions fitted by `python -m eval.fit`, as they lie in `rag/data`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def fitted(name: str) -> dict[str, Any]:
    """`intercept`, `weights` by feature, and what else was fitted with them."""
    return dict(json.loads((Path(__file__).parent / "data" / f"{name}.json").read_text()))


def probability(name: str, features: Mapping[str, Any]) -> float:
    return probability_by(fitted(name), features)


def probability_by(model: Mapping[str, Any], features: Mapping[str, Any]) -> float:
    z = model["intercept"] + sum(weight * features[feature] for feature, weight in model["weights"].items())
    return 1 / (1 + math.exp(-z))
