"""How well passages are ranked, by gold quotations and not by passage, so that passages may be cut otherwise.

The measures are those of `ir_measures`, which calls trec_eval.
"""

from __future__ import annotations

from collections.abc import Sequence

from eval.dataset import Question
from eval.evidence import in_passage
from rag.types import Hit

DEPTH = 10


def ranking_figures(question: Question, hits: Sequence[Hit]) -> dict[str, float]:
    """Recall, precision, reciprocal rank and nDCG of the first `DEPTH` passages, each 0 to 1.

    What is judged are quotations: each counts once, at the first passage that holds it, and a passage that holds two
    counts as two. A passage with none of them is wrong. Alternatives are all wanted here.
    """
    import ir_measures
    from ir_measures import RR, P, R, nDCG

    named = {P @ 5: "precision_at_5", R @ DEPTH: "recall_at_10", RR @ DEPTH: "mrr", nDCG @ DEPTH: "ndcg_at_10"}
    ranked: list[str] = []
    for place, hit in enumerate(hits[:DEPTH]):
        held = [f"gold-{n}" for n, gold in enumerate(question.gold) if in_passage(hit, gold)]
        ranked += [one for one in held if one not in ranked] if held else [f"other-{place}"]
    wanted = {f"gold-{n}": 1 for n in range(len(question.gold))}
    scores = {key: float(len(ranked) - n) for n, key in enumerate(ranked)} or {"none": 0.0}
    found = ir_measures.iter_calc(list(named), {"q": wanted}, {"q": scores})
    return {named[one.measure]: float(one.value) for one in found}
