"""Which stage a failure is due to: the first at which what the answer needs was lost."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from eval.dataset import Gold, Question
from eval.evidence import in_passage, places, rank_of
from eval.metrics import facts_said, is_right
from rag.chain import Desk
from rag.errors import UsageError
from rag.generate import pack
from rag.types import Answer, Document, Hit

# In the order in which a question passes them.
STAGES = (
    "not in the corpus",
    "lost in parsing",
    "lost in chunking",
    "not retrieved",
    "ranked too low",
    "not selected",
    "wrongly generated",
    "wrongly cited",
    "wrongly abstained",
    "wrongly answered",
)
FAR = 50  # passages looked through before one counts as not retrieved
_QUOTED = 160  # characters of a quotation that is shown


def diagnose(desk: Desk, question: Question, answer: Answer, hits: Sequence[Hit]) -> tuple[str, str]:
    """The stage at which a question went wrong and what shows it; both empty when it is right.

    `hits` are the passages that the answer could be made from.
    """
    if not question.answerable:
        return ("", "") if answer.abstained else ("wrongly answered", _said(answer))
    if is_right(question, answer):
        return "", ""
    lost = _lost_before_search(desk, question)
    if lost[0]:
        return lost
    read = hits[: desk.settings.k]
    if rank_of(question, read) is None and not facts_said(question, answer):
        return _lost_in_search(desk, question, answer)
    if answer.abstained:
        return "wrongly abstained", f"confidence {answer.confidence:.2f}, needed {desk.settings.min_confidence:.2f}"
    if not facts_said(question, answer):
        missing = [fact[0] for fact in question.facts if not facts_said(_only(question, fact), answer)]
        said = f"not said: {'; '.join(missing)}. {_said(answer)}"
        packed = pack(read, desk.settings.context_tokens) if answer.mode == desk.settings.llm else []
        return ("wrongly generated" if packed and rank_of(question, packed) else "not selected"), said
    return "wrongly cited", "; ".join(f"{c.document.name}: {c.line[:_QUOTED]}" for c in answer.citations[:2])


def _only(question: Question, fact: tuple[str, ...]) -> Question:
    return question.model_copy(update={"key_facts": (fact,)})


def _lost_before_search(desk: Desk, question: Question) -> tuple[str, str]:
    """Whether some part of the answer is in no document, in no text, or in no passage."""
    for part in question.parts.values():
        library = desk.library
        held = [(gold, library.documents[key]) for gold in part if (key := library.named(gold.document))]
        if not held:
            return "not in the corpus", f"not indexed: {', '.join(sorted({gold.document for gold in part}))}"
        standing = [(gold, document) for gold, document in held if places(document, gold)]
        if not standing:
            return "lost in parsing", _nearest(*held[0])
        if not any(_in_a_passage(desk, gold, document) for gold, document in standing):
            return "lost in chunking", f"no passage has half of: {standing[0][0].quote[:_QUOTED]}"
    return "", ""


def _in_a_passage(desk: Desk, gold: Gold, document: Document) -> bool:
    passages = desk.library.catalog.passages(document)
    return any(in_passage(Hit(passage, document, 0.0), gold) for passage in passages)


def _nearest(gold: Gold, document: Document) -> str:
    """What the document has in place of a quotation that it does not hold."""
    if not gold.quote:
        return f"{document.name} has no page {gold.page}"
    found = fuzz.partial_ratio_alignment(gold.quote, document.text)
    near = " ".join(document.text[found.dest_start : found.dest_end].split()) if found else ""
    return f"{document.name} has, {found.score if found else 0:.0f}% alike: {near[:_QUOTED]}"


def _lost_in_search(desk: Desk, question: Question, answer: Answer) -> tuple[str, str]:
    try:
        far, _ = desk.search(answer.understood or question.question, FAR)
    except UsageError:
        far = []
    rank = rank_of(question, far)
    first = f"first instead: {far[0].document.name}: {' '.join(far[0].passage.text.split())[:_QUOTED]}" if far else ""
    if rank:
        return "ranked too low", f"gold at rank {rank}, {desk.settings.k} are read; {first}"
    return "not retrieved", f"gold not among the first {len(far)}; {first}"


def _said(answer: Answer) -> str:
    return f"said: {' '.join(answer.text.split())[:_QUOTED]}"
