"""The way of a question: understand, retrieve, answer, verify. An LCEL chain, and the desk that owns its parts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from rag import cite, together
from rag.answers import NEAREST, State, definition, extracted, generated
from rag.condense import condense, said_before
from rag.differ import differences, looked_ahead_to
from rag.embedding import Embedded, Embedder
from rag.errors import ModelError, UsageError
from rag.filters import ALL, Filter
from rag.followup import Kind, free_pronoun, kind_of, may_stand_alone, wants_more
from rag.frame import plainly
from rag.generate import MAX_CHARS, LanguageModel, split_sentences
from rag.glossary import Glossary, load_glossary
from rag.grammar import verb_stems
from rag.listed import wants_list
from rag.query import Query, both_asked, checked, understand
from rag.rerank import LOOKED_AT, Reranker
from rag.retrieve import retrieve
from rag.settings import Settings
from rag.shortened import with_long_forms
from rag.spelling import respelled
from rag.store.library import Library, open_library
from rag.support import Judge
from rag.task import task_of
from rag.timing import ms_since
from rag.types import Answer, Hit, Step, Turn
from rag.weighed import of_two, weighed

_FOR_LISTS = 40  # passages that are looked through for a list, or for a number of things
_TRIED = 6  # passages, for a sentence that is to be checked
_ATTEMPTS = 2  # at an answer by a language model, when what went wrong may pass


class Desk:
    """An open library with its models, ready to answer. Safe to share between threads."""

    def __init__(self, settings: Settings, embedder: Embedder | None = None) -> None:
        self.settings = settings
        self.embedder = embedder or settings.embedder()
        self._library = open_library(settings.home, self.embedder, settings.chroma)
        self._opening = threading.Lock()
        self._model = LanguageModel(settings) if settings.llm else None
        if self._model is not None:  # a second's work, done before the first sentence is there to be checked
            threading.Thread(target=verb_stems, daemon=True).start()
        self._reranker = Reranker(settings.rerank) if settings.rerank else None

    @property
    def library(self) -> Library:
        """The newest generation. Who answers one question takes it once, so that a switch never mixes two.

        Raises EmptyIndexError when the home was removed, StoreError when its index was damaged.
        """
        if not self._library.is_current:
            with self._opening:  # one thread opens it, the others take what it opened
                if not self._library.is_current:
                    self._library = self._newest()
        return self._library

    def _newest(self) -> Library:
        if not self._library.catalog.in_place:  # another home lies at the same paths, which Chroma takes for this one
            self._library.close()
        return open_library(self.settings.home, self.embedder, self.settings.chroma)

    @cached_property
    def glossary(self) -> Glossary:
        return load_glossary(self.settings.glossary_path)

    def warm_up(self) -> None:
        """Loads what the first question would wait for; asks no language model."""
        self.quoted("What is this about?")

    def quoted(self, question: str, only: Filter = ALL, *, min_confidence: float | None = None) -> Answer:
        """The answer in quotations, also where a language model is set; by default as sure as the settings want it."""
        threshold = self.settings.min_confidence if min_confidence is None else min_confidence
        return extracted(self.retrieve(self.understand(self._begun(question, only))), threshold)

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.embedder, self.glossary)

    @property
    def mode(self) -> str:
        return self.settings.llm or "extractive"

    def close(self) -> None:
        self._library.close()

    @cached_property
    def chain(self) -> Any:
        """The whole way as a LangChain runnable: a question in, or a question and a Filter, an Answer out."""
        from langchain_core.runnables import RunnableLambda

        def begin(asked: str | tuple[str, Filter]) -> State:
            question, only = (asked, ALL) if isinstance(asked, str) else asked
            return self._begun(question, only)

        return (
            RunnableLambda(begin)
            | RunnableLambda(self.understand)
            | RunnableLambda(self.retrieve)
            | RunnableLambda(self.answer)
            | RunnableLambda(self.verify)
        )

    def ask(self, question: str, only: Filter = ALL, turns: Sequence[Turn] = ()) -> Answer:
        """The answer to `question`, from the documents that match `only`; `turns` are the conversation before it.

        Raises UsageError when the question is empty or too long, or when no document matches.
        """
        # The steps of `chain` one by one: LangChain's runnables take longer to import than a question takes to answer.
        *_, answer = self.stream(question, only, turns)
        return answer

    def converse(self, questions: Sequence[str], only: Filter = ALL) -> list[Turn]:
        """The conversation in which `questions` were asked one after the other."""
        turns: list[Turn] = []
        for question in questions:
            answer = self.ask(question, only, turns)
            turns.append(Turn(answer.understood or question, answer))
        return turns

    def stream(self, question: str, only: Filter = ALL, turns: Sequence[Turn] = ()) -> Iterator[Answer]:
        """The answer as it grows: with a language model sentence by sentence, each checked as it is complete."""
        return (found for found in self.follow(question, only, turns) if isinstance(found, Answer))

    def follow(self, question: str, only: Filter = ALL, turns: Sequence[Turn] = ()) -> Iterator[Step | Answer]:
        """As `stream`, with what is being done in between."""
        plain = self._plain(question)
        spelled = respelled(plain, self.library, self.glossary)
        if turns and wants_more(spelled) and (more := condense(spelled, turns, self.glossary)) != spelled:
            yield from _as_asked(question, more, self._follow(more, only, ()))
        else:
            yield from _as_asked(question, spelled if spelled != plain else "", self._follow(spelled, only, turns))

    def _follow(self, question: str, only: Filter, turns: Sequence[Turn]) -> Iterator[Step | Answer]:
        """As `follow`, of a question that is spelled right and asks for more than "more"."""
        kind = kind_of(question, turns)
        if kind in ("item", "source") or (kind == "translate" and self._model is None):
            yield said_before(question, turns, kind)
            return
        yield Step("searching", self.library.passage_count())
        # "What is it about?" is asked of what was spoken of, where something was.
        task = task_of(question)
        if task and (task.subjects or not (turns and free_pronoun(question))):
            library = self.library
            made = yield from together.composed(self, library, question, task, only, turns)
            if made:
                answer, hits = made
                timings = answer.timings_ms
                yield self.verify(State(question, library, only, hits=tuple(hits), answer=answer, timings_ms=timings))
                return
        each = of_two(question) if self._model is None else None
        if each and (both := together.side_by_side(self, question, each, only)):
            yield self.verify(State(question, self.library, only, answer=both, timings_ms=both.timings_ms))
            return
        if self._model is None and (parts := both_asked(question)):
            yield together.of_both(self, question, parts, only, turns)
            return
        alone = self._alone(question, kind, turns)
        if alone != question and self._model is None and (task_of(alone) or weighed(alone)):  # "how does that compare?"
            yield from _as_asked(question, alone, self._follow(alone, only, ()))
            return
        # "What are the risks?" is asked of what was spoken of, and if that has none, of everything.
        if alone != question and self._model is None and may_stand_alone(question):
            *steps, found = self._read(alone, only, question)
            yield from steps
            if isinstance(found, Answer) and not found.abstained:
                yield found
                return
            alone = question
        yield from self._read(alone, only, question if alone != question else "")

    def _read(self, question: str, only: Filter, written: str) -> Iterator[Step | Answer]:
        """The answer to a question that stands alone, as it grows; `written` is what it was made from, if it was."""
        state = self.retrieve(self.understand(State(question, self.library, only, written)))
        yield Step("writing" if self._model is not None and state.hits else "reading", len(state.hits))
        for grown in self._answers(state):
            yield self.verify(grown)

    def _alone(self, question: str, kind: Kind, turns: Sequence[Turn]) -> str:
        if kind == "translate":
            return f"{turns[-1].question} ({question})"
        if kind != "follow-up":
            return question
        if self._model is not None:
            try:
                asked = self._model.condense(question, [(turn.question, turn.answer.text) for turn in turns[-3:]])
                if asked and len(asked) <= self.settings.max_question_chars:
                    return asked
            except ModelError:
                pass  # the rules do it as well, and the answer will say what is wrong with the model
        return condense(question, turns, self.glossary)

    def check(self, text: str, only: Filter = ALL) -> Answer:
        """A text from anywhere, verified sentence by sentence against the documents that match `only`.

        Raises UsageError when it is empty or longer than an answer can be.
        """
        said = [one for line in text.splitlines() for one in split_sentences(line.strip()) if one]
        if not said or len(text) > MAX_CHARS:
            raise UsageError(f"the text to check must have 1 to {MAX_CHARS:,} characters; it has {len(text):,}")
        begin = time.perf_counter()
        library, hits, numbers = self.library, list[Hit](), list[list[int]]()
        places: dict[str, int] = {}
        for sentence in said:
            found = self.look_up(
                library, cite.without_markers(sentence)[: self.settings.max_question_chars], _TRIED, only
            )
            for hit in found:
                if places.setdefault(hit.passage.id, len(hits)) == len(hits):
                    hits.append(hit)
            numbers.append([places[hit.passage.id] + 1 for hit in found])
        verifier = cite.Verifier(self.judge, hits)
        for sentence, own in zip(said, numbers, strict=True):
            verifier.add(f"{cite.without_markers(sentence)} {own}")
        answer = Answer(text, tuple(verifier.sentences), tuple(verifier.citations), False, "checked")
        return replace(cite.standing(answer), timings_ms={"total": ms_since(begin)})

    def search(self, question: str, k: int, only: Filter = ALL) -> tuple[list[Hit], dict[str, float]]:
        """The best `k` passages, and milliseconds by step: embed, dense, lexical, fuse, total."""
        begin = time.perf_counter()
        library = self.library
        query = self._understood(respelled(self._plain(question), library, self.glossary))
        _, _, hits, steps = self._found(library, query, k, only)
        return hits, {**steps, "total": ms_since(begin)}

    def look_up(self, library: Library, text: str, k: int, only: Filter) -> list[Hit]:
        """The best `k` passages of `library` for a text, of the documents that match `only`."""
        query = self._understood(text)
        documents = only.among(library.listings.values())
        return self._find(library, query, self.embedder.embed_query(query.reading), k, documents)[0]

    def _begun(self, question: str, only: Filter) -> State:
        """Where the way of a question begins that stands alone: spelled right, with what was written."""
        library = self.library
        spelled = respelled(self._plain(question), library, self.glossary)
        return State(spelled, library, only, question if spelled != question else "")

    def _plain(self, question: str) -> str:
        """The question without what is put around it; raises UsageError as `checked` does, before more is read."""
        checked(question, self.settings.max_question_chars)
        return plainly(question)

    def _understood(self, text: str) -> Query:
        return understand(text, self.glossary, max_chars=self.settings.max_question_chars)

    def _found(
        self, library: Library, query: Query, k: int, only: Filter
    ) -> tuple[Query, Embedded, list[Hit], dict[str, float]]:
        """As `_find`, with the question as the passages that are found first show it to be meant."""
        begin = time.perf_counter()
        embedded = self.embedder.embed_query(query.reading)
        timings = {"embed": ms_since(begin)}
        documents = only.among(library.listings.values())
        hits, steps = self._find(library, query, embedded, k, documents)
        fuller = with_long_forms(query, hits, library, documents)
        if (fuller.reading, fuller.terms) != (query.reading, query.terms):
            embedded = self.embedder.embed_query(fuller.reading)
            hits, steps = self._find(library, fuller, embedded, k, documents)
        return fuller, embedded, hits, {**timings, **steps}

    def _find(
        self, library: Library, query: Query, embedded: Embedded, k: int, documents: Sequence[str] | None
    ) -> tuple[list[Hit], dict[str, float]]:
        """The best `k` passages of `documents` (ids), or of all, and milliseconds by step."""
        wanted = max(k, LOOKED_AT) if self._reranker else k
        hits, timings = retrieve(
            library, query, embedded, wanted, dense_weight=self.settings.dense_weight, documents=documents
        )
        if self._reranker:
            begin = time.perf_counter()
            hits = self._reranker.rerank(query.text, hits, k)
            timings["rerank"] = ms_since(begin)
        return hits, timings

    # -- the steps

    def understand(self, state: State) -> State:
        begin = time.perf_counter()
        return state.timed("understand", begin, query=self._understood(state.question))

    def retrieve(self, state: State) -> State:
        begin = time.perf_counter()
        assert state.query is not None
        k = self.settings.k
        # What stands in a list seldom says what it is a list of, so its passages are found late.
        wanted = max(k, _FOR_LISTS) if wants_list(state.query) or state.query.counts_things else k
        query, embedded, hits, _ = self._found(state.library, state.query, wanted, state.only)
        found, beyond = tuple(hits[:k]), tuple(hits[k:])
        return state.timed("retrieve", begin, query=query, embedded=embedded, hits=found, beyond=beyond)

    def answer(self, state: State) -> State:
        *_, last = self._answers(state)
        return last

    def verify(self, state: State) -> Answer:
        """The last gate: whatever made the answer, each quotation must stand in its document now."""
        begin = time.perf_counter()
        answer = state.answer
        assert answer is not None
        answer = cite.standing(answer)
        if answer.complete and answer.sentences:
            hits = list(state.hits)
            for subject in looked_ahead_to(answer.citations):  # what became of it is asked for by its name
                hits += self.look_up(state.library, subject, NEAREST, state.only)
            found = differences(state.question, answer.citations, hits, self.judge.spelled_out)
            answer = replace(answer, differences=tuple(found))
        if answer.complete and state.query is not None and state.query.answer_type == "definition":
            answer = replace(answer, definition=definition(state.query, self.glossary))
        if state.written:
            answer = replace(answer, question=state.written, understood=state.question)
        timings = {**state.timings_ms, "verify": state.timings_ms.get("verify", 0.0) + ms_since(begin)}
        timings["total"] = sum(timings[step] for step in ("understand", "retrieve", "answer", "verify"))
        return replace(answer, timings_ms=timings)

    def _answers(self, state: State) -> Iterator[State]:
        """States with a growing answer; the last one is complete."""
        begin = time.perf_counter()
        warnings: tuple[str, ...] = ()
        model = self._model if state.hits else None
        for attempt in range(_ATTEMPTS if model else 0):
            assert model is not None
            try:
                for answer in generated(state, model, self.judge, self.settings):
                    yield state.timed("answer", begin, answer=answer)
                return
            except ModelError as error:
                warnings = (f"{error}; this answer is made of quotations only",)
                if not error.passing or attempt + 1 == _ATTEMPTS:
                    break
        answer = extracted(state, self.settings.min_confidence)
        answer = replace(answer, warnings=(*warnings, *answer.warnings))
        yield state.timed("answer", begin, answer=answer)


def _as_asked(question: str, understood: str, found: Iterator[Step | Answer]) -> Iterator[Step | Answer]:
    """The answer to what was `understood`, with the question as it was written."""
    for one in found:
        if isinstance(one, Answer):
            one = replace(one, question=question, understood=one.understood or understood)
        yield one
