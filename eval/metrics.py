"""What is measured of one question, and the figures of a run: each a mean over the questions that it applies to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from eval.attribution import attribution
from eval.dataset import Question
from eval.evidence import cited, normalised, rank_of, says, shown, supports
from eval.ranking import DEPTH, ranking_figures
from eval.similarity import likeness, rouge_l, token_f1
from rag.support import Judge
from rag.types import Answer, Hit

CUTS = (1, 5, DEPTH)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a run, 0 to 1. `less` where less of it is better."""

    label: str
    group: str
    less: bool = False


FIGURES: dict[str, Figure] = {
    "right": Figure("all questions, right or rightly left unanswered", "answer"),
    "answer_right": Figure("answer right, with right evidence", "answer"),
    "facts_said": Figure("key facts said", "answer"),
    "token_f1": Figure("words shared with the reference (F1)", "answer"),
    "rouge_l": Figure("and in its order (ROUGE-L)", "answer"),
    "similarity": Figure("likeness of meaning to the reference", "answer"),
    "consistency": Figure("asked in other words, the same answer", "answer"),
    "citation_precision": Figure("citation precision", "citations"),
    "citation_recall": Figure("citation recall", "citations"),
    "supported": Figure("sentences supported by what they cite (ALCE recall)", "citations"),
    "needed": Figure("citations that are needed (ALCE precision)", "citations"),
    "abstention_right": Figure("abstention right", "abstention"),
    "abstention_precision": Figure("abstentions that are due", "abstention"),
    "false_abstention": Figure("false abstention", "abstention", less=True),
    "retrieved_at_1": Figure("gold quotation retrieved at 1", "retrieval"),
    "retrieved_at_5": Figure("gold quotation retrieved at 5", "retrieval"),
    "retrieved_at_10": Figure("gold quotation retrieved at 10", "retrieval"),
    "recall_at_10": Figure("gold quotations recalled at 10", "retrieval"),
    "precision_at_5": Figure("precision at 5", "retrieval"),
    "mrr": Figure("mean reciprocal rank", "retrieval"),
    "ndcg_at_10": Figure("nDCG at 10", "retrieval"),
    "judged_faithfulness": Figure("faithfulness, as a language model judges", "judged"),
    "judged_answer_relevancy": Figure("answer relevance, as it judges", "judged"),
    "judged_context_precision": Figure("context precision, as it judges", "judged"),
    "judged_context_recall": Figure("context recall, as it judges", "judged"),
}
GROUPS = tuple(dict.fromkeys(figure.group for figure in FIGURES.values()))


@dataclass(frozen=True, slots=True)
class Response:
    """What came to a question: the answer, the passages that were found, and the answers to its other wordings."""

    answer: Answer
    hits: Sequence[Hit]
    others: Sequence[Answer] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question went. `values` has a value for each of FIGURES that applies to it.

    `stage` is where it went wrong (see `eval.diagnose`) and `evidence` shows it; both are empty when it is right.
    """

    question: Question
    answer: Answer
    rank: int | None  # by which every part of the gold was found, None when it was not
    values: Mapping[str, float]
    stage: str = ""
    evidence: str = ""
    right_if_answered: float | None = None  # None where the confidence says nothing
    others: Sequence[Answer] = ()  # the answers to other wordings, where they differ
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # their values, as `values`

    @property
    def right(self) -> bool:
        return not self.stage


def measure(question: Question, response: Response, judge: Judge) -> dict[str, float]:
    """The value of each figure that applies to the question."""
    answer = response.answer
    found: dict[str, float] = {}
    if answer.abstained:
        found["abstention_precision"] = float(not question.answerable)
    if response.others:
        found["consistency"] = mean(float(_same(question, answer, other)) for other in response.others)
    if not question.answerable:
        found["right"] = found["abstention_right"] = float(answer.abstained)
        return found
    found["false_abstention"] = float(answer.abstained)
    found |= _retrieval(question, response.hits)
    if question.facts:
        said, _ = shown(answer)
        text = "" if answer.abstained else normalised(said)
        found["facts_said"] = mean(float(says(text, fact)) for fact in question.facts)
        found["right"] = found["answer_right"] = float(is_right(question, answer))
    if question.reference:
        text = "" if answer.abstained else answer.text
        found["token_f1"] = token_f1(question.reference, text)
        found["rouge_l"] = rouge_l(question.reference, text)
        if (alike := likeness(judge.embedder, question.reference, text)) is not None:
            found["similarity"] = alike
    return found | _citations(question, answer, judge)


def is_right(question: Question, answer: Answer) -> bool:
    """Whether the answer says the key facts, on right evidence."""
    return facts_said(question, answer) and evidence_right(question, answer)


def facts_said(question: Question, answer: Answer) -> bool:
    """Whether the answer says every key fact."""
    text = normalised(shown(answer)[0])
    return not answer.abstained and all(says(text, fact) for fact in question.facts)


def evidence_right(question: Question, answer: Answer) -> bool:
    """Whether every part of the answer rests on gold, or on quotations that say the key facts themselves."""
    citations = [] if answer.abstained else shown(answer)[1]
    if len(question.parts) > 1:
        quoted = normalised(" ".join(one.quote for one in citations))
        stands = all(any(cited(one, gold) for one in citations for gold in part) for part in question.parts.values())
        return stands or (bool(citations) and all(says(quoted, fact) for fact in question.facts))
    return any(supports(one, question) for one in citations)


def _retrieval(question: Question, hits: Sequence[Hit]) -> dict[str, float]:
    rank = rank_of(question, hits[:DEPTH])
    at = {f"retrieved_at_{cut}": float(rank is not None and rank <= cut) for cut in CUTS}
    return at | ranking_figures(question, hits)


def _citations(question: Question, answer: Answer, judge: Judge) -> dict[str, float]:
    """Against the gold, and against the sentences they stand behind."""
    used = [] if answer.abstained else answer.citations
    found: dict[str, float] = {}
    if used:
        found["citation_precision"] = mean(float(supports(citation, question)) for citation in used)
    if question.facts:
        quoted = normalised(" ".join(citation.quote for citation in shown(answer)[1] if not answer.abstained))
        found["citation_recall"] = mean(float(says(quoted, fact)) for fact in question.facts)
    supported, needed = attribution(answer, judge)
    if supported is not None:
        found["supported"] = supported
    if needed is not None:
        found["needed"] = needed
    return found


def _same(question: Question, one: Answer, other: Answer) -> bool:
    """Whether two answers are the same: neither is one, both say the key facts, or they rest on the same words."""
    if one.abstained or other.abstained:
        return one.abstained == other.abstained
    if question.facts and facts_said(question, one) and facts_said(question, other):
        return True
    return any(
        a.document.id == b.document.id and a.start < b.end and b.start < a.end
        for a in one.citations[:1]
        for b in other.citations[:1]
    )


Values = Mapping[str, Mapping[str, float]]  # by question, or by figure


def by_figure(values: Values) -> dict[str, dict[str, float]]:
    """From the values by question: for each figure, in the order of FIGURES, those by the question's id."""
    found: dict[str, dict[str, float]] = {key: {} for key in FIGURES}
    for question, own in values.items():
        for key, value in own.items():
            if key in found:
                found[key][question] = value
    return {key: own for key, own in found.items() if own}


def means(values: Values) -> dict[str, float | None]:
    """From the values by question: the mean of each figure, None where no question counts toward it."""
    own = by_figure(values)
    return {key: round(mean(own[key].values()), 4) if key in own else None for key in FIGURES}


def summary(outcomes: Sequence[Outcome]) -> dict[str, float | int | None]:
    """The figures of outcomes, and their number."""
    return {"questions": len(outcomes), **means({outcome.question.id: outcome.values for outcome in outcomes})}


def is_reached(key: str, value: float, other: float) -> bool:
    """Whether `other` is as good a value of the figure as `value`."""
    return other <= value if FIGURES[key].less else other >= value
