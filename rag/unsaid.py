"""How much of what a question takes for granted is said nowhere near a sentence.

"Which companies were fined for price wars?" comes near a sentence on price wars in which nobody is fined. A need of a
question is said by its own words, by a word that means as much, or by what stands in its place: by the cosine of the
two, each embedded in its own sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.grammar import bare_verb, names, verbs
from rag.nouns import counted_as, is_form, is_shell, noun_asked_for
from rag.places import countries
from rag.query import Query
from rag.scoring import Candidate, graded
from rag.words import Word, stems_of, without_owner, words

# Cosines of a word in its sentence to the nearest in another: at the first nothing there says it, at the second it is
# said. Of six such pairs the one that told unanswerable development questions best.
_UNLIKE, _ALIKE = 0.2, 0.6
# Verbs that say little of what was done, so that an answer may leave them out: "who led the revolt?" by "X's revolt".
LIGHT_VERBS = stems_of(
    """be have do make made take took taken give gave given get go went come came bring brought put let keep kept
    hold held set use want need try help start begin began begun become became happen occur live work know known
    call name say said talk speak mention describe tell told ask think thought believe consider see seen find found
    show mean look seem lead led stay run play include involve contain consist concern regard relate compare base
    cause result follow exist belong face die born pick turn carry gain attain obtain receive"""
)
_OF_A_KIND = re.compile(r"(?:[a-z]+ )?(?:which|what) (?:of (?:the|these|those|its) )?", re.IGNORECASE)
# Kinds of things that the name of a country may be one of.
_LANDS = stems_of(
    """country nation state member place region territory area part team side power economy market government ally
    partner neighbour neighbor rival republic kingdom empire land language people group nationality origin"""
)
_AUXILIARIES = frozenset("is are was were do does did has have had can could will would should may might must".split())
_ABOUT = re.compile(
    r"\b(?:says?|said|think|thought|mention|write|wrote|tell|told|know)\b.*?\b(?:about|on) (?P<what>.+?)\W*$",
    re.IGNORECASE,
)


def unsaid(query: Query, weights: Sequence[float], candidate: Candidate, held: str) -> dict[str, float]:
    """Figures from 0 (all of it is said) to 1: of the words together, of the verb, and of the kind of thing asked for.

    `weights` [needs] are inverse document frequencies, `held` is the sentence with what it leans on.
    """
    acts = acts_of(query.reading)
    lacking = [
        (need, weight, 1 - max(share, graded(likeness, _UNLIKE, _ALIKE)))
        for need, weight, share, likeness in zip(
            query.needs, weights, candidate.shares, candidate.likeness, strict=True
        )
        if need.kind == "word" and (need.own & acts or not all(map(_is_filled, words(need.text))))
    ]
    total = sum(weight for _, weight, _ in lacking) or 1.0
    # "Which airlines ...?" is answered by a name, or by a sentence that says airline; the head of it by one on a head.
    kind = kinds_asked_for(query.reading)
    of_lands = bool(stems_of(query.reading) & _LANDS)
    new = [word for word in names(held) if of_lands or without_owner(word.text) not in countries()]
    if {word.stem for word in new} - stems_of(query.reading):
        kind = frozenset()
    kind |= (noun_asked_for(query.reading) - counted_as(held)) | topic_of(query.reading)
    telling = telling_acts(query.reading)
    return {
        "unsaid": sum(weight * lack**2 for _, weight, lack in lacking) / total,
        "act_unsaid": max((lack**2 for need, _, lack in lacking if need.own & telling), default=0.0),
        "kind_unsaid": max((lack for need, _, lack in lacking if stems_of(need.text) & kind), default=0.0),
    }


@lru_cache(maxsize=256)
def topic_of(question: str) -> frozenset[str]:
    """Stems of what somebody is asked to have said something about."""
    about = _ABOUT.search(question)
    return stems_of(about["what"]) if about else frozenset()


@lru_cache(maxsize=256)
def acts_of(question: str) -> frozenset[str]:
    """Stems of the verbs of a question; "demand" is one in "what does it demand?" alone."""
    at, bare = verbs(question), bare_verb(question)
    return frozenset(
        word.stem for word in words(question) if word.start in bare or (word.start in at and not _is_filled(word))
    )


def telling_acts(question: str) -> frozenset[str]:
    """The same without the verbs that an answer may leave out."""
    return acts_of(question) - LIGHT_VERBS


def _is_filled(noun: Word) -> bool:
    """Whether an answer has it without saying it: a reason, a date."""
    return is_shell(noun) or is_form(noun)


@lru_cache(maxsize=256)
def kinds_asked_for(question: str) -> frozenset[str]:
    """The stem of the noun of "which member states ...?" and "what tariffs ...?": what an answer names some of."""
    match = _OF_A_KIND.match(question)
    if match is None:
        return frozenset()
    at = verbs(question) | bare_verb(question)
    spoken = [word for word in words(question) if word.start >= match.end()]
    noun: frozenset[str] = frozenset()
    for word, behind in zip(spoken, [*spoken[1:], None], strict=False):
        named = not noun and behind is not None and behind.text.lower() in _AUXILIARIES  # "which groups are there?"
        if word.is_stopword or (word.start in at and not named):
            break
        noun = frozenset({word.stem})
    return noun
