"""Learning the subject: the path for a new analyst, questions to check oneself with, and the glossary's occurrences."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from eval.dataset import DEFAULT_SET, Question, load_set
from eval.draft import is_certain, questions_of_sentence
from eval.grade import evidence_of
from rag.chain import Desk
from rag.cite import cite
from rag.glossary import Term
from rag.store.library import Library
from rag.types import Citation, Document, Passage

log = logging.getLogger(__name__)

_OCCURRENCES = 40
_NOT_TO_LEARN = ("injection", "conflict", "comparison", "several-documents")  # they try the desk, not the reader
_GENERATED = 20  # questions made from passages
_READ = 600  # passages looked through for them


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the path: what introduces it, what to ask, which terms are met, and the question that checks it."""

    title: str
    label: str  # the title in a word or two
    said: tuple[Citation, ...]
    ask: tuple[str, ...]
    terms: tuple[Term, ...]
    check: Question | None


def load_path(path: Path, desk: Desk, questions: Mapping[str, Question]) -> list[Stage]:
    """The path of a corpus; empty when it has none. What no longer stands in the documents is left out and logged."""
    if not path.is_file():
        return []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        return [_stage(entry, desk, questions) for entry in entries]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("the path %s cannot be read (%s); the page goes without", path, str(error).splitlines()[0])
        return []


def _stage(entry: Mapping[str, Any], desk: Desk, questions: Mapping[str, Question]) -> Stage:
    said: list[Citation] = []
    for name, begins in entry.get("say") or []:
        found = sentence_of(desk.library, str(name), str(begins))
        if found is None:
            log.warning("the path: no sentence of %s begins with %r", name, begins)
            continue
        said.append(replace(found, number=len(said) + 1))
    terms = {term.name: term for term in desk.glossary.terms}
    return Stage(
        str(entry["title"]),
        str(entry.get("label") or entry["title"]),
        tuple(said),
        tuple(str(question) for question in entry.get("ask") or []),
        tuple(terms[name] for name in entry.get("terms") or [] if name in terms),
        questions.get(str(entry.get("check", ""))),
    )


def sentence_of(library: Library, name: str, begins: str) -> Citation | None:
    """The sentence of the document `name` that begins with `begins`, as a quotation."""
    key = library.named(name)
    if key is None or not begins:
        return None
    document = library.documents[key]
    for passage in library.catalog.passages(document):
        for start, end in passage.sentences:
            if document.text.startswith(begins, start):
                return cite(1, document, passage, start, end)
    return None


def shipped_questions(desk: Desk) -> list[Question]:
    """Those of the shipped set that have one answer, and whose gold stands in the library."""
    return [
        question
        for question in load_set(DEFAULT_SET)
        if question.answerable
        and not question.turns
        and question.kind not in _NOT_TO_LEARN
        and question.gold
        and len(evidence_of(desk.library, question)) == len(question.gold)
    ]


def own_questions(desk: Desk) -> list[Question]:
    """Questions with one answer, to check oneself with: of the shipped set, and made of passages of what was added.

    Those of the set whose gold does not stand in the library (another corpus) are left out.
    """
    shipped = shipped_questions(desk)
    asked = {question.question for question in shipped}
    return shipped + [question for question in _generated(desk) if question.question not in asked]


def _generated(desk: Desk) -> list[Question]:
    """Questions made of sentences that name a date or an amount, which is then what a right answer must say."""
    found: list[Question] = []
    read = 0
    for key in desk.library.listings:
        document = desk.library.documents[key]
        for passage in desk.library.catalog.passages(document):
            read += 1
            if read > _READ or len(found) >= _GENERATED:
                return found
            for start, end in passage.sentences:
                found += [q for q in list(questions_of_sentence(document, start, end))[:1] if is_certain(q)]
    return found


def occurrences(desk: Desk, term: Term) -> list[Citation]:
    """The sentences in which a term occurs, one quotation each, at most forty."""
    found: list[Citation] = []
    for hit in desk.search(term.name, _OCCURRENCES)[0]:
        found += _sentences_with(desk, hit.document, hit.passage, term)
    found.sort(key=lambda one: (one.document.name, one.start))
    return [replace(one, number=n) for n, one in enumerate(found[:_OCCURRENCES], 1)]


def _sentences_with(desk: Desk, document: Document, passage: Passage, term: Term) -> list[Citation]:
    return [
        cite(1, document, passage, start, end)
        for start, end in passage.sentences
        if any(mention.term.name == term.name for mention in desk.glossary.mentions(document.text[start:end]))
    ]
