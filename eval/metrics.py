"""What is measured of one question, and what that makes of a set."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

import numpy as np

from eval.dataset import Gold, Question
from rag.types import Answer, Citation, Document, Hit

CUTS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question went. `rank` is that of the first passage with a gold quotation, None when not found."""

    question: Question
    answer: Answer
    rank: int | None
    facts_held: bool
    evidence_right: bool
    citation_precision: float | None
    citation_recall: float | None
    wrong: str = ""  # what went wrong, empty when right
    search_ms: float = 0.0
    details: dict[str, float] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        return not self.wrong


def judge(question: Question, answer: Answer, hits: Sequence[Hit]) -> Outcome:
    """Holds an answer against the gold of its question."""
    search_ms = answer.timings_ms.get("retrieve", 0.0)
    if not question.answerable:
        wrong = "" if answer.abstained else "answered, though the documents do not say"
        return Outcome(question, answer, None, False, False, None, None, wrong, search_ms)
    rank = next((n for n, hit in enumerate(hits, 1) if any(_in_passage(gold, hit) for gold in question.gold)), None)
    text = normalised(answer.text)
    facts_held = not answer.abstained and all(normalised(fact) in text for fact in question.key_facts)
    used = [] if answer.abstained else list(answer.citations)
    good = [c for c in used if _supports(c, question)]
    cited = normalised(" ".join(c.quote for c in used))
    precision = len(good) / len(used) if used else None
    recall = mean(float(normalised(fact) in cited) for fact in question.key_facts)
    evidence_right = bool(good)
    if answer.abstained:
        wrong = "abstained, though retrieved" if rank else "abstained, not retrieved"
    elif not facts_held:
        wrong = "another sentence was chosen" if rank else "not retrieved"
    elif not evidence_right:
        wrong = "right words, wrong evidence"
    else:
        wrong = ""
    return Outcome(question, answer, rank, facts_held, evidence_right, precision, recall, wrong, search_ms)


def summary(outcomes: Sequence[Outcome]) -> dict[str, float | int | None]:
    """The figures of a set. Shares are 0 to 1; None where nothing counts toward one."""
    answerable = [o for o in outcomes if o.question.answerable]
    unanswerable = [o for o in outcomes if not o.question.answerable]
    searches = sorted(o.search_ms for o in outcomes)
    found: dict[str, float | int | None] = {"questions": len(outcomes)}
    for cut in CUTS:
        found[f"retrieved_at_{cut}"] = _share([o.rank is not None and o.rank <= cut for o in answerable])
    found["mrr"] = _mean([1 / o.rank if o.rank else 0.0 for o in answerable])
    found["answer_right"] = _share([o.right for o in answerable])
    found["citation_precision"] = _mean([o.citation_precision for o in answerable if o.citation_precision is not None])
    found["citation_recall"] = _mean([o.citation_recall for o in answerable if o.citation_recall is not None])
    found["abstention_right"] = _share([o.right for o in unanswerable])
    found["false_abstention"] = _share([o.answer.abstained for o in answerable])
    found["search_p50_ms"] = round(searches[len(searches) // 2], 1) if searches else None
    return found


# What is shown of a run, in the order in which it is read; each a mean over the questions it applies to.
FIGURES = {
    "answer_right": "answer right, with right evidence",
    "retrieved_at_5": "gold quotation retrieved at 5",
    "citation_precision": "citation precision",
    "citation_recall": "citation recall",
    "abstention_right": "abstention right",
    "false_abstention": "false abstention",
}


def by_question(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """For each of FIGURES the value of each question it applies to, by the question's id."""
    found: dict[str, dict[str, float]] = {key: {} for key in FIGURES}
    for o in outcomes:
        if not o.question.answerable:
            found["abstention_right"][o.question.id] = float(o.right)
            continue
        found["answer_right"][o.question.id] = float(o.right)
        found["retrieved_at_5"][o.question.id] = float(o.rank is not None and o.rank <= 5)
        found["false_abstention"][o.question.id] = float(o.answer.abstained)
        if o.citation_precision is not None:
            found["citation_precision"][o.question.id] = o.citation_precision
        if o.citation_recall is not None:
            found["citation_recall"][o.question.id] = o.citation_recall
    return found


def interval(values: Sequence[float], rounds: int = 2000, seed: int = 0) -> tuple[float, float] | None:
    """The 95 percent interval of their mean, by bootstrap (Efron, 1979); None for fewer than two values."""
    if len(values) < 2:
        return None
    drawn = np.random.default_rng(seed).choice(np.asarray(values, float), (rounds, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def normalised(text: str) -> str:
    """Case, typographic variants and white space do not matter when a fact is looked for."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return re.sub(r"\s+", " ", plain)


def overlap(document: Document, start: int, end: int, gold: Gold) -> bool:
    """Whether document.text[start:end] has at least half of the gold quotation's characters."""
    if document.name != gold.document:
        return False
    at = document.text.find(gold.quote)
    while at >= 0:
        shared = min(end, at + len(gold.quote)) - max(start, at)
        if shared * 2 >= len(gold.quote):
            return True
        at = document.text.find(gold.quote, at + 1)
    return False


def _in_passage(gold: Gold, hit: Hit) -> bool:
    return overlap(hit.document, hit.passage.start, hit.passage.end, gold)


def _supports(citation: Citation, question: Question) -> bool:
    """A citation is right when it covers a gold quotation, or itself holds a key fact of a list or every one."""
    if any(overlap(citation.document, citation.start, citation.end, gold) for gold in question.gold):
        return True
    quote = normalised(citation.quote)
    held = [normalised(fact) in quote for fact in question.key_facts]
    return any(held) if question.kind == "list" else all(held)


def _share(flags: Sequence[bool]) -> float | None:
    return round(mean(flags), 4) if flags else None


def _mean(values: Sequence[float]) -> float | None:
    return round(mean(values), 4) if values else None
