"""Questions that the documents answer: made of their own sentences by rule, and each one asked before it is shown.

A question is kept only when the answer to it quotes the very sentence it was made of (or, for a term, any sentence).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag.filters import ALL, Filter
from rag.grammar import names, plain_verbs, verbs
from rag.orders import follows_an_order
from rag.places import places
from rag.types import Answer, Document, Passage
from rag.values import NUMBER_WORDS, YEAR, is_unit
from rag.words import STOPWORDS, index_terms, irregular_forms, leans_on_the_one_before, stems_of, words

if TYPE_CHECKING:
    from rag.chain import Desk

_ABOUT = "What do the documents say about “{}”?"
_TRIED = 12  # questions that are asked to find those that are shown
_READ = 20  # passages around an answer of whose sentences questions are made
_DATE = re.compile(
    r"\s?\b(?:in|on) (?:(?:late|early|mid) )?(?:\d{1,2} )?"
    r"(?:(?:January|February|March|April|May|June|July|August|September|October|November|December) )?(?:19|20)\d\d\b"
)
_AMOUNT = re.compile(
    r"\s(?:(?:about|some|nearly|over|more than|at least|only|roughly) )?"
    r"[€$¥]?\d[\d,.]*(?: (?:trillion|billion|million))?"
    r"(?: (?P<unit>yuan|dollars|euros?|percent))?"
)
_COUNT = re.compile(
    r"^(?:has|have|had) (?:(?:about|some|nearly|over|more than|at least|only|roughly) )?"
    rf"(?:\d[\d,.]*|{'|'.join(NUMBER_WORDS)}) (?P<things>(?:[a-z][\w-]* ){{0,3}}?[a-z][\w-]*s)\b(?! \w+ing\b)"
)
_MEASURE = re.compile(rf"^(?P<be>is|are|was|were){_AMOUNT.pattern}(?: of| in| on|$)")
_COPULA = re.compile(r"^(?P<be>is|are|was|were) (?:an?|the|one of)\b")
_PASSIVE = re.compile(r"^(?P<be>was|were) (?P<v>[a-z]+(?:ed|en|t|ld)(?: up)?)\b")
_DONE_BY = re.compile(r"^(?:was|were) (?P<v>[a-z]+ed) by (?:the )?(?:[a-z]+ )?[A-Z]")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|should|must|since)\b")
_CLAUSE = re.compile(
    r"\b(who|which|that|whose|where|if|when|as|while|because|since|what|whoever|how|whether)\b", re.IGNORECASE
)
# What only the sentences before can explain: such a question is not asked.
_LEANS = re.compile(
    r"\b(its|their|it|they|this|these|the (?:term|programme|plan|first|second|third|full text))\b", re.IGNORECASE
)
_ADVERB = re.compile(r" (?:together|also|now|still|then|alone|already|thus|therefore|each|both)$")
_ANY = re.compile(
    rf"(?:each|every|some|several|many|most|more|all|both|no|not|another|others?|part|{'|'.join(NUMBER_WORDS)})\b", re.I
)
# Verbs of which one asks what they are done to, with the word that goes with them.
_DONE_TO = {
    "aim": "at", "ask": "for", "call": "for", "consist": "of", "deal": "with", "depend": "on", "focus": "on",
    "rely": "on", "rest": "on", "stand": "for", "suffer": "from",
    **dict.fromkeys(
        "adopt assign ban cover criticise criticize demand describe examine forbid illustrate introduce list lose make "
        "name produce promise propose recommend reject report require stress support".split(), "",
    ),
}  # fmt: skip
_OBJECT = re.compile(r"(?!that\b|it\b|them\b|him\b|to\b|in\b|on\b|by\b|at\b|up\b|out\b|as\b)[\w\"“]")
_HOW_MUCH = frozenset("spend invest pay receive produce earn raise export import lend cost".split())
_HELPS = {"has": "does", "have": "do", "had": "did"}
_SHARED = 1.0  # how much a question must share with an answer to be asked after it
_LONGEST = 16  # words of a question


def questions_from(text: str) -> list[str]:
    """Questions that the sentence `text` answers, by its form; most sentences have none."""
    plain = re.sub(r"\s*\[[^\]]*\]", "", " ".join(text.split())).rstrip(".")
    irregular = {m.start() for m in re.finditer(r"\b[a-z]+\b", plain) if m.group() in irregular_forms()}
    starts = sorted(verbs(plain) | irregular | {m.start() for m in _AUXILIARY.finditer(plain)})
    if not starts or leans_on_the_one_before(plain):
        return []
    subject, rest = _ADVERB.sub("", plain[: starts[0]].strip()), plain[starts[0] :]
    if not _is_thing(subject):
        return []
    subject, rest = _inside(subject), re.split(r"[;:,] |\s\(", rest)[0]
    return [
        q
        for q in _asked(subject, rest)
        if len(q.split()) <= _LONGEST and q.count("(") == q.count(")") and not _LEANS.search(q)
    ]


def _asked(subject: str, rest: str) -> Iterator[str]:
    dated = _DATE.search(rest) if len(YEAR.findall(rest)) == 1 else None
    undated = f"{rest[: dated.start()]}{rest[dated.end() :]}" if dated else rest
    if passive := _PASSIVE.match(rest):
        if dated:
            yield f"When {passive['be']} {subject} {undated[len(passive['be']) :].strip()}?"
        if done := _DONE_BY.match(rest):
            yield f"Who {done['v']} {subject}?"
        return
    if measure := _MEASURE.match(rest):
        yield f"What {measure['be']} {subject}{dated.group().rstrip() if dated else ''}?"
        return
    if copula := _COPULA.match(rest):
        if names(subject) or subject.split()[0] not in STOPWORDS:
            yield f"What {copula['be']} {subject}?"
        return
    verb, _, behind = rest.partition(" ")
    if verb in ("has", "have", "had"):
        if (count := _COUNT.match(rest)) and not is_unit(count["things"].split()[-1]):
            yield f"How many {count['things']} {_HELPS[verb]} {subject} have?"
        return
    base = _base(verb)
    if not base:
        helps = "does" if (base := _singular(verb)) != verb else "do"
        if (goes_with := _goes_with(base, behind)) is not None:
            yield f"What {helps} {subject} {base}{goes_with}?"
        return
    amount = _AMOUNT.search(f" {behind}")
    if amount and amount["unit"] in ("yuan", "dollars", "euro", "euros") and base in _HOW_MUCH:
        left = f"{behind[: max(amount.start() - 1, 0)]}{behind[amount.end() - 1 :]}".strip()
        if not re.search(r"\b(?:of|to|by|than|from|for|about|at|with)$", left):
            yield f"How much did {subject} {base} {left}?".replace(" ?", "?")
    elif dated and not (amount and amount["unit"]) and len(undated.split()) > 2:
        yield f"When did {subject} {base} {undated.partition(' ')[2].strip()}?"
    elif not dated and (goes_with := _goes_with(base, behind)) is not None:
        yield f"What did {subject} {base}{goes_with}?"


def _goes_with(base: str, behind: str) -> str | None:
    """What goes with a verb of which one asks "what does it ask for?": " for", or nothing; None where one does not."""
    if not (word := _DONE_TO.get(base)):
        return "" if word is not None and _OBJECT.match(behind) else None
    return f" {word}" if behind.startswith(f"{word} ") else None


def _singular(verb: str) -> str:
    """The plain form of "asks" and "relies"."""
    forms = (verb.removesuffix("s"), verb.removesuffix("es"), f"{verb.removesuffix('ies')}y")
    return next((form for form in forms if form in _DONE_TO), verb)


def _base(verb: str) -> str:
    """The plain form of a verb in the past: began, begin; "" when `verb` is none."""
    if verb in irregular_forms():
        return irregular_forms()[verb]
    if not verb.endswith("ed"):
        return ""
    forms = (verb[:-1], verb[:-2], verb[:-3] if verb[-3:-2] == verb[-4:-3] else "", f"{verb[:-3]}y")
    return next((form for form in forms if form in plain_verbs()), "")


def _is_thing(subject: str) -> bool:
    """Whether it names something by itself: it has a name or two plain words, and no clause, amount or list within."""
    plain = [word for word in words(subject) if not word.is_stopword]
    if (
        not plain
        or not subject[0].isalnum()
        or len(subject) > 80
        or _CLAUSE.search(subject)
        or _ANY.match(subject)
        or re.search(r"[,;:()\d]", subject)
    ):
        return False
    return bool(names(subject)) or bool(places().mentions(subject)) or len(plain) > 1


def _inside(subject: str) -> str:
    """A subject as it stands inside a sentence: the article, and a first word that is no name, in lower case."""
    first, _, more = subject.partition(" ")
    if first.lower() in STOPWORDS:
        return f"{first.lower()} {more}".strip()
    if any(place.start == 0 for place in places().mentions(subject)):
        return subject
    is_name = first.isupper() or any(word.text == first for word in names(subject)) or more[:1].isupper()
    return subject if is_name else subject[0].lower() + subject[1:]


def next_questions(desk: Desk, answer: Answer, only: Filter = ALL, count: int = 3) -> list[str]:
    """Questions to ask after `answer`, from the passages around it; none repeats what has been asked or said.

    None after an abstention: what is near it does not answer it.
    """
    if answer.abstained:
        return []
    asked = answer.understood or answer.question
    found, _ = desk.search(asked, _READ, only)
    passages = {hit.passage.id: (hit.document, hit.passage) for hit in found}
    for first in answer.citations[:1]:
        near_it = slice(max(first.passage.ordinal - _READ, 0), first.passage.ordinal + _READ + 1)
        around = desk.library.catalog.passages(first.document)[near_it]
        passages |= {passage.id: (first.document, passage) for passage in around}
    cited = {(c.document.id, c.start) for c in answer.citations}
    known, quoted = stems_of(asked), stems_of(answer.text)
    made = {
        (question, start): _shared(desk, question, known, quoted)
        for document, passage in passages.values()
        for question, start in _made(document, passage)
        if (document.id, start) not in cited
    }
    near = sorted((one for one in made if made[one] > _SHARED), key=lambda one: -made[one])
    said = (answer.text, *(c.passage.text for c in answer.citations))
    terms = dict.fromkeys(term for text in said for term in _terms(desk, text) if _is_new(term, known))
    return _answered(desk, [*near, *((_ABOUT.format(term), None) for term in terms)], only, count, beside=asked)


def _terms(desk: Desk, text: str) -> list[str]:
    """The terms of a text that the glossary explains, the longest first."""
    return sorted({m.term.name for m in desk.glossary.mentions(text) if m.term.definition}, key=len, reverse=True)


def _shared(desk: Desk, question: str, known: frozenset[str], quoted: frozenset[str]) -> float:
    """How much a question shares with what was asked, or half as much with what was quoted: inverse frequencies."""
    library = desk.library
    total = library.passage_count()
    return sum(
        math.log(total / (1 + library.lexical.document_frequency(stem))) * (1.0 if stem in known else 0.5)
        for stem in set(index_terms(question)) & (known | quoted)
        if not stem.isdigit()
    )


def _is_new(term: str, known: frozenset[str]) -> bool:
    return not stems_of(term) <= known and not places().mentions(term)


def questions_of(desk: Desk, document: Document, count: int = 3) -> list[str]:
    """Questions that `document` answers, when it alone is asked."""
    made = [found for passage in desk.library.catalog.passages(document) for found in _made(document, passage)]
    spread: list[tuple[str, int | None]] = list(made[:: max(len(made) // (2 * count), 1)] if made else [])
    terms = Counter(m.term.name for m in desk.glossary.mentions(document.text) if m.term.definition)
    spread += [(_ABOUT.format(name), None) for name, _ in terms.most_common() if _is_new(name, frozenset())]
    return _answered(desk, spread, Filter(documents=(document.id,)), count)


def _made(document: Document, passage: Passage) -> Iterator[tuple[str, int]]:
    for start, end in passage.sentences:
        if not follows_an_order(document.text, start, end):
            for question in questions_from(document.text[start:end]):
                yield question, start


def _answered(
    desk: Desk, made: Sequence[tuple[str, int | None]], only: Filter, count: int, beside: str = ""
) -> list[str]:
    """The first `count` questions whose answer quotes the sentence they were made of (None: any)."""
    found: list[str] = []
    said = [_subject(beside)] if beside else []
    tried = 0
    for question, start in made:
        stems = _subject(question)
        if any(stems <= other or other <= stems for other in said):
            continue
        if len(found) == count or tried == _TRIED:
            break
        tried += 1
        answer = desk.quoted(question, only)
        if not answer.abstained and any(start is None or c.start <= start < c.end for c in answer.citations[:1]):
            found.append(question)
            said.append(stems)
    return found


def _subject(question: str) -> frozenset[str]:
    """Stems of what a question is about."""
    return frozenset(index_terms(question)) - stems_of(_ABOUT)
