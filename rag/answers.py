"""Making an answer of what was retrieved: of quotations alone, by a language model, or leaving it unanswered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rag import cite
from rag.embedding import Embedded
from rag.extract import extract
from rag.filters import ALL, Filter
from rag.generate import ABSTENTION, LanguageModel, Meter, pack, sentences
from rag.glossary import Glossary
from rag.query import Query
from rag.settings import Settings
from rag.store.library import Library
from rag.support import Judge
from rag.timing import ms_since
from rag.types import Answer, Citation, Definition, Hit, Sentence

NEAREST = 3  # passages shown with an abstention
SURE = 0.6  # confidence below which about half of the answers given are right (`python -m eval.reliability`)
UNSURE = "unsure: about half of the answers with a confidence as low as {:.2f} are right"


@dataclass(frozen=True, slots=True)
class State:
    """What is known about a question so far; each step of the chain returns a fuller one."""

    question: str  # as it stands alone
    library: Library
    only: Filter = ALL
    written: str = ""  # as it was written, where that is something else
    query: Query | None = None
    embedded: Embedded | None = None
    hits: tuple[Hit, ...] = ()
    beyond: tuple[Hit, ...] = ()  # further passages, where a list is asked for
    answer: Answer | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    def timed(self, step: str, begin: float, **known: Any) -> State:
        return replace(self, timings_ms={**self.timings_ms, step: ms_since(begin)}, **known)


def extracted(state: State, threshold: float) -> Answer:
    """An answer in quotations; none below the confidence `threshold`."""
    assert state.query is not None
    assert state.embedded is not None
    found = extract(state.library, state.query, state.embedded, state.hits, threshold=threshold, beyond=state.beyond)
    if not found.spans:
        return _abstention(state, "extractive", found.confidence)
    citations = [
        cite.cite(number, span.hit.document, span.hit.passage, span.start, span.end)
        for number, span in enumerate(found.spans, 1)
    ]
    return Answer(
        question=state.question,
        sentences=tuple(Sentence(c.line, (c.number,), True) for c in citations),
        citations=tuple(citations),
        abstained=False,
        mode="extractive",
        confidence=found.confidence,
        warnings=() if found.confidence >= SURE else (UNSURE.format(found.confidence),),
    )


def generated(state: State, model: LanguageModel, judge: Judge, settings: Settings) -> Iterator[Answer]:
    """What a language model writes, as it grows: each sentence is checked when it is complete.

    Raises ModelError when the model cannot be asked.
    """
    hits = pack(state.hits, settings.context_tokens)
    verifier, meter = cite.Verifier(judge, hits), Meter()
    said_nothing = _abstention(state, settings.llm, 0.0)

    def so_far(*, complete: bool = False) -> Answer:
        shown = tuple(s for s in verifier.sentences if s.supported or not settings.strict)
        return Answer(
            state.question,
            shown,
            tuple(verifier.citations),
            False,
            settings.llm,
            1.0,
            usage=meter.usage,
            complete=complete,
        )

    for sentence in sentences(model.write(state.question, hits, meter)):
        if cite.without_markers(sentence).casefold() == ABSTENTION.casefold():
            continue  # alone it is an abstention; beside sentences that are supported it is wrong
        if verifier.add(sentence) and so_far().sentences:
            yield so_far()
    count = len(verifier.sentences)
    if not verifier.citations:
        said = f"the language model wrote {count} sentence{'s' if count != 1 else ''} that no passage supports"
        yield replace(said_nothing, warnings=(said,) if count else (), usage=meter.usage)
        return
    dropped = count - len(so_far().sentences)
    said = f"{dropped} sentence{'s' if dropped != 1 else ''} that no quotation supports left out"
    yield replace(so_far(complete=True), warnings=(said,) if dropped else ())


def _abstention(state: State, mode: str, confidence: float) -> Answer:
    citations: list[Citation] = []
    for number, hit in enumerate(state.hits[:NEAREST], 1):
        passage = hit.passage
        citations.append(cite.cite(number, hit.document, passage, passage.start, passage.end))
    return Answer(state.question, (), tuple(citations), True, mode, confidence)


def definition(query: Query, glossary: Glossary) -> Definition | None:
    """The glossary's entry, when the question asks for one term and nothing else."""
    found = [m.term for m in glossary.mentions(query.reading) if m.term.definition]
    beside = [
        need
        for need in query.needs
        if not any(need.text.casefold() in {form.casefold() for form in (*term.forms, *term.chinese)} for term in found)
    ]
    if len({term.name for term in found}) != 1 or beside:
        return None
    return Definition(found[0].name, found[0].definition, found[0].source)
