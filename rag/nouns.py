"""Nouns and adjectives of questions that say little themselves, and what that leaves to be said in an answer."""

from __future__ import annotations

import re
from functools import cache
from itertools import takewhile

from rag.grammar import verbs
from rag.values import other_spellings
from rag.wordlists import lines_of
from rag.words import Word, stem, stems_of, words

# Adjectives that tell nothing of what they stand before.
_GENERAL = frozenset(
    "main key important major common typical different various possible other further new big biggest large largest "
    "good best bad worst first last next current overall general popular famous known primary potential total certain "
    "specific essential basic central real original".split()
)
_NOUN_OF = re.compile(
    r"(?P<asks>who|what) (?:is|was|are|were) (?:the|an?|(?P<owner>[^?]+?(?:['’]s|s['’]))) (?P<rest>[^?]+)",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(r"(al|ic|ive|ous|ary|ory|ant|ent|ful|less|able|ible|ed|ing)$")
_OF = frozenset("of in for at".split())
_SHARES = frozenset("share proportion percentage number amount quantity rate".split())  # that say nothing without "of"
# What is measured, and the words that a measure of it has: "21.4 million people" is a population.
_MEASURED = {
    stem(noun): stems_of(units)
    for noun, units in {
        "population": "people inhabitants residents citizens",
        "area": "square hectares acres",
        "height": "metres meters feet storeys",
        "length": "metres meters kilometres kilometers miles feet",
        "distance": "metres meters kilometres kilometers miles",
        "duration": "years months weeks days hours minutes",
        "age": "years old",
    }.items()
}


def counted_as(text: str) -> frozenset[str]:
    """Stems of what the measures of a text are of: population, area."""
    said = stems_of(text)
    return frozenset(noun for noun, units in _MEASURED.items() if units & said)


@cache
def _listed(name: str) -> frozenset[str]:
    """The nouns of a file of `rag/data`, one and many."""
    nouns = {word for line in lines_of(name) for word in line.split()}
    return frozenset(nouns | {f"{word}s" for word in nouns} | {f"{word[:-1]}ies" for word in nouns if word[-1] == "y"})


def is_relational(word: Word) -> bool:
    """Whether a noun is always of something: a risk, a member."""
    return word.text.lower() in _listed("relational.txt")


def is_shell(word: Word) -> bool:
    """Whether an answer fills a noun without saying it: a reason, a feature."""
    return word.text.lower() in _listed("shells.txt")


def is_form(word: Word) -> bool:
    """Whether an answer has the form of a noun: a date, an amount."""
    return word.text.lower() in _listed("forms.txt")


def is_general(word: Word) -> bool:
    """Whether an adjective tells nothing of what it stands before: main, typical."""
    return word.text in _GENERAL  # New Area is a name


def noun_asked_for(question: str) -> frozenset[str]:
    """Stems of what is asked for: "deputy", "governor" of somewhere; of a thing its noun, but no form of an answer."""
    match = _NOUN_OF.match(question)
    if not match:
        return frozenset()
    spoken = words(match["rest"])
    # "The funds raised in 2020": a participle ends the noun, while "changes" before "in" is one.
    acts = {word.start for word in spoken[1:] if not word.text.endswith("s")} & verbs(match["rest"])
    end = next((i for i, word in enumerate(spoken) if word.is_stopword or word.start in acts), len(spoken))
    if not match["owner"] and not any(word.text.lower() in _OF for word in spoken[end:]):
        return frozenset()
    asked = [word for word in spoken[:end] if word.kind == "word"]
    if asked and asked[-1].text.lower() in _SHARES and end < len(spoken) and spoken[end].text.lower() == "of":
        rest = [word for word in spoken[end + 1 :] if word.text.lower() != "the"]
        asked = list(takewhile(lambda word: word.kind == "word" and not word.is_stopword, rest))[-1:]
    if match["asks"].lower() == "what":  # of "the tax rate" tax, of "the operational history" nothing need be said
        noun = [word for word in asked[-1:] if not is_form(word)]
        said = [word for word in asked[:-1] if not other_spellings(word.text)]
        asked = noun + [word for word in said if not is_general(word) and not _ADJECTIVE.search(word.text)]
    return frozenset(word.stem for word in asked)
