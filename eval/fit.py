"""Fits the confidence behind an abstention on the development half: `python -m eval.fit`.

What is learnt is whether a question can be answered at all, from the best sentence found for it. The model is a
logistic regression with few features and a strong prior, so that it also holds on documents it has not seen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import rag.extract as extract_module
from eval.dataset import DEFAULT_SET, SETS, load_set
from rag.chain import Desk
from rag.query import understand
from rag.retrieve import retrieve
from rag.settings import load_settings

FEATURES = ("late", "lexical", "gap", "asked_gap", "hard_missing")
TARGET = Path(extract_module.__file__).parent / "data" / "confidence.json"


def main() -> None:
    from sklearn.linear_model import LogisticRegression

    desk = Desk(load_settings(llm=""))
    rows, labels = [], []
    # The second set is for development alone: questions as people ask them, and more near misses.
    for question in [*load_set(DEFAULT_SET), *load_set(SETS / "natural.jsonl")]:
        if question.half != "development":
            continue
        query = understand(question.question, desk.glossary)
        embedded = desk.embedder.embed_query(query.reading)
        hits, _ = retrieve(desk.library, query, embedded, desk.settings.k, dense_weight=desk.settings.dense_weight)
        candidates = extract_module.ranked(desk.library, query, embedded, hits)
        rows.append([candidates[0].features[name] for name in FEATURES])
        labels.append(int(question.answerable))
    x, y = np.array(rows), np.array(labels)
    model = LogisticRegression(C=float(sys.argv[1]) if len(sys.argv) > 1 else 3.0, class_weight="balanced")
    model.fit(x, y)
    weights = {name: round(float(w), 3) for name, w in zip(FEATURES, model.coef_[0], strict=True)}
    TARGET.write_text(json.dumps({"intercept": round(float(model.intercept_[0]), 3), "weights": weights}) + "\n")
    print(f"{len(y)} questions, {y.sum()} answerable; accuracy {model.score(x, y):.3f}; {weights}")


if __name__ == "__main__":
    main()
