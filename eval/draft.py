"""New questions for a set, proposed from the documents' own sentences for a person to accept.

By rule: the forms of sentences that `rag.suggest` can turn into a question, and near misses of them that the documents
do not answer. With a language model: one a passage, kept when its quotation stands there. None is chosen by whether the
desk answers it: such a set would flatter.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from eval.dataset import Gold, Question
from rag.chain import Desk
from rag.filters import ALL, Filter
from rag.generate import LanguageModel
from rag.grammar import content, names
from rag.orders import follows_an_order, visible
from rag.suggest import questions_from
from rag.types import Document, Passage
from rag.values import YEAR, dates, quantities
from rag.words import stems_of

PROMPT = Path(__file__).parent / "templates" / "draft.md"
_MISS_EVERY = 4  # a near miss after so many questions


def drafts(
    desk: Desk, known: Iterable[Question], *, only: Filter = ALL, seed: int = 0, model: LanguageModel | None = None
) -> Iterator[Question]:
    """Proposals from passages drawn by `seed`, none of which is among `known`.

    Raises ModelError when a language model is given and does not answer.
    """
    asked = {question.question for question in known}
    library = desk.library
    chosen = set(only.select(library.listings.values()))
    places = [
        (library.documents[key], passage)
        for key in library.listings
        if not only or key in chosen
        for passage in library.catalog.passages(library.documents[key])
    ]
    random.Random(seed).shuffle(places)
    made = 0
    for document, passage in places:
        proposed = [_by_model(model, document, passage)] if model else list(_by_rule(document, passage))
        for question in proposed:
            if question is None or question.question in asked:
                continue
            asked.add(question.question)
            yield question
            made += 1
            if made % _MISS_EVERY == 0 and (miss := _near_miss(desk, question)) and miss.question not in asked:
                asked.add(miss.question)
                yield miss


def _by_rule(document: Document, passage: Passage) -> Iterator[Question]:
    for start, end in passage.sentences:
        yield from questions_of_sentence(document, start, end)


def questions_of_sentence(document: Document, start: int, end: int) -> Iterator[Question]:
    """The questions that the sentence answers, each with what a right answer must say."""
    text = document.text[start:end]
    if follows_an_order(document.text, start, end):
        return
    for place, question in enumerate(questions_from(text)):
        facts = _facts(text, question)
        if facts:
            yield Question(
                id=f"draft-{document.id[:8]}-{start}-{place}",
                half="development",
                question=question,
                kind="definition" if re.match("What (?:is|are|was|were) ", question) else "fact",
                language=document.language or "en",
                reference=" ".join(text.split()),
                gold=(Gold(document=document.name, quote=text),),
                key_facts=facts,
            )


def _facts(text: str, question: str) -> tuple[str, ...]:
    """What the question leaves out of the sentence: its date, its amount, else what it says of the subject."""
    if question.startswith("When"):
        spans = [(date.start, date.end) for date in dates(text)]
    elif question.startswith(("How much", "How many")):
        counts = question.startswith("How many")
        spans = [(quantity.start, quantity.end) for quantity in quantities(text) if bool(quantity.unit) != counts]
    else:
        known = stems_of(question)
        found = [word.text for word in content(text) if word.stem not in known]
        return tuple(sorted(found, key=len, reverse=True)[:2])
    found = [text[a:b].strip() for a, b in spans]
    return tuple([fact for fact in found if fact not in question][:1])


def is_certain(question: Question) -> bool:
    """Whether a drafted question has one answer wherever it is looked for: a date, or an amount of a named year."""
    return question.question.startswith("When") or bool(
        question.question.startswith("How much") and YEAR.search(question.question)
    )


def _near_miss(desk: Desk, question: Question) -> Question | None:
    """The question with another year, one that no document names: the documents do not say."""
    year = YEAR.search(question.question)
    if not year:
        return None
    library = desk.library
    for step in (-20, -25, -30, -35):
        other = str(int(year.group()) + step)
        if not library.lexical.document_frequency(other):
            asked = question.question.replace(year.group(), other)
            return Question(
                id=f"{question.id}-miss",
                half="development",
                question=asked,
                kind="near-miss",
                language=question.language,
                answerable=False,
                reference="The documents do not say.",
            )
    return None


def _by_model(model: LanguageModel, document: Document, passage: Passage) -> Question | None:
    """The model's question; None when it is not one, or its quotation or facts do not stand there."""
    data = json.dumps({"title": document.title, "text": visible(passage.text)}, ensure_ascii=False)
    reply = model.reply(PROMPT.read_text(encoding="utf-8"), f"Passage:\n{data}")
    try:
        row = json.loads(reply[reply.index("{") : reply.rindex("}") + 1])
        quote, facts = str(row["quote"]), tuple(str(fact) for fact in row["key_facts"])
        if quote not in passage.text or not facts or any(fact not in quote for fact in facts):
            return None
        return Question(
            id=f"draft-{document.id[:8]}-{passage.start}",
            half="development",
            question=str(row["question"]).strip(),
            language=document.language or "en",
            reference=str(row["answer"]).strip(),
            gold=(Gold(document=document.name, quote=quote),),
            key_facts=facts,
        )
    except (ValueError, KeyError, TypeError):
        return None


def key_facts(answer: str, quotes: str) -> list[str]:
    """What of `answer` the quotations hold too: figures, dates, names, else its longest words."""
    spans = [(d.start, d.end) for d in dates(answer)] + [(q.start, q.end) for q in quantities(answer)]
    found = [answer[a:b] for a, b in spans] + [word.text for word in names(f"of {answer}")]
    facts = [fact for fact in dict.fromkeys(found) if fact.casefold() in quotes.casefold()]
    if not facts:
        said = stems_of(quotes)
        facts = sorted((word.text for word in content(answer) if word.stem in said), key=len, reverse=True)[:2]
    return facts[:6]


def line_of(question: Question) -> str:
    """The question as a line of a set."""
    return json.dumps(question.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
